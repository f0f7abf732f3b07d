"""Descriptions in words over HTTP: the model and the parameters that fit."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.settings import Settings
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.melodies import melody_bundle

TINY = Path(__file__).parents[4] / "packages/music/tests/data/tiny"
MODELS = Path(__file__).parents[4] / "models"
ENSEMBLE = Path(__file__).parents[1] / "data/tiny-ensemble"
URL = "/api/v1/models/interpretations"


@pytest.fixture
async def client(settings: Settings, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    shutil.copytree(TINY, tmp_path / "tiny")
    melody_bundle(tmp_path, name="steps", encoding=1)
    shutil.copytree(ENSEMBLE, tmp_path / "tiny-ensemble")
    async with running_client(create_app(settings.model_copy(update={"models_url": str(tmp_path)}))) as client:
        yield client


async def interpret(client: httpx.AsyncClient, text: str, **more: Any) -> Any:
    answer = await client.post(URL, json={"text": text, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    "text",
    ["a slow piece in G major for flute, 8 bars, rainy", "una pieza lenta en sol mayor para flauta, 8 compases, rainy"],
)
async def test_a_description_becomes_a_request_that_is_composed(client: httpx.AsyncClient, text: str) -> None:
    found = await interpret(client, text)
    expected = {
        "tempo": 66.0, "key": "G major", "bars": 8, "melody_instrument": "flute", "accompaniment_instrument": "flute",
    }  # fmt: skip
    assert (found["model"], found["parameters"], found["unknown"]) == ("steps", expected, ["rainy"])
    assert len(found["applied"]) == 4
    body = {"model": found["model"], "parameters": found["parameters"]}
    answer = await client.post("/api/v1/generations", json=body, headers={"Prefer": "wait=30"})
    assert answer.json()["status"] == "succeeded", answer.text


async def test_what_the_model_cannot_follow_is_named(client: httpx.AsyncClient) -> None:
    found = await interpret(client, "dense, in 5/4, 40 seconds", model="steps")
    assert found["unsupported"] == ["dense", "5/4"]
    estimate = (await client.get("/api/v1/models/steps")).json()["estimate"]
    assert found["parameters"]["bars"] == round(40 / estimate["seconds"] * estimate["bars"])


async def test_lengths_in_events_follow_the_estimate(client: httpx.AsyncClient) -> None:
    model = (await client.get("/api/v1/models/tiny")).json()
    found = await interpret(client, f"{2 * model['estimate']['seconds']:.0f} seconds", model="tiny")
    assert found["length"] == pytest.approx(2 * model["length"]["default"], abs=3)


async def test_empty_and_long_texts_and_unknown_models_are_refused(client: httpx.AsyncClient) -> None:
    for body in ({"text": " "}, {"text": "x" * 501}, {"text": "jig", "model": "none"}):
        assert (await client.post(URL, json=body)).status_code == 422


async def test_minor_keys_reach_the_released_folk_model(
    settings: Settings, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    shutil.copytree(MODELS / "melody-folk", tmp_path / "melody-folk")
    async with running_client(create_app(settings.model_copy(update={"models_url": str(tmp_path)}))) as client:
        for text, key in (
            ("a waltz in D minor, 16 bars", "D minor"),
            ("un vals en re menor, 16 compases", "D minor"),
            ("un vals triste, 16 compases", "A minor"),
        ):
            with subtests.test(text=text):
                found = await interpret(client, text)
                assert (found["model"], found["unsupported"], found["unknown"]) == ("melody-folk", [], [])
                assert (found["parameters"]["key"], found["parameters"]["style"]) == (key, "waltzes")


PARTS = [
    ("for strings and drums", "violin, violin, viola, cello, drums"),
    ("para piano y guitarra española", "piano, nylon guitar"),
]


async def test_instruments_become_the_parts_of_an_ensemble(
    client: httpx.AsyncClient, subtests: pytest.Subtests
) -> None:
    for text, parts in PARTS:
        with subtests.test(text=text, parts=parts):
            found = await interpret(client, text, model="tiny-ensemble")
            assert (found["parameters"], found["unsupported"]) == ({"parts": parts}, [])


async def test_bars_fill_the_time_in_the_described_meter_and_tempo(client: httpx.AsyncClient) -> None:
    found = await interpret(client, "20 seconds, in 3/4, 90 bpm", model="tiny-ensemble")
    assert found["parameters"] == {"bars": 10, "meter": "3/4", "tempo": 90.0}
