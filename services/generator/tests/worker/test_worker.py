"""What must hold when things go wrong between the claim and the finished row."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import numpy as np
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.engine.onnx_session import OnnxSession
from euterpe_generator.settings import Settings
from euterpe_music.midi import read_midi
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


async def test_the_work_of_a_dead_worker_is_done_once_by_another(
    settings: Settings, token_issuer: TokenIssuer, library: Any
) -> None:
    headers = token_issuer.headers("anna")
    async with generator(settings, worker_enabled=False) as client:
        order = (await client.post(URL, json={"seed": 3, "length": 30}, headers=headers)).json()
        # As a worker leaves it that was killed after the claim.
        await execute(
            settings,
            "UPDATE generations SET status = 'running', attempt = 1, worker_id = 'dead', lease_until = now()",
        )
    async with generator(settings) as client:
        ended = await wait_ended(client, order["id"], headers)
        assert ended["status"] == "succeeded"
        direct = await client.post(URL, json={"seed": 3, "length": 30}, headers=headers | WAIT)
        mine = (await client.get(ended["midi_url"], headers=headers)).content
        assert (await client.get(direct.json()["midi_url"], headers=headers)).content == mine
    assert list(library.songs) == [order["id"], direct.json()["id"]]


async def test_registering_again_after_a_crash_makes_no_second_song(
    settings: Settings, token_issuer: TokenIssuer, library: Any
) -> None:
    headers = token_issuer.headers("anna")
    async with generator(settings) as client:
        first = (await client.post(URL, json={"length": 20}, headers=headers | WAIT)).json()
        # As it is when the worker died after registering and before recording.
        await execute(
            settings,
            "UPDATE generations SET status = 'running', lease_until = now(), song_id = NULL, midi_key = NULL",
        )
        again = await wait_ended(client, first["id"], headers)
    assert library.calls == 2
    assert len(library.songs) == 1
    assert again["song_id"] == first["song_id"]


async def test_a_library_that_is_away_delays_and_loses_nothing(
    settings: Settings, token_issuer: TokenIssuer, library: Any
) -> None:
    library.failing = 3
    async with generator(settings) as client:
        answer = await client.post(URL, json={"length": 20}, headers=token_issuer.headers("anna") | WAIT)
    assert answer.json()["status"] == "succeeded"
    assert library.calls == 4


async def test_an_object_store_that_is_away_delays_and_loses_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = ObjectStore.put
    failures = iter([True, True])

    async def unreliable(self: ObjectStore, key: str, data: bytes, *, content_type: str) -> None:
        if next(failures, False):
            raise ConnectionError("away")
        await put(self, key, data, content_type=content_type)

    monkeypatch.setattr(ObjectStore, "put", unreliable)
    async with generator(settings) as client:
        ended = (await client.post(URL, json={"length": 20}, headers=WAIT)).json()
        assert ended["status"] == "succeeded"
        assert (await client.get(ended["midi_url"])).status_code == 200


async def test_a_model_that_breaks_fails_the_piece_with_a_reason_and_nothing_else(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with generator(settings) as client:
        advance = OnnxSession.advance

        def broken(self: OnnxSession, noise: Any) -> Any:
            monkeypatch.setattr(OnnxSession, "advance", advance)
            raise RuntimeError("out of memory")

        monkeypatch.setattr(OnnxSession, "advance", broken)
        failed = (await client.post(URL, json={"length": 20}, headers=WAIT)).json()
        assert (failed["status"], failed["midi_url"]) == ("failed", None)
        assert failed["failure"]
        fine = (await client.post(URL, json={"length": 20}, headers=WAIT)).json()
        assert fine["status"] == "succeeded"


async def test_a_piece_that_cannot_be_decoded_fails_instead_of_being_tried_for_ever(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def undecodable(model: Any, events: Any) -> None:
        raise ValueError("not finite")

    monkeypatch.setattr("euterpe_generator.worker.finishing.render_piece", undecodable)
    async with generator(settings) as client:
        failed = (await client.post(URL, json={"length": 20}, headers=WAIT)).json()
    assert failed["status"] == "failed"


async def test_cancelling_a_running_piece_ends_it_and_frees_its_slot(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance = OnnxSession.advance

    def slow(self: OnnxSession, noise: Any) -> Any:
        time.sleep(0.2)
        return advance(self, noise)

    async with generator(settings, slots=1, lease_seconds=2) as client:
        monkeypatch.setattr(OnnxSession, "advance", slow)
        longest = (await client.get("/api/v1/models")).json()["items"][0]["length"]["maximum"]
        order = (await client.post(URL, json={"length": longest})).json()
        while (await client.get(f"{URL}/{order['id']}")).json()["status"] == "queued":
            await asyncio.sleep(0.02)
        assert (await client.delete(f"{URL}/{order['id']}")).status_code == 200
        ended = await wait_ended(client, order["id"], {})
        monkeypatch.setattr(OnnxSession, "advance", advance)
        assert (ended["status"], ended["midi_url"]) == ("cancelled", None)
        assert ended["progress"] < 1
        other = (await client.post(URL, json={"length": 20}, headers=WAIT)).json()
        assert other["status"] == "succeeded"


async def test_a_cancelled_piece_can_be_kept_as_far_as_it_got(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance = OnnxSession.advance

    def slow(self: OnnxSession, noise: Any) -> Any:
        time.sleep(0.1)
        return advance(self, noise)

    async with generator(settings, slots=1) as client:
        whole = (await client.post(URL, json={"seed": 9, "length": 1000}, headers=WAIT)).json()
        monkeypatch.setattr(OnnxSession, "advance", slow)
        order = (await client.post(URL, json={"seed": 9, "length": 1000})).json()
        while (await client.get(f"{URL}/{order['id']}")).json()["progress"] == 0:
            await asyncio.sleep(0.05)
        await client.delete(f"{URL}/{order['id']}", params={"keep": True})
        ended = await wait_ended(client, order["id"], {})
        assert ended["status"] == "cancelled"
        assert 0 < ended["progress"] < 1
        part = read_midi((await client.get(ended["midi_url"])).content)
        notes = read_midi((await client.get(whole["midi_url"])).content).notes
        assert 0 < len(part.notes) < len(notes)
        assert np.array_equal(part.notes["pitch"][:-4], notes["pitch"][: len(part.notes) - 4])


async def test_notes_arrive_while_the_piece_is_composed_in_another_process(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance = OnnxSession.advance

    def slow(self: OnnxSession, noise: Any) -> Any:
        time.sleep(0.1)
        return advance(self, noise)

    monkeypatch.setattr(OnnxSession, "advance", slow)
    async with generator(settings, worker_enabled=False) as front, generator(settings):
        order = (await front.post(URL, json={"seed": 9, "length": 400})).json()
        stream = (await front.get(f"{URL}/{order['id']}/events")).text
        names = [line.removeprefix("event: ") for line in stream.splitlines() if line.startswith("event: ")]
        ids = [line.removeprefix("id: ") for line in stream.splitlines() if line.startswith("id: ")]
    last_progress = len(names) - 1 - names[::-1].index("progress")
    assert names.index("notes") < last_progress < names.index("done")
    assert len(ids) == len(set(ids))


async def test_a_stopping_worker_hands_back_what_it_cannot_finish(
    settings: Settings, library: Any, token_issuer: TokenIssuer
) -> None:
    headers = token_issuer.headers("anna")
    library.failing = 10_000
    async with generator(settings, shutdown_grace_seconds=0.2, lease_seconds=600) as client:
        order = (await client.post(URL, json={"length": 20}, headers=headers)).json()
        while not library.calls:
            await asyncio.sleep(0.02)
    library.failing = 0
    # The lease of ten minutes would still hold if it had not been given back.
    async with generator(settings) as client:
        assert (await wait_ended(client, order["id"], headers))["status"] == "succeeded"


async def test_a_piece_whose_listener_has_left_ends_and_says_why(
    settings: Settings, token_issuer: TokenIssuer, library: Any
) -> None:
    library.deleted.add("anna")
    async with generator(settings) as client:
        headers = {who: token_issuer.headers(who) | WAIT for who in ("anna", "ben")}
        orders = [client.post(URL, json={"seed": 3, "length": 20}, headers=headers[who]) for who in ("anna", "ben")]
        anna, ben = [answer.json() for answer in await asyncio.gather(*orders)]
    assert (anna["status"], ben["status"]) == ("failed", "succeeded")
    assert "deleted" in anna["failure"]
