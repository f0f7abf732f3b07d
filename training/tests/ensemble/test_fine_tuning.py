from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from euterpe_music.note_events.decode import decode
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece, canonical
from euterpe_music.note_events.spec import NO_CHORD
from euterpe_training.ensemble.config import recipe
from euterpe_training.ensemble.dataset import Dataset
from euterpe_training.ensemble.fine_tuning import DATASET, FineTuning, extended_styles, extended_weights, fine_tune
from euterpe_training.ensemble.sampling import Request, Sampling, compose, load_network
from euterpe_training.ensemble.starting_point import load_starting_point
from euterpe_training.ensemble.trainer import Machine, Trainer
from euterpe_training.errors import TrainingError

_MACHINE = Machine(threads=1, evaluate_every=10**9, validation_pieces=1)


@pytest.fixture(scope="module")
def base(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run that has hardly begun."""
    run = tmp_path_factory.mktemp("base")
    Trainer(replace(recipe("tiny"), total_events=600), data, run, _MACHINE).train(lambda _: None)
    return run


def _own_piece(seed: int) -> NotePiece:
    """Return a piece of one part that climbs the scale from a place of its own."""
    bars = np.zeros(10, dtype=BAR_INFO)
    bars["meter"], bars["tempo"], bars["chord"] = 3, 30, NO_CHORD
    notes = np.zeros(80, dtype=NOTE)
    notes["bar"], notes["position"] = np.arange(80) // 8, np.arange(80) % 8 * 12
    steps = np.random.default_rng(seed).integers(-3, 4, 80)
    notes["pitch"] = 60 + np.clip(np.cumsum(steps), -20, 20)
    notes["part"], notes["length"], notes["velocity"] = 50, 11, 20
    return NotePiece(canonical(notes), bars)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of twenty MIDI files in two subfolders."""
    for seed in range(20):
        directory = tmp_path / "corpus" / f"volume {seed % 2}"
        directory.mkdir(parents=True, exist_ok=True)
        decode(_own_piece(seed)).dump_midi(directory / f"{seed}.MID")
    return tmp_path / "corpus"


def test_a_folder_becomes_a_style_that_the_network_then_plays_better(base: Path, folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    plan = FineTuning(folder, "my band", base, genre="pop", total_events=6_000)
    result = fine_tune(plan, run, _MACHINE, lambda _: None)
    assert result is not None
    assert result.pieces == 2
    assert result.after["nats_per_note"] < result.before["nats_per_note"] - 0.5
    sides = [entry.side for entry in Dataset(run / DATASET).entries]
    assert (sides.count("train"), sides.count("validation"), sides.count("test")) == (16, 2, 2)
    network, styles = load_network(run)
    assert styles.kinds[-1] == "my band"
    (piece,) = compose(network, styles, [Request("pop", "my band", bars=2, parts=(50,))], Sampling(max_events=64))
    assert len(piece.bars) == 2


def test_other_styles_keep_their_numbers_and_weights(base: Path, folder: Path) -> None:
    start = load_starting_point(base)
    before = start.styles
    after = extended_styles(before, FineTuning(folder, "aaa", base))
    assert after.numbers("classical", "baroque", "bach") == before.numbers("classical", "baroque", "bach")
    old, new = start.weights["inputs.statics"], extended_weights(start, after)["inputs.statics"]
    rows = before.sizes[0] + before.sizes[1]
    assert torch.equal(new[:rows], old[:rows])
    assert torch.equal(new[rows + 1 :], old[rows:])
    assert torch.equal(new[rows], old[before.sizes[0]])


def test_unusable_plans_are_refused_with_the_reason(base: Path, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="lower-case letters"):
        FineTuning(folder, "My/Band", base)
    with pytest.raises(TrainingError, match="is not a folder"):
        FineTuning(folder / "none", "my band", base)
    with pytest.raises(TrainingError, match="unknown genre 'polka'; the network knows classical, pop"):
        fine_tune(FineTuning(folder, "my band", base, genre="polka"), tmp_path / "a", _MACHINE, lambda _: None)
    few = tmp_path / "few"
    few.mkdir()
    (few / "broken.mid").write_bytes(b"MThd")
    with pytest.raises(TrainingError, match=r"0 usable pieces, at least 10 are needed: of 1 files, .*1 are unr"):
        fine_tune(FineTuning(few, "my band", base), tmp_path / "b", _MACHINE, lambda _: None)
