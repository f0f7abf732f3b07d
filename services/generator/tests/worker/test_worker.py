"""Failures between the claim and the finished row."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from unittest.mock import patch

import httpx
import numpy as np
from euterpe_generator.app import create_app
from euterpe_generator.engine.onnx_session import OnnxSession
from euterpe_generator.settings import Settings
from euterpe_generator.worker import finishing
from euterpe_music.midi import read_midi
from euterpe_service_kit.errors import Unavailable
from euterpe_service_kit.object_put import Put
from euterpe_service_kit.object_store import ObjectStore
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

URL = "/api/v1/generations"
WAIT = {"Prefer": "wait=20"}


@asynccontextmanager
async def generator(settings: Settings, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
    changes.setdefault("worker_id", uuid.uuid4().hex)
    async with running_client(create_app(settings.model_copy(update=changes))) as client:
        yield client


async def execute(settings: Settings, statement: str, **values: Any) -> None:
    url = settings.database_url.get_secret_value()
    engine = create_async_engine(url, connect_args={"server_settings": {"search_path": "generator"}})
    async with engine.begin() as connection:
        await connection.execute(text(statement), values)
    await engine.dispose()


async def wait_ended(client: httpx.AsyncClient, generation_id: str, headers: dict[str, str]) -> dict[str, Any]:
    for _ in range(200):
        state: dict[str, Any] = (await client.get(f"{URL}/{generation_id}", headers=headers)).json()
        if state["status"] in ("succeeded", "failed", "cancelled"):
            return state
        await asyncio.sleep(0.1)
    raise AssertionError(f"still {state['status']}")


async def left_by_a_killed_worker(
    settings: Settings, headers: dict[str, str], worker: str, *, lease_seconds: int
) -> dict[str, Any]:
    """Return a generation in the state that a worker leaves behind if it is killed after the claim."""
    async with generator(settings, worker_enabled=False) as client:
        order: dict[str, Any] = (await client.post(URL, json={"seed": 3, "length": 30}, headers=headers)).json()
    await execute(
        settings,
        "UPDATE generations SET status = 'running', attempt = 1, worker_id = :worker, started_at = now(), "
        "lease_until = now() + make_interval(secs => :seconds)",
        worker=worker,
        seconds=lease_seconds,
    )
    return order


async def test_work_of_a_dead_worker_is_retried_once(
    settings: Settings, token_issuer: TokenIssuer, library: Any
) -> None:
    headers = token_issuer.headers("anna")
    order = await left_by_a_killed_worker(settings, headers, "dead", lease_seconds=0)
    async with generator(settings) as client:
        ended = await wait_ended(client, order["id"], headers)
        assert ended["status"] == "succeeded"
        direct = await client.post(URL, json={"seed": 3, "length": 30}, headers=headers | WAIT)
        mine = (await client.get(ended["midi_url"], headers=headers)).content
        assert (await client.get(direct.json()["midi_url"], headers=headers)).content == mine
    assert list(library.songs) == [order["id"], direct.json()["id"]]


async def test_a_worker_restarted_in_place_does_not_wait_for_its_own_leases(
    settings: Settings, token_issuer: TokenIssuer
) -> None:
    headers = token_issuer.headers("anna")
    order = await left_by_a_killed_worker(settings, headers, "pod-7", lease_seconds=600)
    async with generator(settings, worker_id="pod-8") as client:
        await asyncio.sleep(2)
        state = (await client.get(f"{URL}/{order['id']}", headers=headers)).json()
        assert state["status"] == "running", "another worker's lease was ended"
    async with generator(settings, worker_id="pod-7") as client:
        assert (await wait_ended(client, order["id"], headers))["status"] == "succeeded"


async def test_registering_again_after_a_crash_makes_no_second_song(
    settings: Settings, token_issuer: TokenIssuer, library: Any
) -> None:
    headers = token_issuer.headers("anna")
    async with generator(settings) as client:
        first = (await client.post(URL, json={"length": 20}, headers=headers | WAIT)).json()
        # The state that a worker leaves behind if it is killed between registering and recording.
        await execute(
            settings,
            "UPDATE generations SET status = 'running', lease_until = now(), song_id = NULL, midi_key = NULL",
        )
        again = await wait_ended(client, first["id"], headers)
    assert library.calls == 2
    assert len(library.songs) == 1
    assert again["song_id"] == first["song_id"]


async def test_an_outage_of_the_library_delays_generations(
    settings: Settings, token_issuer: TokenIssuer, library: Any
) -> None:
    library.failing = 3
    async with generator(settings) as client:
        answer = await client.post(URL, json={"length": 20}, headers=token_issuer.headers("anna") | WAIT)
    assert answer.json()["status"] == "succeeded"
    assert library.calls == 4


async def test_an_outage_of_the_object_store_delays_generations(settings: Settings) -> None:
    put_all = ObjectStore.put_all
    outcomes: list[list[Unavailable | None]] = []

    async def unreliable(self: ObjectStore, objects: Sequence[Put]) -> list[Unavailable | None]:
        is_down = len(outcomes) < 2
        outcomes.append([Unavailable("down")] * len(objects) if is_down else await put_all(self, objects))
        return outcomes[-1]

    with patch.object(ObjectStore, "put_all", autospec=True, side_effect=unreliable):
        async with generator(settings) as client:
            ended = (await client.post(URL, json={"length": 20}, headers=WAIT)).json()
            assert ended["status"] == "succeeded"
            assert (await client.get(ended["midi_url"])).status_code == 200
    assert [outcome == [None] for outcome in outcomes] == [False, False, True]


async def test_a_failing_model_fails_its_generations_only(settings: Settings) -> None:
    async with generator(settings) as client:
        with patch.object(OnnxSession, "advance", autospec=True, side_effect=RuntimeError("out of memory")) as advance:
            failed = (await client.post(URL, json={"length": 20}, headers=WAIT)).json()
        advance.assert_called_once()
        assert (failed["status"], failed["midi_url"]) == ("failed", None)
        assert failed["failure"] == "The model failed while composing this piece."
        next_one = (await client.post(URL, json={"length": 20}, headers=WAIT)).json()
        assert next_one["status"] == "succeeded"


async def test_a_piece_that_cannot_be_rendered_fails_without_a_retry(settings: Settings) -> None:
    with patch.object(finishing, "render_piece", autospec=True, side_effect=ValueError("not finite")) as render:
        async with generator(settings) as client:
            failed = (await client.post(URL, json={"length": 20}, headers=WAIT)).json()
    render.assert_called_once()
    assert (failed["status"], failed["failure"]) == ("failed", "The model failed while composing this piece.")


@contextmanager
def slow_session(seconds: float) -> Iterator[None]:
    """Delay every call of the session."""
    advance = OnnxSession.advance

    def delayed(self: OnnxSession, noise: Any) -> Any:
        time.sleep(seconds)
        return advance(self, noise)

    with patch.object(OnnxSession, "advance", autospec=True, side_effect=delayed) as patched:
        yield
    patched.assert_called()


async def eventually(client: httpx.AsyncClient, path: str, condition: Callable[[dict[str, Any]], bool]) -> None:
    for _ in range(400):
        if condition((await client.get(path)).json()):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the condition was not met")


async def test_cancelling_a_running_generation_ends_it_and_frees_its_slot(settings: Settings) -> None:
    async with generator(settings, slots=1, lease_seconds=2) as client:
        longest = (await client.get("/api/v1/models")).json()["items"][0]["length"]["maximum"]
        with slow_session(0.2):
            order = (await client.post(URL, json={"length": longest})).json()
            await eventually(client, f"{URL}/{order['id']}", lambda state: state["status"] != "queued")
            assert (await client.delete(f"{URL}/{order['id']}")).status_code == 200
            ended = await wait_ended(client, order["id"], {})
        assert (ended["status"], ended["midi_url"]) == ("cancelled", None)
        assert ended["progress"] < 1
        other = (await client.post(URL, json={"length": 20}, headers=WAIT)).json()
        assert other["status"] == "succeeded"


async def test_the_events_of_a_cancelled_generation_can_be_kept(settings: Settings) -> None:
    async with generator(settings, slots=1) as client:
        whole = (await client.post(URL, json={"seed": 9, "length": 1000}, headers=WAIT)).json()
        with slow_session(0.1):
            order = (await client.post(URL, json={"seed": 9, "length": 1000})).json()
            await eventually(client, f"{URL}/{order['id']}", lambda state: state["progress"] > 0)
            await client.delete(f"{URL}/{order['id']}", params={"keep": True})
            ended = await wait_ended(client, order["id"], {})
        assert ended["status"] == "cancelled"
        assert 0 < ended["progress"] < 1
        part = read_midi((await client.get(ended["midi_url"])).content)
        notes = read_midi((await client.get(whole["midi_url"])).content).notes
        assert 0 < len(part.notes) < len(notes)
        assert np.array_equal(part.notes["pitch"][:-4], notes["pitch"][: len(part.notes) - 4])


async def test_notes_are_streamed_while_another_process_composes_them(settings: Settings) -> None:
    async with generator(settings, worker_enabled=False) as front, generator(settings):
        with slow_session(0.1):
            order = (await front.post(URL, json={"seed": 9, "length": 400})).json()
            stream = (await front.get(f"{URL}/{order['id']}/events")).text
    names = [line.removeprefix("event: ") for line in stream.splitlines() if line.startswith("event: ")]
    ids = [line.removeprefix("id: ") for line in stream.splitlines() if line.startswith("id: ")]
    last_progress = len(names) - 1 - names[::-1].index("progress")
    assert names.index("notes") < last_progress < names.index("done")
    assert len(ids) == len(set(ids))


async def test_a_stopping_worker_hands_back_unfinished_generations(
    settings: Settings, library: Any, token_issuer: TokenIssuer
) -> None:
    headers = token_issuer.headers("anna")
    library.failing = 10_000
    async with generator(settings, shutdown_grace_seconds=0.2, lease_seconds=600) as client:
        order = (await client.post(URL, json={"length": 20}, headers=headers)).json()
        await eventually(client, f"{URL}/{order['id']}", lambda _: bool(library.calls))
    library.failing = 0
    # If it had not been handed back, its lease would last ten minutes.
    async with generator(settings) as client:
        assert (await wait_ended(client, order["id"], headers))["status"] == "succeeded"


async def test_a_generation_of_a_deleted_account_fails_with_a_reason(
    settings: Settings, token_issuer: TokenIssuer, library: Any
) -> None:
    library.deleted.add("anna")
    async with generator(settings) as client:
        headers = {who: token_issuer.headers(who) | WAIT for who in ("anna", "ben")}
        orders = [client.post(URL, json={"seed": 3, "length": 20}, headers=headers[who]) for who in ("anna", "ben")]
        anna, ben = [answer.json() for answer in await asyncio.gather(*orders)]
    assert (anna["status"], ben["status"]) == ("failed", "succeeded")
    assert "deleted" in anna["failure"]
