"""Signs access tokens of listeners and service tokens of peers."""

import uuid
from dataclasses import dataclass
from typing import Any

import jwt
from euterpe_service_kit.tokens import ACCESS, ALGORITHM, ISSUER, SERVICE, TokenKind

from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.users import User
from euterpe_auth.services.signing_keys import KeyRing


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A JWT and its lifetime in seconds."""

    text: str
    expires_in: int


class TokenSigner:
    """Signs with the key ring's present key."""

    def __init__(self, keys: KeyRing, clock: Clock, *, access_seconds: int, service_seconds: int) -> None:
        self._keys = keys
        self._clock = clock
        self._access_seconds = access_seconds
        self._service_seconds = service_seconds

    async def access_token(self, user: User) -> SignedToken:
        """A listener's token (RFC 9068)."""
        return await self._sign(ACCESS, self._access_seconds, {"sub": str(user.id), "name": user.username})

    async def service_token(self, client_id: str) -> SignedToken:
        """A peer's token."""
        return await self._sign(SERVICE, self._service_seconds, {"sub": client_id})

    async def _sign(self, kind: TokenKind, seconds: int, claims: dict[str, Any]) -> SignedToken:
        key = await self._keys.signing_key()
        now = int(self._clock().timestamp())
        payload = claims | {
            "iss": ISSUER,
            "aud": kind.audience,
            "iat": now,
            "exp": now + seconds,
            "jti": uuid.uuid4().hex,
        }
        headers = {"typ": kind.typ, "kid": key.kid}
        return SignedToken(jwt.encode(payload, key.private_key, algorithm=ALGORITHM, headers=headers), seconds)
