"""The commands as a shell runs them, with a small server that behaves like Euterpe."""

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from euterpe_cli.app import main

MIDI = b"MThd\x00\x00\x00\x06 a short piece"
Serve = Callable[[type[BaseHTTPRequestHandler]], str]


class FakeEuterpe:
    """The part of the public API that the commands use, with failures on demand.

    `received` holds (method, path, headers, body) of every request.
    """

    midi = MIDI
    title = "Dawn"
    #: The status of an HTML page that is the response to every request.
    error_page: int | None = None
    break_downloads = False

    def generation(self, status: str, progress: float, **more: Any) -> dict[str, Any]:
        common = {"id": "g1", "title": self.title, "seed": 7, "song_id": None}
        return common | {"status": status, "progress": progress} | more

    def __init__(self, serve: Serve) -> None:
        self.received: list[tuple[str, str, dict[str, str], bytes]] = []
        self.access_seconds = 600
        self.valid_refresh = ""
        self.break_stream_after: int | None = None
        #: Makes event streams wait before their last event until they are released.
        self.hold_streams: threading.Event | None = None
        self.streams_held = threading.Event()
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
                fake.received.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                if fake.error_page:
                    send(self, fake.error_page, b"<html>Bad Gateway", "text/html")
                else:
                    fake.respond(self, self.command, self.path.removeprefix("/api/v1"), body)

            do_GET = do_POST = do_DELETE = _handle  # noqa: N815 - the base class defines these names

            def log_message(self, *_: object) -> None:
                pass

        self.url = serve(Handler)

    def requests(self, method: str, path: str) -> list[tuple[dict[str, str], bytes]]:
        return [(headers, body) for m, p, headers, body in self.received if (m, p) == (method, "/api/v1" + path)]

    def tokens(self) -> dict[str, Any]:
        self.valid_refresh = f"refresh-{uuid.uuid4()}"
        access = f"access-{uuid.uuid4()}"
        return {"access_token": access, "expires_in": self.access_seconds, "refresh_token": self.valid_refresh}

    def respond(self, handler: Any, method: str, path: str, body: bytes) -> None:
        """Route by method and path."""
        if path.startswith("/auth/"):
            self._auth(handler, path.removeprefix("/auth/"), body)
        elif (method, path) == ("POST", "/generations"):
            self._create_generation(handler, body)
        elif method == "POST" and path in ("/comparisons", "/models/interpretations"):
            self._comparison(handler, body) if path == "/comparisons" else self._interpretation(handler)
        elif path == "/generations/g1/pianoroll":
            send(handler, 200, b"<svg/>")
        elif path.startswith("/generations/g1/events"):
            self._events(handler)
        elif (method, path) == ("DELETE", "/generations/g1"):
            send(handler, 200, self.generation("cancelled", 0.5))
        elif path.endswith("/midi"):
            send(handler, 200, self.midi)
        elif path.startswith("/songs"):
            self._songs(handler, path)
        elif path.startswith(("/audio/", "/scores/", "/stems/")) or path == "/conversions":
            self._audio(handler, b"audio of " + path.encode())
        else:
            problem(handler, 404, "No such path.")

    def _auth(self, handler: Any, what: str, body: bytes) -> None:
        if what == "users":
            send(handler, 201, {"id": "u1", "recovery_codes": ["7KXM-2PQR"]}) if b"clara" in body else problem(
                handler, 409, "The name is taken."
            )
        elif what == "token" and b"eusebius" in body and b"code=492039" not in body:
            problem(handler, 401, "This account needs a code.", "/problems/second-factor-required")
        elif what == "token":
            send(handler, 200, self.tokens()) if b"right" in body else problem(handler, 401, "Wrong name or password.")
        elif what == "registration-challenge":
            problem(handler, 404, "No such path.")
        elif what == "refresh":
            known = json.loads(body)["refresh_token"] == self.valid_refresh
            send(handler, 200, self.tokens()) if known else problem(handler, 401, "The token is not valid.")
        else:
            send(handler, 204, b"")

    def _create_generation(self, handler: Any, body: bytes) -> None:
        if self.unavailable_posts:
            self.unavailable_posts -= 1
            problem(handler, 503, "Try again shortly.")
        elif json.loads(body).get("length", 100) > 2000:
            problem(handler, 422, "length must be at most 2000 events, got 9999")
        else:
            send(handler, 202, self.states[0][1] | {"title": self.title})

    def _interpretation(self, handler: Any) -> None:
        applied = [{"text": "sad", "fields": {"tempo": 72}}, {"text": "waltz", "fields": {"style": "waltzes"}}]
        parameters = {"style": "waltzes", "tempo": 72}
        not_used = {"unsupported": ["D minor"], "unknown": ["rainy"]}
        send(handler, 200, {"model": "folk", "length": None, "parameters": parameters, "applied": applied} | not_used)

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
            if self.hold_streams and number == len(self.states) - 1:
                self.streams_held.set()
                self.hold_streams.wait(30)
            data = json.dumps(state | {"title": self.title})
            handler.wfile.write(f": ping\n\nevent: {name}\nid: {number}\ndata: {data}\n\n".encode())
        handler.close_connection = True

    def _audio(self, handler: Any, content: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: 5 if self.break_downloads else None])
        handler.close_connection = self.break_downloads

    def _comparison(self, handler: Any, body: bytes) -> None:
        ways = json.loads(body).get("variants", [{"label": "greedy"}, {"label": "beam"}])
        ended = self.generation("succeeded", 1) | {"measures": {"notes": 12, "loop_start_bar": 3}}
        picture = "/api/v1/generations/g1/pianoroll"
        items = [{"label": way["label"], "generation": ended, "picture_url": picture} for way in ways]
        send(handler, 200, {"id": "c1", "ended": True, "items": items})

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


def problem(handler: Any, status: int, detail: str, kind: str = "about:blank") -> None:
    body = {"type": kind, "status": status, "title": "-", "detail": detail}
    send(handler, status, body, "application/problem+json")


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def server(serve: Serve) -> FakeEuterpe:
    return FakeEuterpe(serve)


@pytest.fixture
def other_server(serve: Serve) -> FakeEuterpe:
    return FakeEuterpe(serve)


@pytest.fixture
def work(server: FakeEuterpe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, with a configuration of its own."""
    directory = tmp_path / "work"
    directory.mkdir()
    monkeypatch.chdir(directory)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("EUTERPE_SERVER", server.url)
    return directory


@pytest.fixture
def run(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `euterpe …` in this process."""

    def run(*arguments: str, stdin: str = "") -> Result:
        monkeypatch.setattr(sys, "argv", ["euterpe", *arguments])
        (tmp_path / "stdin").write_text(stdin)
        with (tmp_path / "stdin").open() as file:
            monkeypatch.setattr(sys, "stdin", file)
            with pytest.raises(SystemExit) as ended:
                main()
        out, err = capfd.readouterr()
        return Result(int(ended.value.code or 0), out, err)

    return run


@pytest.fixture
def shell(work: Path) -> Run:
    """Run a shell command line in which `euterpe` is the command, with environment variables as keywords."""

    def run(line: str, **environment: str) -> Result:
        script = f'euterpe() {{ "{sys.executable}" -m euterpe_cli "$@"; }}\n{line}'
        command = ["bash", "-c", script]
        done = subprocess.run(
            command,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=60,
        )
        return Result(done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1"))

    return run
