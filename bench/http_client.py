"""A small HTTP/1.1 client for load tests: one persistent connection per user, with little CPU use."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers with lower-case names, and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the parsed JSON body."""
        return json.loads(self.body)


class Connection:
    """A connection that is reopened after the server has closed it."""

    def __init__(self, host: str, port: int, *, token: str | None = None) -> None:
        self._host = host
        self._port = port
        self._auth = f"Authorization: Bearer {token}\r\n" if token else ""
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, method: str, path: str, body: Any = None, headers: str = "") -> Answer:
        """Send a request with a JSON body; `headers` are further lines, each ending with CR LF."""
        data = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n{self._auth}{headers}"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        if self._streams is not None and self._streams[0].at_eof():
            # The server closed the idle connection.
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(head.encode() + data)
        answer = await _read(reader)
        if answer.headers.get("connection") == "close":
            self.close()
        return answer

    async def events(self, path: str) -> AsyncIterator[str]:
        """Yield the names of server-sent events; the connection cannot be reused."""
        async for name, _ in self.events_with_ids(path):
            yield name

    async def events_with_ids(self, path: str, last_id: str = "") -> AsyncIterator[tuple[str, str]]:
        """Yield names and ids of the events after `last_id`. Raises ConnectionError for a status other than 200."""
        self.close()
        self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        resumed = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n{self._auth}{resumed}\r\n".encode())
        head = await reader.readline()
        if b" 200 " not in head:
            raise ConnectionError(head.decode("latin-1").strip() or "closed before it was answered")
        name = identity = ""
        while line := await reader.readline():
            if line.startswith(b"event: "):
                name = line.removeprefix(b"event: ").decode().strip()
            elif line.startswith(b"id: "):
                identity = line.removeprefix(b"id: ").decode().strip()
            if name and identity:
                yield name, identity
                name = identity = ""

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    if headers.get("transfer-encoding") == "chunked":
        return Answer(int(head[0].split()[1]), headers, await _read_chunks(reader))
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(head[0].split()[1]), headers, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(parts)
