"""How requests are sent and answers are read: JSON, bytes, events, and problems (RFC 9457)."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

#: An answer that says "later" is asked for again so often, where asking twice does no harm.
_RETRIES = 3
_HARMLESS = frozenset({"GET", "PUT", "DELETE"})


class ApiError(Exception):
    """The server's answer is a problem: `status`, `type` for programs, `detail` for people, `errors` with fields."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.type = str(problem.get("type", "about:blank"))
        self.detail = str(problem.get("detail", problem.get("title", "")))
        self.errors: list[dict[str, Any]] = list(problem.get("errors") or [])
        super().__init__(f"{status}: {self.detail}")


@dataclass(frozen=True, slots=True)
class Event:
    """A server-sent event; `data` is its JSON."""

    name: str
    data: dict[str, Any]
    id: str


class Transport:
    """A connection to a server. Use it as a context manager, or close it."""

    def __init__(self, url: str, *, timeout_seconds: float = 60.0, pause: Callable[[float], None] = time.sleep) -> None:
        self._http = httpx.Client(base_url=url, timeout=timeout_seconds)
        self._pause = pause

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._http.close()

    def _credential(self) -> str | None:
        """The access token to send."""
        return None

    def _json(self, method: str, path: str, **options: Any) -> Any:
        return self._send(method, path, **options).json()

    def _bytes(self, method: str, path: str, **options: Any) -> bytes:
        return self._send(method, path, **options).content

    def _nothing(self, method: str, path: str, **options: Any) -> None:
        self._send(method, path, **options)

    def _events(self, method: str, path: str, **options: Any) -> Iterator[Event]:
        with self._http.stream(method, path, **self._options(options)) as answer:
            if answer.is_error:
                answer.read()
                raise _problem(answer)
            yield from _parsed(answer.iter_lines())

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        for left in range(_RETRIES, -1, -1):
            answer = self._http.request(method, path, **self._options(options))
            later = answer.headers.get("Retry-After", "")
            if answer.status_code not in (429, 503) or not left or not later.isdecimal() or method not in _HARMLESS:
                break
            self._pause(float(later))
        if answer.is_error:
            raise _problem(answer)
        return answer

    def _options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        headers = {name: value for name, value in (given.get("headers") or {}).items() if value is not None}
        if media_type := given.get("media_type"):
            headers["Content-Type"] = media_type
        if credential := self._credential():
            headers["Authorization"] = f"Bearer {credential}"
        params = {name: value for name, value in (given.get("params") or {}).items() if value is not None}
        rest = {name: value for name, value in given.items() if name in ("json", "data", "files", "content")}
        return {"headers": headers, "params": params} | {
            name: value for name, value in rest.items() if value is not None
        }


def quoted(value: object) -> str:
    """A value as a part of a path."""
    return quote(str(value), safe="")


def _problem(answer: httpx.Response) -> ApiError:
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    return ApiError(answer.status_code, problem if isinstance(problem, dict) else {})


def _parsed(lines: Iterator[str]) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield Event(fields.get("event", "message"), json.loads(fields["data"]), fields.get("id", ""))
            fields = {}
