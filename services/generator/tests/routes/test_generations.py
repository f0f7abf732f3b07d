"""Generations over HTTP."""

import asyncio
import hashlib
import json
import uuid
from typing import Any

import httpx
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.domain.generation import Owner
from euterpe_generator.services.progress_stream import POLL_SECONDS, StreamPosition
from euterpe_generator.settings import Settings
from euterpe_music.midi import read_midi
from euterpe_music.seed import MAX_SEED
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from sqlalchemy import text

WAIT = {"Prefer": "wait=20"}
URL = "/api/v1/generations"


async def compose(client: httpx.AsyncClient, headers: dict[str, str] | None = None, **body: Any) -> dict[str, Any]:
    answer = await client.post(URL, json=body, headers=WAIT | (headers or {}))
    assert answer.status_code == 200, answer.text
    ended: dict[str, Any] = answer.json()
    assert ended["status"] == "succeeded", ended
    return ended


def parse_events(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Parse a stream of server-sent events into (id, event, data)."""
    events = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "data" in fields:
            events.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return events


async def test_a_request_is_accepted_at_once_and_completes(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json={"seed": 7, "length": 20, "title": "  Dawn "})
    assert answer.status_code == 202
    accepted = answer.json()
    assert (accepted["status"], accepted["seed"], accepted["title"]) == ("queued", 7, "Dawn")
    assert answer.headers["location"] == f"{URL}/{accepted['id']}"
    events = parse_events((await client.get(answer.headers["location"] + "/events")).text)
    assert events[-1][1] == "done"
    assert events[-1][2]["progress"] == 1.0


async def test_the_midi_file_matches_the_generation(client: httpx.AsyncClient) -> None:
    ended = await compose(client, seed=3, length=40)
    midi = await client.get(ended["midi_url"])
    assert midi.headers["content-type"] == "audio/midi"
    piece = read_midi(midi.content)
    assert 0 < len(piece.notes) == ended["note_count"]
    assert ended["duration_seconds"] == pytest.approx(piece.duration_seconds, abs=0.01)
    assert midi.headers["etag"] == f'"{hashlib.sha256(midi.content).hexdigest()}"'


async def test_equal_seeds_give_equal_bytes_in_any_batch(client: httpx.AsyncClient) -> None:
    alone = await compose(client, seed=11, length=60)
    crowd = await asyncio.gather(*(compose(client, seed=seed, length=20 + 3 * seed) for seed in range(25)))
    again = await asyncio.gather(compose(client, seed=11, length=60), *(compose(client, seed=s) for s in range(5)))
    first = (await client.get(alone["midi_url"])).content
    assert (await client.get(again[0]["midi_url"])).content == first
    others = [(await client.get(one["midi_url"])).content for one in crowd]
    assert len(set(others)) == len(others)


async def test_omitted_fields_are_chosen_and_returned(client: httpx.AsyncClient) -> None:
    one, two = await compose(client), await compose(client)
    assert one["seed"] != two["seed"]
    models = (await client.get("/api/v1/models")).json()["items"]
    default = next(model for model in models if model["default"])
    assert one["length"] == default["length"]["default"]
    assert (one["model"], one["model_version"]) == (default["name"], default["version"])
    assert one["title"]


async def test_a_generation_with_an_account_becomes_a_song(
    client: httpx.AsyncClient, token_issuer: TokenIssuer, library: Any
) -> None:
    ended = await compose(client, token_issuer.headers("anna", "Anna"), seed=5, length=30, title="Dusk")
    song = library.songs[ended["id"]]
    assert (song.owner_id, song.author, song.title, song.creation.seed) == ("anna", "Anna", "Dusk", 5)
    assert ended["song_id"] == library.ids[ended["id"]]
    assert song.creation.parameters["length"] == 30
    assert song.measures["scale_score"] == ended["measures"]["scale_score"] > 0


async def test_an_anonymous_generation_becomes_no_song(client: httpx.AsyncClient, library: Any) -> None:
    ended = await compose(client, seed=5, length=30)
    assert ended["song_id"] is None
    assert not library.songs


async def test_other_users_cannot_read_a_generation(client: httpx.AsyncClient, token_issuer: TokenIssuer) -> None:
    mine = await compose(client, token_issuer.headers("anna"), length=20)
    for headers in ({}, token_issuer.headers("ben")):
        for method, path in [("GET", ""), ("DELETE", ""), ("GET", "/midi"), ("GET", "/events")]:
            answer = await client.request(method, f"{URL}/{mine['id']}{path}", headers=headers)
            assert answer.status_code == 404, (method, path)
            assert answer.headers["content-type"] == "application/problem+json"


async def test_events_resume_after_the_last_event_id(client: httpx.AsyncClient) -> None:
    ended = await compose(client, length=30)
    whole = parse_events((await client.get(f"{URL}/{ended['id']}/events")).text)
    assert [event for _, event, _ in whole] == ["notes", "done"]
    for number, (event_id, _, _) in enumerate(whole, start=1):
        rest = await client.get(f"{URL}/{ended['id']}/events", headers={"Last-Event-ID": event_id})
        assert parse_events(rest.text) == whole[number:]


async def test_streamed_notes_equal_the_piece_and_continue_exactly_from_any_id(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json={"length": 300, "seed": 4})
    path = answer.headers["location"]
    events = parse_events((await client.get(path + "/events")).text)
    piece = read_midi((await client.get(path + "/midi")).content)
    onsets = piece.seconds(piece.notes["onset"])
    durations = piece.seconds(piece.notes["onset"] + piece.notes["duration"]) - onsets
    columns = (onsets.round(4), durations.round(4), piece.notes["pitch"], piece.notes["velocity"])
    expected = [list(note) for note in zip(*(column.tolist() for column in columns), strict=True)]
    assert notes_of(events) == expected
    for number, (event_id, _, _) in enumerate(events[:-1], start=1):
        rest = await client.get(path + "/events", headers={"Last-Event-ID": event_id})
        assert notes_of(events[:number]) + notes_of(parse_events(rest.text)) == expected
        assert parse_events(rest.text)[-1][1] == "done"


async def test_an_id_that_was_never_sent_starts_again(client: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    ended = await compose(client, length=30)
    whole = parse_events((await client.get(f"{URL}/{ended['id']}/events")).text)
    for event_id in ["x", "33.0", "999999.0", "32.999", "٣.٤", "31.0", "32.0", "1.1.1"]:
        with subtests.test(event_id=event_id):
            headers = {"Last-Event-ID": event_id.encode()}
            rest = parse_events((await client.get(f"{URL}/{ended['id']}/events", headers=headers)).text)
            assert notes_of(rest) == notes_of(whole)
            assert rest[-1] == whole[-1]


def notes_of(events: list[tuple[str, str, dict[str, Any]]]) -> list[list[float]]:
    return [note for _, event, data in events if event == "notes" for note in data["notes"]]


async def test_variations_have_consecutive_seeds(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json={"seed": 40, "length": 30, "count": 4, "title": "Sketch"}, headers=WAIT)
    assert answer.status_code == 200
    order = answer.json()
    pieces = [order, *order["variations"]]
    assert [(piece["seed"], piece["variation"]) for piece in pieces] == [(40, 0), (41, 1), (42, 2), (43, 3)]
    assert {piece["order_id"] for piece in pieces} == {order["id"]}
    assert [piece["title"] for piece in pieces] == [f"Sketch ({number})" for number in range(1, 5)]
    assert len({(await client.get(piece["midi_url"])).content for piece in pieces}) == 4
    single = (await client.post(URL, json={"seed": 42, "length": 30, "title": "Sketch (3)"}, headers=WAIT)).json()
    assert (await client.get(single["midi_url"])).content == (await client.get(pieces[2]["midi_url"])).content


async def test_a_queued_generation_has_a_position(settings: Settings) -> None:
    async with running_client(create_app(settings.model_copy(update={"worker_enabled": False}))) as client:
        locations = [(await client.post(URL, json={"length": 20})).headers["location"] for _ in range(3)]
        positions = [(await client.get(location)).json()["queue"]["position"] for location in locations]
    assert positions == [1, 2, 3]


async def test_concurrent_requests_with_one_key_create_one_generation(client: httpx.AsyncClient) -> None:
    body, headers = {"length": 30}, {"Idempotency-Key": "once"}
    answers = await asyncio.gather(*(client.post(URL, json=body, headers=headers) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    other = await client.post(URL, json={"length": 31}, headers=headers)
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"


async def test_an_anonymous_request_is_repeated_across_the_upgrade_to_limits_per_network(settings: Settings) -> None:
    headers = {"Idempotency-Key": "once"}
    app = create_app(settings)
    async with running_client(app) as client:
        before = await client.post(URL, json={"length": 20}, headers=headers)
        async with app.state.generations._database.sessions.begin() as session:
            # As earlier releases stored it.
            await session.execute(text("UPDATE idempotency_keys SET listener_key = 'address:127.0.0.1'"))
        after = await client.post(URL, json={"length": 20}, headers=headers)
        assert after.json()["id"] == before.json()["id"]
        other = await client.post(URL, json={"length": 21}, headers=headers)
        assert other.json()["type"] == "/problems/idempotency-key-reused"


async def test_keys_of_different_users_are_independent(client: httpx.AsyncClient, token_issuer: TokenIssuer) -> None:
    ids = set()
    for user in ("anna", "ben"):
        headers = token_issuer.headers(user) | {"Idempotency-Key": "same"}
        ids.add((await client.post(URL, json={"length": 20}, headers=headers)).json()["id"])
    assert len(ids) == 2


async def test_cancelling_an_ended_generation_changes_nothing(client: httpx.AsyncClient) -> None:
    ended = await compose(client, length=20)
    answer = await client.delete(f"{URL}/{ended['id']}")
    assert answer.status_code == 200
    assert answer.json().items() <= ended.items()


INVALID_FIELDS = [
    ({"length": 0}, "body.length", "1"),
    ({"length": 999_999}, "body.length", "maximum"),
    ({"length": "long"}, "body.length", "integer"),
    ({"length": 2.5}, "body.length", "integer"),
    ({"seed": -1}, "body.seed", "0"),
    ({"seed": MAX_SEED + 1}, "body.seed", str(MAX_SEED)),
    ({"seed": 1e400}, "body.seed", "integer"),
    ({"model": "nobody"}, "body.model", "tiny"),
    ({"model": "tiny@9.9.9"}, "body.model", "tiny"),
    ({"title": ""}, "body.title", "1"),
    ({"count": 0}, "body.count", "1"),
    ({"count": 65}, "body.count", "64"),
    ({"title": "x" * 201}, "body.title", "200"),
    ({"tempo": 120}, "body.tempo", "permitted"),
]


async def test_an_invalid_field_is_named_with_its_limit(client: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    for body, field, limit in INVALID_FIELDS:
        with subtests.test(body=body, field=field):
            answer = await client.post(URL, content=json.dumps(body), headers={"Content-Type": "application/json"})
            assert answer.status_code == 422, answer.text
            [error] = answer.json()["errors"]
            assert error["field"] == field
            assert limit in json.dumps(error)


async def test_a_malformed_body_is_a_problem(client: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    for body in [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe"]:
        with subtests.test(body=body):
            answer = await client.post(URL, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 422
            assert answer.headers["content-type"] == "application/problem+json"


async def test_invalid_tokens_are_rejected_even_where_none_is_required(
    client: httpx.AsyncClient, token_issuer: TokenIssuer
) -> None:
    for token in (token_issuer.access_token("anna", exp=1), token_issuer.service_token(), "x.y.z"):
        answer = await client.post(URL, json={}, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("generation_id", ["7", "00000000-0000-0000-0000-000000000000"])
async def test_an_unknown_id_is_not_found(client: httpx.AsyncClient, generation_id: str) -> None:
    answer = await client.get(f"{URL}/{generation_id}")
    assert answer.status_code in (404, 422)
    assert answer.json()["status"] == answer.status_code


async def test_requests_above_the_limit_of_unfinished_generations_are_rejected(settings: Settings) -> None:
    tight = settings.model_copy(update={"max_unfinished_anonymous": 2, "worker_enabled": False})
    async with running_client(create_app(tight)) as client:
        answers = [await client.post(URL, json={"length": 20}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 429, 429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert answers[-1].json()["type"] == "/problems/too-many-unfinished"


async def test_a_full_queue_rejects_requests(settings: Settings) -> None:
    full = settings.model_copy(update={"max_queued": 1, "worker_enabled": False})
    async with running_client(create_app(full)) as client:
        answers = [await client.post(URL, json={"length": 20}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 503]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_a_waiting_generation_streams_its_position_and_its_changes(settings: Settings, manual_clock: Any) -> None:
    app = create_app(settings.model_copy(update={"worker_enabled": False}), manual_clock)
    async with running_client(app) as client:
        first, second = [(await client.post(URL, json={"length": 20})).json()["id"] for _ in range(2)]
        generation = await app.state.generations.get(uuid.UUID(second), Owner.anonymous("127.0.0.1"))
        stream = app.state.progress_stream.stream(generation, StreamPosition(), notes=True)

        async def next_update() -> tuple[str, int | None]:
            async with asyncio.timeout(10):
                update = await anext(stream)
            position = update.queue_position
            return update.generation.status.value, None if position is None else position.position

        async def next_update_after(seconds: float) -> tuple[str, int | None]:
            waiting = asyncio.create_task(next_update())
            await manual_clock.advance(seconds)
            return await waiting

        assert await next_update() == ("queued", None)
        assert await next_update_after(POLL_SECONDS) == ("queued", 2)
        await client.delete(f"{URL}/{first}")
        assert await next_update_after(POLL_SECONDS) == ("queued", 1)
        await client.delete(f"{URL}/{second}")
        assert await next_update() == ("cancelled", None)
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


async def test_an_overload_is_rejected_unread_except_background_and_repeated_requests(
    settings: Settings, manual_clock: Any
) -> None:
    small = settings.model_copy(update={"always_queued": 2, "worker_enabled": False})
    async with running_client(create_app(small, manual_clock)) as client:
        again = {"Idempotency-Key": "again"}
        accepted = await client.post(URL, json={"length": 20}, headers=again)
        assert (await client.post(URL, json={"length": 20})).status_code == 202
        assert (await client.post(URL, json={"length": 20})).status_code == 503
        # The body is not parsed, so its error is not reported either.
        unread = await client.post(URL, json={"length": "long"})
        assert unread.status_code == 503
        assert unread.headers["x-request-id"]
        assert (await client.post(URL, json={"length": 20, "background": True})).status_code == 202
        repeated = await client.post(URL, json={"length": 20}, headers=again)
        assert repeated.json()["id"] == accepted.json()["id"]
        manual_clock.skip(1)
        assert (await client.post(URL, json={"length": "long"})).status_code == 422


async def test_scopes_of_api_keys_are_enforced(client: httpx.AsyncClient, token_issuer: TokenIssuer) -> None:
    def bearer(scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token_issuer.access_token('anna', scope=scope)}"}

    writer, reader, other = bearer("generations:write"), bearer("generations:read"), bearer("songs:read")
    order = await client.post(URL, json={"length": 20}, headers=writer)
    assert order.status_code == 202
    assert (await client.get(order.headers["location"], headers=reader)).status_code == 200
    assert (await client.post(URL, json={}, headers=reader)).status_code == 403
    for headers in (writer, other):
        assert (await client.get(order.headers["location"], headers=headers)).status_code == 403
