"""Signs users' access tokens and peers' service tokens."""

import uuid
from collections.abc import Iterable
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
    """Signs with the key ring's current key."""

    def __init__(self, keys: KeyRing, clock: Clock, *, access_seconds: int, service_seconds: int) -> None:
        self._keys = keys
        self._clock = clock
        self._access_seconds = access_seconds
        self._service_seconds = service_seconds

    async def access_token(self, user: User, *, session_id: uuid.UUID) -> SignedToken:
        """Return the token of a login or of a guest (RFC 9068)."""
        claims: dict[str, Any] = {"sub": str(user.id), "name": user.username, "sid": str(session_id)}
        return await self._sign(ACCESS, self._access_seconds, claims | ({"guest": True} if user.guest else {}))

    async def scoped_token(self, user: User, scopes: Iterable[str], *, key_id: uuid.UUID) -> SignedToken:
        """Return the token of an API key, limited to its scopes (RFC 9068, section 2.2.3)."""
        claims = {"sub": str(user.id), "name": user.username, "scope": " ".join(scopes), "key_id": str(key_id)}
        return await self._sign(ACCESS, self._access_seconds, claims)

    async def service_token(self, client_id: str, *, scope: str | None = None) -> SignedToken:
        """Return the token of a peer, or of an operator with the scope `admin`."""
        claims = {"sub": client_id} | ({} if scope is None else {"scope": scope})
        return await self._sign(SERVICE, self._service_seconds, claims)

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


class OwnServiceToken:
    """Auth's own token for calls to its peers: a TokenSource without a request."""

    def __init__(self, signer: TokenSigner) -> None:
        self._signer = signer

    async def token(self) -> str:
        """Return a new token. Raises Unavailable when no signing key is available."""
        return (await self._signer.service_token("auth")).text
