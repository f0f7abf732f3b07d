"""Request ids, metrics and the limit on request bodies."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
import structlog
from euterpe_service_kit.middleware import redacted_path
from euterpe_service_kit.request_context import request_id
from fastapi import FastAPI, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel


class Note(BaseModel):
    text: str


@pytest_asyncio.fixture
async def client(app: FastAPI, client_of: Any) -> Any:
    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/json")
    async def parsed(note: Note) -> int:
        return len(note.text)

    @app.post("/form")
    async def form(file: UploadFile) -> int:
        return len(await file.read())

    @app.get("/id/{number}")
    async def read_id(number: int) -> str | None:
        return request_id()

    @app.get("/broken-stream")
    async def broken_stream() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            yield b"begun"
            raise ValueError("midway")

        return StreamingResponse(body())

    async with client_of(app) as client:
        yield client


async def in_chunks(size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, 100):
        yield b"x" * min(100, size - start)


def json_chunks(size: int) -> Any:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"text": "'
        async for chunk in in_chunks(size):
            yield chunk
        yield b'"}'

    return chunks()


async def test_body_within_the_limit_is_accepted(client: httpx.AsyncClient) -> None:
    assert (await client.post("/raw", content=b"x" * 1000)).json() == 1000
    assert (await client.post("/raw", content=in_chunks(1000))).json() == 1000
    headers = {"content-type": "application/json"}
    assert (await client.post("/json", content=json_chunks(900), headers=headers)).json() == 900


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("path", ["/raw", "/json"])
async def test_body_over_the_limit_is_refused(client: httpx.AsyncClient, path: str, declared: bool) -> None:
    content = b'{"text": "' + b"x" * 2000 + b'"}' if declared else json_chunks(2000)
    response = await client.post(path, content=content, headers={"content-type": "application/json"})
    _is_too_large(response)


async def test_upload_over_the_limit_is_refused(client: httpx.AsyncClient) -> None:
    _is_too_large(await client.post("/form", files={"file": b"x" * 2000}))
    prepared = client.build_request("POST", "/form", files={"file": b"x" * 2000})
    body = prepared.read()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100):
            yield body[start : start + 100]

    headers = {"content-type": prepared.headers["content-type"]}
    _is_too_large(await client.post("/form", content=chunks(), headers=headers))


async def test_declared_length_is_refused_before_the_body_is_read(app: FastAPI) -> None:
    received, sent = await _call(app, [(b"x" * 1001, False)], [(b"content-length", b"1001")])
    assert sent[0]["status"] == 413
    assert sent[1]["more_body"]
    assert sent[2] == {"type": "http.response.body"}
    # The first message is read after the response, to drain the body.
    assert received == [2]


async def test_refused_body_is_drained_within_limits(app: FastAPI) -> None:
    endless = [(b"x" * 65_536, True)] * 1000
    received, sent = await _call(app, endless, [(b"content-length", b"65536000")])
    assert sent[0]["status"] == 413
    assert dict(sent[0]["headers"])[b"connection"] == b"close"
    assert 10 < len(received) < 20


async def test_refused_body_that_has_ended_is_not_drained(app: FastAPI) -> None:
    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    received, sent = await _call(app, [(b"x" * 900, True), (b"x" * 900, False)], [])
    assert (sent[0]["status"], len(sent), received) == (413, 2, [0, 0])


async def test_disconnected_client_is_not_a_server_error(app: FastAPI, client_of: Any, capfd: Any) -> None:
    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    async with client_of(app) as client:
        _, sent = await _call(app, [(b"x" * 900, True), None], [])
        text = (await client.get("/metrics")).text
    assert sent == []
    assert 'euterpe_probe_http_requests_total{method="POST",route="/raw",status="499"} 1.0' in text
    assert "unexpected_error" not in capfd.readouterr().out


async def _call(
    app: FastAPI, body: list[tuple[bytes, bool] | None], headers: list[tuple[bytes, bytes]]
) -> tuple[list[int], list[Any]]:
    """Return the messages sent for `POST /raw`, and for each message received, how many had been sent before."""
    received: list[int] = []
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        received.append(len(sent))
        message = body[len(received) - 1]
        if message is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": message[0], "more_body": message[1]}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/raw", "raw_path": b"/raw", "root_path": "",
        "scheme": "http", "query_string": b"", "headers": headers, "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    return received, sent


def _is_too_large(response: httpx.Response) -> None:
    assert (response.status_code, response.headers["content-type"]) == (413, "application/problem+json")
    assert "1000 bytes" in response.json()["detail"]
    assert response.json()["request_id"] == response.headers["x-request-id"]


async def test_valid_request_id_is_kept(client: httpx.AsyncClient) -> None:
    response = await client.get("/id/1", headers={"x-request-id": "abc.DEF_1-2"})
    assert response.headers["x-request-id"] == response.json() == "abc.DEF_1-2"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, '{"inject": 1}', "ü".encode()])
async def test_invalid_request_id_is_replaced(client: httpx.AsyncClient, given: str | bytes) -> None:
    response = await client.get("/id/1", headers={"x-request-id": given})
    assert response.headers["x-request-id"] == response.json()
    assert len(response.json()) == 16


async def test_log_context_of_a_request_is_not_kept_for_the_next(app: FastAPI, client: httpx.AsyncClient) -> None:
    seen = []

    @app.get("/bind")
    async def bind() -> None:
        seen.append(structlog.contextvars.get_contextvars().get("user"))
        structlog.contextvars.bind_contextvars(user="clara")

    await client.get("/bind")
    await client.get("/bind")
    assert seen == [None, None]


async def test_requests_are_counted_by_route(client: httpx.AsyncClient) -> None:
    for number in range(3):
        await client.get(f"/id/{number}")
    await client.get("/nowhere")
    await client.get("/id/x")
    text = (await client.get("/metrics")).text
    counter = "euterpe_probe_http_requests_total"
    assert f'{counter}{{method="GET",route="/id/{{number}}",status="200"}} 3.0' in text
    assert f'{counter}{{method="GET",route="/id/{{number}}",status="422"}} 1.0' in text
    assert f'{counter}{{method="GET",route="unmatched",status="404"}} 1.0' in text
    assert "/id/2" not in text


async def test_aborted_response_is_not_completed_by_an_error(client: httpx.AsyncClient) -> None:
    response = await client.get("/broken-stream")
    assert response.content == b"begun"


SECRET = "mJ0w3Xb1p5cV8nQe7sTzR2uYk4iLaH6d"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/shared/{SECRET}"),
        ("GET", f"/shared/{SECRET}/unknown"),
        ("DELETE", f"/shared/{SECRET}"),
        ("GET", f"/unknown/{SECRET}"),
        ("GET", f"/unknown/{SECRET}."),
        ("GET", f"/unknown?share={SECRET}"),
    ],
)
async def test_tokens_are_not_logged(
    app: FastAPI, client_of: Any, caplog: pytest.LogCaptureFixture, method: str, path: str
) -> None:
    """Also if no route matches, so that the path has no template."""

    @app.get("/shared/{token}")
    async def shared(token: str) -> int:
        return len(token)

    async with client_of(app) as client:
        await client.request(method, path)
    assert "'event': 'request'" in caplog.text
    # httpx, the client of this test, logs its own requests.
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    assert not [line for line in ours if SECRET in line]


def test_ids_in_paths_are_logged() -> None:
    path = "/api/v1/audio/0199d3c1-5a70-7cc3-98c4-dc0c0c07398f.mp3"
    assert redacted_path(path) == path
    assert redacted_path("/api/v1/library/export") == "/api/v1/library/export"
    assert redacted_path(f"/s/{SECRET}/x") == "/s/…/x"


async def test_private_answers_are_neither_sniffed_nor_stored(app: FastAPI, client_of: Any) -> None:
    @app.get("/stored")
    async def stored() -> Response:
        return Response("x", headers={"Cache-Control": "private, max-age=60"})

    @app.get("/plain")
    async def plain() -> str:
        return "x"

    private = {"Authorization": "Bearer x"}
    async with client_of(app) as client:
        answers = [await client.get(*each) for each in (("/plain",), ("/missing",), ("/readyz",))]
        assert {answer.headers["x-content-type-options"] for answer in answers} == {"nosniff"}
        assert "cache-control" not in answers[0].headers
        for headers in (private, {"Cookie": "a=b"}):
            assert (await client.get("/plain", headers=headers)).headers["cache-control"] == "no-store"
            assert (await client.get("/missing", headers=headers)).headers["cache-control"] == "no-store"
        assert (await client.get("/stored", headers=private)).headers["cache-control"] == "private, max-age=60"
