"""A scripted HTTP server."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

Response = tuple[int, dict[str, str], bytes]


class ScriptedServer:
    """Returns `responses` in their order: (status, headers, body). `requests` holds what was received."""

    def __init__(self, serve: Callable[[type[BaseHTTPRequestHandler]], str]) -> None:
        self.responses: list[Response] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                scripted.requests.append((f"{self.command} {self.path}", headers))
                status, headers, body = scripted.responses.pop(0)
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 - the base class defines these names

            def log_message(self, *_: Any) -> None:
                pass

        self.url = serve(Handler)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]


@pytest.fixture
def server(serve: Callable[[type[BaseHTTPRequestHandler]], str]) -> ScriptedServer:
    return ScriptedServer(serve)
