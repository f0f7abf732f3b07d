"""The commands as a shell would run them, against a small server that behaves like Euterpe."""

import json
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from euterpe_cli.app import main

MIDI = b"MThd\x00\x00\x00\x06 not much of a piece"


class FakeEuterpe:
    """As much of Euterpe's public API as the commands need, with accidents on demand.

    `seen` holds (method, path, headers, body) of every request.
    """

    midi = MIDI

    @staticmethod
    def generation(status: str, progress: float, **more: Any) -> dict[str, Any]:
        return {"id": "g1", "status": status, "progress": progress, "title": "Dawn", "seed": 7, "song_id": None} | more

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.access_seconds = 600
        self.valid_refresh = ""
        self.break_stream_after: int | None = None
        self.unavailable_posts = 0
        self.states = [
            ("queued", self.generation("queued", 0)),
            ("progress", self.generation("running", 0.5)),
            ("done", self.generation("succeeded", 1, song_id=None, duration_seconds=12.0)),
        ]
        self.songs: list[dict[str, Any]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _handle(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                fake.seen.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                fake.answer(self, self.command, self.path.removeprefix("/api/v1"), body)

            do_GET = do_POST = do_DELETE = _handle  # noqa: N815 - the names are the base class's

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Clients that hang up are part of the tests."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def requests(self, method: str, path: str) -> list[tuple[dict[str, str], bytes]]:
        return [(headers, body) for m, p, headers, body in self.seen if (m, p) == (method, "/api/v1" + path)]

    def tokens(self) -> dict[str, Any]:
        self.valid_refresh = f"refresh-{uuid.uuid4()}"
        access = f"access-{uuid.uuid4()}"
        return {"access_token": access, "expires_in": self.access_seconds, "refresh_token": self.valid_refresh}

    def answer(self, handler: Any, method: str, path: str, body: bytes) -> None:
        """Routes by method and the first words of the path."""
        if path.startswith("/auth/"):
            self._auth(handler, path.removeprefix("/auth/"), body)
        elif (method, path) == ("POST", "/generations"):
            self._order(handler, body)
        elif (method, path) == ("POST", "/comparisons"):
            ways = json.loads(body).get("variants", [{"label": "greedy"}, {"label": "beam"}])
            ended = self.generation("succeeded", 1) | {"measures": {"notes": 12, "loop_start_bar": 3}}
            picture = "/api/v1/generations/g1/pianoroll"
            items = [{"label": way["label"], "generation": ended, "picture_url": picture} for way in ways]
            send(handler, 200, {"id": "c1", "ended": True, "items": items})
        elif path == "/generations/g1/pianoroll":
            send(handler, 200, b"<svg/>")
        elif path.startswith("/generations/g1/events"):
            self._events(handler)
        elif (method, path) == ("DELETE", "/generations/g1"):
            send(handler, 200, self.generation("cancelled", 0.5))
        elif path.endswith("/midi"):
            send(handler, 200, MIDI)
        elif path.startswith("/songs"):
            self._songs(handler, path)
        elif path.startswith("/audio/") or path == "/conversions":
            send(handler, 200, b"audio of " + path.encode())
        else:
            problem(handler, 404, "There is nothing here.")

    def _auth(self, handler: Any, what: str, body: bytes) -> None:
        if what == "users":
            send(handler, 201, {"id": "u1"}) if b"clara" in body else problem(handler, 409, "The name is taken.")
        elif what == "token":
            send(handler, 200, self.tokens()) if b"right" in body else problem(handler, 401, "Wrong name or password.")
        elif what == "refresh":
            known = json.loads(body)["refresh_token"] == self.valid_refresh
            send(handler, 200, self.tokens()) if known else problem(handler, 401, "The token is not valid.")
        else:
            send(handler, 204, b"")

    def _order(self, handler: Any, body: bytes) -> None:
        if self.unavailable_posts:
            self.unavailable_posts -= 1
            problem(handler, 503, "Try again shortly.")
        elif json.loads(body).get("length", 100) > 2000:
            problem(handler, 422, "length: must be at most 2000")
        else:
            send(handler, 202, self.states[0][1])

    def _events(self, handler: Any) -> None:
        last = int(handler.headers.get("Last-Event-ID", -1))
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Connection", "close")
        handler.end_headers()
        for number, (name, state) in enumerate(self.states):
            if number <= last:
                continue
            if number == self.break_stream_after:
                self.break_stream_after = None
                break
            handler.wfile.write(f": ping\n\nevent: {name}\nid: {number}\ndata: {json.dumps(state)}\n\n".encode())
        handler.close_connection = True

    def _songs(self, handler: Any, path: str) -> None:
        if not handler.headers.get("Authorization"):
            problem(handler, 401, "Log in first.")
        elif path.startswith("/songs?"):
            start = int(path.rpartition("cursor=")[2]) if "cursor=" in path else 0
            more = start + 2 < len(self.songs)
            send(
                handler, 200, {"items": self.songs[start : start + 2], "next_cursor": str(start + 2) if more else None}
            )
        else:
            send(handler, 200, {"title": "Dawn / Abend"})


def send(handler: Any, status: int, body: Any, content_type: str = "application/json") -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", content_type)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def problem(handler: Any, status: int, detail: str) -> None:
    send(handler, status, {"status": status, "title": "-", "detail": detail}, "application/problem+json")


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def server() -> Iterator[FakeEuterpe]:
    server = FakeEuterpe()
    yield server
    server.close()


@pytest.fixture
def other_server() -> Iterator[FakeEuterpe]:
    server = FakeEuterpe()
    yield server
    server.close()


@pytest.fixture
def run(server: FakeEuterpe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs `euterpe …` in an empty directory with its own configuration."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("EUTERPE_SERVER", server.url)

    def run(*arguments: str, stdin: str = "") -> Done:
        monkeypatch.setattr(sys, "argv", ["euterpe", *arguments])
        reader = tmp_path / "stdin"
        reader.write_text(stdin)
        with reader.open() as file:
            monkeypatch.setattr(sys, "stdin", file)
            with pytest.raises(SystemExit) as ended:
                main()
        out, err = capfd.readouterr()
        return Done(int(ended.value.code or 0), out, err)

    return run
