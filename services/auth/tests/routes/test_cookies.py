"""The refresh token in a cookie."""

from http.cookies import Morsel, SimpleCookie
from typing import Any

import httpx
import pytest
from euterpe_auth.routes.cookies import NAME, SECURE_NAME

OURS = {"origin": "http://testserver"}


def _cookie(answer: httpx.Response, name: str = NAME) -> Morsel[str]:
    cookies = (SimpleCookie(header) for header in answer.headers.get_list("set-cookie"))
    return next(each[name] for each in cookies if name in each)


async def _log_in(user: Any, headers: dict[str, str] = OURS) -> httpx.Response:
    await user.register()
    form = {"grant_type": "password", "username": "Clara", "password": user.password, "delivery": "cookie"}
    answer: httpx.Response = await user.client.post("/api/v1/auth/token", data=form, headers=headers)
    return answer


async def test_login_refresh_and_logout_with_a_cookie(user: Any, client: httpx.AsyncClient) -> None:
    answer = await _log_in(user)
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json()
    first = _cookie(answer)
    assert (first["httponly"], first["samesite"], first["path"]) == (True, "strict", "/api/v1/auth")
    assert int(first["max-age"]) in range(30 * 86_400 - 5, 30 * 86_400 + 1)

    answer = await client.post("/api/v1/auth/refresh", headers=OURS)
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json()
    assert _cookie(answer).value != first.value
    assert (await user.me(answer.json()["access_token"])).status_code == 200

    answer = await client.post("/api/v1/auth/logout", headers=OURS)
    assert answer.status_code == 204
    assert (_cookie(answer).value, _cookie(answer)["max-age"]) == ("", "0")
    assert (await client.post("/api/v1/auth/refresh", headers=OURS)).status_code == 401


OTHER_SITES = [
    {},
    {"origin": "null"},
    {"origin": "https://evil.example"},
    {"origin": "http://testserver.evil.example"},
    {"origin": "http://testserver:81"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": "http://testserver"},
    {"sec-fetch-site": "none"},
]


async def test_requests_from_other_sites_are_403(
    user: Any, client: httpx.AsyncClient, subtests: pytest.Subtests
) -> None:
    for headers in OTHER_SITES:
        with subtests.test(headers=headers):
            await _log_in(user)
            for path in ("/refresh", "/logout"):
                answer = await client.post(f"/api/v1/auth{path}", headers=headers)
                assert (answer.status_code, answer.json()["type"]) == (403, "/problems/cross-site-request")
                assert "set-cookie" not in answer.headers
            # The token is still valid.
            assert (
                await client.post("/api/v1/auth/refresh", headers={"sec-fetch-site": "same-origin"})
            ).status_code == 200


async def test_another_site_cannot_log_a_browser_in(user: Any, client: httpx.AsyncClient) -> None:
    for answer in (
        await _log_in(user, {"origin": "https://evil.example"}),
        await client.post("/api/v1/auth/guest", json={"delivery": "cookie"}, headers={"sec-fetch-site": "cross-site"}),
    ):
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


async def test_the_cookie_is_secure_behind_tls(user: Any, client: httpx.AsyncClient, replica: Any) -> None:
    assert not _cookie(await _log_in(user))["secure"]
    client.base_url = httpx.URL("https://testserver")
    secure = _cookie(await _log_in(user, {"origin": "https://testserver"}), SECURE_NAME)
    # Browsers require this for names with the prefix `__Host-`.
    assert (secure["secure"], secure["path"], secure["domain"]) == (True, "/", "")
    async with replica(cookies_always_secure=True) as always:
        answer = await always.post("/api/v1/auth/guest", json={"delivery": "cookie"}, headers=OURS)
        assert _cookie(answer, SECURE_NAME)["secure"]


async def test_over_https_the_cookie_of_an_earlier_version_is_accepted_and_replaced(client: httpx.AsyncClient) -> None:
    guest = await client.post("/api/v1/auth/guest", json={"delivery": "cookie"}, headers=OURS)
    token = _cookie(guest).value
    client.cookies.clear()
    client.base_url = httpx.URL("https://testserver")
    own = {"origin": "https://testserver"}
    answer = await client.post("/api/v1/auth/refresh", headers=own | {"cookie": f"{NAME}={token}"})
    assert answer.status_code == 200
    replaced, old = _cookie(answer, SECURE_NAME), _cookie(answer)
    assert replaced.value not in {"", token}
    assert (old.value, old["max-age"], old["path"]) == ("", "0", "/api/v1/auth")
    answer = await client.post("/api/v1/auth/refresh", headers=own)
    assert (answer.status_code, len(answer.headers.get_list("set-cookie"))) == (200, 1)


async def test_over_https_the_cookie_with_the_prefix_takes_precedence(user: Any, client: httpx.AsyncClient) -> None:
    """A sibling host can set a cookie without the prefix, which must not log the browser in to another account."""
    client.base_url = httpx.URL("https://testserver")
    own = {"origin": "https://testserver"}
    token = _cookie(await _log_in(user, own), SECURE_NAME).value
    client.cookies.clear()
    both = f"{NAME}=of-another-account; {SECURE_NAME}={token}"
    answer = await client.post("/api/v1/auth/refresh", headers=own | {"cookie": both})
    assert answer.status_code == 200
    assert _cookie(answer).value == ""
    assert (await client.post("/api/v1/auth/refresh", headers=own)).status_code == 200
    assert (await client.post("/api/v1/auth/logout", headers=own)).status_code == 204
    assert not client.cookies


async def test_a_token_in_the_body_takes_precedence(user: Any, client: httpx.AsyncClient) -> None:
    await _log_in(user)
    mine = (await user.log_in()).json()["refresh_token"]
    answer = await client.post("/api/v1/auth/refresh", json={"refresh_token": mine})
    assert answer.json()["refresh_token"]
    assert "set-cookie" not in answer.headers
    assert (await client.post("/api/v1/auth/logout", json={"refresh_token": mine})).status_code == 204
    assert (await client.post("/api/v1/auth/refresh", headers=OURS)).status_code == 200


async def test_requests_without_body_and_cookie(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v1/auth/refresh")).status_code == 401
    assert (await client.post("/api/v1/auth/logout")).status_code == 204
