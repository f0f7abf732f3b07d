"""Rate limits per token and per network address: GCRA in the memory of the process (docs/adr/0008).

The headers are those of draft-ietf-httpapi-ratelimit-headers: the limits (`RateLimit-Policy`) and what remains of them
(`RateLimit`) in every response, and `Retry-After` with status 429.
"""

import hashlib
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from euterpe_service_kit.errors import TooManyRequests
from euterpe_service_kit.networks import subscriber_of
from euterpe_service_kit.problems import problem_response

WINDOW_SECONDS = 60
#: Requested by the platform itself.
_UNLIMITED = frozenset({"/healthz", "/readyz", "/metrics"})
_MAX_KEYS = 50_000
#: Tolerance for rounding errors of sums of floating-point intervals.
_ROUNDING_SECONDS = 1e-6


class RateLimited(TooManyRequests):
    """A token or an address exceeds its rate limit."""

    slug = "rate-limited"

    def __init__(self, name: str, quota: int, retry_after_seconds: int) -> None:
        detail = f"More than {quota} requests a minute from this {name}. Try again in {retry_after_seconds} seconds."
        super().__init__(detail, retry_after_seconds=retry_after_seconds)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request is accepted, how many more are at once, and after how many seconds the quota is restored."""

    allowed: bool
    remaining: int
    reset_seconds: int
    retry_after_seconds: int


class RateLimit:
    """Allows `quota` requests per minute and key, in a burst if necessary; the quota is restored gradually.

    The generic cell rate algorithm: for each key only the time is stored at which its quota is fully restored. A key
    whose time has passed equals an unknown one, so only keys of the last two minutes are stored.
    """

    def __init__(self, name: str, quota: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self.quota = quota
        self._interval = WINDOW_SECONDS / quota
        self._clock = clock
        self._full_at: dict[str, float] = {}
        self._next_sweep = self._clock() + WINDOW_SECONDS

    def admit(self, key: str) -> Verdict:
        """Count a request if it is within the limit, and return the verdict."""
        now = self._clock()
        full_at = max(self._full_at.get(key, now), now)
        late = full_at + self._interval - now - WINDOW_SECONDS
        if late > _ROUNDING_SECONDS:
            return Verdict(False, 0, _seconds(full_at - now), max(1, _seconds(late)))
        full_at += self._interval
        if now >= self._next_sweep or (key not in self._full_at and len(self._full_at) >= _MAX_KEYS):
            self._next_sweep = now + WINDOW_SECONDS
            self._forget(now)
        self._full_at[key] = full_at
        remaining = round((WINDOW_SECONDS - (full_at - now)) / self._interval)
        return Verdict(True, max(0, remaining), _seconds(full_at - now), 0)

    def _forget(self, now: float) -> None:
        self._full_at = {key: at for key, at in self._full_at.items() if at > now}
        if len(self._full_at) >= _MAX_KEYS:
            # A flood of forged keys: the keys with the fewest requests are removed first.
            kept = sorted(self._full_at.items(), key=lambda item: item[1])[_MAX_KEYS // 2 :]
            self._full_at = dict(kept)


def _seconds(exactly: float) -> int:
    return math.ceil(exactly - _ROUNDING_SECONDS)


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota of a user: the limit, and what is used of it.

    Quotas per time have their period in `window_seconds`, and `reset_seconds` until all of it is available again.
    """

    name: str
    limit: int
    used: int
    window_seconds: int | None = None
    reset_seconds: int | None = None
    is_bytes: bool = False

    @property
    def remaining(self) -> int:
        """What may still be used."""
        return max(0, self.limit - self.used)


def storage_quotas(*, songs: int, max_songs: int, size_bytes: int, max_size_bytes: int) -> list[Quota]:
    """Return the quotas of a user's library."""
    return [Quota("songs", max_songs, songs), Quota("storage", max_size_bytes, size_bytes, is_bytes=True)]


def quota_headers(quotas: Iterable[Quota]) -> dict[str, str]:
    """Return the headers that state quotas and what remains of them; none without a quota."""
    policies, states = [], []
    for each in quotas:
        unit = ';qu="content-bytes"' if each.is_bytes else ""
        window = "" if each.window_seconds is None else f";w={each.window_seconds}"
        reset = "" if each.reset_seconds is None else f";t={each.reset_seconds}"
        policies.append(f'"{each.name}";q={each.limit}{unit}{window}')
        states.append(f'"{each.name}";r={each.remaining}{reset}')
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)} if policies else {}


class RateLimitMiddleware:
    """Refuses requests over the limits and adds the rate-limit headers. A quota of 0 means no limit."""

    def __init__(self, app: ASGIApp, *, per_token: int, per_address: int) -> None:
        self._app = app
        self._address = RateLimit("address", per_address) if per_address else None
        self._token = RateLimit("token", per_token) if per_token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry point."""
        if scope["type"] != "http" or scope["path"] in _UNLIMITED:
            await self._app(scope, receive, send)
            return
        verdicts = self._verdicts(scope)
        refused = next((pair for pair in verdicts if not pair[1].allowed), None)

        async def send_with_limits(message: Message) -> None:
            if message["type"] == "http.response.start" and verdicts:
                headers = MutableHeaders(scope=message)
                policies = [f'"{limit.name}";q={limit.quota};w={WINDOW_SECONDS}' for limit, _ in verdicts]
                limits = [
                    f'"{limit.name}";r={verdict.remaining};t={verdict.reset_seconds}' for limit, verdict in verdicts
                ]
                # A route may have added quotas of its own.
                for name, items in (("RateLimit-Policy", policies), ("RateLimit", limits)):
                    headers[name] = ", ".join([*items, *([headers[name]] if name in headers else [])])
            await send(message)

        if refused is None:
            await self._app(scope, receive, send_with_limits)
            return
        limit, verdict = refused
        error = RateLimited(limit.name, limit.quota, verdict.retry_after_seconds)
        await problem_response(Request(scope), error)(scope, receive, send_with_limits)

    def _verdicts(self, scope: Scope) -> list[tuple[RateLimit, Verdict]]:
        # The token is counted only if the address is within its limit, so that forged tokens cannot evade the limit.
        verdicts = []
        if self._address is not None:
            verdicts.append((self._address, self._address.admit(subscriber_of(str((scope.get("client") or ("",))[0])))))
        authorization = Headers(scope=scope).get("authorization")
        if self._token is not None and authorization is not None and all(verdict.allowed for _, verdict in verdicts):
            key = hashlib.blake2b(authorization.encode(), digest_size=16).hexdigest()
            verdicts.append((self._token, self._token.admit(key)))
        return verdicts
