"""Login, refresh and logout over HTTP."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

TOKEN = "/api/v1/auth/token"


async def test_login(user: Any, client: httpx.AsyncClient) -> None:
    await user.register()
    answer = await user.log_in(username="cLaRa")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["token_type"] == "bearer"
    assert answer.json()["refresh_expires_in"] in range(30 * 86_400 - 5, 30 * 86_400 + 1)
    assert (await user.me(answer.json()["access_token"])).json()["username"] == "Clara"


async def test_other_fields_of_the_form_are_ignored(user: Any) -> None:
    await user.register()
    assert (await user.log_in(scope="", client_id="swagger")).status_code == 200


async def test_wrong_password_and_unknown_name_look_alike(user: Any) -> None:
    await user.register()
    answers = [
        await user.log_in(password="op. 8"),
        await user.log_in(username="nobody"),
        await user.log_in(username="no such name, ever\0"),
    ]
    shapes = set()
    for answer in answers:
        problem = {name: value for name, value in answer.json().items() if name != "request_id"}
        headers = {name for name in answer.headers if name != "x-request-id"}
        shapes.add((answer.status_code, str(sorted(problem.items())), str(sorted(headers))))
    assert len(shapes) == 1
    assert answers[0].status_code == 401


async def test_an_unknown_name_costs_a_hash(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await user.register()
    verified = []
    real = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda *given: verified.append(given[1]) or real(*given))
    await user.log_in(password="op. 8")
    await user.log_in(username="nobody")
    parameters = {stored.rsplit("$", 2)[0] for stored in verified}
    assert len(verified) == 2
    assert parameters == {"$argon2id$v=19$m=19456,t=2,p=1"}


INVALID_FORMS = [
    ({"grant_type": "implicit"}, "body.grant_type"),
    ({"grant_type": None}, "body.grant_type"),
    ({"username": None}, "body.username"),
    ({"username": "a" * 257}, "body.username"),
    ({"password": None}, "body.password"),
    ({"password": ""}, "body.password"),
    ({"password": "a" * 129}, "body.password"),
]


async def test_invalid_forms_are_422(client: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    for change, field in INVALID_FORMS:
        with subtests.test(change=change, field=field):
            form = {"grant_type": "password", "username": "clara", "password": "op. 7, in A minor"} | change
            answer = await client.post(TOKEN, data={name: value for name, value in form.items() if value is not None})
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_an_old_hash_is_renewed_at_login(user: Any, rows: Any) -> None:
    await user.register()
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(user.password)
    await rows("UPDATE users SET password_hash = $1", weak)
    assert (await user.log_in()).status_code == 200
    ((renewed,),) = await rows("SELECT password_hash FROM users")
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await user.log_in()).status_code == 200


async def test_refresh_rotates(user: Any, clock: Any) -> None:
    first = await user.tokens()
    clock.advance(days=1)
    answer = await user.refresh(first["refresh_token"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    second = answer.json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (await user.me(second["access_token"])).status_code == 200
    # The expiry of the session is unchanged.
    assert second["refresh_expires_in"] in range(29 * 86_400 - 5, 29 * 86_400 + 1)


async def test_a_reused_token_revokes_its_session(user: Any, clock: Any) -> None:
    first = (await user.tokens())["refresh_token"]
    second = (await user.refresh(first)).json()["refresh_token"]
    clock.advance(seconds=11)
    answer = await user.refresh(first)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/invalid-refresh-token")
    assert (await user.refresh(second)).status_code == 401


async def test_reuse_does_not_affect_other_sessions(user: Any, clock: Any) -> None:
    phone = (await user.tokens())["refresh_token"]
    desk = (await user.log_in()).json()["refresh_token"]
    await user.refresh(phone)
    clock.advance(seconds=11)
    assert (await user.refresh(phone)).status_code == 401
    assert (await user.refresh(desk)).status_code == 200


async def test_a_refresh_can_be_repeated_within_the_grace_period(user: Any, clock: Any) -> None:
    first = (await user.tokens())["refresh_token"]
    lost = (await user.refresh(first)).json()["refresh_token"]
    clock.advance(seconds=9)
    again = await user.refresh(first)
    assert (again.status_code, again.json()["refresh_token"]) == (200, lost)
    assert (await user.refresh(lost)).status_code == 200


async def test_the_grace_period_applies_to_the_immediate_predecessor_only(user: Any) -> None:
    first = (await user.tokens())["refresh_token"]
    second = (await user.refresh(first)).json()["refresh_token"]
    third = (await user.refresh(second)).json()["refresh_token"]
    assert (await user.refresh(first)).status_code == 401
    assert (await user.refresh(third)).status_code == 401


async def test_concurrent_refreshes_get_one_successor(user: Any, rows: Any) -> None:
    first = (await user.tokens())["refresh_token"]
    answers = await asyncio.gather(*(user.refresh(first) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert len(await rows("SELECT 1 FROM refresh_tokens")) == 2


async def test_a_session_expires_regardless_of_refreshes(user: Any, clock: Any) -> None:
    token = (await user.tokens())["refresh_token"]
    # Refreshed often enough not to be idle.
    for days in (13, 13, 3):
        clock.advance(days=days)
        token = (await user.refresh(token)).json()["refresh_token"]
    clock.advance(days=1, hours=1)
    assert (await user.refresh(token)).status_code == 401


async def test_expired_sessions_are_deleted_at_the_next_login(user: Any, clock: Any, rows: Any) -> None:
    await user.tokens()
    clock.advance(days=31)
    await user.log_in()
    assert len(await rows("SELECT 1 FROM sessions")) == len(await rows("SELECT 1 FROM refresh_tokens")) == 1


async def test_logout(user: Any, client: httpx.AsyncClient) -> None:
    first = (await user.tokens())["refresh_token"]
    second = (await user.refresh(first)).json()["refresh_token"]
    other = (await user.log_in()).json()["refresh_token"]
    for _ in range(2):
        answer = await client.post("/api/v1/auth/logout", json={"refresh_token": second})
        assert (answer.status_code, answer.content) == (204, b"")
    assert (await user.refresh(first)).status_code == 401
    assert (await user.refresh(second)).status_code == 401
    assert (await user.refresh(other)).status_code == 200


async def test_logout_with_an_unknown_token(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v1/auth/logout", json={"refresh_token": "made up"})).status_code == 204


@pytest.mark.parametrize("body", [{}, {"refresh_token": "x" * 257}, {"refresh_token": 7}])
async def test_malformed_refreshes_are_422(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = await client.post("/api/v1/auth/refresh", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.refresh_token")


async def test_unknown_and_empty_refresh_tokens_are_401(user: Any) -> None:
    for token in ("", "euterpe_rt_made-up", "\0"):
        assert (await user.refresh(token)).status_code == 401


async def test_the_database_contains_no_secret(user: Any, rows: Any) -> None:
    tokens = await user.tokens()
    successor = (await user.refresh(tokens["refresh_token"])).json()["refresh_token"]
    dump = ""
    for table in ("users", "sessions", "refresh_tokens", "signing_keys"):
        # bytea is printed in hexadecimal, so text inside is checked separately.
        dump += "".join(row[0] for row in await rows(f"SELECT t::text FROM {table} AS t"))
    sealed = b"".join(row[0] for row in await rows("SELECT sealed_successor FROM refresh_tokens") if row[0])
    for secret in (user.password, tokens["refresh_token"], successor):
        assert secret not in dump
        assert secret.encode().hex() not in dump
        assert secret.encode() not in sealed


async def test_the_log_has_events_and_no_secret(
    user: Any, client: httpx.AsyncClient, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    tokens = await user.tokens()
    await user.log_in(username="my-password", password="typed here by mistake")
    successor = (await user.refresh(tokens["refresh_token"])).json()
    clock.advance(seconds=11)
    await user.refresh(tokens["refresh_token"])
    text = caplog.text
    for event in ("user_registered", "logged_in", "login_failed", "session_refreshed", "refresh_refused", "reused"):
        assert event in text
    for secret in (user.password, "my-password", "typed here", successor["access_token"], tokens["refresh_token"]):
        assert secret not in text


async def test_logins_are_counted(user: Any, client: httpx.AsyncClient) -> None:
    await user.tokens()
    await user.log_in(password="op. 8")
    text = (await client.get("/metrics")).text
    assert 'euterpe_auth_logins_total{result="success"} 1.0' in text
    assert 'euterpe_auth_logins_total{result="wrong_credentials"} 1.0' in text
    assert "euterpe_auth_password_hashes_running 0.0" in text
