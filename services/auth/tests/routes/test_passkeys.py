"""Passkeys: registration, login and confirmation, with an authenticator in software."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import AnyHttpUrl
from webauthn.helpers import bytes_to_base64url

SITE = "https://music.example"
OPTIONS = "/api/v1/auth/passkeys/options"
LOGIN = "/api/v1/auth/token/passkey"
_VERIFIED = 0x05  # user present and verified


@dataclass
class Authenticator:
    """A device that makes passkeys of the algorithm ES256 without attestation."""

    host: str = "music.example"
    origin: str = SITE
    flags: int = _VERIFIED
    sign_count: int = 0
    #: Passkeys that several devices share do not count.
    increment: int = 1
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the response to `navigator.credentials.create()`."""
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public
        data = self._data(0x40) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return self._credential({"clientDataJSON": client, "attestationObject": attestation})

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the response to `navigator.credentials.get()`."""
        self.sign_count += self.increment
        data, client = self._data(), self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential({"clientDataJSON": client, "authenticatorData": data, "signature": signature})

    def _data(self, flags: int = 0) -> bytes:
        count = self.sign_count.to_bytes(4, "big")
        return hashlib.sha256(self.host.encode()).digest() + bytes([self.flags | flags]) + count

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _credential(self, response: dict[str, bytes]) -> dict[str, Any]:
        text = bytes_to_base64url(self.credential_id)
        encoded = {name: bytes_to_base64url(value) for name, value in response.items()}
        return {"id": text, "rawId": text, "type": "public-key", "response": encoded, "clientExtensionResults": {}}


@pytest.fixture
async def site(replica: Any) -> Any:
    """An instance whose address is known."""
    async with replica(public_url=AnyHttpUrl(SITE)) as client:
        yield client


async def _add(user: Any, access: str, device: Authenticator, name: str = "my phone") -> httpx.Response:
    options = (await user.call("POST", "/me/passkeys/options", access)).json()["options"]
    body = {"name": name, "credential": device.create(options)}
    answer: httpx.Response = await user.call("POST", "/me/passkeys", access, json=body)
    return answer


async def _log_in(client: httpx.AsyncClient, device: Authenticator) -> httpx.Response:
    options = (await client.post(OPTIONS)).json()["options"]
    return await client.post(LOGIN, json={"credential": device.sign(options)})


async def test_a_passkey_logs_in_without_password_and_code(site: httpx.AsyncClient, make_user: Any, clock: Any) -> None:
    user, device = make_user(site), Authenticator()
    access = (await user.tokens())["access_token"]
    options = (await user.call("POST", "/me/passkeys/options", access)).json()["options"]
    assert (options["rp"]["id"], options["user"]["name"]) == ("music.example", "Clara")
    selection = options["authenticatorSelection"]
    assert (selection["residentKey"], selection["userVerification"]) == ("required", "required")
    added = await _add(user, access, device)
    assert (added.status_code, added.json()["name"], added.json()["last_used_at"]) == (201, "my phone", None)
    excluded = (await user.call("POST", "/me/passkeys/options", access)).json()["options"]["excludeCredentials"]
    assert [each["id"] for each in excluded] == [bytes_to_base64url(device.credential_id)]
    answer = await _log_in(site, device)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert (await user.me(answer.json()["access_token"])).json()["username"] == "Clara"
    (listed,) = (await user.call("GET", "/me/passkeys", access)).json()["items"]
    assert listed["last_used_at"] is not None
    path = f"/me/passkeys/{listed['id']}"
    assert (await user.call("PATCH", path, access, json={"name": "old phone"})).json()["name"] == "old phone"
    assert (await user.call("DELETE", path, access)).status_code == 204
    assert (await user.call("DELETE", path, access)).status_code == 404
    assert (await _log_in(site, device)).json()["type"] == "/problems/invalid-passkey"
    events = [each["event"] for each in (await user.call("GET", "/me/security-events", access)).json()["items"]]
    assert events[0], events[-1] == ("passkey_removed", "registered")


async def test_a_passkey_confirms_that_its_user_is_present(site: httpx.AsyncClient, make_user: Any, clock: Any) -> None:
    clara, robert = make_user(site), make_user(site, username="Robert")
    mine, theirs = Authenticator(), Authenticator()
    tokens = await clara.tokens()
    assert (await _add(clara, tokens["access_token"], mine)).status_code == 201
    assert (await _add(robert, (await robert.tokens())["access_token"], theirs)).status_code == 201
    clock.advance(minutes=11)
    access = (await clara.refresh(tokens["refresh_token"])).json()["access_token"]
    assert (await clara.call("POST", "/me/passkeys/options", access)).status_code == 403
    confirm = "/me/reauthentication/passkey"
    for device, status in ((theirs, 422), (mine, 204)):
        options = (await site.post(OPTIONS)).json()["options"]
        answer = await clara.call("POST", confirm, access, json={"credential": device.sign(options)})
        assert answer.status_code == status
    assert (await clara.call("POST", "/me/passkeys/options", access)).status_code == 200


async def test_a_response_is_accepted_once_and_for_five_minutes(
    site: httpx.AsyncClient, make_user: Any, clock: Any
) -> None:
    user, device = make_user(site), Authenticator(increment=0)
    access = (await user.tokens())["access_token"]
    await _add(user, access, device)
    body = {"credential": device.sign((await site.post(OPTIONS)).json()["options"])}
    assert [(await site.post(LOGIN, json=body)).status_code for _ in range(2)] == [200, 401]
    late = {"credential": device.sign((await site.post(OPTIONS)).json()["options"])}
    clock.advance(minutes=5, seconds=1)
    assert (await site.post(LOGIN, json=late)).status_code == 401
    # The challenge of a registration does not log in.
    options = (await user.call("POST", "/me/passkeys/options", access)).json()["options"]
    assert (await site.post(LOGIN, json={"credential": device.sign(options)})).status_code == 401


@pytest.mark.parametrize(
    "change",
    [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"flags": 0x01}, {"sign_count": 3}, {"key": None}],
)
async def test_other_sites_unverified_users_copies_and_other_keys_are_refused(
    site: httpx.AsyncClient, make_user: Any, change: dict[str, Any]
) -> None:
    user, device = make_user(site), Authenticator(sign_count=7)
    await _add(user, (await user.tokens())["access_token"], device)
    assert (await _log_in(site, device)).status_code == 200
    for name, value in change.items():
        setattr(device, name, value or ec.generate_private_key(ec.SECP256R1()))
    answer = await _log_in(site, device)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/invalid-passkey")


async def test_malformed_responses_are_refused(site: httpx.AsyncClient, make_user: Any) -> None:
    user, device = make_user(site), Authenticator()
    access = (await user.tokens())["access_token"]
    good = device.create((await user.call("POST", "/me/passkeys/options", access)).json()["options"])
    response = good["response"]
    for bad in (
        {}, {"response": None}, {"response": {"clientDataJSON": "é"}}, {"response": {"clientDataJSON": "W10"}},
        good | {"response": response | {"attestationObject": "AAAA"}},
        good | {"response": {"clientDataJSON": response["clientDataJSON"]}},
    ):  # fmt: skip
        assert (await site.post(LOGIN, json={"credential": bad})).status_code == 401, bad
        answer = await user.call("POST", "/me/passkeys", access, json={"name": "x", "credential": bad})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/passkey-refused"), bad


async def test_without_the_address_of_the_pages_there_are_no_passkeys(client: httpx.AsyncClient, user: Any) -> None:
    access = (await user.tokens())["access_token"]
    assert (await client.get("/api/v1/auth/login-options")).json()["passkeys"] is False
    for answer in (await client.post(OPTIONS), await user.call("POST", "/me/passkeys/options", access)):
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/passkeys-not-configured")
