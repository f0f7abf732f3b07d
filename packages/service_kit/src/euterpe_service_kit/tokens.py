"""Offline verification of EdDSA JWTs against auth's JWKS, and the principal of a verified token.

Access tokens of users and service tokens of peers differ in header `typ` and audience.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
import jwt
import structlog
from jwt import PyJWK, PyJWKSet

from euterpe_service_kit.errors import Unauthenticated, Unavailable

log = structlog.get_logger(__name__)

ISSUER = "euterpe-auth"
ALGORITHM = "EdDSA"

_FRESH_SECONDS = 300.0
_LIFETIME_SECONDS = 900.0
_REFETCH_SECONDS = 60.0
_MAX_CACHED_TOKENS = 10_000


@dataclass(frozen=True, slots=True)
class TokenKind:
    """What distinguishes a kind of token."""

    typ: str
    audience: str


ACCESS = TokenKind(typ="at+jwt", audience="euterpe-api")
SERVICE = TokenKind(typ="service+jwt", audience="euterpe-internal")


@dataclass(frozen=True, slots=True)
class Principal:
    """The holder of a verified token. `id` is the subject; `name` is for display only.

    `scopes` is None for a login, which is not restricted; the token of an API key is restricted to its scopes.
    `session_id` is the id of the login session, and `api_key_id` that of the API key, if there is one.
    """

    id: str
    name: str
    guest: bool = False
    scopes: frozenset[str] | None = None
    session_id: str | None = None
    api_key_id: str | None = None


class Revocations(Protocol):
    """The users, sessions and API keys whose tokens are refused."""

    async def require_valid(self, principal: Principal) -> None:
        """Raise SessionEnded if the principal is revoked. Raises Unavailable if that cannot be determined."""
        ...


class KeySource(Protocol):
    """Finds the public key of a key id."""

    async def find(self, kid: str) -> PyJWK | None:
        """Return the key with this id, or None. Raises Unavailable if the keys cannot be fetched."""
        ...


class RemoteKeys:
    """Keys from a JWKS URL, cached for at most 15 minutes, fetched at most once a minute.

    Keys older than five minutes are fetched again at their next use; while auth does not respond, cached keys stay
    valid until they are 15 minutes old. An unknown id causes a fetch, so that a rotation is noticed at once; forged ids
    cause at most one fetch a minute. Concurrent callers share one fetch.
    """

    def __init__(self, url: str, client: httpx.AsyncClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._client = client
        self._clock = clock
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> PyJWK | None:
        """Return the key with this id, or None. Raises Unavailable if the keys cannot be fetched."""
        if self._age() > _LIFETIME_SECONDS or kid not in self._keys:
            # The key is required: wait for the fetch in progress, or begin one.
            await self._wait_for(self._fetching or self._begin_fetch())
        elif self._age() > _FRESH_SECONDS and self._fetching is None:
            await self._wait_for(self._begin_fetch())
        if self._age() > _LIFETIME_SECONDS:
            raise Unavailable("Tokens cannot be verified now, because the keys cannot be fetched.")
        return self._keys.get(kid)

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _begin_fetch(self) -> asyncio.Task[None] | None:
        # A failed first fetch is retried after a second, for services that start before auth.
        pause = _REFETCH_SECONDS if self._keys else 1.0
        if self._clock() - self._tried_at < pause:
            return None
        self._tried_at = self._clock()
        self._fetching = asyncio.create_task(self._fetch())
        return self._fetching

    async def _wait_for(self, fetch: asyncio.Task[None] | None) -> None:
        # Shielded: a cancelled caller must not cancel the fetch for the others.
        if fetch is not None:
            await asyncio.shield(fetch)

    async def _fetch(self) -> None:
        try:
            response = await self._client.get(self._url, timeout=3.0)
            response.raise_for_status()
            keys = PyJWKSet.from_dict(response.json()).keys  # AttributeError: JSON, but not an object
        except (httpx.HTTPError, ValueError, AttributeError, jwt.PyJWTError) as error:
            log.warning("jwks_fetch_failed", url=self._url, error=repr(error))
        else:
            self._keys = {key.key_id: key for key in keys if key.key_id}
            self._fetched_at = self._clock()
        finally:
            self._fetching = None


@dataclass(frozen=True, slots=True)
class _Verified:
    """A valid token with its key and expiry."""

    principal: Principal
    kid: str
    key: PyJWK
    expires_at: float


class TokenVerifier:
    """Verifies tokens of one kind.

    A valid token is cached until it expires or its key is revoked: clients send the same token for minutes, and
    verifying a signature costs as much as the rest of a small request. Revocations are checked at every use. `clock`
    returns Unix time in seconds.
    """

    def __init__(
        self,
        keys: KeySource,
        kind: TokenKind,
        clock: Callable[[], float] = time.time,
        *,
        revocations: Revocations | None = None,
    ) -> None:
        self._keys = keys
        self._kind = kind
        self._clock = clock
        self._revocations = revocations
        self._verified: OrderedDict[str, _Verified] = OrderedDict()

    async def verify(self, token: str) -> Principal:
        """Return the principal of a token. Raises Unauthenticated if the token is invalid, expired or revoked."""
        principal = await self._find(token)
        if self._revocations is not None:
            await self._revocations.require_valid(principal)
        return principal

    async def _find(self, token: str) -> Principal:
        known = self._verified.get(token)
        if known is not None and self._clock() < known.expires_at and await self._keys.find(known.kid) is known.key:
            self._verified.move_to_end(token)
            return known.principal
        self._verified.pop(token, None)
        return await self._verify(token)

    async def _verify(self, token: str) -> Principal:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise Unauthenticated("The token is not valid.") from None
        kid = header.get("kid")
        if header.get("alg") != ALGORITHM or header.get("typ") != self._kind.typ or not isinstance(kid, str):
            raise Unauthenticated("The token is not valid here.")
        key = await self._keys.find(kid)
        if key is None:
            raise Unauthenticated("The token is not valid.")
        claims = self._claims(token, key)
        expires_at = self._check_expiry(claims)
        principal = _principal(claims)
        self._verified[token] = _Verified(principal, kid, key, expires_at)
        self._forget_oldest()
        return principal

    def _forget_oldest(self) -> None:
        """Drop the tokens that were used least recently, as far as they have expired or are too many."""
        now = self._clock()
        while self._verified:
            oldest = next(iter(self._verified))
            if now < self._verified[oldest].expires_at and len(self._verified) <= _MAX_CACHED_TOKENS:
                return
            del self._verified[oldest]

    def _claims(self, token: str, key: PyJWK) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self._kind.audience,
                issuer=ISSUER,
                # `iat` may be in the future, as the clock of the issuing machine may be ahead.
                # `exp` is checked with this verifier's clock.
                options={"require": ["exp", "iat", "sub", "aud", "iss"], "verify_iat": False, "verify_exp": False},
            )
        except jwt.PyJWTError:
            raise Unauthenticated("The token is not valid.") from None

    def _check_expiry(self, claims: Mapping[str, Any]) -> float:
        try:
            expires_at = int(claims["exp"])
        except (TypeError, ValueError, OverflowError):
            raise Unauthenticated("The token is not valid.") from None
        if expires_at <= self._clock():
            raise Unauthenticated("The token has expired.")
        return float(expires_at)


def _principal(claims: Mapping[str, Any]) -> Principal:
    scope, session, key = claims.get("scope"), claims.get("sid"), claims.get("key_id")
    # A malformed scope must not be treated as a missing one, which would allow everything.
    if "scope" in claims and not isinstance(scope, str):
        raise Unauthenticated("The token is not valid.")
    return Principal(
        id=claims["sub"],
        name=str(claims.get("name", "")),
        guest=claims.get("guest") is True,
        scopes=frozenset(scope.split()) if isinstance(scope, str) else None,
        session_id=session if isinstance(session, str) else None,
        api_key_id=key if isinstance(key, str) else None,
    )
