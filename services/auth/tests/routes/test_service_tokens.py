"""Service tokens: issuing, and verification by peers."""

from typing import Any

import httpx
import pytest
from euterpe_service_kit.service_token import ServiceTokenSource
from euterpe_service_kit.settings import PeerSettings
from euterpe_service_kit.tokens import SERVICE, RemoteKeys, TokenVerifier
from pydantic import SecretStr

URL = "/api/v1/auth/service-token"
FORM = {"grant_type": "client_credentials"}


async def test_a_service_token_is_accepted_by_peers(client: httpx.AsyncClient, client_secret: str) -> None:
    peer = PeerSettings(token_url=URL, client_id="generator", client_secret=SecretStr(client_secret))
    token = await ServiceTokenSource(peer, client).token()
    verifier = TokenVerifier(RemoteKeys("/.well-known/jwks.json", client), SERVICE)
    assert (await verifier.verify(token)).id == "generator"


async def test_the_response(client: httpx.AsyncClient, client_secret: str) -> None:
    answer = await client.post(URL, data=FORM, auth=("generator", client_secret))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"access_token", "token_type", "expires_in"}
    assert answer.json()["expires_in"] == 600


@pytest.mark.parametrize(
    "auth", [("generator", "wrong"), ("generator", ""), ("nobody", "a long random secret"), ("nobody", "-" * 64), None]
)
async def test_invalid_clients_are_401(client: httpx.AsyncClient, auth: Any) -> None:
    answer = await client.post(URL, data=FORM, auth=auth)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/invalid-client")
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("header", ["Basic ???", "Basic /w==", "Basic Z2VuZXJhdG9y", "Bearer x", "Basic"])
async def test_malformed_credentials_are_401(client: httpx.AsyncClient, header: str) -> None:
    answer = await client.post(URL, data=FORM, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


async def test_another_grant_type_is_422(client: httpx.AsyncClient, client_secret: str) -> None:
    answer = await client.post(URL, data={"grant_type": "password"}, auth=("generator", client_secret))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.grant_type")
