"""How the client takes answers that are no success, from a server on loopback."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from euterpe_client import ApiError, Euterpe


class Server:
    """Answers with what is in `answers`, in their order: (status, headers, body)."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                server.asked.append(f"{self.command} {self.path}")
                status, headers, body = server.answers.pop(0)
                self.send_response(status)
                for name, value in (headers | {"Content-Length": str(len(body))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def later(status: int, seconds: int) -> tuple[int, dict[str, str], bytes]:
    return status, {"Retry-After": str(seconds)}, json.dumps({"detail": "later"}).encode()


def test_later_is_waited_for(server: Server) -> None:
    pauses: list[float] = []
    server.answers = [later(429, 3), later(503, 2), (200, {}, b'{"items": []}')]
    with Euterpe(server.url, pause=pauses.append) as euterpe:
        assert euterpe.list_songs(q="a b", limit=5) == {"items": []}
    assert pauses == [3.0, 2.0]
    assert server.asked == ["GET /api/v1/songs?q=a+b&limit=5"] * 3


def test_it_is_not_waited_for_without_end(server: Server) -> None:
    server.answers = [later(503, 1)] * 9
    with Euterpe(server.url, pause=lambda _: None) as euterpe, pytest.raises(ApiError, match="503: later"):
        euterpe.list_songs()
    assert len(server.asked) == 4


def test_an_order_is_not_sent_twice(server: Server) -> None:
    server.answers = [later(503, 1)] * 2
    with Euterpe(server.url, pause=lambda _: None) as euterpe, pytest.raises(ApiError):
        euterpe.create_generation({"length": 10})
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b"<html>", b"[]", b""])
def test_what_is_no_problem_is_an_error_all_the_same(server: Server, body: bytes) -> None:
    server.answers = [(502, {}, body)]
    with Euterpe(server.url) as euterpe, pytest.raises(ApiError) as raised:
        euterpe.read_me()
    assert (raised.value.status, raised.value.type) == (502, "about:blank")


def test_odd_ids_stay_in_their_place(server: Server) -> None:
    server.answers = [(404, {}, b"{}")]
    with Euterpe(server.url) as euterpe, pytest.raises(ApiError):
        euterpe.get_song_audio("../x?y", "mp3", tail=0.5, loudness=None)
    answers: Any = server.asked
    assert answers == ["GET /api/v1/audio/..%2Fx%3Fy.mp3?tail=0.5"]
