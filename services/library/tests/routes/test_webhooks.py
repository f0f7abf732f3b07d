"""Webhooks: signed, repeated with pauses, dead in the end, and only to public or allowed addresses."""

import asyncio
import base64
import hashlib
import hmac
import json
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
import pytest_asyncio
from euterpe.library.v1 import library_pb2 as pb
from euterpe_library.app import create_app
from euterpe_library.domain.webhooks import MAX_ATTEMPTS
from euterpe_library.settings import Settings
from euterpe_service_kit.public_network import is_allowed
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from sqlalchemy import text

WEBHOOKS = "/api/v1/library/webhooks"


class Receiver:
    """A real HTTP server that records what it gets, and answers with `status`."""

    def __init__(self) -> None:
        self.status = 204
        self.requests: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings.model_copy(update={"webhook_networks": [ip_network("127.0.0.0/8")]}))


@pytest.fixture
def clara(token_issuer: TokenIssuer) -> dict[str, str]:
    return token_issuer.headers("clara", "Clara")


@pytest_asyncio.fixture
async def webhook(
    client: httpx.AsyncClient, clara: dict[str, str], receiver: Receiver
) -> AsyncIterator[dict[str, Any]]:
    body = {"url": receiver.url, "kinds": ["like", "comment"]}
    answer = await client.post(WEBHOOKS, json=body, headers=clara)
    assert answer.status_code == 201, answer.text
    yield answer.json()


async def deliveries(client: httpx.AsyncClient, clara: dict[str, str], webhook: Any, **query: str) -> list[Any]:
    answer = await client.get(f"{WEBHOOKS}/{webhook['id']}/deliveries", params=query, headers=clara)
    return list(answer.json()["items"])


async def until_ended(client: httpx.AsyncClient, clara: dict[str, str], webhook: Any, attempts: int = 1) -> Any:
    async with asyncio.timeout(60):
        while True:
            found = await deliveries(client, clara, webhook)
            if found and found[0]["attempts"] >= attempts and (found[0]["ended_at"] or found[0]["error"]):
                return found[0]
            await asyncio.sleep(0.2)


async def test_an_event_is_signed_and_delivered_once(
    client: httpx.AsyncClient, clara: dict[str, str], webhook: Any, receiver: Receiver, register: Any, token_issuer: Any
) -> None:
    song = await register(visibility=pb.VISIBILITY_PUBLIC)
    robert = token_issuer.headers("robert", "Robert")
    await client.put(f"/api/v1/songs/{song}/like", headers=robert)
    await client.put("/api/v1/library/authors/clara/follow", headers=robert)
    delivered = await until_ended(client, clara, webhook)
    assert (delivered["state"], delivered["status_code"], delivered["attempts"]) == ("delivered", 204, 1)
    ((headers, body),) = receiver.requests
    event = json.loads(body)
    assert (event["type"], event["data"]["actor"]["name"], event["data"]["song_title"]) == (
        "like",
        "Robert",
        "Nocturne",
    )
    notification = (await client.get("/api/v1/library/notifications", headers=clara)).json()["items"][1]
    assert event["id"] == headers["webhook-id"] == notification["id"] == delivered["event_id"]
    # As a client of Standard Webhooks verifies it.
    key = base64.b64decode(webhook["secret"].removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    (listed,) = (await client.get(WEBHOOKS, headers=clara)).json()["items"]
    assert "secret" not in listed


async def test_a_dead_receiver_is_tried_again_and_given_up_visibly(
    app: FastAPI, client: httpx.AsyncClient, clara: dict[str, str], webhook: Any, receiver: Receiver
) -> None:
    receiver.status = 503
    assert (await client.post(f"{WEBHOOKS}/{webhook['id']}/test", headers=clara)).status_code == 202
    failed = await until_ended(client, clara, webhook)
    assert (failed["state"], failed["error"]) == ("pending", "the receiver answered 503")
    assert failed["next_at"] > failed["created_at"]
    async with app.state.database.sessions.begin() as session:
        last = {"attempts": MAX_ATTEMPTS - 1}
        # An attempt counts from its beginning; without the earlier error, `until_ended` waits for its end.
        renewed = text("UPDATE webhook_deliveries SET attempts = :attempts, next_at = now(), error = ''")
        await session.execute(renewed, last)
    receiver.status = 302
    dead = await until_ended(client, clara, webhook, MAX_ATTEMPTS)
    assert (dead["state"], dead["error"]) == ("dead", "redirects are not followed")
    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1
    (listed,) = (await client.get(WEBHOOKS, headers=clara)).json()["items"]
    assert (listed["dead"], listed["status_code"], listed["error"]) == (1, 302, "redirects are not followed")
    assert await deliveries(client, clara, webhook, state="delivered") == []
    receiver.status = 200
    path = f"{WEBHOOKS}/{webhook['id']}/deliveries/{dead['id']}/retry"
    assert (await client.post(path, headers=clara)).status_code == 202
    async with asyncio.timeout(60):
        while not await deliveries(client, clara, webhook, state="delivered"):
            await asyncio.sleep(0.2)
    (listed,) = (await client.get(WEBHOOKS, headers=clara)).json()["items"]
    assert (listed["dead"], listed["error"]) == (0, "")


async def test_all_dead_deliveries_are_repeated_and_only_chosen_kinds_are_sent(
    client: httpx.AsyncClient, clara: dict[str, str], webhook: Any, receiver: Receiver, register: Any, token_issuer: Any
) -> None:
    # The receiver says that it wants no more events.
    receiver.status = 410
    path = f"{WEBHOOKS}/{webhook['id']}"
    for _ in range(2):
        await client.post(f"{path}/test", headers=clara)
    async with asyncio.timeout(60):
        while len(await deliveries(client, clara, webhook, state="dead")) < 2:
            await asyncio.sleep(0.2)
    receiver.status = 204
    assert (await client.post(f"{path}/retry", headers=token_issuer.headers("robert"))).status_code == 404
    assert (await client.post(f"{path}/retry", headers=clara)).status_code == 202
    async with asyncio.timeout(60):
        while len(await deliveries(client, clara, webhook, state="delivered")) < 2:
            await asyncio.sleep(0.2)

    assert (await client.patch(path, json={"kinds": []}, headers=clara)).status_code == 422
    follow = {"kinds": ["follow", "follow"]}
    assert (await client.patch(path, json=follow, headers=token_issuer.headers("robert"))).status_code == 404
    changed = await client.patch(path, json=follow, headers=clara)
    assert (changed.status_code, changed.json()["kinds"]) == (200, ["follow"])
    song, robert = await register(visibility=pb.VISIBILITY_PUBLIC), token_issuer.headers("robert", "Robert")
    for path in (f"/api/v1/songs/{song}/like", "/api/v1/library/authors/clara/follow"):
        assert (await client.put(path, headers=robert)).status_code in (200, 204)
    async with asyncio.timeout(60):
        while len(receiver.requests) < 5:
            await asyncio.sleep(0.2)
    assert [json.loads(body)["type"] for _, body in receiver.requests] == ["ping"] * 4 + ["follow"]


async def test_only_the_owner_sees_and_removes_a_webhook(
    client: httpx.AsyncClient, clara: dict[str, str], webhook: Any, token_issuer: Any
) -> None:
    robert, path = token_issuer.headers("robert"), f"{WEBHOOKS}/{webhook['id']}"
    assert (await client.get(WEBHOOKS, headers=robert)).json()["items"] == []
    assert (await client.get(f"{path}/deliveries", headers=robert)).status_code == 404
    assert (await client.delete(path, headers=robert)).status_code == 404
    assert (await client.delete(path, headers=clara)).status_code == 204
    assert (await client.delete(path, headers=clara)).status_code == 404


async def test_addresses_that_are_not_public_are_refused(
    settings: Settings, client: httpx.AsyncClient, clara: dict[str, str]
) -> None:
    for url in (
        "http://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/",
        "https://user:password@127.0.0.1/",
        "https://no-such-host.invalid/",
        "ftp://127.0.0.1/",
        "https://127.0.0.1:99999/",
        "https:///path",
    ):
        answer = await client.post(WEBHOOKS, json={"url": url}, headers=clara)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/webhook-address-refused"), url


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("not an address", False),
    ],
)
def test_only_public_addresses_are_allowed(address: str, allowed: bool) -> None:
    assert is_allowed(address, []) is allowed
    assert is_allowed("10.1.2.3", [ip_network("10.1.0.0/16")])
