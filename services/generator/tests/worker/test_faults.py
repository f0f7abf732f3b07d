"""Faults of a row, of a loop or of a piece: they are reported, and everything else goes on."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.engine.scheduler import Scheduler
from euterpe_generator.models.loader import ModelLoader
from euterpe_generator.settings import Settings
from euterpe_generator.storage.changes import ChangeFeed
from euterpe_generator.storage.generations import GenerationRepository
from euterpe_generator.worker import finishing
from euterpe_generator.worker.object_sweep import ObjectSweeper
from euterpe_generator.worker.worker import Worker
from euterpe_service_kit.background import BROKEN_AFTER
from euterpe_service_kit.database_metrics import DatabaseMetrics
from euterpe_service_kit.revocations import RevocationList
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.loops import failing, is_broken, wait_for_failures
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

URL = "/api/v1/generations"
LOOPS: dict[str, tuple[type, str]] = {
    "database_metrics": (DatabaseMetrics, "read"),
    "objects": (ObjectSweeper, "turn"),
    "claim": (Worker, "_claim_turn"),
    "renew": (Worker, "_renew"),
    "sweep": (Worker, "_sweep"),
    "publish": (Worker, "_publish"),
    "models": (ModelLoader, "_turn"),
    "changes": (ChangeFeed, "_turn"),
    "revocations": (RevocationList, "refresh"),
}


@asynccontextmanager
async def generator(settings: Settings, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with running_client(create_app(settings.model_copy(update=changes))) as client:
        yield client


async def execute(settings: Settings, statement: str, **values: Any) -> None:
    url = settings.database_url.get_secret_value()
    engine = create_async_engine(url, connect_args={"server_settings": {"search_path": "generator"}})
    async with engine.begin() as connection:
        await connection.execute(text(statement), values)
    await engine.dispose()


async def ended(client: httpx.AsyncClient, generation_id: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            state: dict[str, Any] = (await client.get(f"{URL}/{generation_id}")).json()
            if state["status"] in ("succeeded", "failed", "cancelled"):
                return state
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"prompt": {"rows": [], "bars": 1, "newer": 1}}, "the prompt has unknown or missing fields"),
        ({"prompt": {"bars": 1}}, "the prompt has unknown or missing fields"),
        ({"prompt": {"rows": [7], "bars": 1}}, "the prompt has unknown or missing fields"),
        ({"parameters": {"newer": 1}}, "tiny@0.0.1 has no parameter newer"),
        ({"length": 1_000_000}, "The model failed"),
    ],
)
async def test_a_row_that_cannot_be_decoded_fails_with_its_reason_and_delays_no_other(
    settings: Settings, change: dict[str, Any], reason: str
) -> None:
    async with generator(settings, worker_enabled=False) as client:
        bad, *good = [(await client.post(URL, json={"length": 20})).json()["id"] for _ in range(3)]
        [(column, value)] = change.items()
        stored = value if column == "length" else json.dumps(value)
        cast = "int" if column == "length" else "jsonb"
        await execute(settings, f"UPDATE generations SET {column} = CAST(:value AS {cast}) WHERE id = :id",
                      value=stored, id=bad)  # fmt: skip
    async with generator(settings) as client:
        failed = await ended(client, bad)
        assert failed["status"] == "failed"
        assert reason in failed["failure"]
        assert [(await ended(client, one))["status"] for one in good] == ["succeeded", "succeeded"]
        later = (await client.post(URL, json={"length": 20}, headers={"Prefer": "wait=20"})).json()
        assert later["status"] == "succeeded"
        assert (await client.get("/readyz")).status_code == 200


async def test_a_row_that_cannot_be_decoded_does_not_end_the_sweep_of_expired_leases(settings: Settings) -> None:
    async with generator(settings, worker_enabled=False) as client:
        bad = (await client.post(URL, json={"length": 20})).json()["id"]
        prompt = json.dumps({"newer": 1})
        await execute(
            settings,
            "UPDATE generations SET prompt = CAST(:prompt AS jsonb), status = 'running', attempt = 1, "
            "worker_id = 'dead', started_at = now(), lease_until = now()",
            prompt=prompt,
        )
    async with generator(settings) as client:
        assert (await ended(client, bad))["status"] == "failed"


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_killed_loop_is_counted_and_goes_on(settings: Settings, loop: str) -> None:
    with failing(*LOOPS[loop], lambda call: call in (1, 2)):
        async with generator(settings, models_poll_seconds=0.05) as client:
            await wait_for_failures(client, "generator", loop, 2)
            done = (await client.post(URL, json={"length": 20}, headers={"Prefer": "wait=20"})).json()
            assert done["status"] == "succeeded"
            assert (await client.get("/readyz")).status_code == 200


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_loop_that_keeps_failing_is_not_ready(settings: Settings, loop: str) -> None:
    with failing(*LOOPS[loop], lambda _: True):
        async with generator(settings, models_poll_seconds=0.05) as client:
            await wait_for_failures(client, "generator", loop, BROKEN_AFTER)
            assert await is_broken(client)


async def test_a_fault_of_the_scheduler_fails_its_pieces_and_keeps_the_engine_running(settings: Settings) -> None:
    step, calls = Scheduler.step, 0

    def broken(self: Scheduler) -> Any:
        nonlocal calls
        calls += 1
        updates = step(self)
        if calls == 1:
            raise IndexError("slot")
        return updates

    async with generator(settings) as client:
        with patch.object(Scheduler, "step", broken):
            failed = (await client.post(URL, json={"length": 200}, headers={"Prefer": "wait=20"})).json()
        assert failed["status"] == "failed"
        done = (await client.post(URL, json={"length": 20}, headers={"Prefer": "wait=20"})).json()
        assert done["status"] == "succeeded"
        assert (await client.get("/readyz")).json()["engine"] == "ok"


async def test_one_measure_that_cannot_be_stored_fails_its_piece_only(settings: Settings) -> None:
    render = finishing.render_piece
    bad: list[str] = []

    def with_nan(model: Any, events: Any, generation: Any, tagger: Any) -> Any:
        piece = render(model, events, generation, tagger)
        if generation.title == "bad":
            bad.append(str(generation.id))
            piece.measures["scale_score"] = float("nan")
        return piece

    complete, sizes = GenerationRepository.complete, []

    async def recorded(self: GenerationRepository, completions: Any) -> Any:
        sizes.append(len(completions))
        return await complete(self, completions)

    with (
        patch.object(finishing, "render_piece", with_nan),
        patch.object(GenerationRepository, "complete", recorded),
    ):
        async with generator(settings, worker_enabled=False) as client:
            titles = ["good", "good", "bad", "good", "bad", "good", "good", "good"]
            ids = [(await client.post(URL, json={"length": 20, "title": one})).json()["id"] for one in titles]
        async with generator(settings) as client:
            states = [await ended(client, one) for one in ids]
            assert (await client.get("/readyz")).status_code == 200
    assert [one["status"] for one in states] == ["failed" if one == "bad" else "succeeded" for one in titles]
    assert {one["failure"] for one in states} == {
        None,
        "The piece was composed and could not be stored because of an internal error.",
    }
    assert max(sizes) > 1, "the pieces were not recorded as a batch"
