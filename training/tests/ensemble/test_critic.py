import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from euterpe_music.note_events.critic_features import critic_features
from euterpe_music.note_events.decode import decode
from euterpe_music.note_events.piece import NotePiece
from euterpe_training.bundle_label import BundleLabel
from euterpe_training.ensemble.critic.bundle import add_critic
from euterpe_training.ensemble.critic.network import Critic, critic_graph
from euterpe_training.ensemble.critic.pieces import Pair, read_pairs
from euterpe_training.ensemble.critic.training import CriticSettings, train_critic
from euterpe_training.ensemble.dataset import Dataset
from euterpe_training.ensemble.export.bundle import ExportSettings, export_run
from euterpe_training.errors import TrainingError

SETTINGS = CriticSettings(steps=30, batch=8, evaluate_every=10)


def random_pitches(piece: NotePiece, seed: int) -> NotePiece:
    notes = piece.notes.copy()
    notes["pitch"] = np.random.default_rng(seed).integers(40, 90, len(notes))
    return piece.with_notes(notes)


@pytest.fixture
def composed(data: Path, tmp_path: Path) -> Path:
    """Return a folder of the training pieces with random pitches, as if they had been composed."""
    folder, dataset, requests = tmp_path / "composed", Dataset(data), {}
    folder.mkdir()
    for number in dataset.numbers("train").tolist():
        decode(random_pitches(dataset.piece(number), number)).dump_midi(folder / f"{number}.mid")
        requests[f"{number}.mid"] = {"like": dataset.entries[number].name}
    (folder / "requests.json").write_text(json.dumps(requests))
    return folder


def test_the_graph_computes_what_the_network_computes(data: Path) -> None:
    torch.manual_seed(1)
    critic = Critic().eval()
    session = onnxruntime.InferenceSession(critic_graph(critic))
    for number in (0, 1):
        features = critic_features(Dataset(data).piece(number))
        with torch.no_grad():
            expected = float(critic(torch.from_numpy(features)[None]).mean())
        assert session.run(["score"], {"features": features})[0] == pytest.approx([expected], abs=1e-5)


def test_a_critic_tells_random_pitches_from_music(data: Path) -> None:
    pieces = [Dataset(data).piece(number) for number in range(18)]
    pairs = [Pair(random_pitches(piece, seed), piece) for seed, piece in enumerate(pieces)]
    critic, report = train_critic(pairs, SETTINGS, lambda _: None)
    assert report.accuracy > 0.9
    unseen = Dataset(data).piece(22)
    with torch.no_grad():
        real, random = (
            float(critic(torch.from_numpy(critic_features(one))[None]).mean())
            for one in (unseen, random_pitches(unseen, 99))
        )
    assert real > random


def test_a_bundle_gets_a_critic_as_a_new_version(run: Path, data: Path, tmp_path: Path, composed: Path) -> None:
    label = BundleLabel("tiny", "0.0.1", "Tiny", created="2026-11-30")
    bundle = export_run(run, data, tmp_path / "models", label, ExportSettings())
    written, report = add_critic(bundle.directory, "0.1.0", [composed], data, SETTINGS, lambda _: None)
    assert written.manifest.version == "0.1.0"
    assert written.manifest.critic is not None
    assert written.manifest.critic.file in written.files
    assert written.manifest.training is not None
    assert written.manifest.training.metrics["critic"]["accuracy"] == report.accuracy
    card = (written.directory / "card.md").read_text()
    assert "`tiny` 0.1.0" in card
    assert f"It tells {100 * report.accuracy:.0f} %" in card
    with pytest.raises(TrainingError, match=r"0\.1\.0 exists"):
        add_critic(bundle.directory, "0.1.0", [composed], data, SETTINGS, lambda _: None)


def test_test_works_are_refused(data: Path, composed: Path) -> None:
    requests = json.loads((composed / "requests.json").read_text())
    held_out = Dataset(data).entries[23].name
    (composed / "requests.json").write_text(json.dumps(requests | {"0.mid": {"like": held_out}}))
    with pytest.raises(TrainingError, match=r"0\.mid is not like any training piece"):
        read_pairs(composed, Dataset(data))


def test_too_few_pieces_are_refused(data: Path) -> None:
    piece = Dataset(data).piece(0)
    with pytest.raises(TrainingError, match="more pieces than 3"):
        train_critic([Pair(piece, piece)] * 3, SETTINGS, lambda _: None)
