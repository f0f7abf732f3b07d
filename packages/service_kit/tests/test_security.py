"""Who may pass: listeners, guests, and API keys by their scopes."""

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
    """Sends a request with a token that has these claims; returns the answer."""

    @app.get("/things")
    async def read_things(user: CurrentUser) -> str:
        return user.id

    @app.post("/things")
    async def add_thing(user: CurrentUser) -> str:
        return user.id

    @app.get("/open")
    async def read_open(user: OptionalUser) -> str:
        return user.id if user else "nobody"

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
            answer: httpx.Response = await client.request(method, path, headers=headers)
            return answer

    return send


@pytest.mark.parametrize("path", ["/things", "/open", "/likes", "/special"])
async def test_a_login_may_do_everything(ask: Any, path: str) -> None:
    assert (await ask("GET", path)).json() == "7"


@pytest.mark.parametrize("path", ["/things", "/open", "/likes"])
async def test_an_api_key_may_do_nothing_that_was_not_meant_for_it(ask: Any, path: str) -> None:
    answer = await ask("GET", path, scope="things:read special")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/insufficient-scope")
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'


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
async def test_scopes_by_method_and_by_route(ask: Any, method: str, path: str, scope: str, status: int) -> None:
    answer = await ask(method, path, MethodScopes("things:read", "things:write"), scope=scope)
    assert answer.status_code == status
    if status == 403:
        assert 'scope="' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("scope", [["things:read"], None, 7, {}])
async def test_a_scope_that_cannot_be_read_is_no_permission(ask: Any, scope: Any) -> None:
    assert (await ask("GET", "/things", MethodScopes("things:read", "things:write"), scope=scope)).status_code == 401


async def test_a_guest_is_somebody_but_not_registered(ask: Any) -> None:
    assert (await ask("GET", "/things", guest=True)).status_code == 200
    assert (await ask("GET", "/likes", guest=True)).status_code == 403
