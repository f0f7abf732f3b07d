"""Access for users, guests, and API keys by their scopes."""

from collections.abc import Callable
from typing import Annotated, Any

import httpx
import pytest
from euterpe_service_kit.security import CurrentUser, MethodScopes, OptionalUser, RegisteredUser, require_scope
from euterpe_service_kit.tokens import ACCESS, Principal, RemoteKeys, TokenVerifier
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI


@pytest.fixture
def ask(app: FastAPI, client_of: Any, token_issuer: TokenIssuer) -> Callable[..., Any]:
    """Send a request with a token that has these claims; return the response."""

    @app.get("/things")
    async def read_things(user: CurrentUser) -> str:
        return user.id

    @app.post("/things")
    async def add_thing(user: CurrentUser) -> str:
        return user.id

    @app.get("/open")
    async def read_open(user: OptionalUser) -> str:
        return user.id if user else "anonymous"

    @app.get("/likes")
    async def read_likes(user: RegisteredUser) -> str:
        return user.id

    @app.get("/special")
    async def read_special(user: Annotated[Principal, require_scope("special")]) -> str:
        return user.id

    async def send(method: str, path: str, scopes: MethodScopes | None = None, **claims: Any) -> httpx.Response:
        app.state.method_scopes = scopes
        headers = {"Authorization": f"Bearer {token_issuer.access_token('7', **claims)}"}
        async with httpx.AsyncClient() as keys, client_of(app) as client:
            app.state.access_verifier = TokenVerifier(RemoteKeys(token_issuer.jwks_url, keys), ACCESS)
            response: httpx.Response = await client.request(method, path, headers=headers)
            return response

    return send


@pytest.mark.parametrize("path", ["/things", "/open", "/likes", "/special"])
async def test_login_has_full_access(ask: Any, path: str) -> None:
    assert (await ask("GET", path)).json() == "7"


@pytest.mark.parametrize("path", ["/things", "/open", "/likes"])
async def test_api_key_is_refused_without_a_declared_scope(ask: Any, path: str) -> None:
    response = await ask("GET", path, scope="things:read special")
    assert (response.status_code, response.json()["type"]) == (403, "/problems/insufficient-scope")
    assert response.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'


@pytest.mark.parametrize(
    ("method", "path", "scope", "status"),
    [
        ("GET", "/things", "things:read", 200),
        ("GET", "/open", "things:read", 200),
        ("GET", "/things", "things:write", 403),
        ("POST", "/things", "things:write", 200),
        ("POST", "/things", "things:read", 403),
        ("POST", "/things", "", 403),
        ("GET", "/special", "things:read things:write", 403),
        ("GET", "/special", "special", 200),
    ],
)
async def test_scope_by_method_and_by_route(ask: Any, method: str, path: str, scope: str, status: int) -> None:
    response = await ask(method, path, MethodScopes("things:read", "things:write"), scope=scope)
    assert response.status_code == status
    if status == 403:
        assert 'scope="' in response.headers["www-authenticate"]


@pytest.mark.parametrize("scope", [["things:read"], None, 7, {}])
async def test_malformed_scope_is_refused(ask: Any, scope: Any) -> None:
    assert (await ask("GET", "/things", MethodScopes("things:read", "things:write"), scope=scope)).status_code == 401


async def test_guest_is_a_user_but_not_registered(ask: Any) -> None:
    assert (await ask("GET", "/things", guest=True)).status_code == 200
    assert (await ask("GET", "/likes", guest=True)).status_code == 403
