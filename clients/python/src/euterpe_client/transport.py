"""Requests and responses: JSON, bytes, byte streams, server-sent events and problem details (RFC 9457)."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
from httpx_sse import connect_sse

from euterpe_client.connection import Connection
from euterpe_client.errors import ApiError, ConnectionFailed, InvalidResponse

_MAX_ATTEMPTS = 4
_FIRST_RETRY_SECONDS = 0.5
_IDEMPOTENT_METHODS = frozenset({"GET", "PUT", "DELETE"})
#: Audio is rendered on the first request, so its first bytes can take long.
_DOWNLOAD_TIMEOUT_SECONDS = 180.0
_CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Event:
    """A server-sent event; `data` is its parsed JSON."""

    name: str
    data: dict[str, Any]
    id: str


@dataclass(frozen=True, slots=True)
class ByteStream:
    """A response body that is read while it arrives; `total_bytes` is None if the server does not know the size."""

    total_bytes: int | None
    chunks: Iterator[bytes]


class Transport:
    """A connection to a server; a context manager that closes it at the end.

    `timeout_seconds` limits the wait for the next bytes of a response. A request that can be repeated without harm
    (GET, PUT, DELETE, or with an Idempotency-Key) is repeated up to three times after status 429 and 503, unless the
    server asks to wait for more than `max_retry_wait_seconds`. With an Idempotency-Key it is also repeated after a
    connection failure. `access_token` returns the token for operations that accept one. `pause` and `clock` replace
    time.sleep and time.monotonic in tests.
    """

    def __init__(
        self,
        url: str,
        *,
        access_token: Callable[[], str | None] | None = None,
        timeout_seconds: float = 60.0,
        max_retry_wait_seconds: float = 60.0,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = Connection(url, timeout_seconds=timeout_seconds)
        self._http = self._connection.http
        self._max_retry_wait_seconds = max_retry_wait_seconds
        self._download_timeout = httpx.Timeout(
            max(timeout_seconds, _DOWNLOAD_TIMEOUT_SECONDS), connect=self._http.timeout.connect
        )
        self._token_source = access_token
        self._pause = pause
        self._clock = clock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def server(self) -> str:
        """The URL of the server, without credentials."""
        return self._connection.server

    @property
    def proxy(self) -> str | None:
        """The URL of the proxy in use, without credentials; None without a proxy."""
        return self._connection.proxy

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _access_token(self) -> str | None:
        return self._token_source() if self._token_source else None

    def _json(self, method: str, path: str, **options: Any) -> Any:
        response = self._send(method, path, **options)
        try:
            content = response.json()
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise InvalidResponse(f"the response of {self.server} is not from Euterpe; check the server's URL")
        return content

    def _bytes(self, method: str, path: str, **options: Any) -> bytes:
        return self._send(method, path, timeout=self._download_timeout, **options).content

    def _nothing(self, method: str, path: str, **options: Any) -> None:
        self._send(method, path, **options)

    @contextmanager
    def _stream(self, method: str, path: str, **options: Any) -> Iterator[ByteStream]:
        arguments = self._arguments(options) | {"timeout": self._download_timeout}
        with self._connection.translate_errors(), self._http.stream(method, path, **arguments) as response:
            self._check(response)
            size = response.headers.get("Content-Length", "")
            # The length of an encoded body is not the number of bytes that arrive here.
            known = size.isdecimal() and "Content-Encoding" not in response.headers
            yield ByteStream(int(size) if known else None, response.iter_bytes(_CHUNK_BYTES))

    def _events(self, method: str, path: str, **options: Any) -> Iterator[Event]:
        with (
            self._connection.translate_errors(),
            connect_sse(self._http, method, path, **self._arguments(options)) as source,
        ):
            self._check(source.response)
            for event in source.iter_sse():
                # A comment or an id alone also ends in a blank line, but is no event (HTML standard, section 9.2.6).
                if event.data:
                    yield Event(event.event, self._event_data(event.data), event.id)

    def _event_data(self, text: str) -> dict[str, Any]:
        try:
            data = json.loads(text)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise InvalidResponse(f"an event of {self.server} is not a JSON object")
        return data

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        arguments = self._arguments(options)
        has_key = "Idempotency-Key" in arguments["headers"]
        attempts = _MAX_ATTEMPTS if has_key or method in _IDEMPOTENT_METHODS else 1
        for attempt in range(1, attempts + 1):
            wait_seconds = _FIRST_RETRY_SECONDS * 2 ** (attempt - 1)
            try:
                with self._connection.translate_errors():
                    response = self._http.request(method, path, **arguments)
            except ConnectionFailed:
                if attempt == attempts or not has_key:
                    raise
            else:
                wait_seconds = _retry_after_seconds(response, wait_seconds)
                is_final = attempt == attempts or wait_seconds > self._max_retry_wait_seconds
                if response.status_code not in (429, 503) or is_final:
                    self._check(response)
                    return response
            self._pause(wait_seconds)
        raise AssertionError("the last attempt returns or raises")

    def _check(self, response: httpx.Response) -> None:
        if response.has_redirect_location:
            location = response.url.join(response.headers["Location"])
            raise InvalidResponse(f"{self.server} redirects to {location}; use the URL of that server")
        if not response.is_success:
            response.read()
            raise ApiError(response.status_code, _problem(response))

    def _arguments(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments for httpx from those of an operation; what is None is left out."""
        given = options.get("headers", {})
        headers = httpx.Headers({name: value for name, value in given.items() if value is not None})
        if media_type := options.get("media_type"):
            headers["Content-Type"] = media_type
        if options.get("authenticated", True) and (token := self._access_token()):
            headers["Authorization"] = f"Bearer {token}"
        params = {name: value for name, value in options.get("params", {}).items() if value is not None}
        content = {name: options.get(name) for name in ("json", "data", "files", "content", "timeout")}
        return {"headers": headers, "params": params} | {
            name: value for name, value in content.items() if value is not None
        }


def quoted(value: object) -> str:
    """Encode a value as one segment of a path."""
    return quote(str(value), safe="")


def _retry_after_seconds(response: httpx.Response, default: float) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else default


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        problem = response.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
