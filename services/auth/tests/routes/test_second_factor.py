"""Recovery codes and the codes of authenticator apps."""

from typing import Any

import httpx
import pyotp
import pytest

RECOVER = "/api/v1/auth/password-recovery/code"
NEW = "op. 17, in G minor"


async def _register(user: Any) -> list[str]:
    answer = await user.register()
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    codes: list[str] = answer.json()["recovery_codes"]
    return codes


async def _enable(user: Any, access: str, clock: Any) -> pyotp.TOTP:
    new = (await user.call("POST", "/me/totp", access)).json()
    assert new["qr_code"].startswith("data:image/svg+xml")
    app = pyotp.TOTP(pyotp.parse_uri(new["uri"]).secret)
    assert app.secret == new["secret"]
    code = app.at(clock())
    answer = await user.call("POST", "/me/totp/activation", access, json={"code": code})
    assert (answer.status_code, answer.json()) == (200, {"recovery_codes": None})
    clock.advance(seconds=60)
    return app


async def test_a_recovery_code_of_the_registration_recovers_the_password_once(
    user: Any, client: httpx.AsyncClient, rows: Any
) -> None:
    codes = await _register(user)
    assert len(set(codes)) == 10
    tokens = (await user.log_in()).json()
    stored = "".join(row[0] for row in await rows("SELECT t::text FROM recovery_codes AS t"))
    assert not any(code in stored or code.encode().hex() in stored for code in codes)
    body = {"username": "cLaRa", "recovery_code": codes[3].lower().replace("-", " "), "new_password": NEW}
    guessable = await client.post(RECOVER, json=body | {"new_password": "Clara"})
    assert guessable.status_code == 422
    assert (await client.post(RECOVER, json=body)).status_code == 204
    assert (await user.refresh(tokens["refresh_token"])).status_code == 401
    access = (await user.log_in(password=NEW)).json()["access_token"]
    assert (await user.call("GET", "/me/credentials", access)).json()["recovery_codes"] == 9
    again = await client.post(RECOVER, json=body)
    assert (again.status_code, again.json()["type"]) == (401, "/problems/wrong-recovery-code")
    renewed = (await user.call("POST", "/me/recovery-codes", access)).json()["recovery_codes"]
    assert not set(renewed) & set(codes)
    used = await client.post(RECOVER, json=body | {"recovery_code": codes[4]})
    assert used.status_code == 401
    assert (await client.post(RECOVER, json=body | {"recovery_code": renewed[0]})).status_code == 204


async def test_wrong_codes_and_unknown_names_look_alike_and_are_limited(user: Any, client: httpx.AsyncClient) -> None:
    codes = await _register(user)
    shapes = []
    for username in ("Clara", "unknown", "no such name, ever\0"):
        body = {"username": username, "recovery_code": "7KXM-2PQR-9TFA-HW3D", "new_password": NEW}
        answers = [await client.post(RECOVER, json=body) for _ in range(10)]
        problem = {name: value for name, value in answers[0].json().items() if name != "request_id"}
        shapes.append((problem, {each.status_code for each in answers}))
    assert shapes[0] == shapes[1] == shapes[2]
    right = {"username": "Clara", "recovery_code": codes[0], "new_password": NEW}
    assert (await client.post(RECOVER, json=right)).status_code == 429


async def test_a_code_of_another_account_is_refused(client: httpx.AsyncClient, user: Any, make_user: Any) -> None:
    await _register(user)
    theirs = await _register(make_user(client, username="Robert"))
    body = {"username": "Clara", "recovery_code": theirs[0], "new_password": NEW}
    assert (await client.post(RECOVER, json=body)).status_code == 401


async def test_logins_need_a_code_once_an_app_is_confirmed(user: Any, clock: Any, rows: Any) -> None:
    codes = await _register(user)
    access = (await user.log_in()).json()["access_token"]
    secret = (await user.call("POST", "/me/totp", access)).json()["secret"]
    wrong = await user.call("POST", "/me/totp/activation", access, json={"code": "000000"})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/wrong-code")
    assert (await user.log_in()).status_code == 200
    app = await _enable(user, access, clock)
    assert app.secret != secret
    ((sealed,),) = await rows("SELECT sealed_secret FROM totp_secrets")
    assert app.secret.encode() not in sealed
    assert (await user.call("POST", "/me/totp", access)).json()["type"] == "/problems/second-factor-enabled"
    missing = await user.log_in()
    assert (missing.status_code, missing.json()["type"]) == (401, "/problems/second-factor-required")
    # Without the password, nothing is said about the second factor.
    assert (await user.log_in(password="op. 8")).json()["type"] == "/problems/wrong-credentials"
    code = app.at(clock())
    assert (await user.log_in(code="123")).json()["type"] == "/problems/wrong-second-factor"
    assert (await user.log_in(code=f"{code[:3]} {code[3:]}")).status_code == 200
    assert (await user.log_in(code=code)).json()["type"] == "/problems/wrong-second-factor"
    assert (await user.log_in(code=codes[0])).status_code == 200
    assert (await user.log_in(code=codes[0])).status_code == 401
    credentials = (await user.call("GET", "/me/credentials", access)).json()
    assert (credentials["totp"], credentials["recovery_codes"]) == (True, 9)
    assert (await user.call("DELETE", "/me/totp", access)).status_code == 204
    assert (await user.log_in()).status_code == 200
    events = [each["event"] for each in (await user.call("GET", "/me/security-events", access)).json()["items"]]
    for event in ("second_factor_enabled", "second_factor_refused", "recovery_code_used", "second_factor_disabled"):
        assert event in events


async def test_guesses_of_a_code_are_limited(user: Any, clock: Any) -> None:
    await _register(user)
    app = await _enable(user, (await user.log_in()).json()["access_token"], clock)
    kinds = [(await user.log_in(code=f"{number:06}")).json()["type"] for number in range(6)]
    assert kinds == ["/problems/wrong-second-factor"] * 5 + ["/problems/too-many-attempts"]
    assert (await user.log_in(code=app.at(clock()))).status_code == 429
    clock.advance(minutes=16)
    assert (await user.log_in(code=app.at(clock()))).status_code == 200


async def test_a_recovered_password_still_needs_a_code(user: Any, client: httpx.AsyncClient, clock: Any) -> None:
    codes = await _register(user)
    app = await _enable(user, (await user.log_in()).json()["access_token"], clock)
    body = {"username": "Clara", "recovery_code": codes[0], "new_password": NEW}
    assert (await client.post(RECOVER, json=body)).status_code == 204
    assert (await user.log_in(password=NEW)).json()["type"] == "/problems/second-factor-required"
    assert (await user.log_in(password=NEW, code=app.at(clock()))).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/me/recovery-codes"), ("POST", "/me/totp"), ("DELETE", "/me/totp")]
)
async def test_changes_need_a_recent_authentication(user: Any, clock: Any, method: str, path: str) -> None:
    refresh = (await user.tokens())["refresh_token"]
    clock.advance(minutes=11)
    access = (await user.refresh(refresh)).json()["access_token"]
    answer = await user.call(method, path, access)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/recent-authentication-required")


async def test_an_account_without_codes_gets_some_with_the_second_factor(user: Any, clock: Any, rows: Any) -> None:
    """Accounts that are older than recovery codes have none."""
    access = (await user.tokens())["access_token"]
    await rows("DELETE FROM recovery_codes")
    secret = (await user.call("POST", "/me/totp", access)).json()["secret"]
    body = {"code": pyotp.TOTP(secret).at(clock())}
    codes = (await user.call("POST", "/me/totp/activation", access, json=body)).json()["recovery_codes"]
    assert (await user.log_in(code=codes[9])).status_code == 200
