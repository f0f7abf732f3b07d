"""Ensemble models over HTTP: parameters, live notes, cancellation and errors."""

import base64
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.settings import Settings
from euterpe_music.midi import read_midi
from euterpe_music.piece import Piece
from euterpe_test_kit.fixtures import running_client

TINY = Path(__file__).parents[1] / "data/tiny-ensemble"
CRNNGAN = Path(__file__).parents[4] / "packages/music/tests/data/tiny"
URL = "/api/v1/generations"
WAIT = {"Prefer": "wait=30"}
STRINGS: dict[str, Any] = {"parts": "violin, violin, viola, cello", "bars": 8, "meter": "3/4", "key": "D minor"}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models")
    shutil.copytree(TINY, directory / "tiny-ensemble")
    shutil.copytree(CRNNGAN, directory / "tiny")
    return directory


@pytest.fixture
async def client(settings: Settings, models: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with running_client(create_app(settings.model_copy(update={"models_url": str(models)}))) as client:
        yield client


async def compose(client: httpx.AsyncClient, parameters: dict[str, Any], **more: Any) -> Any:
    body = {"model": "tiny-ensemble", "seed": 5, "parameters": parameters, **more}
    answer = await client.post(URL, json=body, headers=WAIT)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "succeeded", answer.text
    return answer.json()


async def test_a_piece_for_strings(client: httpx.AsyncClient) -> None:
    made = await compose(client, STRINGS)
    midi = (await client.get(made["midi_url"])).content
    piece = read_midi(midi)
    assert {str(change.meter) for change in piece.meters} == {"3/4"}
    assert [str(change.key) for change in piece.keys] == ["D minor"]
    assert {track.name for track in piece.tracks} <= {"Violin 1", "Violin 2", "Viola", "Cello"}
    assert piece.end_tick <= 8 * 3 * piece.ticks_per_quarter
    assert made["parameters"] == {
        "style": "any", "parts": "violin, violin, viola, cello", "key": "D minor", "meter": "3/4", "bars": 8,
        "ending": "typical", "chords": "any", "density": "any", "polyphony": "any", "temperature": 1.0, "top_p": 0.98,
        "candidates": 1,
    }  # fmt: skip
    again = await compose(client, made["parameters"])
    assert (await client.get(again["midi_url"])).content == midi
    together = await compose(client, STRINGS, count=4)
    assert read_midi((await client.get(together["midi_url"])).content).notes.tolist() == piece.notes.tolist()


async def test_all_notes_are_streamed_once_in_the_order_of_time(client: httpx.AsyncClient) -> None:
    body = {"model": "tiny-ensemble", "seed": 3, "parameters": {"bars": 16, "parts": "violin, cello"}}
    generation = (await client.post(URL, json=body)).json()
    notes: list[list[float]] = []
    async with client.stream("GET", f"{URL}/{generation['id']}/events", params={"notes": "true"}) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data:") and "notes" in (data := json.loads(line.removeprefix("data:"))):
                notes += data["notes"]
    ended = (await client.get(f"{URL}/{generation['id']}")).json()
    assert ended["status"] == "succeeded"
    assert ended["progress"] == 1.0
    assert len(notes) == ended["note_count"]
    assert notes == sorted(notes, key=lambda note: note[0])


async def test_the_models_parameters_describe_lists_texts_and_optional_values(client: httpx.AsyncClient) -> None:
    model = (await client.get("/api/v1/models/tiny-ensemble")).json()
    assert (model["kind"], model["length"]) == ("ensemble", None)
    parameters = {one["name"]: one for one in model["parameters"]}
    assert parameters["parts"]["max_choices"] == 16
    assert "violin" in parameters["parts"]["choices"]
    assert parameters["chords"]["custom"] == "chords"
    assert parameters["tempo"]["optional"] is True
    assert parameters["style"]["choices"] == [
        "any", "classical", "classical/baroque", "classical/baroque/bach", "folk",
    ]  # fmt: skip


WRONG_VALUES = [
    ({"parts": "kazoo"}, "parts", "choices"),
    ({"parts": ", ".join(["voice"] * 40)}, "parts", "max_choices"),
    ({"parts": "piano, piano"}, "parts", "maximum"),
    ({"meter": "7/16"}, "meter", "choices"),
    ({"bars": 200}, "bars", "maximum"),
    ({"chords": "C | X9"}, "chords", None),
    ({"tempo": 5}, "tempo", "minimum"),
]


async def test_wrong_values_are_answered_with_field_and_limit(
    client: httpx.AsyncClient, subtests: pytest.Subtests
) -> None:
    for parameters, field, limit in WRONG_VALUES:
        with subtests.test(parameters=parameters, field=field):
            answer = await client.post(URL, json={"model": "tiny-ensemble", "parameters": parameters})
            assert answer.status_code == 422
            [problem] = answer.json()["errors"]
            assert problem["field"] == f"body.parameters.{field}"
            assert limit is None or limit in problem["limits"]


async def test_bars_of_a_piece_are_replaced_and_the_rest_stays(client: httpx.AsyncClient) -> None:
    first = await compose(client, STRINGS)
    midi = (await client.get(first["midi_url"])).content
    prompt = {"midi": base64.b64encode(midi).decode(), "use": "replace", "first_bar": 3, "last_bar": 4, "tracks": [1]}
    changed = await compose(client, {"temperature": 1.1}, prompt=prompt)
    assert (changed["prompt"]["bars"], changed["prompt"]["meter"]) == (8, "3/4")
    assert changed["prompt"]["notes"] == first["note_count"]
    before, after = read_midi(midi), read_midi((await client.get(changed["midi_url"])).content)
    quarter = before.ticks_per_quarter
    assert after.ticks_per_quarter == quarter

    def kept(piece: Piece) -> list[Any]:
        return [note for note in piece.notes.tolist() if note[4] or not 6 * quarter <= note[0] < 12 * quarter]

    assert kept(after) == kept(before)
    again = await compose(client, {"temperature": 1.1}, prompt=prompt)
    assert (await client.get(again["midi_url"])).content == (await client.get(changed["midi_url"])).content


WRONG_PROMPTS = [
    ("tiny-ensemble", {"use": "replace", "first_bar": 90}, "body.prompt.first_bar"),
    ("tiny-ensemble", {"use": "replace", "first_bar": 2, "tracks": [99]}, "body.prompt.tracks"),
    ("tiny-ensemble", {"bars": 1_000}, "body.prompt.bars"),
    ("tiny", {"use": "replace", "first_bar": 1}, "body.prompt.use"),
]


async def test_wrong_prompts_are_answered_with_the_field(client: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    for model, prompt, field in WRONG_PROMPTS:
        with subtests.test(model=model, prompt=prompt):
            first = await compose(client, {"bars": 4})
            midi = (await client.get(first["midi_url"])).content
            body = {"model": model, "prompt": {"midi": base64.b64encode(midi).decode(), **prompt}}
            answer = await client.post(URL, json=body)
            assert answer.status_code == 422
            assert [problem["field"] for problem in answer.json()["errors"]] == [field]
