"""Challenges that registrations must solve, if the operator has enabled them."""

from typing import Any, Final

import structlog
from anyio import to_thread

from euterpe_auth.domain.attempts import Charge, Limit, key_of
from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.registration_challenges import LIFETIME, new_registration_challenge, solved_challenge
from euterpe_auth.errors import RegistrationProofRequired, TooManyAttempts
from euterpe_auth.services.attempts import Attempts

log = structlog.get_logger(__name__)

#: A solution is valid once.
_ONCE: Final = Limit(1, 2 * LIFETIME)


class RegistrationChallenges:
    """Use cases of challenges; without a cost, registrations need none."""

    def __init__(self, attempts: Attempts, clock: Clock, *, secret: str, cost: int | None) -> None:
        self._attempts = attempts
        self._clock = clock
        self._secret = secret
        self._cost = cost

    def create(self) -> dict[str, Any] | None:
        """Return a new challenge, or None if registrations need none."""
        if self._cost is None:
            return None
        return new_registration_challenge(self._secret, cost=self._cost, now=self._clock())

    async def require(self, proof: str | None) -> None:
        """Use up the solution of a challenge. Raises RegistrationProofRequired without a valid one."""
        if self._cost is None:
            return
        nonce = None if not proof else await to_thread.run_sync(solved_challenge, self._secret, proof)
        if nonce is None:
            raise RegistrationProofRequired
        try:
            await self._attempts.admit(Charge(key_of("registration-proof", nonce), _ONCE))
        except TooManyAttempts:
            raise RegistrationProofRequired from None
