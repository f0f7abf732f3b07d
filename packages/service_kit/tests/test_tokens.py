"""Verification of tokens; the keys' cache has its own tests."""

import time
from typing import Any

import httpx
import jwt
import pytest
from euterpe_service_kit.errors import Unauthenticated, Unavailable
from euterpe_service_kit.tokens import ACCESS, SERVICE, RemoteKeys, TokenKind, TokenVerifier
from euterpe_test_kit.issuer import TokenIssuer


async def _verify(issuer: TokenIssuer, token: str, kind: TokenKind = ACCESS) -> Any:
    async with httpx.AsyncClient() as client:
        return await TokenVerifier(RemoteKeys(issuer.jwks_url, client), kind).verify(token)


async def test_a_good_token_says_who_holds_it(token_issuer: TokenIssuer) -> None:
    principal = await _verify(token_issuer, token_issuer.access_token("7", "clara"))
    assert (principal.id, principal.name) == ("7", "clara")


async def test_a_token_of_a_machine_whose_clock_is_ahead(token_issuer: TokenIssuer) -> None:
    token = token_issuer.access_token("7", iat=int(time.time()) + 3)
    assert (await _verify(token_issuer, token)).id == "7"


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1}, {"aud": "euterpe-internal"}, {"aud": []}, {"iss": "someone"}, {"sub": None}, {"sub": 7},
        {"exp": None}, {"exp": "soon"}, {"nbf": 2**40}, {"iat": None},
    ],
)  # fmt: skip
async def test_wrong_claims(token_issuer: TokenIssuer, claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        await _verify(token_issuer, token_issuer.access_token("7", **claims))


async def test_the_two_kinds_do_not_stand_in_for_each_other(token_issuer: TokenIssuer) -> None:
    with pytest.raises(Unauthenticated):
        await _verify(token_issuer, token_issuer.service_token(), ACCESS)
    with pytest.raises(Unauthenticated):
        await _verify(token_issuer, token_issuer.access_token("7"), SERVICE)


@pytest.mark.parametrize("headers", [{}, {"kid": ""}, {"kid": "made-up"}, {"typ": "JWT"}, {"typ": None}])
async def test_wrong_headers(token_issuer: TokenIssuer, headers: dict[str, Any]) -> None:
    good = token_issuer.access_token("7")
    claims = jwt.decode(good, options={"verify_signature": False})
    complete = {"kid": token_issuer.kid, "typ": ACCESS.typ} | headers if headers else {}
    with pytest.raises(Unauthenticated):
        await _verify(token_issuer, jwt.encode(claims, token_issuer.key, algorithm="EdDSA", headers=complete))


@pytest.mark.parametrize("body", ["[]", "{}", '{"keys": []}', '{"keys": 3}', '{"keys": [{"kty": "what"}]}', "<html>"])
async def test_a_key_set_that_is_none(token_issuer: TokenIssuer, body: str) -> None:
    """A proxy's error page in place of the keys is as good as no answer."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=body))
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(Unavailable):
            await TokenVerifier(RemoteKeys("http://auth/jwks", client), ACCESS).verify(token_issuer.access_token("7"))
