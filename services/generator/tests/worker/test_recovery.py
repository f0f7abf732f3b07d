"""Recovery by real workers: stale ones, restarts of PostgreSQL, and an exception between the claim and the engine."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.domain.generation import Generation
from euterpe_generator.engine.engine import Engine
from euterpe_generator.engine.onnx_session import OnnxSession
from euterpe_generator.metrics import Metrics
from euterpe_generator.settings import Settings
from euterpe_generator.worker.finishing import Finisher
from euterpe_generator.worker.worker import Worker
from euterpe_stack.postgres import Postgres
from euterpe_test_kit.databases import DatabaseFactory
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from pydantic import SecretStr
from sqlalchemy import text

URL = "/api/v1/generations"
SERVICE_DIRECTORY = Path(__file__).parents[2]
ENDED = ("succeeded", "failed", "cancelled")


@asynccontextmanager
async def generator(settings: Settings, **changes: Any) -> AsyncIterator[tuple[httpx.AsyncClient, Any]]:
    app = create_app(settings.model_copy(update=changes))
    async with running_client(app) as client:
        yield client, app


async def row(app: Any, generation_id: str) -> Any:
    columns = text("SELECT status, attempt, crashes, failure FROM generations WHERE id = :id")
    async with app.state.generations._database.sessions() as session:
        return (await session.execute(columns, {"id": generation_id})).one()


async def until(condition: Callable[[], Any], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)


async def test_a_stale_worker_finishes_nothing_that_another_has_taken_over(
    settings: Settings, token_issuer: TokenIssuer, library: Any
) -> None:
    """A worker that stood still while it stored a piece goes on after another has composed and stored it."""
    headers = token_issuer.headers("anna")
    is_stored, goes_on = asyncio.Event(), asyncio.Event()
    finish, renew, claim = Finisher.finish, Worker._renew, Worker._claim
    outcomes: list[Generation | None] = []

    async def delayed_finish(self: Finisher, *arguments: Any) -> Generation | None:
        is_first = not is_stored.is_set()
        is_stored.set()
        if is_first:
            await goes_on.wait()
        outcomes.append(await finish(self, *arguments))
        return outcomes[-1]

    async def delayed_renew(self: Worker) -> None:
        if self._options.worker_id == "stale":
            await goes_on.wait()
        await renew(self)

    async def claim_until_stored(self: Worker, count: int) -> list[Generation]:
        is_standing = self._options.worker_id == "stale" and is_stored.is_set()
        return [] if is_standing else await claim(self, count)

    with (
        patch.object(Finisher, "finish", delayed_finish),
        patch.object(Worker, "_renew", delayed_renew),
        patch.object(Worker, "_claim", claim_until_stored),
    ):
        async with generator(settings, worker_id="stale", lease_seconds=1) as (client, app):
            piece = (await client.post(URL, json={"length": 20}, headers=headers)).json()["id"]
            await asyncio.wait_for(is_stored.wait(), 60)
            async with generator(settings, worker_id="current") as (other, _):

                async def has_ended() -> bool:
                    return (await other.get(f"{URL}/{piece}", headers=headers)).json()["status"] in ENDED

                await until(has_ended)
                song = (await other.get(f"{URL}/{piece}", headers=headers)).json()["song_id"]
            goes_on.set()

            async def has_finished() -> bool:
                return len(outcomes) == 2

            await until(has_finished)
            after = (await client.get(f"{URL}/{piece}", headers=headers)).json()
            assert (await row(app, piece)).attempt == 2
    assert [outcome is None for outcome in outcomes] == [False, True]
    assert (after["status"], after["song_id"]) == ("succeeded", song)
    assert len(library.songs) == 1


@pytest.mark.parametrize(("where", "name"), [(Metrics, "claimed"), (Engine, "submit")])
async def test_one_exception_in_dispatch_strands_no_other_of_its_batch(
    settings: Settings, where: type, name: str
) -> None:
    original, calls = getattr(where, name), 0

    def failing(self: Any, *arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise RuntimeError("unexpected")
        return original(self, *arguments)

    async with generator(settings, worker_enabled=False) as (client, _):
        pieces = [(await client.post(URL, json={"length": 20})).json()["id"] for _ in range(4)]
    with patch.object(where, name, failing):
        # A piece that waits for the end of its lease does so for ten minutes.
        async with generator(settings, lease_seconds=600) as (client, _):
            states = [await _ended(client, piece) for piece in pieces]
            assert (await client.get("/readyz")).status_code == 200
    assert [state["status"] for state in states] == ["succeeded", "failed", "succeeded", "succeeded"]
    assert states[1]["failure"] == "The model failed while composing this piece."


@pytest.fixture
def restartable(tmp_path: Path) -> Iterator[Postgres]:
    """A PostgreSQL of this test's own."""
    server = Postgres(tmp_path / "data", password=secrets.token_hex(16), log=tmp_path / "log")
    server.start()
    yield server
    server.stop()


async def test_a_piece_survives_three_restarts_of_postgresql_and_is_not_called_poison(
    settings: Settings, restartable: Postgres, token_issuer: TokenIssuer, library: Any
) -> None:
    """Each restart lasts longer than the lease, and comes while leases are expired and taken over."""
    url = DatabaseFactory(restartable).create(SERVICE_DIRECTORY, url_variable="EUTERPE_GENERATOR_DATABASE_URL")
    headers = token_issuer.headers("anna")
    # A single crash would make the piece fail.
    changes = {"database_url": SecretStr(url), "lease_seconds": 1, "max_attempts": 1}
    with slow_steps(0.1) as may_end:
        async with generator(settings, **changes) as (client, app):
            piece = (await client.post(URL, json={"length": 400}, headers=headers)).json()["id"]

            async def is_running() -> bool:
                answer = await client.get(f"{URL}/{piece}", headers=headers)
                return answer.status_code == 200 and answer.json()["status"] == "running"

            for _ in range(3):
                await until(is_running)
                restartable.process.kill()
                await asyncio.sleep(1.5)
                restartable.start()
            await until(is_running)
            may_end.append(True)
            state = await _ended(client, piece, headers)
            found = await row(app, piece)
    assert (state["status"], state["failure"], found.crashes) == ("succeeded", None, 0)
    assert len(library.songs) == 1


async def test_a_claim_whose_commit_the_server_lost_is_not_composed_twice_at_once(settings: Settings) -> None:
    """As after a failover to a replica that had not received the commit."""
    with slow_steps(0.1) as may_end:
        async with generator(settings) as (client, app):
            piece = (await client.post(URL, json={"length": 400})).json()["id"]

            async def is_claimed() -> bool:
                return bool((await row(app, piece)).status == "running")

            await until(is_claimed)
            async with app.state.generations._database.sessions.begin() as session:
                await session.execute(
                    text("UPDATE generations SET status = 'queued', attempt = 0, lease_until = NULL, worker_id = NULL")
                )
            await until(is_claimed)
            may_end.append(True)
            assert (await _ended(client, piece))["status"] == "succeeded"
            assert (await client.post(URL, json={"length": 20}, headers={"Prefer": "wait=60"})).json()[
                "song_id"
            ] is None
            assert (await client.get("/readyz")).json()["engine"] == "ok"


@contextmanager
def slow_steps(seconds: float) -> Iterator[list[bool]]:
    """Delay every call of the session until the list has an entry."""
    advance, may_end = OnnxSession.advance, list[bool]()

    def delayed(self: OnnxSession, noise: Any) -> Any:
        if not may_end:
            time.sleep(seconds)
        return advance(self, noise)

    with patch.object(OnnxSession, "advance", delayed):
        yield may_end


async def _ended(client: httpx.AsyncClient, piece: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    state: dict[str, Any] = {}

    async def has_ended() -> bool:
        answer = await client.get(f"{URL}/{piece}", headers=headers)
        state.update(answer.json() if answer.status_code == 200 else {})
        return state.get("status") in ENDED

    await until(has_ended)
    return state
