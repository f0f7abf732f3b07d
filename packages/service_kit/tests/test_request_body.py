"""Limits on the time that request bodies take, and responses that come before their end."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from euterpe_service_kit.request_body import BodyLimits, RequestBodyMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse

Part = tuple[bytes, float]


class Exchange:
    """A request whose body arrives in parts, each after some seconds; it ends with the last one or stalls."""

    def __init__(self, parts: Sequence[Part], *, declared: int, is_complete: bool = True, address: str = "192.0.2.1"):
        self.received = 0
        self.sent: list[Any] = []
        self._parts = list(parts)
        self._is_complete = is_complete
        self.scope = {
            "type": "http", "http_version": "1.1", "method": "POST", "path": "/", "raw_path": b"/", "root_path": "",
            "scheme": "http", "query_string": b"", "client": (address, 1), "server": ("localhost", 80),
            "headers": [(b"content-length", str(declared).encode())],
        }  # fmt: skip

    async def receive(self) -> dict[str, Any]:
        if self.received == len(self._parts):
            await asyncio.sleep(3600)
        data, seconds = self._parts[self.received]
        await asyncio.sleep(seconds)
        self.received += 1
        is_last = self._is_complete and self.received == len(self._parts)
        return {"type": "http.request", "body": data, "more_body": not is_last}

    async def send(self, message: Any) -> None:
        self.sent.append((self.received, message))

    async def run(self, app: Any) -> int:
        async with asyncio.timeout(20):
            await app(self.scope, self.receive, self.send)
        return self.status

    @property
    def status(self) -> int:
        status: int = self.sent[0][1]["status"]
        return status

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0][1]["headers"])


async def _read(scope: Any, receive: Any, send: Any) -> None:
    content = await Request(scope, receive).body()
    await PlainTextResponse(str(len(content)))(scope, receive, send)


async def _refuse_at_once(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("no", 401)(scope, receive, send)


def _app(app: Any = _read, **changes: Any) -> RequestBodyMiddleware:
    return RequestBodyMiddleware(app, BodyLimits(**({"max_bytes": 1000, "stall_seconds": 0.3} | changes)))


async def test_a_slow_body_is_accepted_while_it_arrives() -> None:
    exchange = Exchange([(b"x" * 100, 0.2)] * 8, declared=800)
    assert await exchange.run(_app(stall_seconds=5)) == 200


async def test_a_stalled_body_is_answered_with_408_and_the_connection_closed() -> None:
    exchange = Exchange([(b"x" * 100, 0)], declared=800, is_complete=False)
    assert await exchange.run(_app()) == 408
    assert exchange.headers[b"connection"] == b"close"
    assert b"0.3 seconds" in exchange.sent[1][1]["body"]


async def test_a_body_that_trickles_is_ended() -> None:
    exchange = Exchange([(b"x", 0.05)] * 400, declared=400)
    assert await exchange.run(_app(total_seconds=0.5)) == 408
    assert exchange.received < 100


async def test_an_early_response_waits_for_the_end_of_the_body() -> None:
    exchange = Exchange([(b"x" * 100, 0.01)] * 5, declared=500)
    assert await exchange.run(_app(_refuse_at_once)) == 401
    assert exchange.sent[0][0] == 5


async def test_an_early_response_to_an_unfinished_body_becomes_408() -> None:
    exchange = Exchange([(b"x" * 100, 0)], declared=500, is_complete=False)
    assert await exchange.run(_app(_refuse_at_once)) == 408


async def test_an_early_response_to_a_body_without_content_is_immediate() -> None:
    exchange = Exchange([], declared=0)
    assert await exchange.run(_app(_refuse_at_once)) == 401
    assert exchange.received == 0


async def test_a_request_that_waits_after_its_body_is_not_timed_out() -> None:
    async def wait(scope: Any, receive: Any, send: Any) -> None:
        await Request(scope, receive).body()
        await asyncio.sleep(0.6)
        await PlainTextResponse("late")(scope, receive, send)

    assert await Exchange([(b"x", 0)], declared=1).run(_app(wait, total_seconds=0.4)) == 200


@pytest.mark.parametrize("address", ["192.0.2.200", "198.51.100.1"])
async def test_slow_uploads_of_one_network_are_limited(address: str) -> None:
    app = _app(slow_per_network=2, stall_seconds=5)
    slow = [Exchange([(b"x", 0), (b"x", 3)], declared=2, address=f"192.0.2.{n}") for n in range(2)]
    running = [asyncio.create_task(one.run(app)) for one in slow]
    await asyncio.sleep(1.2)
    other = Exchange([(b"x", 0), (b"x", 1.5)], declared=2, address=address)
    status = await other.run(app)
    assert status == (429 if address.startswith("192.0.2.") else 200)
    assert await asyncio.gather(*running) == [200, 200]
    # They are not counted any more.
    assert await Exchange([(b"x", 0), (b"x", 1.2)], declared=2).run(app) == 200
