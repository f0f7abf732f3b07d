"""Every operation of the OpenAPI document with every kind of caller, so that new operations are covered."""

import base64
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: Access: without a token; with any token, including guests and API keys with the scope; with the token of a login.
PUBLIC, USER, ACCOUNT = "public", "user", "account"
POLICY = {
    "register_user": PUBLIC, "create_token": PUBLIC, "create_guest": PUBLIC, "refresh_token": PUBLIC,
    "log_out": PUBLIC, "exchange_api_key": PUBLIC, "read_jwks": PUBLIC,
    "get_login_options": PUBLIC, "get_registration_challenge": PUBLIC,
    "verify_email": PUBLIC, "request_recovery": PUBLIC, "complete_recovery": PUBLIC,
    "get_credentials": ACCOUNT, "change_email": ACCOUNT, "remove_email": ACCOUNT, "reauthenticate": ACCOUNT,
    "recover_with_code": PUBLIC, "create_recovery_codes": ACCOUNT, "create_totp": ACCOUNT, "enable_totp": ACCOUNT,
    "disable_totp": ACCOUNT,
    "begin_passkey": ACCOUNT, "add_passkey": ACCOUNT, "list_passkeys": ACCOUNT, "rename_passkey": ACCOUNT,
    "remove_passkey": ACCOUNT, "reauthenticate_with_passkey": ACCOUNT, "begin_passkey_login": PUBLIC,
    "log_in_with_passkey": PUBLIC,
    "begin_provider_login": PUBLIC, "complete_provider_login": PUBLIC, "log_in_with_provider": PUBLIC,
    "register_with_provider": PUBLIC, "begin_provider_confirmation": ACCOUNT, "link_provider": ACCOUNT,
    "unlink_provider": ACCOUNT, "reauthenticate_with_provider": ACCOUNT,
    "end_digests": PUBLIC,
    "read_me": USER,
    "change_password": ACCOUNT, "delete_account": ACCOUNT, "claim_guest": ACCOUNT, "list_security_events": ACCOUNT,
    "export_account": ACCOUNT,
    "list_sessions": ACCOUNT, "revoke_session": ACCOUNT, "log_out_everywhere": ACCOUNT, "create_api_key": ACCOUNT,
    "list_api_keys": ACCOUNT, "revoke_api_key": ACCOUNT,
}  # fmt: skip
#: Callers with an invalid token.
UNKNOWN = {"expired", "forged", "HS256 with the public key", "service"}
#: Need no token, but accept a guest's, so an invalid token is refused.
READS_TOKEN = {"register_user", "register_with_provider"}


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield operation["operationId"], method.upper(), path


def _expected(operation: str, caller: str) -> set[int]:
    """Return the expected refusal statuses; empty if access is allowed."""
    policy = POLICY[operation]
    if policy == PUBLIC:
        if operation in READS_TOKEN:
            return {401} if caller in UNKNOWN else {403} if caller.startswith("key") else set()
        return set()
    if caller in UNKNOWN | {"anonymous"}:
        return {401}
    if caller == "guest":
        return {403} if policy == ACCOUNT else set()
    if caller == "key without scope" or (caller == "key" and policy == ACCOUNT):
        return {403}
    return set()


async def _callers(user: Any, signing_key: Any) -> dict[str, str | None]:
    owner = (await user.tokens())["access_token"]
    claims = jwt.decode(owner, options={"verify_signature": False})
    key = await signing_key()
    headers = {"kid": key.kid, "typ": "at+jwt"}

    def sign(private: Any = key.private_key, **changes: Any) -> str:
        return jwt.encode(claims | changes, private, algorithm="EdDSA", headers=headers)

    public = base64.urlsafe_b64decode(key.jwk["x"] + "=")
    return {
        "anonymous": None,
        "guest": (await user.guest())["access_token"],
        "owner": owner,
        "key": sign(scope="account:read songs:read"),
        "key without scope": sign(scope=""),
        "expired": sign(exp=int(time.time()) - 1),
        "forged": sign(Ed25519PrivateKey.generate()),
        "HS256 with the public key": jwt.encode(claims, public, algorithm="HS256", headers=headers),
        "service": sign(aud="euterpe-internal"),
    }


async def test_every_operation_has_a_policy(client: Any) -> None:
    document = (await client.get("/api/v1/auth/openapi.json")).json()
    assert {operation for operation, _, _ in _operations(document)} == set(POLICY)


async def test_the_document_declares_required_tokens(client: Any) -> None:
    document = (await client.get("/api/v1/auth/openapi.json")).json()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if POLICY[operation["operationId"]] != PUBLIC:
                assert operation["security"], path
                assert {"401", "403"} <= operation["responses"].keys(), path


async def test_access_of_every_caller_to_every_operation(client: Any, user: Any, signing_key: Any, rows: Any) -> None:
    document = (await client.get("/api/v1/auth/openapi.json")).json()
    callers = await _callers(user, signing_key)
    # With an empty body, an allowed request fails validation and changes nothing.
    for operation, method, path in _operations(document):
        for caller, token in callers.items():
            if (operation, caller) == ("log_out_everywhere", "owner"):
                continue
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            url = path.replace("{session_id}", str(uuid.uuid4())).replace("{key_id}", str(uuid.uuid4()))
            url = url.replace("{passkey_id}", str(uuid.uuid4()))
            body = {"content": json.dumps({}), "headers": headers | {"Content-Type": "application/json"}}
            answer = await client.request(method, url, **(body if method in ("POST", "PUT") else {"headers": headers}))
            refused = _expected(operation, caller)
            if refused:
                assert answer.status_code in refused, (operation, caller, answer.text)
            else:
                assert answer.status_code not in (401, 403), (operation, caller, answer.text)
    assert [row[0] for row in await rows("SELECT username FROM users WHERE username IS NOT NULL")] == ["Clara"]


@pytest.mark.parametrize("sub", ["not-a-uuid", "", "00000000-0000-0000-0000-000000000000"])
async def test_a_token_with_an_unknown_subject_is_401(client: Any, user: Any, signing_key: Any, sub: str) -> None:
    key = await signing_key()
    claims = jwt.decode((await user.tokens())["access_token"], options={"verify_signature": False}) | {"sub": sub}
    token = jwt.encode(claims, key.private_key, algorithm="EdDSA", headers={"kid": key.kid, "typ": "at+jwt"})
    assert (await user.me(token)).status_code == 401
