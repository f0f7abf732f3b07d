"""The listening test: what is hidden before the answer, what is shown after it, and what operators export."""

import io
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import mido
import numpy as np
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.domain.excerpts import load_excerpts
from euterpe_generator.domain.listening import Share
from euterpe_generator.settings import Settings
from euterpe_generator.storage.listening import ListeningRepository
from euterpe_music.midi import read_midi
from euterpe_service_kit.database import Database
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from sqlalchemy import text

TINY = Path(__file__).parents[1] / "data/tiny-ensemble"
PAIRS = "/api/v1/listening/pairs"
WAIT = {"Prefer": "wait=30"}
ADMIN = "/internal/admin/listening"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models")
    shutil.copytree(TINY, directory / "tiny-ensemble")
    return directory


@pytest.fixture
async def client(settings: Settings, models: Path) -> AsyncIterator[httpx.AsyncClient]:
    changes = {"models_url": str(models), "default_model": "tiny-ensemble"}
    async with running_client(create_app(settings.model_copy(update=changes))) as client:
        yield client


async def create(client: httpx.AsyncClient, **body: Any) -> Any:
    answer = await client.post(PAIRS, json=body, headers=WAIT)
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "ready", answer.text
    return answer.json()


async def files(client: httpx.AsyncClient, pair: Any) -> list[bytes]:
    answers = [await client.get(pair[f"{side}_url"]) for side in "ab"]
    assert [answer.status_code for answer in answers] == [200, 200]
    # Neither a file name nor a digest that stays the same for each excerpt.
    assert {frozenset(answer.headers) & {"content-disposition", "etag"} for answer in answers} == {frozenset()}
    return [answer.content for answer in answers]


def frame(midi: bytes) -> list[tuple[int, str]]:
    """Return the number of each track, and all its events but the notes."""
    read = mido.MidiFile(file=io.BytesIO(midi))
    kept: list[tuple[int, str]] = [(read.type, str(read.ticks_per_beat))]
    for number, track in enumerate(read.tracks):
        now = 0
        for message in track:
            now += message.time
            if not message.type.startswith("note"):
                kept.append((number, f"{now} {message.copy(time=0)}"))
    return kept


async def test_nothing_tells_the_pieces_apart_before_the_answer(client: httpx.AsyncClient) -> None:
    pair = await create(client)
    excerpts = load_excerpts().values()
    assert pair["reveal"] is None
    hidden = {"person", "seed", "model", "generation_id", "key", "title", "source"}
    assert not hidden & set(pair)
    midi = await files(client, pair)
    assert frame(midi[0]) == frame(midi[1])
    pieces = [read_midi(one) for one in midi]
    assert pieces[0].notes.tolist() != pieces[1].notes.tolist()
    for piece in pieces:
        assert {*piece.notes["velocity"].tolist()} <= {80}
        assert not np.any(piece.notes["onset"] % 20)
        assert not np.any(piece.notes["duration"] % 20)
        assert piece.duration_seconds <= pair["duration_seconds"] + 0.1
        assert not any(name in midi[0] + midi[1] for one in excerpts for name in (one.title.encode(), one.id.encode()))


async def test_the_answer_reveals_the_piece_by_a_person_and_is_accepted_once(client: httpx.AsyncClient) -> None:
    pair = await create(client)
    midi = await files(client, pair)
    url = f"{PAIRS}/{pair['id']}"
    body = {"preferred": "none", "guessed": "a", "browser": "3fa2c1"}
    answered = (await client.post(f"{url}/answer", json=body)).raise_for_status().json()
    reveal = answered["reveal"]
    excerpt = load_excerpts()[reveal["source"]["id"]]
    assert reveal["is_right"] is (reveal["person"] == "a")
    assert (reveal["source"]["title"], reveal["source"]["licence"]) == (excerpt.title, "CC0-1.0")
    assert (reveal["model"], reveal["model_version"]) == ("tiny-ensemble", "0.0.1")
    by_person = read_midi(midi["ab".index(reveal["person"])])
    assert by_person.notes.tolist() == excerpt.read().notes.tolist()
    again = await client.post(f"{url}/answer", json={**body, "guessed": "b"})
    assert (again.status_code, again.json()["type"].rsplit("/")[-1]) == (409, "listening-pair-answered")
    assert (await client.get(url)).json() == answered


async def test_both_orders_occur_and_heard_excerpts_are_avoided(client: httpx.AsyncClient) -> None:
    wanted = "brahms-an-die-nachtigall"
    played = [one for one in load_excerpts() if one != wanted]
    answer = {"preferred": "a", "guessed": "unknown"}
    sides = set()
    for _ in range(20):
        pair = await create(client, played=played)
        reveal = (await client.post(f"{PAIRS}/{pair['id']}/answer", json=answer)).json()["reveal"]
        assert (reveal["source"]["id"], reveal["is_right"]) == (wanted, None)
        sides.add(reveal["person"])
        if len(sides) == 2:
            break
    assert sides == {"a", "b"}


async def test_pairs_expire_and_unanswered_ones_are_deleted(client: httpx.AsyncClient, settings: Settings) -> None:
    pairs = [await create(client) for _ in range(2)]
    answer = {"preferred": "a", "guessed": "a"}
    (await client.post(f"{PAIRS}/{pairs[0]['id']}/answer", json=answer)).raise_for_status()
    database = Database(settings.database_url.get_secret_value(), schema="generator")
    async with database.sessions.begin() as session:
        await session.execute(text("UPDATE listening_pairs SET expires_at = now() - interval '1 second'"))
    url = f"{PAIRS}/{pairs[1]['id']}"
    responses = [
        await client.get(url),
        await client.get(f"{url}/a/midi"),
        await client.post(f"{url}/answer", json=answer),
    ]
    assert [one.status_code for one in responses] == [404, 404, 404]
    async with database.sessions.begin() as session:
        await ListeningRepository(session).delete_unanswered()
        left = (await session.execute(text("SELECT id FROM listening_pairs"))).scalars().all()
    assert [str(one) for one in left] == [pairs[0]["id"]]
    await database.close()


async def test_pieces_and_answers_wait_for_the_composed_piece(client: httpx.AsyncClient, settings: Settings) -> None:
    pair = await create(client)
    database = Database(settings.database_url.get_secret_value(), schema="generator")
    async with database.sessions.begin() as session:
        await session.execute(text("UPDATE generations SET status = 'failed', midi_key = NULL"))
    await database.close()
    url = f"{PAIRS}/{pair['id']}"
    assert (await client.get(url)).json()["status"] == "failed"
    assert [(await client.get(f"{url}/{side}/midi")).status_code for side in "ab"] == [409, 409]
    refused = await client.post(f"{url}/answer", json={"preferred": "a", "guessed": "b"})
    assert (refused.status_code, "reveal" in refused.json()) == (409, False)


async def test_the_composed_piece_is_never_in_an_account(client: httpx.AsyncClient, token_issuer: TokenIssuer) -> None:
    user = {"Authorization": f"Bearer {token_issuer.access_token('clara')}"}
    (await client.post(PAIRS, json={}, headers=WAIT | user)).raise_for_status()
    assert (await client.get("/api/v1/generations/export", headers=user)).json() == {"items": []}


async def test_without_an_ensemble_model_there_is_no_test(settings: Settings) -> None:
    async with running_client(create_app(settings)) as client:
        answer = await client.post(PAIRS, json={})
    assert answer.status_code == 404
    assert "ensemble" in answer.json()["detail"]


async def test_operators_export_answers_and_shares(client: httpx.AsyncClient, token_issuer: TokenIssuer) -> None:
    operator = {"Authorization": f"Bearer {token_issuer.service_token('operator', scope='admin')}"}
    assert (await client.get(f"{ADMIN}/answers")).status_code == 401
    reveals = []
    for guessed, preferred in (("a", "a"), ("b", "none"), ("unknown", "b")):
        pair = await create(client)
        body = {"preferred": preferred, "guessed": guessed, "browser": "00ff00"}
        reveals.append((await client.post(f"{PAIRS}/{pair['id']}/answer", json=body)).json()["reveal"])
    rows = (await client.get(f"{ADMIN}/answers", headers=operator)).json()["items"]
    assert [(one["guessed"], one["preferred"]) for one in rows] == [("a", "a"), ("b", "none"), ("unknown", "b")]
    assert [one["source"] for one in rows] == [one["source"]["id"] for one in reveals]
    assert [one["seed"] for one in rows] == [one["seed"] for one in reveals]
    later = await client.get(f"{ADMIN}/answers", headers=operator, params={"after": rows[0]["id"], "limit": 1})
    assert later.json()["items"] == [rows[1]]
    [summary] = (await client.get(f"{ADMIN}/summary", headers=operator)).json()["items"]
    assert (summary["style"], summary["model"], summary["answers"]) == ("classical", "tiny-ensemble", 3)
    right = sum(one["is_right"] is True for one in reveals)
    composed = sum(one["preferred"] not in ("none", one["person"]) for one in reveals)
    assert (summary["right_guesses"]["count"], summary["right_guesses"]["total"]) == (right, 2)
    assert (summary["preferred_composed"]["count"], summary["preferred_composed"]["total"]) == (composed, 2)


def test_intervals_of_shares() -> None:
    low, high = Share(55, 100).interval or (0, 0)
    assert (round(low, 4), round(high, 4)) == (0.4524, 0.6439)
    assert Share(0, 0).interval is None
    assert Share(0, 5).interval == (0.0, pytest.approx(0.4345, abs=1e-4))
