"""Argon2id (RFC 9106) off the event loop, with bounded concurrency."""

import secrets
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError
from euterpe_service_kit.errors import Unavailable

from euterpe_auth.services.metrics import AuthMetrics

T = TypeVar("T")

#: OWASP's second recommendation: 19 MiB and two passes; about 23 ms on one core.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)


class Passwords:
    """Hashes and verifies, at most `running` at once. Raises Unavailable when `waiting` more are queued."""

    def __init__(self, metrics: AuthMetrics, *, running: int, waiting: int) -> None:
        self._limiter = CapacityLimiter(running)
        self._max_admitted = running + waiting
        self._admitted = 0
        # Verified for unknown accounts, so that they take as long as a wrong password.
        self._dummy_hash = HASHER.hash(secrets.token_hex(16))
        metrics.hashes_running.set_function(lambda: self._limiter.borrowed_tokens)
        metrics.hashes_waiting.set_function(lambda: self._admitted - self._limiter.borrowed_tokens)

    async def hash(self, password: str) -> str:
        """Return the password's hash, with its parameters and salt."""
        return await self._run(lambda: HASHER.hash(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password matches the hash; without a hash, False after the same work."""
        return await self._run(lambda: _matches(stored or self._dummy_hash, password)) and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash has other parameters than the current ones."""
        return HASHER.check_needs_rehash(stored)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._admitted >= self._max_admitted:
            raise Unavailable("Too many logins are in progress. Try again shortly.", retry_after_seconds=2)
        self._admitted += 1
        try:
            return await to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._admitted -= 1


def _matches(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except VerifyMismatchError:
        return False
