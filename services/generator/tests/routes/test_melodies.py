"""Melody models over HTTP: strategies, prompts, accompaniment, comparisons and errors."""

import base64
import json
import shutil
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.settings import Settings
from euterpe_music.bundle import write_melody_bundle
from euterpe_music.melody_parameters import STRATEGIES
from euterpe_music.meter import Meter, MeterChange
from euterpe_music.midi import read_midi, write_midi
from euterpe_music.piece import Piece, Track, make_notes
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.settings import ObjectStoreSettings
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from euterpe_test_kit.melodies import melody_bundle

TINY = Path(__file__).parents[4] / "packages/music/tests/data/tiny"
URL = "/api/v1/generations"
WAIT = {"Prefer": "wait=30"}
#: Four bars of eighths, C D E F G A B C.
SCALE = Piece(
    480, make_notes(np.arange(32) * 240, 240, np.tile([60, 62, 64, 65, 67, 69, 71, 72], 4), 90), (Track(program=0),)
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models")
    shutil.copytree(TINY, directory / "tiny")
    melody_bundle(directory, name="steps", encoding=1)
    melody_bundle(directory, name="streams", encoding=2)
    return directory


@pytest.fixture
async def client(settings: Settings, models: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with running_client(create_app(settings.model_copy(update={"models_url": str(models)}))) as client:
        yield client


async def compose(client: httpx.AsyncClient, model: str = "steps", prompt: Any = None, **parameters: Any) -> Any:
    body = {"model": model, "seed": 5, "parameters": {"bars": 4, **parameters}}
    answer = await client.post(URL, json=body | ({"prompt": prompt} if prompt else {}), headers=WAIT)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "succeeded", answer.text
    return answer.json()


async def midi_of(client: httpx.AsyncClient, generation: Any) -> bytes:
    return (await client.get(generation["midi_url"])).content


def encoded(piece: Piece) -> dict[str, Any]:
    return {"midi": base64.b64encode(write_midi(piece)).decode()}


@pytest.mark.parametrize("model", ["steps", "streams"])
async def test_every_strategy_composes_and_is_reproducible(client: httpx.AsyncClient, model: str) -> None:
    pieces = {}
    for strategy in STRATEGIES:
        one = await compose(client, model, strategy=strategy)
        again = await compose(client, model, **one["parameters"])
        pieces[strategy] = await midi_of(client, one)
        assert await midi_of(client, again) == pieces[strategy]
        assert one["note_count"] > 0
        assert one["duration_seconds"] <= 4 * 2.0 + 1e-6
        assert {"loop_start_bar", "loop_period_bars", "pitch_entropy", "scale_score"} <= one["measures"].keys()
    assert len(set(pieces.values())) >= 5


@pytest.mark.parametrize("model", ["steps", "streams"])
async def test_repeated_sequences_can_be_excluded(client: httpx.AsyncClient, model: str) -> None:
    described = (await client.get(f"/api/v1/models/{model}")).json()["parameters"]
    limits = [(one["minimum"], one["maximum"], one["default"]) for one in described if one["name"] == "no_repeat_ngram"]
    assert limits == [(0, 16, 0)]
    plain = await compose(client, model, strategy="greedy", bars=8)
    changed = await compose(client, model, strategy="greedy", bars=8, no_repeat_ngram=2)
    assert changed["parameters"]["no_repeat_ngram"] == 2
    assert await midi_of(client, plain) != await midi_of(client, changed)
    body = {"model": model, "parameters": {"no_repeat_ngram": 1}}
    refused = await client.post(URL, json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "body.parameters.no_repeat_ngram"


@pytest.mark.parametrize("model", ["steps", "streams"])
async def test_a_prompt_is_kept_and_continued(client: httpx.AsyncClient, model: str) -> None:
    one = await compose(client, model, {**encoded(SCALE), "bars": 2}, accompaniment="off", bars=6)
    assert (one["prompt"]["bars"], one["prompt"]["notes"], one["prompt"]["meter"]) == (2, 16, "4/4")
    notes = read_midi(await midi_of(client, one)).notes
    assert notes["pitch"][:16].tolist() == SCALE.notes["pitch"][:16].tolist()
    assert len(notes) > 16
    plain = await compose(client, model, accompaniment="off", bars=6)
    assert await midi_of(client, plain) != await midi_of(client, one)


@pytest.mark.parametrize("model", ["steps", "streams"])
async def test_bars_are_replaced_and_the_rest_stays(client: httpx.AsyncClient, model: str) -> None:
    prompt = encoded(SCALE) | {"use": "replace", "first_bar": 2, "last_bar": 3}
    body = {"model": model, "seed": 5, "prompt": prompt}
    one, again = [(await client.post(URL, json=body, headers=WAIT)).json() for _ in range(2)]
    assert one["status"] == "succeeded"
    midi = await midi_of(client, one)
    assert await midi_of(client, again) == midi
    notes = read_midi(midi).notes
    bar = read_midi(midi).ticks_per_quarter * 4
    kept = notes[(notes["onset"] < bar) | (notes["onset"] >= 3 * bar)]
    assert kept["pitch"].tolist() == SCALE.notes["pitch"][:16].tolist()
    composed = notes[(notes["onset"] >= bar) & (notes["onset"] < 3 * bar)]
    assert len(composed)
    assert composed["pitch"].tolist() != SCALE.notes["pitch"][:16].tolist()


@pytest.mark.parametrize("model", ["steps", "streams"])
async def test_a_melody_is_accompanied_and_unchanged(client: httpx.AsyncClient, model: str) -> None:
    body = {"model": model, "seed": 1, "prompt": encoded(SCALE), "parameters": {"accompaniment": "only"}}
    answer = (await client.post(URL, json=body, headers=WAIT)).json()
    piece = read_midi(await midi_of(client, answer))
    melody = piece.notes[piece.notes["track"] == 0]
    assert melody["pitch"].tolist() == SCALE.notes["pitch"].tolist()
    assert np.allclose(piece.seconds(melody["onset"]), SCALE.seconds(SCALE.notes["onset"]))
    assert (piece.notes["track"] == 1).any()
    assert answer["parameters"]["bars"] == 4


async def test_instruments_key_and_tempo_are_applied(client: httpx.AsyncClient) -> None:
    one = await compose(
        client, key="D major", tempo=90, melody_instrument="flute", accompaniment_instrument="nylon guitar", bars=8
    )
    piece = read_midi(await midi_of(client, one))
    assert [track.program for track in piece.tracks] == [73, 24]
    assert set((piece.notes["pitch"] % 12).tolist()) <= {2, 4, 6, 7, 9, 11, 1}
    assert [round(tempo.bpm) for tempo in piece.tempos] == [90]
    alone = await compose(client, accompaniment="off")
    assert len(read_midi(await midi_of(client, alone)).tracks) == 1


async def test_a_readable_song_can_be_the_prompt(
    client: httpx.AsyncClient, library: Any, token_issuer: TokenIssuer, object_store_settings: ObjectStoreSettings
) -> None:
    store = ObjectStore(object_store_settings, threads=1)
    await store.put("midi/scale.mid", write_midi(SCALE), content_type="audio/midi")
    store.close()
    song = str(uuid.uuid4())
    library.readable[(song, "anna")] = "midi/scale.mid"
    body = {"model": "steps", "prompt": {"song_id": song, "bars": 1}}
    answer = await client.post(URL, json=body, headers=token_issuer.headers("anna") | WAIT)
    assert answer.json()["prompt"]["song_id"] == song
    assert answer.json()["prompt"]["notes"] == 8
    refused = await client.post(URL, json=body, headers=token_issuer.headers("ben"))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "body.prompt.song_id"


async def test_streamed_notes_equal_the_piece(client: httpx.AsyncClient) -> None:
    body = {"model": "steps", "seed": 9, "parameters": {"bars": 32, "strategy": "temperature"}}
    answer = await client.post(URL, json=body)
    stream = (await client.get(answer.headers["location"] + "/events")).text
    lines = [[line for line in block.splitlines() if ": " in line] for block in stream.split("\n\n")]
    blocks = [dict(line.split(": ", 1) for line in block) for block in lines]
    streamed = [tuple(n) for b in blocks if b.get("event") == "notes" for n in json.loads(b["data"])["notes"]]
    piece = read_midi((await client.get(answer.headers["location"] + "/midi")).content)
    notes = piece.notes[np.argsort(piece.notes["track"], kind="stable")]
    onsets = piece.seconds(notes["onset"])
    assert [(note[0], note[2]) for note in streamed] == [
        (round(float(onset), 4), int(pitch)) for onset, pitch in zip(onsets, notes["pitch"], strict=True)
    ]


DRUMS = Piece(480, SCALE.notes, (Track(0, is_drum=True),))


INVALID_FIELDS = [
    ({"prompt": {"midi": "!!!"}}, "body.prompt", "empty"),
    ({"prompt": {"midi": base64.b64encode(b"not MIDI").decode()}}, "body.prompt", "MIDI"),
    ({"prompt": encoded(DRUMS)}, "body.prompt", "drum notes"),
    ({"prompt": {}}, "body.prompt", "either"),
    ({"prompt": {**encoded(SCALE), "song_id": str(uuid.UUID(int=1))}}, "body.prompt", "both"),
    ({"prompt": {**encoded(SCALE), "bars": 500}}, "body.prompt.bars", "16"),
    ({"prompt": {**encoded(SCALE), "bars": 0}}, "body.prompt.bars", "1"),
    ({"prompt": encoded(SCALE), "parameters": {"bars": 4}}, "body.parameters.bars", "5"),
    ({"prompt": encoded(SCALE), "model": "tiny"}, "body.prompt", "melody"),
    ({"parameters": {"accompaniment": "only"}}, "body.prompt", "needed"),
    ({"length": 100}, "body.length", "parameters.bars"),
    ({"parameters": {"strategy": "greedy", "temperature": 0.5}}, "body.parameters.temperature", "greedy"),
    ({"parameters": {"strategy": "beam", "top_k": 5}}, "body.parameters.top_k", "beam"),
    ({"parameters": {"strategy": "beam", "beam_width": 5, "beam_groups": 2}}, "body.parameters.beam_groups", "5"),
    ({"parameters": {"temperature": 0}}, "body.parameters.temperature", "0.1"),
    ({"parameters": {"key": "H major"}}, "body.parameters.key", "C major"),
]


async def test_invalid_fields_are_named(client: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    for body, field, expected in INVALID_FIELDS:
        with subtests.test(body=body, field=field):
            answer = await client.post(URL, json={"model": "steps", **body})
            assert answer.status_code == 422, answer.text
            [error] = answer.json()["errors"]
            assert error["field"] == field
            assert expected in json.dumps(error)


async def test_a_prompt_in_another_meter_is_rejected_with_a_remedy(client: httpx.AsyncClient) -> None:
    waltz = replace(SCALE, meters=(MeterChange(0, Meter(3, 4)),))
    answer = await client.post(URL, json={"model": "steps", "prompt": encoded(waltz)})
    assert answer.status_code == 422, answer.text
    assert "3/4" in answer.json()["detail"]


async def test_a_comparison_has_one_generation_per_strategy(client: httpx.AsyncClient) -> None:
    body = {"model": "steps", "seed": 3, "prompt": {**encoded(SCALE), "bars": 1}, "parameters": {"bars": 6}}
    answer = await client.post("/api/v1/comparisons", json=body, headers=WAIT)
    assert answer.status_code == 200, answer.text
    comparison = answer.json()
    assert [item["label"] for item in comparison["items"]] == [name.replace("_", " ") for name in STRATEGIES]
    assert {item["generation"]["seed"] for item in comparison["items"]} == {3}
    assert {item["generation"]["prompt"]["bars"] for item in comparison["items"]} == {1}
    for item in comparison["items"]:
        picture = await client.get(item["picture_url"])
        assert picture.headers["content-type"].startswith("image/svg+xml")
        assert picture.text.count("<rect") == item["generation"]["note_count"] + 1
    again = await client.get(answer.headers["location"])
    assert again.json() == comparison
    single = await client.post(URL, json={**body, "parameters": {"bars": 6, "strategy": "greedy"}}, headers=WAIT)
    first = comparison["items"][0]["generation"]
    alone, compared = [read_midi(await midi_of(client, one)) for one in (single.json(), first)]
    assert alone == replace(compared, title=alone.title)


async def test_a_comparison_of_models_has_one_generation_per_model(client: httpx.AsyncClient) -> None:
    models = [
        model["name"] for model in (await client.get("/api/v1/models")).json()["items"] if model["kind"] == "melody"
    ]
    assert len(models) > 1
    body = {"seed": 3, "parameters": {"bars": 2}, "variants": [{"model": name} for name in models]}
    answer = await client.post("/api/v1/comparisons", json=body, headers=WAIT)
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert [item["label"] for item in items] == [item["generation"]["model"] for item in items] == models
    assert {item["generation"]["status"] for item in items} == {"succeeded"}
    body["variants"] = [{"model": models[0]}, {"model": "missing"}]
    refused = await client.post("/api/v1/comparisons", json=body)
    assert refused.json()["errors"][0]["field"] == "body.variants.1.model"


async def test_labels_are_returned_unchanged(client: httpx.AsyncClient) -> None:
    labels = ["t (0.65)", "a) or (b", "x" * 60]
    variants = [{"label": label, "parameters": {"strategy": "greedy"}} for label in labels]
    for title in ("Dawn (live)", "y" * 200):
        body = {"model": "steps", "title": title, "parameters": {"bars": 2}, "variants": variants}
        answer = await client.post("/api/v1/comparisons", json=body)
        assert [item["label"] for item in answer.json()["items"]] == labels
        assert all(item["generation"]["title"].startswith(title[:100]) for item in answer.json()["items"])


async def test_an_invalid_variant_is_named(client: httpx.AsyncClient) -> None:
    variants = [{"parameters": {"strategy": "greedy"}}, {"parameters": {"strategy": "top_k", "top_k": 0}}]
    answer = await client.post("/api/v1/comparisons", json={"model": "steps", "variants": variants})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.variants.1.parameters.top_k"
    unknown = await client.get(f"/api/v1/comparisons/{uuid.uuid4()}")
    assert unknown.status_code == 404


async def test_the_style_follows_the_meter_of_the_prompt(settings: Settings, tmp_path: Path) -> None:
    bundle = melody_bundle(tmp_path, name="jigs")
    meters = bundle.manifest.model_copy(update={"style_meters": {"plain": "6/8"}})
    write_melody_bundle(bundle.directory, meters, bundle.files)
    async with running_client(create_app(settings.model_copy(update={"models_url": str(tmp_path)}))) as client:
        one = await compose(client, "jigs", {**encoded(SCALE), "bars": 1})
        assert one["parameters"]["style"] == "fancy"
        body = {"model": "jigs", "prompt": encoded(SCALE), "parameters": {"style": "plain"}}
        refused = await client.post(URL, json=body)
    assert refused.status_code == 422
    assert "set style to fancy" in refused.json()["detail"]


async def test_minor_keys_of_networks_without_modes_are_refused_with_a_remedy(
    settings: Settings, tmp_path: Path
) -> None:
    bundle = melody_bundle(tmp_path, name="white")
    white = bundle.manifest.model_copy(update={"tonality": "white"})
    write_melody_bundle(bundle.directory, white, bundle.files)
    async with running_client(create_app(settings.model_copy(update={"models_url": str(tmp_path)}))) as client:
        refused = await client.post(URL, json={"model": "white", "parameters": {"key": "D minor"}})
        assert refused.status_code == 422
        assert refused.headers["content-type"] == "application/problem+json"
        [error] = refused.json()["errors"]
        assert error["field"] == "body.parameters.key"
        assert "use F major, which has the same notes, or any" in error["message"]
        assert not [choice for choice in error["limits"]["choices"] if choice.endswith("minor")]
        variants = [{"label": "a", "parameters": {"key": "D minor"}}, {"label": "b", "parameters": {}}]
        compared = await client.post("/api/v1/comparisons", json={"model": "white", "variants": variants})
        assert compared.status_code == 422
        assert compared.json()["errors"][0]["field"] == "body.variants.0.parameters.key"
        assert (await compose(client, "white", key="F major", bars=2))["parameters"]["key"] == "F major"


async def test_a_prompt_too_large_to_be_registered_is_refused_at_once(client: httpx.AsyncClient) -> None:
    # A note on every 24th of a quarter: 16 bars fit into the request, and not into a song's creation parameters.
    notes = 16 * 96
    pitches = np.tile([60, 72], notes // 2)
    dense = Piece(480, make_notes(np.arange(notes) * 20, 20, pitches, 90), (Track(program=0),))
    body = {"model": "streams", "prompt": {**encoded(dense), "bars": 16}, "parameters": {"bars": 32}}
    answer = await client.post(URL, json=body)
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert error["field"] == "body.prompt"
    assert error["limits"] == {"maximum_characters": 16_384}
    assert "16384" in error["message"]


async def test_default_titles_name_style_and_key_and_depend_on_the_language_only(
    client: httpx.AsyncClient, token_issuer: TokenIssuer, library: Any
) -> None:
    body = {"model": "steps", "seed": 4, "parameters": {"bars": 2, "key": "D major"}}
    headers = {**token_issuer.headers("anna", "Anna"), "Prefer": "wait=20"}
    titles, files = [], []
    for language in ("en", "es", "en"):
        piece = (await client.post(URL, json={**body, "language": language}, headers=headers)).json()
        files.append((await client.get(piece["midi_url"], headers=headers)).content)
        titles.append(piece["title"])
        song = library.songs[piece["id"]]
        assert (song.title, song.title_language) == (piece["title"], language)
        assert song.meter == "4/4"
    assert titles[0] == titles[2] != titles[1]
    assert titles[0].endswith(" in D")
    assert titles[1].endswith(" en re")
    assert files[0] == files[2] != files[1]
    assert read_midi(files[0]).title == titles[0]


async def test_a_piece_composed_again_is_registered_with_its_source(
    client: httpx.AsyncClient, token_issuer: TokenIssuer, library: Any
) -> None:
    headers = {**token_issuer.headers("anna", "Anna"), "Prefer": "wait=20"}
    body: dict[str, Any] = {"model": "steps", "parameters": {"bars": 2}}
    source = str(uuid.uuid4())
    again, first = [
        (await client.post(URL, json=each, headers=headers)).json() for each in ({**body, "remix_of": source}, body)
    ]
    assert library.songs[again["id"]].remix_of == source
    assert not library.songs[first["id"]].HasField("remix_of")


async def test_a_default_title_has_the_estimated_key_in_the_library_only(
    client: httpx.AsyncClient, token_issuer: TokenIssuer, library: Any
) -> None:
    headers = {**token_issuer.headers("anna", "Anna"), "Prefer": "wait=20"}
    body = {"model": "steps", "seed": 4, "count": 2, "parameters": {"bars": 2}}
    answer = (await client.post(URL, json=body, headers=headers)).json()
    piece = answer["items"][0] if "items" in answer else answer
    song = library.songs[piece["id"]]
    assert song.key
    assert song.title.startswith(f"{piece['title']} in ")
    named = (await client.post(URL, json={**body, "count": 1, "title": "Dawn"}, headers=headers)).json()
    assert (library.songs[named["id"]].title, library.songs[named["id"]].HasField("title_language")) == ("Dawn", False)
