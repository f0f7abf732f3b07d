"""Verification of tokens; test_remote_keys.py tests the cache of keys."""

import base64
import gc
import json
import time
from typing import Any

import httpx
import jwt
import pytest
from euterpe_service_kit.errors import Unauthenticated, Unavailable
from euterpe_service_kit.tokens import ACCESS, SERVICE, Principal, RemoteKeys, TokenKind, TokenVerifier
from euterpe_test_kit.issuer import TokenIssuer
from jwt.algorithms import OKPAlgorithm


async def _verify(issuer: TokenIssuer, token: str, kind: TokenKind = ACCESS) -> Any:
    async with httpx.AsyncClient() as client:
        return await TokenVerifier(RemoteKeys(issuer.jwks_url, client), kind).verify(token)


async def test_valid_token_identifies_the_principal(token_issuer: TokenIssuer) -> None:
    principal = await _verify(token_issuer, token_issuer.access_token("7", "clara"))
    assert (principal.id, principal.name) == ("7", "clara")


async def test_issuer_clock_may_be_ahead(token_issuer: TokenIssuer) -> None:
    token = token_issuer.access_token("7", iat=int(time.time()) + 3)
    assert (await _verify(token_issuer, token)).id == "7"


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1}, {"aud": "euterpe-internal"}, {"aud": []}, {"iss": "someone"}, {"sub": None}, {"sub": 7},
        {"exp": None}, {"exp": "soon"}, {"nbf": 2**40}, {"iat": None},
    ],
)  # fmt: skip
async def test_invalid_claims(token_issuer: TokenIssuer, claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        await _verify(token_issuer, token_issuer.access_token("7", **claims))


async def test_kinds_of_tokens_are_not_interchangeable(token_issuer: TokenIssuer) -> None:
    with pytest.raises(Unauthenticated):
        await _verify(token_issuer, token_issuer.service_token(), ACCESS)
    with pytest.raises(Unauthenticated):
        await _verify(token_issuer, token_issuer.access_token("7"), SERVICE)


@pytest.mark.parametrize("headers", [{}, {"kid": ""}, {"kid": "forged"}, {"typ": "JWT"}, {"typ": None}])
async def test_invalid_headers(token_issuer: TokenIssuer, headers: dict[str, Any]) -> None:
    good = token_issuer.access_token("7")
    claims = jwt.decode(good, options={"verify_signature": False})
    complete = {"kid": token_issuer.kid, "typ": ACCESS.typ} | headers if headers else {}
    with pytest.raises(Unauthenticated):
        await _verify(token_issuer, jwt.encode(claims, token_issuer.key, algorithm="EdDSA", headers=complete))


@pytest.mark.parametrize("body", ["[]", "{}", '{"keys": []}', '{"keys": 3}', '{"keys": [{"kty": "what"}]}', "<html>"])
async def test_malformed_key_set_is_unavailable(token_issuer: TokenIssuer, body: str) -> None:
    """For instance an error page of a proxy in place of the keys."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=body))
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(Unavailable):
            await TokenVerifier(RemoteKeys("http://auth/jwks", client), ACCESS).verify(token_issuer.access_token("7"))


async def test_optional_claims(token_issuer: TokenIssuer) -> None:
    login = await _verify(token_issuer, token_issuer.access_token("7", sid="s1"))
    assert (login.guest, login.scopes, login.session_id) == (False, None, "s1")
    key = await _verify(token_issuer, token_issuer.access_token("7", scope="songs:read songs:write"))
    assert (key.scopes, key.session_id) == ({"songs:read", "songs:write"}, None)
    assert (await _verify(token_issuer, token_issuer.access_token("7", guest=True))).guest
    assert not (await _verify(token_issuer, token_issuer.access_token("7", guest="yes"))).guest


async def test_forged_tokens_cause_one_fetch_a_minute(token_issuer: TokenIssuer) -> None:
    now = 0.0
    header, body, signature = token_issuer.access_token("7").split(".")
    async with httpx.AsyncClient() as client:
        verifier = TokenVerifier(RemoteKeys(token_issuer.jwks_url, client, lambda: now), ACCESS)
        assert (await verifier.verify(f"{header}.{body}.{signature}")).id == "7"
        fetches = token_issuer.jwks_fetches
        for number in range(10_000):
            now += 0.018  # three minutes in all
            forged = {"alg": "EdDSA", "typ": ACCESS.typ, "kid": f"forged-{number}"}
            with pytest.raises(Unauthenticated):
                await verifier.verify(f"{_base64(forged)}.{body}.{signature}")
        assert 1 <= token_issuer.jwks_fetches - fetches <= 3


def _base64(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


class Keys:
    """A key source whose key can be revoked."""

    def __init__(self, issuer: TokenIssuer) -> None:
        public = OKPAlgorithm.to_jwk(issuer.key.public_key(), as_dict=True)
        self.keys = {issuer.kid: jwt.PyJWK(public | {"kid": issuer.kid})}

    async def find(self, kid: str) -> jwt.PyJWK | None:
        return self.keys.get(kid)


async def test_cached_token_is_refused_after_its_expiry(token_issuer: TokenIssuer) -> None:
    now = time.time()
    clock = [now]
    verifier = TokenVerifier(Keys(token_issuer), ACCESS, clock=lambda: clock[0])
    token = token_issuer.access_token("7", exp=int(now) + 60)
    for clock[0] in (now, now + 30, int(now) + 59.9):
        assert (await verifier.verify(token)).id == "7"
    clock[0] = int(now) + 60
    for _ in range(2):
        with pytest.raises(Unauthenticated, match="expired"):
            await verifier.verify(token)


async def test_expired_tokens_take_no_memory(token_issuer: TokenIssuer) -> None:
    now = time.time()
    clock = [now]
    verifier = TokenVerifier(Keys(token_issuer), ACCESS, clock=lambda: clock[0])
    for number in range(20):
        await verifier.verify(token_issuer.access_token(f"early-{number}", exp=int(now) + 60))
    clock[0] = now + 90
    await verifier.verify(token_issuer.access_token("late", exp=int(now) + 120))
    gc.collect()
    kept = {one.id for one in gc.get_objects() if isinstance(one, Principal)}
    assert {name for name in kept if name.startswith(("early", "late"))} == {"late"}


async def test_cached_token_is_refused_after_its_key_is_revoked(token_issuer: TokenIssuer) -> None:
    keys = Keys(token_issuer)
    verifier = TokenVerifier(keys, ACCESS)
    token = token_issuer.access_token("7")
    assert (await verifier.verify(token)).id == "7"
    keys.keys.clear()
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)


async def test_altered_token_is_refused(token_issuer: TokenIssuer) -> None:
    verifier = TokenVerifier(Keys(token_issuer), ACCESS)
    token = token_issuer.access_token("7")
    await verifier.verify(token)
    head, body, signature = token.split(".")
    for forged in (f"{head}.{body}.{signature[::-1]}", f"{head}.{body}.", f"{token}x"):
        with pytest.raises(Unauthenticated):
            await verifier.verify(forged)
