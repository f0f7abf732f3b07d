"""Parameters of models: listed, checked, stored and applied."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.settings import Settings
from euterpe_music.bundle import load_bundle
from euterpe_music.midi import read_midi
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.networks import PARAMETERS, controlled_bundle

TINY = Path(__file__).parents[4] / "packages/music/tests/data/tiny"
URL = "/api/v1/generations"
WAIT = {"Prefer": "wait=20"}
MODEL = "tiny-controlled"


@pytest.fixture
async def client(settings: Settings, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    shutil.copytree(TINY, tmp_path / "tiny")
    controlled_bundle(tmp_path, load_bundle(TINY / "0.0.1"))
    async with running_client(create_app(settings.model_copy(update={"models_url": str(tmp_path)}))) as client:
        yield client


async def compose(client: httpx.AsyncClient, **parameters: Any) -> tuple[dict[str, Any], bytes]:
    body = {"model": MODEL, "seed": 3, "length": 40, "parameters": parameters}
    answer = await client.post(URL, json=body, headers=WAIT)
    assert answer.status_code == 200, answer.text
    return answer.json(), (await client.get(answer.json()["midi_url"])).content


async def test_a_model_lists_its_parameters(client: httpx.AsyncClient) -> None:
    model = (await client.get(f"/api/v1/models/{MODEL}")).json()
    assert [one["name"] for one in model["parameters"]] == [one.name for one in PARAMETERS]
    swing = next(one for one in model["parameters"] if one["name"] == "swing")
    assert (swing["minimum"], swing["maximum"], swing["only_with"]) == (0, 1, {"style": ["lively"]})
    assert model["presets"] == {"wild": {"style": "lively", "density": 0.9}}
    assert (await client.get("/api/v1/models/nobody")).status_code == 404


async def test_parameters_are_stored_applied_and_reproduce_the_piece(client: httpx.AsyncClient) -> None:
    plain, plain_midi = await compose(client)
    assert plain["parameters"]["density"] == 0.5
    lively, lively_midi = await compose(client, style="lively", swing=0.5, tempo=90, instrument="flute")
    assert lively["parameters"] == plain["parameters"] | {
        "style": "lively", "swing": 0.5, "tempo": 90, "instrument": "flute",
    }  # fmt: skip
    assert lively_midi != plain_midi
    piece = read_midi(lively_midi)
    assert [round(tempo.bpm) for tempo in piece.tempos] == [90]
    assert [track.program for track in piece.tracks] == [73]
    _, again = await compose(client, **lively["parameters"])
    assert again == lively_midi


INVALID_VALUES = [
    ({"density": 2}, "density", "maximum"),
    ({"density": float("nan")}, "density", "number"),
    ({"density": 1e400}, "density", "number"),
    ({"voices": 1.5}, "voices", "whole"),
    ({"style": "angry"}, "style", "lively"),
    ({"loud": "yes"}, "loud", "true or false"),
    ({"loud": True, "voices": 2}, "loud", "voices"),
    ({"swing": 0.5}, "swing", "lively"),
    ({"volume": 3}, "volume", "density"),
    ({"tempo": 1000}, "tempo", "200"),
]


async def test_invalid_values_are_named_with_their_limits(client: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    for parameters, name, expected in INVALID_VALUES:
        with subtests.test(parameters=parameters, name=name):
            body = json.dumps({"model": MODEL, "parameters": parameters})
            answer = await client.post(URL, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 422, answer.text
            [error] = answer.json()["errors"]
            assert error["field"] == f"body.parameters.{name}"
            assert expected in json.dumps(error)


async def test_parameters_are_rejected_by_a_model_without_any(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json={"model": "tiny", "parameters": {"density": 0.5}})
    assert answer.status_code == 422
    assert "has none" in answer.json()["detail"]


async def test_the_order_of_parameters_does_not_matter_for_idempotency(client: httpx.AsyncClient) -> None:
    one, two = {"density": 0.1, "voices": 2}, {"voices": 2, "density": 0.1}
    headers = {"Idempotency-Key": "k"}
    answers = [
        await client.post(URL, json={"model": MODEL, "parameters": parameters}, headers=headers)
        for parameters in (one, two, {"voices": 3})
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 422]
    assert answers[0].json()["id"] == answers[1].json()["id"]
