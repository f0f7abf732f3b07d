"""Many progress streams: their limit, and what idle ones cost."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.settings import Settings
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from sqlalchemy import event

URL = "/api/v1/generations"


async def open_streams(
    app: FastAPI, client: httpx.AsyncClient, location: str, headers: dict[str, str], count: int
) -> list[asyncio.Task[httpx.Response]]:
    """Open streams, each of which ends with its generation."""
    streams = app.state.stream_slots._open
    expected = streams.total() + count
    tasks = [asyncio.create_task(client.get(f"{location}/events", headers=headers)) for _ in range(count)]
    await until(lambda: streams.total() == expected)
    return tasks


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


async def close(tasks: list[asyncio.Task[httpx.Response]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_open_streams_are_limited_by_principal_and_freed_when_closed(
    settings: Settings, token_issuer: TokenIssuer
) -> None:
    limits = {"worker_enabled": False, "max_streams_per_user": 2, "max_streams_anonymous": 1}
    app = create_app(settings.model_copy(update=limits))
    anna, ben = token_issuer.headers("anna"), token_issuer.headers("ben")
    async with running_client(app) as client:
        location = (await client.post(URL, json={"length": 20})).headers["location"]
        streams = await open_streams(app, client, location, anna, 2)
        refused = await client.get(f"{location}/events", headers=anna)
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many-streams")
        assert int(refused.headers["retry-after"]) > 0
        others = await open_streams(app, client, location, ben, 1) + await open_streams(app, client, location, {}, 1)
        assert (await client.get(f"{location}/events")).status_code == 429
        await close(streams[:1])
        await until(lambda: app.state.stream_slots._open["user:anna"] == 1)
        streams += await open_streams(app, client, location, anna, 1)
        # The end of the generation ends the streams.
        await client.delete(location)
        answers = await asyncio.gather(*streams[1:], *others)
        assert [answer.status_code for answer in answers] == [200] * 4
        assert app.state.stream_slots._open == {}


@pytest.mark.parametrize("streams", [1, 30])
async def test_idle_streams_share_their_queries(settings: Settings, streams: int) -> None:
    limits = {"worker_enabled": False, "max_streams_anonymous": 100}
    app = create_app(settings.model_copy(update=limits))
    async with running_client(app) as client:
        locations = [(await client.post(URL, json={"length": 20})).headers["location"] for _ in range(streams)]
        tasks = [task for one in locations for task in await open_streams(app, client, one, {}, 1)]
        await asyncio.sleep(1.5)
        statements: list[str] = []

        def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        engine = app.state.generations._database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", count)
        await asyncio.sleep(2)
        event.remove(engine, "before_cursor_execute", count)
        await close(tasks)
    # Three statements, at most twice a second.
    assert 0 < len(statements) <= 15, statements[:40]
