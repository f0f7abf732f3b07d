import json
from dataclasses import replace
from pathlib import Path

import pytest
from euterpe_music.midi import read_midi
from euterpe_training.ensemble.config import recipe
from euterpe_training.ensemble.dataset import Dataset
from euterpe_training.ensemble.sampling import Sampling
from euterpe_training.ensemble.trainer import Machine, Trainer
from euterpe_training.ensemble.typical_requests import Selection, compose_typical, typical_requests
from euterpe_training.errors import TrainingError


def test_requests_have_the_settings_of_training_pieces_of_the_style(data: Path) -> None:
    dataset = Dataset(data)
    requests, asked = typical_requests(dataset, 20, 3, Selection("pop"), common_key=True)
    assert {(request.genre, request.kind) for request in requests} == {("pop", "song")}
    assert {request.parts for request in requests} == {(40, 50)}
    assert {request.bars for request in requests} == {16}
    assert asked[0] == {"style": "pop", "meter": "4/4", "key": "C major"}
    assert len({request.seed for request in requests}) == 20
    again, _ = typical_requests(dataset, 20, 3, Selection("pop"), common_key=True)
    assert again == requests


def test_an_unknown_style_is_refused(data: Path) -> None:
    with pytest.raises(TrainingError, match="no training pieces of pop classical"):
        typical_requests(Dataset(data), 1, 0, Selection("pop", sources=("classical",)), common_key=True)
    with pytest.raises(TrainingError, match="no training pieces of pop reel"):
        typical_requests(Dataset(data), 1, 0, Selection("pop", "reel"), common_key=True)


def test_composed_files_come_with_what_was_asked_for(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    machine = Machine(threads=1, evaluate_every=10**9, validation_pieces=1)
    Trainer(replace(recipe("tiny"), total_events=600), data, run, machine).train(lambda _: None)
    selection = Selection("classical", label="bach")
    compose_typical(run, data, tmp_path / "out", 2, 0, Sampling(max_events=200), lambda _: None, selection)
    asked = json.loads((tmp_path / "out" / "requests.json").read_text())
    assert sorted(asked) == ["0000.mid", "0001.mid"]
    assert {each["style"] for each in asked.values()} == {"bach"}
    for name in asked:
        assert read_midi((tmp_path / "out" / name).read_bytes()).notes.size
