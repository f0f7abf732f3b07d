"""Registration and /me over HTTP."""

import asyncio
import base64
import json
import time
import unicodedata
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from euterpe_service_kit.tokens import ACCESS, ISSUER, SERVICE

USERS = "/api/v1/auth/users"


async def test_a_new_account(client: httpx.AsyncClient) -> None:
    answer = await client.post(USERS, json={"username": "Clara.W-1", "password": "eight888"})
    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "username", "created_at", "guest", "recovery_codes"}
    assert answer.json()["username"] == "Clara.W-1"
    assert answer.json()["created_at"].endswith("Z")


async def test_a_taken_name_is_409_regardless_of_case(user: Any, client: httpx.AsyncClient) -> None:
    await user.register()
    answer = await client.post(USERS, json={"username": "cLARA", "password": "another password"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/name-taken")
    assert answer.json()["errors"][0]["field"] == "body.username"
    assert (await user.log_in()).status_code == 200


async def test_of_concurrent_registrations_one_gets_the_name(
    client: httpx.AsyncClient, make_user: Any, rows: Any
) -> None:
    rivals = [make_user(client, username=name) for name in ("robert", "Robert", "ROBERT", "roberT")]
    answers = await asyncio.gather(*(rival.register() for rival in rivals))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(await rows("SELECT 1 FROM users")) == 1


INVALID_INPUT = [
    ({"username": "ab"}, "body.username", {"min_length": 3}),
    ({"username": "a" * 33}, "body.username", {"max_length": 32}),
    ({"username": "clara schumann"}, "body.username", {"pattern": "^[A-Za-z0-9._-]+$"}),
    ({"username": "clara\n"}, "body.username", {"pattern": "^[A-Za-z0-9._-]+$"}),
    ({"username": "сlаrа"}, "body.username", {"pattern": "^[A-Za-z0-9._-]+$"}),
    ({"username": None}, "body.username", None),
    ({"username": 12345}, "body.username", None),
    ({"password": "seven77"}, "body.password", {"min_length": 8}),
    ({"password": "e\u0301" * 7}, "body.password", {"min_length": 8}),
    ({"password": "x" * 129}, "body.password", {"max_length": 128}),
    ({"password": "CLARA.SCHUMANN", "username": "clara.schumann"}, "body.password", None),
    ({"password": "PassWord"}, "body.password", None),
    ({"password": "iloveyou"}, "body.password", None),
    ({"admin": True}, "body.admin", None),
]


async def test_invalid_input_names_field_and_limit(
    client: httpx.AsyncClient, rows: Any, subtests: pytest.Subtests
) -> None:
    for change, field, limits in INVALID_INPUT:
        with subtests.test(change=change, field=field):
            body = {"username": "clara", "password": "op. 7, in A minor"} | change
            answer = await client.post(USERS, json=body)
            assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
            (error,) = answer.json()["errors"]
            assert (error["field"], error.get("limits")) == (field, limits)
            assert field in answer.json()["detail"]
            assert await rows("SELECT 1 FROM users") == []


@pytest.mark.parametrize("field", ["username", "password", "\\ud800"])
async def test_unpaired_surrogates_are_422(client: httpx.AsyncClient, field: str) -> None:
    body = '{"username": "clara", "password": "op. 7, in A minor", "%s": "\\ud800 and more"}' % field  # noqa: UP031
    answer = await client.post(USERS, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


async def test_a_refused_password_is_not_in_the_response(client: httpx.AsyncClient) -> None:
    answer = await client.post(USERS, json={"username": "clara", "password": "sEcrEt7"})
    assert answer.status_code == 422
    assert "sEcrEt7" not in answer.text


async def test_a_password_can_contain_any_characters(client: httpx.AsyncClient, make_user: Any) -> None:
    strange = make_user(client, password="\0 \n🎹 ñandú ﷺ\u202e'; --")
    assert (await strange.register()).status_code == 201
    assert (await strange.log_in()).status_code == 200


async def test_passwords_are_normalised_to_nfkc(client: httpx.AsyncClient, make_user: Any) -> None:
    composed = make_user(client, password=unicodedata.normalize("NFC", "élégie für zwei"))
    await composed.register()
    decomposed = make_user(client, password=unicodedata.normalize("NFD", "élégie für zwei"))
    assert (await decomposed.log_in()).status_code == 200
    assert (await decomposed.log_in(password="elegie fur zwei")).status_code == 401


async def test_the_current_account(user: Any) -> None:
    registered = (await user.register()).json()
    del registered["recovery_codes"]
    token = (await user.log_in()).json()["access_token"]
    answer = await user.me(token)
    assert (answer.status_code, answer.json()) == (200, registered)


async def test_the_current_account_needs_a_token(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/auth/me")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_claims_of_the_access_token(user: Any) -> None:
    registered = (await user.register()).json()
    body = (await user.log_in()).json()
    header = jwt.get_unverified_header(body["access_token"])
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert (header["alg"], header["typ"]) == ("EdDSA", "at+jwt")
    assert (claims["iss"], claims["aud"]) == (ISSUER, ACCESS.audience)
    assert (claims["sub"], claims["name"]) == (registered["id"], "Clara")
    assert claims["exp"] - claims["iat"] == body["expires_in"] == 600
    assert claims["jti"]


async def test_an_expired_token_is_401(user: Any, clock: Any) -> None:
    await user.register()
    clock.advance(minutes=-11)
    token = (await user.log_in()).json()["access_token"]
    answer = await user.me(token)
    assert answer.status_code == 401
    assert "expired" in answer.json()["detail"]


def _segment(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


async def _forgeries(client: httpx.AsyncClient, good: str) -> dict[str, str]:
    """Return invalid variants of a valid token; `own` is a key unknown to auth."""
    header, claims = jwt.get_unverified_header(good), jwt.decode(good, options={"verify_signature": False})
    public = (await client.get("/.well-known/jwks.json")).json()["keys"][0]
    own = Ed25519PrivateKey.generate()
    raw_public = base64.urlsafe_b64decode(public["x"] + "=")

    def sign(key: Any, algorithm: str = "EdDSA", **changes: Any) -> str:
        return jwt.encode(claims, key, algorithm=algorithm, headers={**header, "alg": algorithm, **changes})

    signed_body, signature = good.rsplit(".", 1)
    return {
        "forged": sign(own),
        "unknown key": sign(own, kid="made-up"),
        "no key id": sign(own, kid=""),
        "key in the header": sign(own, jwk=jwt.algorithms.OKPAlgorithm.to_jwk(own.public_key(), as_dict=True)),
        "none": f"{_segment(header | {'alg': 'none'})}.{_segment(claims)}.",
        "HS256 with the public key": sign(raw_public, "HS256"),
        "HS256 with its text": sign(public["x"], "HS256"),
        "changed subject": f"{_segment(header)}.{_segment(claims | {'sub': 'x'})}.{signature}",
        "longer life": f"{_segment(header)}.{_segment(claims | {'exp': int(time.time()) + 10**6})}.{signature}",
        "cut": signed_body,
        "empty": "x",
        "not base64": "a.b.c",
    }


async def test_forged_tokens_are_401(client: httpx.AsyncClient, user: Any) -> None:
    good = (await user.tokens())["access_token"]
    assert (await user.me(good)).status_code == 200
    for name, token in (await _forgeries(client, good)).items():
        answer = await user.me(token)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated"), name


OTHER_PURPOSES = [
    (SERVICE.typ, {}),
    ("JWT", {}),
    (ACCESS.typ, {"aud": SERVICE.audience}),
    (ACCESS.typ, {"aud": None}),
    (ACCESS.typ, {"iss": "someone"}),
    (ACCESS.typ, {"exp": None}),
    (ACCESS.typ, {"sub": None}),
    (ACCESS.typ, {"exp": 1}),
]


async def test_tokens_for_another_purpose_are_401(
    client: httpx.AsyncClient, user: Any, signing_key: Any, subtests: pytest.Subtests
) -> None:
    good, key = (await user.tokens())["access_token"], await signing_key()
    for typ, changes in OTHER_PURPOSES:
        with subtests.test(typ=typ, changes=changes):
            claims = jwt.decode(good, options={"verify_signature": False}) | changes
            claims = {name: value for name, value in claims.items() if value is not None}
            token = jwt.encode(claims, key.private_key, algorithm="EdDSA", headers={"kid": key.kid, "typ": typ})
            assert (await user.me(token)).status_code == 401


async def test_a_service_token_is_not_a_users(client: httpx.AsyncClient, user: Any, client_secret: str) -> None:
    form = {"grant_type": "client_credentials"}
    answer = await client.post("/api/v1/auth/service-token", data=form, auth=("generator", client_secret))
    assert (await user.me(answer.json()["access_token"])).status_code == 401


async def test_the_token_of_a_deleted_account_is_401(user: Any, rows: Any) -> None:
    token = (await user.tokens())["access_token"]
    await rows("DELETE FROM users")
    assert (await user.me(token)).status_code == 401
