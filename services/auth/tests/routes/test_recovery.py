"""Recovery of a lost password by mail, with a real mail server."""

import asyncio
from typing import Any

import httpx
import pytest
from euterpe_test_kit.mail_server import MailServer, link_in

REQUEST = "/api/v1/auth/password-recovery"
COMPLETE = f"{REQUEST}/completion"
EMAIL = "clara@example.com"
NEW = "op. 17, in G minor"


@pytest.fixture
async def owner(mailing_client: httpx.AsyncClient, make_user: Any, rows: Any) -> tuple[Any, dict[str, Any]]:
    """A user with a verified address, and the tokens of a session."""
    user = make_user(mailing_client)
    tokens = await user.tokens()
    await rows("UPDATE users SET email = $1", EMAIL)
    return user, tokens


async def _link(client: httpx.AsyncClient, server: MailServer, account: str, *, count: int = 1) -> str:
    answer = await client.post(REQUEST, json={"account": account})
    assert (answer.status_code, answer.content) == (202, b"null")
    mail = await asyncio.to_thread(server.wait_for, EMAIL, count=count)
    return link_in(mail).partition("#token=")[2]


async def _complete(client: httpx.AsyncClient, token: str, **changes: Any) -> httpx.Response:
    return await client.post(COMPLETE, json={"token": token, "new_password": NEW} | changes)


async def test_a_lost_password_is_recovered(
    mailing_client: httpx.AsyncClient, mail_server: MailServer, owner: Any, clock: Any
) -> None:
    user, tokens = owner
    key = await user.call(
        "POST", "/api-keys", tokens["access_token"], json={"name": "my studio", "scopes": ["songs:read"]}
    )
    while (await user.log_in(password="forgotten")).status_code == 401:
        pass
    token = await _link(mailing_client, mail_server, EMAIL.upper())
    guessable = await _complete(mailing_client, token, new_password="password123")
    assert (guessable.status_code, guessable.json()["errors"][0]["field"]) == (422, "body.new_password")
    done = await _complete(mailing_client, token)
    assert (done.status_code, done.headers["euterpe-revoked-api-keys"]) == (204, "0")
    assert (await _complete(mailing_client, token)).json()["type"] == "/problems/invalid-link"
    assert (await user.refresh(tokens["refresh_token"])).status_code == 401
    assert (await user.log_in()).status_code == 401
    access = (await user.log_in(password=NEW)).json()["access_token"]
    exchange = "/api/v1/auth/api-keys/token"
    assert (await mailing_client.post(exchange, json={"api_key": key.json()["api_key"]})).status_code == 200
    # The second time with the keys, and by the name.
    again = await _link(mailing_client, mail_server, "clara", count=3)
    answer = await _complete(mailing_client, again, new_password="op. 20, in F", revoke_api_keys=True)
    assert answer.headers["euterpe-revoked-api-keys"] == "1"
    assert (await mailing_client.post(exchange, json={"api_key": key.json()["api_key"]})).status_code == 401
    assert (await user.call("GET", "/sessions", access)).status_code == 401
    subjects = {mail["Subject"] for mail in mail_server.mails}
    assert subjects >= {"Choose a new password", "Your password was recovered"}


async def test_a_link_expires_and_ends_with_a_change_of_the_password(
    mailing_client: httpx.AsyncClient, mail_server: MailServer, owner: Any, clock: Any
) -> None:
    user, tokens = owner
    token = await _link(mailing_client, mail_server, "Clara")
    change = {"current_password": user.password, "new_password": NEW}
    assert (await user.call("PUT", "/me/password", tokens["access_token"], json=change)).status_code == 204
    assert (await _complete(mailing_client, token)).status_code == 409
    late = await _link(mailing_client, mail_server, "Clara", count=3)
    clock.advance(minutes=61)
    assert (await _complete(mailing_client, late)).status_code == 409


async def test_the_response_does_not_reveal_whether_an_account_exists(
    mailing_client: httpx.AsyncClient, mail_server: MailServer, owner: Any, make_user: Any, rows: Any
) -> None:
    await make_user(mailing_client, username="Robert").register()
    shapes = set()
    for account in ("Clara", EMAIL, "Robert", "unknown", "unknown@example.com", "no such name, ever\0"):
        answers = [await mailing_client.post(REQUEST, json={"account": account}) for _ in range(4)]
        shapes.add(tuple((each.status_code, each.json() and each.json()["type"]) for each in answers))
    assert shapes == {((202, None),) * 3 + ((429, "/problems/too-many-attempts"),)}
    await asyncio.to_thread(mail_server.wait_for, EMAIL, count=6)
    async with asyncio.timeout(30):
        while await rows("SELECT 1 FROM mails"):
            await asyncio.sleep(0.05)
    assert {mail["To"] for mail in mail_server.mails} == {EMAIL}


async def test_the_request_does_the_same_work_for_all_accounts(
    mailing_client: httpx.AsyncClient, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account is looked up by the loop that sends the mails, so the time of the request reveals nothing."""
    from euterpe_auth.services.mails import Mails

    async def nothing(_: Mails) -> bool:
        return False

    monkeypatch.setattr(Mails, "run_one", nothing)
    from euterpe_auth.storage.users import UserRepository

    looked_up: list[str] = []
    for name in ("find_by_name", "find_by_email"):
        monkeypatch.setattr(UserRepository, name, lambda *given: looked_up.append(given[1]))
    for account in ("Clara", EMAIL, "unknown"):
        assert (await mailing_client.post(REQUEST, json={"account": account})).status_code == 202
    assert looked_up == []


async def test_the_database_contains_no_link_and_no_typed_name(
    mailing_client: httpx.AsyncClient, mail_server: MailServer, owner: Any, rows: Any
) -> None:
    mail_server.replies += ["451 later"] * 5
    await mailing_client.post(REQUEST, json={"account": "Clara"})
    async with asyncio.timeout(30):
        while not await rows("SELECT 1 FROM account_tokens"):
            await asyncio.sleep(0.05)
    for table in ("mails", "account_tokens", "attempts"):
        dump = "".join(row[0] for row in await rows(f"SELECT t::text FROM {table} AS t")).lower()
        for secret in ("clara", "euterpe_lt_"):
            assert secret.encode().hex() not in dump
            assert secret not in dump.replace(EMAIL, "")
