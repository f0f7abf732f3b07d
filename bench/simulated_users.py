"""Simulated users of a product whose pods are replaced, scaled and killed, and the errors that they see."""

import asyncio
import json
import time
from collections import Counter
from typing import Any

from http_client import Connection

GENERATIONS = "/api/v1/generations"
#: A user's other requests: models, library and account.
READS = ("/api/v1/models", "/api/v1/songs?limit=5", "/api/v1/auth/me")
_LAST_EVENTS = frozenset({"done", "failed", "cancelled"})


class Load:
    """Users with persistent connections, who retry only interrupted streams, until they are stopped."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self.stopped = False
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []
        self.acknowledged: list[str] = []
        self.reconnected = 0
        self.followed = 0
        self.longest = 0.0

    async def request_generations(self) -> None:
        """Request generations."""
        connection = Connection("127.0.0.1", self._port, token=self._token)
        while not self.stopped:
            await self._request_generation(connection)
            await asyncio.sleep(0.5)

    async def read(self) -> None:
        """Read several resources, and play the newest song."""
        connection = Connection("127.0.0.1", self._port, token=self._token)
        while not self.stopped:
            for path in READS:
                await self._ask(connection, "GET", path)
            songs = await self._ask(connection, "GET", "/api/v1/songs?limit=1")
            for song in (songs or {}).get("items", []):
                await self._ask(connection, "GET", f"/api/v1/audio/{song['id']}.mp3", body_is_json=False)

    async def follow(self) -> None:
        """Request a generation and follow its progress; resume an interrupted stream."""
        connection = Connection("127.0.0.1", self._port, token=self._token)
        while not self.stopped:
            piece = await self._request_generation(connection)
            if piece is not None:
                await self._watch(f"{GENERATIONS}/{piece}/events")
                self.followed += 1

    async def _request_generation(self, connection: Connection) -> str | None:
        answer = await self._ask(connection, "POST", GENERATIONS, {"length": 200}, expected=202)
        if answer is None:
            return None
        self.acknowledged.append(answer["id"])
        return str(answer["id"])

    async def _watch(self, path: str) -> None:
        last_id, name = "", ""
        while name not in _LAST_EVENTS:
            connection = Connection("127.0.0.1", self._port, token=self._token)
            try:
                async for event in connection.events_with_ids(path, last_id):
                    name, last_id = event
            except OSError as error:
                self.failures.append(f"GET {path}: {error!r}")
            finally:
                connection.close()
            if name not in _LAST_EVENTS:
                # EventSource does the same.
                self.reconnected += 1
                await asyncio.sleep(0.5)

    async def _ask(
        self,
        connection: Connection,
        method: str,
        path: str,
        body: Any = None,
        *,
        expected: int = 200,
        body_is_json: bool = True,
    ) -> Any:
        began = time.monotonic()
        try:
            answer = await connection.request(method, path, body)
        except (OSError, EOFError) as error:
            connection.close()
            self.failures.append(f"{method} {path}: {error!r}")
            return None
        self.longest = max(self.longest, time.monotonic() - began)
        self.answers[str(answer.status)] += 1
        if answer.status != expected:
            self.failures.append(f"{method} {path}: {answer.status} {answer.body[:200]!r}")
            return None
        return answer.json() if body_is_json else None


async def unfinished(port: int, token: str, ids: list[str]) -> list[str]:
    """Wait for all generations; return those that failed."""
    connection = Connection("127.0.0.1", port, token=token)
    lost = []
    for generation_id in ids:
        while True:
            piece = (await connection.request("GET", f"{GENERATIONS}/{generation_id}")).json()
            if piece["finished_at"]:
                break
            await asyncio.sleep(0.2)
        if piece["status"] != "succeeded" or not piece["song_id"]:
            lost.append(f"{generation_id}: {piece['status']}")
    connection.close()
    return lost


async def songs(port: int, token: str) -> list[dict[str, Any]]:
    """Return all songs in the user's library."""
    connection = Connection("127.0.0.1", port, token=token)
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = json.loads((await connection.request("GET", f"/api/v1/songs?limit=100{cursor}")).body)
        found += page["items"]
        if not page["next_cursor"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"
