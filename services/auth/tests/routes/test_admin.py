"""What operators do with accounts."""

import asyncio
import hashlib
from typing import Any

import httpx
import pyotp
import pytest
from euterpe_auth.settings import Settings
from euterpe_test_kit.mail_server import MailServer, text_of
from pydantic import AnyHttpUrl, SecretStr, ValidationError

ADMIN = "/internal/admin"
SECRET = "an operator's long random secret"
DIGEST = SecretStr(hashlib.sha256(SECRET.encode()).hexdigest())


async def _headers(client: httpx.AsyncClient, name: str = "operator", secret: str = SECRET) -> dict[str, str]:
    form = {"grant_type": "client_credentials"}
    answer = await client.post("/api/v1/auth/service-token", data=form, auth=(name, secret))
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
def with_operator(replica: Any) -> Any:
    return replica(admin_clients={"operator": DIGEST})


async def test_a_suspended_account_can_do_nothing_until_it_is_resumed(with_operator: Any, make_user: Any) -> None:
    async with with_operator as client:
        operator, user = await _headers(client), make_user(client)
        tokens = await user.tokens()
        body = {"name": "studio", "scopes": ["songs:read"]}
        key = (await user.call("POST", "/api-keys", tokens["access_token"], json=body)).json()["api_key"]
        found = (await client.get(f"{ADMIN}/users/clara", headers=operator)).json()
        assert (found["username"], found["active_sessions"], found["api_keys"]) == ("Clara", 1, 1)
        account = f"{ADMIN}/users/{found['id']}"
        for _ in range(2):
            assert (await client.put(f"{account}/suspension", headers=operator)).status_code == 204
        refused = await user.log_in()
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/account-suspended")
        assert (await user.log_in(password="a wrong one")).status_code == 401
        assert (await user.refresh(tokens["refresh_token"])).status_code == 401
        assert (await client.post("/api/v1/auth/api-keys/token", json={"api_key": key})).status_code == 401
        assert (await client.get(account, headers=operator)).json()["suspended_at"] is not None
        assert (await client.delete(f"{account}/suspension", headers=operator)).status_code == 204
        assert (await user.log_in()).status_code == 200
        assert (await client.post("/api/v1/auth/api-keys/token", json={"api_key": key})).status_code == 200
        events = (await user.call("GET", "/me/security-events", (await user.log_in()).json()["access_token"])).json()
        assert {"suspended", "resumed"} <= {each["event"] for each in events["items"]}


async def test_an_operator_ends_all_sessions(with_operator: Any, make_user: Any) -> None:
    async with with_operator as client:
        operator, user = await _headers(client), make_user(client)
        tokens = [await user.tokens(), (await user.log_in()).json()]
        found = (await client.get(f"{ADMIN}/users/Clara", headers=operator)).json()
        ended = await client.delete(f"{ADMIN}/users/{found['id']}/sessions", headers=operator)
        assert ended.json() == {"sessions": 2}
        assert [(await user.refresh(each["refresh_token"])).status_code for each in tokens] == [401, 401]


async def test_only_tokens_with_the_scope_admin_are_accepted(
    with_operator: Any, make_user: Any, client_secret: str
) -> None:
    async with with_operator as client:
        user = (await make_user(client).tokens())["access_token"]
        path = f"{ADMIN}/users/Clara"
        service = await _headers(client, "generator", client_secret)
        statuses = [
            (await client.get(path, headers=headers)).status_code
            for headers in ({}, {"Authorization": f"Bearer {user}"}, service, await _headers(client))
        ]
        assert statuses == [401, 401, 403, 200]
        assert (await client.get(f"{ADMIN}/users/unknown", headers=await _headers(client))).status_code == 404


def test_a_service_cannot_also_be_an_operator(settings: Settings) -> None:
    values = settings.model_dump() | {"admin_clients": {"generator": DIGEST}}
    with pytest.raises(ValidationError, match="different names"):
        Settings(**values)


async def test_an_operator_removes_a_lost_second_factor(
    replica: Any, make_user: Any, rows: Any, mail_server: MailServer
) -> None:
    mails = {"mail_from": "no-reply@music.example", "smtp_host": "127.0.0.1", "smtp_port": mail_server.port}
    site = AnyHttpUrl("https://music.example/")
    async with replica(admin_clients={"operator": DIGEST}, public_url=site, smtp_security="none", **mails) as client:
        operator, user = await _headers(client), make_user(client)
        access = (await user.tokens())["access_token"]
        await rows("UPDATE users SET email = 'clara@example.com', language = 'es'")
        secret = (await user.call("POST", "/me/totp", access)).json()["secret"]
        await user.call("POST", "/me/totp/activation", access, json={"code": pyotp.TOTP(secret).now()})
        assert (await user.log_in()).json()["type"] == "/problems/second-factor-required"
        found = (await client.get(f"{ADMIN}/users/Clara", headers=operator)).json()
        assert (found["second_factor"], found["has_email"]) == (True, True)
        path = f"{ADMIN}/users/{found['id']}/second-factor"
        assert [(await client.delete(path, headers=operator)).json() for _ in range(2)] == [
            {"removed": True},
            {"removed": False},
        ]
        assert (await user.log_in(password="a wrong one")).status_code == 401
        access = (await user.log_in()).json()["access_token"]
        events = (await user.call("GET", "/me/security-events", access)).json()["items"]
        (removed,) = (each for each in events if each["event"] == "second_factor_removed")
        assert (removed["user_agent"], removed["address"]) == ("euterpe-admin", "")
        mail = await asyncio.to_thread(mail_server.wait_for, "clara@example.com", count=2)
        assert "el administrador de este sitio ha quitado" in text_of(mail)
