"""The API as a listener meets it."""

import asyncio
import hashlib
import json
from typing import Any

import httpx
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.settings import Settings
from euterpe_music.midi import read_midi
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer

WAIT = {"Prefer": "wait=20"}
URL = "/api/v1/generations"


async def compose(client: httpx.AsyncClient, headers: dict[str, str] | None = None, **body: Any) -> dict[str, Any]:
    answer = await client.post(URL, json=body, headers=WAIT | (headers or {}))
    assert answer.status_code == 200, answer.text
    ended: dict[str, Any] = answer.json()
    assert ended["status"] == "succeeded", ended
    return ended


def parse_events(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(id, event, data) of a server-sent event stream."""
    events = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "data" in fields:
            events.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return events


async def test_an_order_is_accepted_at_once_and_comes_about(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json={"seed": 7, "length": 20, "title": "  Dawn "})
    assert answer.status_code == 202
    accepted = answer.json()
    assert (accepted["status"], accepted["seed"], accepted["title"]) == ("queued", 7, "Dawn")
    assert answer.headers["location"] == f"{URL}/{accepted['id']}"
    events = parse_events((await client.get(answer.headers["location"] + "/events")).text)
    assert events[-1][1] == "done"
    assert events[-1][2]["progress"] == 1.0


async def test_the_midi_is_music_of_the_length_asked_for(client: httpx.AsyncClient) -> None:
    ended = await compose(client, seed=3, length=40)
    midi = await client.get(ended["midi_url"])
    assert midi.headers["content-type"] == "audio/midi"
    piece = read_midi(midi.content)
    assert 0 < len(piece.notes) == ended["note_count"]
    assert ended["duration_seconds"] == pytest.approx(piece.duration_seconds, abs=0.01)
    assert midi.headers["etag"] == f'"{hashlib.sha256(midi.content).hexdigest()}"'


async def test_the_same_seed_gives_the_same_bytes_in_whatever_company(client: httpx.AsyncClient) -> None:
    alone = await compose(client, seed=11, length=60)
    crowd = await asyncio.gather(*(compose(client, seed=seed, length=20 + 3 * seed) for seed in range(25)))
    again = await asyncio.gather(compose(client, seed=11, length=60), *(compose(client, seed=s) for s in range(5)))
    first = (await client.get(alone["midi_url"])).content
    assert (await client.get(again[0]["midi_url"])).content == first
    others = [(await client.get(one["midi_url"])).content for one in crowd]
    assert len(set(others)) == len(others)


async def test_what_is_left_out_is_chosen_and_told(client: httpx.AsyncClient) -> None:
    one, two = await compose(client), await compose(client)
    assert one["seed"] != two["seed"]
    models = (await client.get("/api/v1/models")).json()["items"]
    default = next(model for model in models if model["default"])
    assert one["length"] == default["length"]["default"]
    assert (one["model"], one["model_version"]) == (default["name"], default["version"])
    assert one["title"]


async def test_a_listener_s_piece_becomes_a_song(
    client: httpx.AsyncClient, token_issuer: TokenIssuer, library: Any
) -> None:
    ended = await compose(client, token_issuer.headers("anna", "Anna"), seed=5, length=30, title="Dusk")
    song = library.songs[ended["id"]]
    assert (song.owner_id, song.author, song.title, song.creation.seed) == ("anna", "Anna", "Dusk", 5)
    assert ended["song_id"] == library.ids[ended["id"]]
    assert song.creation.parameters["length"] == 30
    assert song.measures["scale_score"] == ended["measures"]["scale_score"] > 0


async def test_an_anonymous_piece_becomes_no_song(client: httpx.AsyncClient, library: Any) -> None:
    ended = await compose(client, seed=5, length=30)
    assert ended["song_id"] is None
    assert not library.songs


async def test_others_do_not_see_a_listener_s_generation(client: httpx.AsyncClient, token_issuer: TokenIssuer) -> None:
    mine = await compose(client, token_issuer.headers("anna"), length=20)
    for headers in ({}, token_issuer.headers("ben")):
        for method, path in [("GET", ""), ("DELETE", ""), ("GET", "/midi"), ("GET", "/events")]:
            answer = await client.request(method, f"{URL}/{mine['id']}{path}", headers=headers)
            assert answer.status_code == 404, (method, path)
            assert answer.headers["content-type"] == "application/problem+json"


async def test_events_resume_after_the_last_one_seen(client: httpx.AsyncClient) -> None:
    ended = await compose(client, length=30)
    whole = parse_events((await client.get(f"{URL}/{ended['id']}/events")).text)
    assert [event for _, event, _ in whole] == ["notes", "done"]
    for number, (event_id, _, _) in enumerate(whole, start=1):
        rest = await client.get(f"{URL}/{ended['id']}/events", headers={"Last-Event-ID": event_id})
        assert parse_events(rest.text) == whole[number:]


async def test_the_notes_told_are_the_piece(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json={"length": 300, "seed": 4})
    events = parse_events((await client.get(answer.headers["location"] + "/events")).text)
    told = [tuple(note) for _, event, data in events if event == "notes" for note in data["notes"]]
    piece = read_midi((await client.get(answer.headers["location"] + "/midi")).content)
    onsets = piece.seconds(piece.notes["onset"])
    assert [(note[0], note[2]) for note in told] == [
        (round(float(onset), 4), int(pitch)) for onset, pitch in zip(onsets, piece.notes["pitch"], strict=True)
    ]


async def test_variations_are_pieces_of_neighbouring_seeds(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json={"seed": 40, "length": 30, "count": 4, "title": "Sketch"}, headers=WAIT)
    assert answer.status_code == 200
    order = answer.json()
    pieces = [order, *order["variations"]]
    assert [(piece["seed"], piece["variation"]) for piece in pieces] == [(40, 0), (41, 1), (42, 2), (43, 3)]
    assert {piece["order_id"] for piece in pieces} == {order["id"]}
    assert [piece["title"] for piece in pieces] == [f"Sketch ({number})" for number in range(1, 5)]
    assert len({(await client.get(piece["midi_url"])).content for piece in pieces}) == 4
    single = (await client.post(URL, json={"seed": 42, "length": 30}, headers=WAIT)).json()
    assert (await client.get(single["midi_url"])).content == (await client.get(pieces[2]["midi_url"])).content


async def test_a_waiting_piece_tells_its_place(settings: Settings) -> None:
    async with running_client(create_app(settings.model_copy(update={"worker_enabled": False}))) as client:
        locations = [(await client.post(URL, json={"length": 20})).headers["location"] for _ in range(3)]
        places = [(await client.get(location)).json()["queue"]["position"] for location in locations]
    assert places == [1, 2, 3]


async def test_fifty_equal_orders_with_one_key_are_one_order(client: httpx.AsyncClient) -> None:
    body, headers = {"length": 30}, {"Idempotency-Key": "once"}
    answers = await asyncio.gather(*(client.post(URL, json=body, headers=headers) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    other = await client.post(URL, json={"length": 31}, headers=headers)
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"


async def test_keys_of_different_listeners_do_not_meet(client: httpx.AsyncClient, token_issuer: TokenIssuer) -> None:
    ids = set()
    for user in ("anna", "ben"):
        headers = token_issuer.headers(user) | {"Idempotency-Key": "same"}
        ids.add((await client.post(URL, json={"length": 20}, headers=headers)).json()["id"])
    assert len(ids) == 2


async def test_cancelling_what_has_ended_changes_nothing(client: httpx.AsyncClient) -> None:
    ended = await compose(client, length=20)
    answer = await client.delete(f"{URL}/{ended['id']}")
    assert answer.status_code == 200
    assert answer.json().items() <= ended.items()


@pytest.mark.parametrize(
    ("body", "field", "limit"),
    [
        ({"length": 0}, "body.length", "1"),
        ({"length": 999_999}, "body.length", "maximum"),
        ({"length": "long"}, "body.length", "integer"),
        ({"length": 2.5}, "body.length", "integer"),
        ({"seed": -1}, "body.seed", "0"),
        ({"seed": 2**53}, "body.seed", str(2**53 - 1)),
        ({"seed": 1e400}, "body.seed", "integer"),
        ({"model": "nobody"}, "body.model", "tiny"),
        ({"model": "tiny@9.9.9"}, "body.model", "tiny"),
        ({"title": ""}, "body.title", "1"),
        ({"count": 0}, "body.count", "1"),
        ({"count": 65}, "body.count", "64"),
        ({"title": "x" * 201}, "body.title", "200"),
        ({"tempo": 120}, "body.tempo", "permitted"),
    ],
)
async def test_a_wrong_field_is_named_with_its_limit(
    client: httpx.AsyncClient, body: dict[str, Any], field: str, limit: str
) -> None:
    answer = await client.post(URL, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert limit in json.dumps(error)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe"])
async def test_what_is_no_request_is_a_problem(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(URL, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_bad_tokens_are_refused_even_where_none_is_needed(
    client: httpx.AsyncClient, token_issuer: TokenIssuer
) -> None:
    for token in (token_issuer.access_token("anna", exp=1), token_issuer.service_token(), "x.y.z"):
        answer = await client.post(URL, json={}, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("generation_id", ["7", "00000000-0000-0000-0000-000000000000"])
async def test_what_does_not_exist_is_not_found(client: httpx.AsyncClient, generation_id: str) -> None:
    answer = await client.get(f"{URL}/{generation_id}")
    assert answer.status_code in (404, 422)
    assert answer.json()["status"] == answer.status_code


async def test_more_than_the_limit_is_refused_before_it_is_accepted(settings: Settings) -> None:
    tight = settings.model_copy(update={"max_unfinished_anonymous": 2, "worker_enabled": False})
    async with running_client(create_app(tight)) as client:
        answers = [await client.post(URL, json={"length": 20}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 429, 429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert answers[-1].json()["type"] == "/problems/too-many-unfinished"


async def test_a_full_queue_says_so(settings: Settings) -> None:
    full = settings.model_copy(update={"max_queued": 1, "worker_enabled": False})
    async with running_client(create_app(full)) as client:
        answers = [await client.post(URL, json={"length": 20}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 503]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_who_waits_is_told_the_place_and_when_it_changes(settings: Settings) -> None:
    idle = settings.model_copy(update={"worker_enabled": False})
    async with running_client(create_app(idle)) as client:
        first, second = [(await client.post(URL, json={"length": 20})).json()["id"] for _ in range(2)]
        watched = asyncio.create_task(client.get(f"{URL}/{second}/events"))
        await asyncio.sleep(1.5)
        await client.delete(f"{URL}/{first}")
        await asyncio.sleep(1.5)
        await client.delete(f"{URL}/{second}")
        events = parse_events((await watched).text)
    assert [name for _, name, _ in events] == ["queued", "queued", "queued", "cancelled"]
    assert [data["queue"] and data["queue"]["position"] for _, _, data in events] == [None, 2, 1, None]


async def test_an_overload_is_refused_at_the_door_but_not_what_may_wait_or_was_accepted(settings: Settings) -> None:
    small = settings.model_copy(update={"always_queued": 2, "worker_enabled": False})
    async with running_client(create_app(small)) as client:
        again = {"Idempotency-Key": "again"}
        accepted = await client.post(URL, json={"length": 20}, headers=again)
        assert (await client.post(URL, json={"length": 20})).status_code == 202
        door = asyncio.get_running_loop().time() + 0.04
        assert (await client.post(URL, json={"length": 20})).status_code == 503
        # What is not even read is not found wrong, either.
        unread = await client.post(URL, json={"length": "long"})
        assert asyncio.get_running_loop().time() > door or unread.status_code == 503
        assert (await client.post(URL, json={"length": 20, "background": True})).status_code == 202
        repeated = await client.post(URL, json={"length": 20}, headers=again)
    assert repeated.json()["id"] == accepted.json()["id"]
    assert unread.headers["x-request-id"]


async def test_a_key_s_token_does_what_its_scopes_say(client: httpx.AsyncClient, token_issuer: TokenIssuer) -> None:
    def bearer(scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token_issuer.access_token('anna', scope=scope)}"}

    writer, reader, other = bearer("generations:write"), bearer("generations:read"), bearer("songs:read")
    order = await client.post(URL, json={"length": 20}, headers=writer)
    assert order.status_code == 202
    assert (await client.get(order.headers["location"], headers=reader)).status_code == 200
    assert (await client.post(URL, json={}, headers=reader)).status_code == 403
    for headers in (writer, other):
        assert (await client.get(order.headers["location"], headers=headers)).status_code == 403
