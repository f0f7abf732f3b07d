"""Odd MIDI files, from import to audio: every part of the product reads the same music."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from euterpe_test_kit.case_walk import COMPRESSED, Walk
from euterpe_test_kit.cases import MidiCase, midi_cases

CASES = midi_cases()
#: The first file of each kind.
ONE_OF_EACH = list({case.name.partition("_")[0]: case for case in reversed(CASES)}.values())


@pytest.fixture(scope="module")
def walk(product: Any) -> Iterator[Walk]:
    with product.listener() as client:
        models = client.get("/models").raise_for_status().json()["items"]
        yield Walk(client, next((model["name"] for model in models if "melody" in model["name"]), models[0]["name"]))


@pytest.mark.e2e
@pytest.mark.parametrize("case", ONE_OF_EACH, ids=str)
def test_a_file_means_the_same_everywhere(walk: Walk, case: MidiCase) -> None:
    assert walk.through(case).problems == []


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_file_means_the_same_in_every_format(walk: Walk, case: MidiCase) -> None:
    assert walk.through(case, COMPRESSED).problems == []


@pytest.mark.e2e
def test_every_format_has_the_length_of_the_music(walk: Walk) -> None:
    [case] = [case for case in CASES if case.name == "c17_17tracks"]
    assert walk.through(case, COMPRESSED).problems == []


@pytest.mark.e2e
def test_a_file_at_the_limit_of_tracks_is_imported_and_drawn(listener: httpx.Client) -> None:
    note = b"\x00\x90\x3c\x40\x83\x60\x80\x3c\x00\x00\xff\x2f\x00"
    for tracks, status in ((4095, 201), (4097, 422)):
        header = b"MThd\x00\x00\x00\x06\x00\x01" + tracks.to_bytes(2) + b"\x01\xe0"
        content = header + (b"MTrk" + len(note).to_bytes(4) + note) * tracks
        answer = listener.post("/library/imports", content=content)
        assert answer.status_code == status, answer.text
        if status == 201:
            song = answer.json()["id"]
            assert listener.get(f"/pianorolls/{song}.svg").status_code == 200
            assert listener.get(f"/audio/{song}.mp3").status_code == 200
