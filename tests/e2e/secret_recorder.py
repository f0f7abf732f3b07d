"""Collects the secrets that tests send and receive, and finds them in logs."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx

#: Names of secret fields in requests and responses.
FIELDS = frozenset(
    {
        "access_token", "refresh_token", "guest_token", "password", "current_password", "new_password", "api_key",
        "token", "euterpe_refresh", "share",
    }
)  # fmt: skip
#: Shorter values are no secrets, or would be found by chance.
_MIN_LENGTH = 10


class SecretRecorder:
    """The secrets of all requests and responses of the clients that use its hooks."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    @property
    def hooks(self) -> dict[str, list[Any]]:
        """Return the `event_hooks` of an httpx client."""
        return {"request": [self._record_request], "response": [self._record_response]}

    def add(self, value: Any) -> None:
        """Add all secrets in nested values; a string itself counts as a secret."""
        if isinstance(value, Mapping):
            for each in value.values():
                self.add(each)
        elif isinstance(value, list | tuple):
            for each in value:
                self.add(each)
        elif isinstance(value, str) and len(value) >= _MIN_LENGTH:
            self.found.add(value)

    def find_in(self, directory: Path) -> list[str]:
        """Return `file: beginning of the secret` for every secret in a file of the directory."""
        assert self.found, "no secret was used, so nothing would be found"
        texts = {path.name: path.read_text(errors="replace") for path in sorted(directory.iterdir()) if path.is_file()}
        assert sum(map(len, texts.values())) > 1_000, f"{directory} has no logs"
        return [
            f"{name}: {secret[:16]}…"
            for name, text in texts.items()
            for secret in self.found
            # Error messages shorten long values, and quote them in addresses.
            if any(form in text for form in (secret, secret[:40], quote(secret, safe="")))
        ]

    def _record_request(self, request: httpx.Request) -> None:
        self.add(request.headers.get("authorization", "").partition(" ")[2])
        self._add_fields(parse_qsl(request.url.query.decode()))
        kind = request.headers.get("content-type", "")
        if kind.startswith(("application/json", "application/x-www-form-urlencoded")):
            self._add_fields(_pairs(request.read(), kind))

    def _record_response(self, response: httpx.Response) -> None:
        path = response.request.url.path
        if "/auth/" in path or path.endswith("/shares"):
            self._add_fields(_pairs(response.read(), response.headers.get("content-type", "")))
            self._add_fields(response.cookies.items())

    def _add_fields(self, pairs: Any) -> None:
        for name, value in pairs:
            if name in FIELDS:
                self.add(value)


def _pairs(body: bytes, kind: str) -> Iterator[tuple[str, Any]]:
    if kind.startswith("application/x-www-form-urlencoded"):
        yield from parse_qsl(body.decode(errors="replace"))
        return
    try:
        content = json.loads(body)
    except ValueError:
        return
    if isinstance(content, dict):
        yield from content.items()
