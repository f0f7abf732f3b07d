"""Unusual MIDI files from import to audio: all services read the same music."""

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
    with product.log_in_new_user() as client:
        models = client.get("/models").raise_for_status().json()["items"]
        yield Walk(client, next((model["name"] for model in models if "melody" in model["name"]), models[0]["name"]))


@pytest.mark.e2e
@pytest.mark.parametrize("case", ONE_OF_EACH, ids=str)
def test_file_is_read_equally_by_all_services(walk: Walk, case: MidiCase) -> None:
    assert walk.through(case).problems == []


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
def test_file_is_read_equally_in_every_format(walk: Walk, case: MidiCase) -> None:
    assert walk.through(case, COMPRESSED).problems == []


@pytest.mark.e2e
def test_every_format_has_the_duration_of_the_piece(walk: Walk) -> None:
    [case] = [case for case in CASES if case.name == "c17_17tracks"]
    assert walk.through(case, COMPRESSED).problems == []


@pytest.mark.e2e
def test_file_at_the_limit_of_tracks_is_imported_and_rendered(user: httpx.Client) -> None:
    note = b"\x00\x90\x3c\x40\x83\x60\x80\x3c\x00\x00\xff\x2f\x00"
    for tracks, status in ((4095, 201), (4097, 422)):
        header = b"MThd\x00\x00\x00\x06\x00\x01" + tracks.to_bytes(2) + b"\x01\xe0"
        content = header + (b"MTrk" + len(note).to_bytes(4) + note) * tracks
        response = user.post("/library/imports", content=content)
        assert response.status_code == status, response.text
        if status == 201:
            song = response.json()["id"]
            assert user.get(f"/pianorolls/{song}.svg").status_code == 200
            assert user.get(f"/audio/{song}.mp3").status_code == 200
