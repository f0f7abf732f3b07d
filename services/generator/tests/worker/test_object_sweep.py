"""Expiry of anonymous users' pieces, and the sweep of objects, on real PostgreSQL and S3."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.domain.retention import RetentionOptions
from euterpe_generator.settings import Settings
from euterpe_generator.worker.object_sweep import ObjectSweeper
from euterpe_service_kit.object_store import ObjectStore
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from sqlalchemy import text

URL = "/api/v1/generations"
NOW = RetentionOptions(timedelta(days=7), timedelta(days=1), timedelta(0))


@pytest.fixture
async def running(settings: Settings) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    app = create_app(settings)
    async with running_client(app) as client:
        yield app, client


def sweeper(app: FastAPI, options: RetentionOptions = NOW) -> ObjectSweeper:
    service = app.state.generations
    return ObjectSweeper(service._database, app.state.store, service._quota._library, app.state.metrics, options)


async def compose(client: httpx.AsyncClient, headers: dict[str, str], seed: int) -> dict[str, Any]:
    body = {"length": 20, "seed": seed}
    answer = await client.post(URL, json=body, headers=headers | {"Prefer": "wait=60"})
    assert answer.json()["status"] == "succeeded", answer.text
    found: dict[str, Any] = answer.json()
    return found


async def key_of(client: httpx.AsyncClient, piece: dict[str, Any], headers: dict[str, str]) -> str:
    midi = await client.get(f"{URL}/{piece['id']}/midi", headers=headers)
    return f"midi/{hashlib.sha256(midi.content).hexdigest()}.mid"


async def execute(app: FastAPI, statement: str) -> Any:
    async with app.state.generations._database.sessions.begin() as session:
        return await session.execute(text(statement))


async def test_the_network_of_an_anonymous_user_is_dropped_at_the_end(running: Any, token_issuer: TokenIssuer) -> None:
    app, client = running
    await compose(client, {}, 1)
    await compose(client, token_issuer.headers("anna"), 2)
    rows = await execute(app, "SELECT listener_key, network, user_class FROM generations ORDER BY user_class")
    assert [tuple(row) for row in rows] == [("anonymous", None, "anonymous"), ("user:anna", None, "registered")]


async def test_the_network_is_dropped_when_a_waiting_piece_is_cancelled(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"worker_enabled": False}))
    async with running_client(app) as client:
        location = (await client.post(URL, json={"length": 20})).headers["location"]
        [before] = await execute(app, "SELECT listener_key, network FROM generations")
        assert tuple(before) == ("network:127.0.0.0/24", "127.0.0.0/24")
        await client.delete(location)
        [after] = await execute(app, "SELECT listener_key, network FROM generations")
        assert tuple(after) == ("anonymous", None)


async def test_anonymous_pieces_expire_with_their_objects(
    running: Any, library: Any, token_issuer: TokenIssuer
) -> None:
    app, client = running
    anna = token_issuer.headers("anna")
    old, shared, new = [await compose(client, {}, seed) for seed in (1, 2, 3)]
    kept = await compose(client, anna, 2)
    keys = [await key_of(client, piece, {}) for piece in (old, shared, new)]
    age = "UPDATE generations SET finished_at = finished_at - interval '8 days'"
    await execute(app, f"{age} WHERE id IN ('{old['id']}', '{shared['id']}', '{kept['id']}')")
    await sweeper(app).expire()
    statuses = [
        (await client.get(f"{URL}/{piece['id']}", headers=anna)).status_code for piece in (old, shared, new, kept)
    ]
    assert statuses == [404, 404, 200, 200]
    # Anna's piece has the same object as one of the expired ones.
    assert library.removed == [keys[0]]


async def test_the_sweep_removes_objects_that_nothing_has(
    running: Any, library: Any, object_store: ObjectStore
) -> None:
    app, client = running
    piece = await key_of(client, await compose(client, {}, 5), {})
    song, orphan = (f"midi/{hashlib.sha256(name).hexdigest()}.mid" for name in (b"song", b"orphan"))
    for key in (song, orphan):
        await object_store.put(key, b"MThd", content_type="audio/midi")
    library.used.add(song)
    await sweeper(app, RetentionOptions(timedelta(days=7), timedelta(days=1), timedelta(hours=1))).sweep()
    assert library.removed == []
    await sweeper(app).sweep()
    assert orphan in library.removed
    assert {piece, song}.isdisjoint(library.removed)


@pytest.mark.parametrize("task", ["expire", "sweep"])
async def test_objects_stored_within_the_grace_period_before_the_beginning_are_kept(
    running: Any, library: Any, object_store: ObjectStore, task: str
) -> None:
    app, client = running
    await compose(client, {}, 6)
    await execute(app, "UPDATE generations SET finished_at = finished_at - interval '8 days'")
    await object_store.put(f"midi/{'0' * 64}.mid", b"MThd", content_type="audio/midi")
    # A grace period of minus one hour: all objects are old enough.
    options = RetentionOptions(timedelta(days=7), timedelta(days=1), timedelta(hours=-1))
    begun = datetime.now(UTC)
    await getattr(sweeper(app, options), task)()
    assert library.removed
    for cutoff in library.modified_before:
        assert begun <= cutoff - timedelta(hours=1) <= datetime.now(UTC)


async def test_the_deployment_sweeps_once_per_interval(running: Any) -> None:
    app, _ = running
    swept = []
    for _ in range(2):
        one = sweeper(app)

        async def record() -> None:
            swept.append(1)

        one.sweep = record  # type: ignore[method-assign]
        await execute(app, "DELETE FROM maintenance") if not swept else None
        await one.turn()
    assert swept == [1]
    await execute(app, "UPDATE maintenance SET started_at = started_at - interval '1 day'")
    await one.turn()
    assert swept == [1, 1]
