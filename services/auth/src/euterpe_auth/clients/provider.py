"""Client of the OpenID Connect provider that the operator has configured: authorization code flow with PKCE."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore
import structlog
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from euterpe_service_kit.public_network import IPNetwork, public_pool
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from euterpe_auth.domain.clock import Clock
from euterpe_auth.domain.providers import MAX_SUBJECT_LENGTH, Identity, Provider, RequestSecrets, display_name
from euterpe_auth.errors import ProviderLoginRefused, ProviderUnavailable

log = structlog.get_logger(__name__)

_TIMEOUT_SECONDS: Final = 10.0
_MAX_RESPONSE_BYTES: Final = 512 * 1024
#: How long the provider's metadata and keys are kept.
_METADATA_LIFETIME: Final = timedelta(hours=1)
#: A token with an unknown key fetches the keys again, at most this often.
_KEYS_PAUSE: Final = timedelta(seconds=30)
_LEEWAY_SECONDS: Final = 60
#: Signatures with public keys only: with a symmetric algorithm, a public key could serve as the secret.
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


class ProviderClient:
    """Calls the provider: only at public addresses and the `networks` that the operator allows, with plain HTTP."""

    def __init__(self, provider: Provider, networks: Sequence[IPNetwork], clock: Clock) -> None:
        self._provider = provider
        self._allows_http = bool(networks)
        self._clock = clock
        self._pool = public_pool(networks)
        self._metadata: tuple[datetime, Mapping[str, Any]] | None = None
        self._keys: tuple[datetime, KeySet] | None = None

    @property
    def provider(self) -> Provider:
        """What the operator has configured."""
        return self._provider

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

    async def authorization_url(self, request: RequestSecrets, *, max_age_seconds: int) -> str:
        """Return the provider's page for a login that is at most this old; 0 asks the user to log in again.

        Raises ProviderUnavailable.
        """
        metadata = await self._load_metadata()
        # With max_age, the ID token must contain auth_time (OpenID Connect Core, section 3.1.2.1).
        extra: dict[str, Any] = {"max_age": max_age_seconds} | ({} if max_age_seconds else {"prompt": "login"})
        url: str = prepare_grant_uri(
            metadata["authorization_endpoint"],
            client_id=self._provider.client_id,
            response_type="code",
            redirect_uri=self._provider.redirect_url,
            scope=self._provider.scopes,
            state=request.state,
            nonce=request.nonce,
            code_challenge=create_s256_code_challenge(request.code_verifier),
            code_challenge_method="S256",
            **extra,
        )
        return url

    async def identity(self, code: str, issuer: str | None, request: RequestSecrets) -> Identity:
        """Exchange an authorization code, and return the user of the verified ID token.

        `issuer` is the parameter `iss` of the response (RFC 9207), if it had one.

        Raises ProviderLoginRefused and ProviderUnavailable.
        """
        metadata = await self._load_metadata()
        needs_issuer = metadata.get("authorization_response_iss_parameter_supported") is True
        if (issuer is not None or needs_issuer) and issuer != self._provider.issuer:
            raise ProviderLoginRefused(f"the response is from the issuer {issuer!r}")
        tokens = await self._exchange(metadata, code, request.code_verifier)
        return await self._verify(metadata, tokens, request.nonce)

    async def _exchange(self, metadata: Mapping[str, Any], code: str, code_verifier: str) -> Mapping[str, Any]:
        body = prepare_token_request(
            "authorization_code", redirect_uri=self._provider.redirect_url, code=code, code_verifier=code_verifier
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        auth = ClientAuth(self._provider.client_id, self._provider.client_secret, self._auth_method(metadata))
        url, headers, body = auth.prepare("POST", metadata["token_endpoint"], headers, body)
        status, content = await self._request("POST", url, headers, body)
        tokens = _json_object(content)
        if status == 400 and tokens.get("error") == "invalid_grant":
            raise ProviderLoginRefused("the provider refused the code")
        if status != 200 or not isinstance(tokens.get("id_token"), str):
            raise self._unavailable(f"the token endpoint answered {status} with the error {tokens.get('error')!r}")
        return tokens

    def _auth_method(self, metadata: Mapping[str, Any]) -> str:
        if self._provider.client_secret is None:
            return "none"
        # The default of OpenID Connect Discovery, section 3.
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"

    async def _verify(self, metadata: Mapping[str, Any], tokens: Mapping[str, Any], nonce: str) -> Identity:
        keys = await self._keys_for(metadata, tokens["id_token"])
        try:
            token = jwt.decode(tokens["id_token"], keys, algorithms=_ALGORITHMS)
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": self._provider.issuer},
                    "aud": {"essential": True, "value": self._provider.client_id},
                },
                params={
                    "nonce": nonce,
                    "client_id": self._provider.client_id,
                    "access_token": tokens.get("access_token"),
                },
            )
            claims.validate(now=int(self._clock().timestamp()), leeway=_LEEWAY_SECONDS)
            subject, auth_time = claims["sub"], claims.get("auth_time")
            authenticated_at = None if auth_time is None else datetime.fromtimestamp(auth_time, UTC)
        except (JoseError, ValueError, TypeError, KeyError, OverflowError, OSError) as error:
            raise ProviderLoginRefused(f"the ID token is not valid: {error!r}") from error
        if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_LENGTH or "\x00" in subject:
            raise ProviderLoginRefused("the ID token has no valid subject")
        return Identity(subject, display_name(claims), authenticated_at)

    async def _keys_for(self, metadata: Mapping[str, Any], token: str) -> KeySet:
        """Return the provider's keys, fetched again if the token's key is not among the kept ones."""
        now, kept = self._clock(), self._keys
        try:
            key_id = jws.extract_compact(token.encode()).headers().get("kid")
        except (JoseError, ValueError) as error:
            raise ProviderLoginRefused(f"the ID token is not valid: {error!r}") from error
        if kept is not None:
            age = now - kept[0]
            is_known = any(key.kid == key_id for key in kept[1].keys)
            if age < _KEYS_PAUSE or (is_known and age < _METADATA_LIFETIME):
                return kept[1]
        content: Any = await self._get(metadata["jwks_uri"])
        try:
            keys = KeySet.import_key_set(content)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise self._unavailable(f"its keys cannot be read: {error!r}") from error
        self._keys = (now, keys)
        return keys

    async def _load_metadata(self) -> Mapping[str, Any]:
        now = self._clock()
        if self._metadata is not None and now - self._metadata[0] < _METADATA_LIFETIME:
            return self._metadata[1]
        metadata = await self._get(f"{self._provider.issuer.rstrip('/')}/.well-known/openid-configuration")
        if metadata.get("issuer") != self._provider.issuer:
            raise self._unavailable(f"its metadata has the issuer {metadata.get('issuer')!r}")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            self._require_address(name, metadata.get(name))
        self._metadata = (now, metadata)
        return metadata

    def _require_address(self, name: str, url: object) -> None:
        parts = urlsplit(url) if isinstance(url, str) else None
        schemes = ("https", "http") if self._allows_http else ("https",)
        if parts is None or parts.scheme not in schemes or not parts.hostname:
            raise self._unavailable(f"{name} must be an address with {' or '.join(schemes)}, got {url!r}")

    async def _get(self, url: str) -> dict[str, Any]:
        status, content = await self._request("GET", url, {"Accept": "application/json"}, None)
        if status != 200:
            raise self._unavailable(f"{url} answered {status}")
        return _json_object(content)

    async def _request(self, method: str, url: str, headers: Mapping[str, str], body: str | None) -> tuple[int, bytes]:
        """Send a request; a redirect is returned like any other status."""
        content = None if body is None else body.encode()
        try:
            async with (
                asyncio.timeout(_TIMEOUT_SECONDS),
                self._pool.stream(method, url, headers=list(headers.items()), content=content) as response,
            ):
                received = bytearray()
                async for chunk in response.aiter_stream():
                    received += chunk
                    if len(received) > _MAX_RESPONSE_BYTES:
                        raise self._unavailable(f"{url} answered with more than {_MAX_RESPONSE_BYTES} bytes")
                return response.status, bytes(received)
        except TimeoutError:
            raise self._unavailable(f"{url} did not answer within {_TIMEOUT_SECONDS:.0f} seconds") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError, ValueError) as error:
            raise self._unavailable(f"{url} cannot be reached: {error}") from error

    def _unavailable(self, reason: str) -> ProviderUnavailable:
        # The reason is for operators; users get the remedy.
        log.warning("provider_unavailable", issuer=self._provider.issuer, reason=reason)
        return ProviderUnavailable()


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
