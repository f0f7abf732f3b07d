"""The e-mail address of an account, with a real mail server."""

import asyncio
from typing import Any

import httpx
from euterpe_test_kit.mail_server import MailServer, link_in, text_of

VERIFY = "/api/v1/auth/email-verifications"


async def _request(user: Any, access: str, email: str, **more: str) -> httpx.Response:
    answer: httpx.Response = await user.call("PUT", "/me/email", access, json={"email": email} | more)
    return answer


def _token(mail: Any) -> str:
    return link_in(mail).partition("#token=")[2]


async def _credentials(user: Any, access: str) -> Any:
    return (await user.call("GET", "/me/credentials", access)).json()


async def test_an_address_is_used_after_its_link_was_opened(
    mailing_client: httpx.AsyncClient, mail_server: MailServer, make_user: Any
) -> None:
    user = make_user(mailing_client)
    access = (await user.tokens())["access_token"]
    assert (await _request(user, access, "Clara@Example.COM", language="es")).status_code == 202
    pending = await _credentials(user, access)
    assert (pending["email"], pending["pending_email"]) == (None, "Clara@example.com")
    mail = await _wait(mail_server, "Clara@example.com")
    assert mail["Subject"] == "Confirma tu dirección de correo"
    assert "Hola, Clara" in text_of(mail)
    assert link_in(mail).startswith("https://music.example/verify-email#token=")
    answer = await mailing_client.post(VERIFY, json={"token": _token(mail)})
    assert (answer.status_code, answer.json()) == (200, {"email": "Clara@example.com"})
    verified = await _credentials(user, access)
    assert (verified["email"], verified["pending_email"]) == ("Clara@example.com", None)
    assert (await user.call("GET", "/me/export", access)).json()["email"] == "Clara@example.com"
    again = await mailing_client.post(VERIFY, json={"token": _token(mail)})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/invalid-link")


async def test_the_previous_address_is_notified_and_its_links_end(
    mailing_client: httpx.AsyncClient, mail_server: MailServer, make_user: Any
) -> None:
    user = make_user(mailing_client)
    access = (await user.tokens())["access_token"]
    await _verified(mailing_client, mail_server, user, access, "old@example.com")
    await mailing_client.post("/api/v1/auth/password-recovery", json={"account": "Clara"})
    recovery = await _wait(mail_server, "old@example.com", count=2)
    await _verified(mailing_client, mail_server, user, access, "new@example.com")
    notice = await _wait(mail_server, "old@example.com", count=3)
    assert notice["Subject"] == "Your e-mail address was changed"
    assert "new@example.com" not in text_of(notice)
    body = {"token": _token(recovery), "new_password": "op. 17, in G minor"}
    answer = await mailing_client.post("/api/v1/auth/password-recovery/completion", json=body)
    assert answer.json()["type"] == "/problems/invalid-link"
    assert (await user.call("DELETE", "/me/email", access)).status_code == 204
    assert (await _wait(mail_server, "new@example.com", count=2))["Subject"] == "Your e-mail address was removed"
    events = (await user.call("GET", "/me/security-events", access)).json()["items"]
    assert [each["event"] for each in events[:3]] == ["email_removed", "email_changed", "recovery_requested"]


async def test_an_address_of_another_account_is_refused_to_its_reader_only(
    mailing_client: httpx.AsyncClient, mail_server: MailServer, make_user: Any
) -> None:
    clara, robert = make_user(mailing_client), make_user(mailing_client, username="Robert")
    access = {user.username: (await user.tokens())["access_token"] for user in (clara, robert)}
    await _verified(mailing_client, mail_server, clara, access["Clara"], "both@example.com")
    assert (await _request(robert, access["Robert"], "BOTH@example.com")).status_code == 202
    mail = await _wait(mail_server, "BOTH@example.com")
    answer = await mailing_client.post(VERIFY, json={"token": _token(mail)})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/email-taken")
    assert (await _credentials(clara, access["Clara"]))["email"] == "both@example.com"


async def test_a_change_needs_a_recent_password_and_is_limited(
    mailing_client: httpx.AsyncClient, make_user: Any, clock: Any
) -> None:
    user = make_user(mailing_client)
    access = (await user.tokens())["refresh_token"]
    clock.advance(minutes=11)
    access = (await user.refresh(access)).json()["access_token"]
    refused = await _request(user, access, "clara@example.com")
    assert refused.json()["type"] == "/problems/recent-authentication-required"
    assert (await user.call("DELETE", "/me/email", access)).status_code == 403
    confirm = "/me/reauthentication"
    wrong = await user.call("POST", confirm, access, json={"password": "a wrong one"})
    assert wrong.json()["type"] == "/problems/wrong-password"
    assert (await user.call("POST", confirm, access, json={"password": user.password})).status_code == 204
    clock.advance(minutes=9)
    statuses = [(await _request(user, access, "clara@example.com")).status_code for _ in range(4)]
    assert statuses == [202, 202, 202, 429]
    clock.advance(minutes=2)
    assert (await _request(user, access, "clara@example.com")).status_code == 403


async def test_invalid_addresses_are_422(client: httpx.AsyncClient, user: Any) -> None:
    access = (await user.tokens())["access_token"]
    for email in ("clara", "clara@", "a@b", "clara@example.com\n", "a@exam\u0000ple.com", "ñ@example.com", "x" * 300):
        answer = await _request(user, access, email)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.email"), email


async def test_without_a_mail_server_the_response_says_so(client: httpx.AsyncClient, user: Any) -> None:
    access = (await user.tokens())["access_token"]
    assert (await client.get("/api/v1/auth/login-options")).json()["mails"] is False
    answer = await _request(user, access, "clara@example.com")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/mail-not-configured")


async def _wait(server: MailServer, recipient: str, *, count: int = 1) -> Any:
    return await asyncio.to_thread(server.wait_for, recipient, count=count)


async def _verified(client: httpx.AsyncClient, server: MailServer, user: Any, access: str, email: str) -> None:
    await _request(user, access, email)
    mail = await _wait(server, email)
    assert (await client.post(VERIFY, json={"token": _token(mail)})).status_code == 200
