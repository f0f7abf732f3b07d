"""A small data set that is made up by seed, so that no test needs a corpus."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece, canonical
from euterpe_music.note_events.spec import FORMAT, METER_TICKS, NO_CHORD
from euterpe_training.ensemble.corpora.prepare import BARS_FILE, INDEX_FILE, NOTES_FILE, Entry
from euterpe_training.ensemble.dataset import Dataset

torch = pytest.importorskip("torch")

from euterpe_training.ensemble.checkpoint import append_history, save_checkpoint  # noqa: E402
from euterpe_training.ensemble.config import recipe  # noqa: E402
from euterpe_training.ensemble.networks.ensemble import EnsembleNetwork  # noqa: E402

_SOURCES = (("classical", "classical", "baroque", "bach"), ("pop909", "pop", "song", ""))


def _piece(seed: int) -> NotePiece:
    generator = np.random.default_rng(seed)
    bars = np.zeros(12, dtype=BAR_INFO)
    bars["meter"], bars["tempo"], bars["key"], bars["chord"] = 3, 30, 0, NO_CHORD
    notes = np.zeros(120, dtype=NOTE)
    notes["bar"] = generator.integers(0, 12, 120)
    notes["position"] = generator.integers(0, METER_TICKS[3] // 12, 120) * 12
    notes["part"] = generator.choice([40, 50], 120)
    notes["pitch"] = generator.choice([60, 62, 64, 65, 67, 69, 71], 120)
    notes["length"], notes["velocity"] = 11, generator.integers(10, 28, 120)
    return NotePiece(canonical(notes), bars)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a data set of 24 pieces from two sources, some of them held out."""
    directory = tmp_path_factory.mktemp("ensemble")
    pieces = [_piece(seed) for seed in range(24)]
    entries, note, bar = [], 0, 0
    for number, piece in enumerate(pieces):
        source, genre, kind, composer = _SOURCES[number % 2]
        side = "train" if number < 18 else ("validation" if number < 21 else "test")
        entries.append(
            Entry(
                f"{number}.mid", source, genre, kind, composer, side, number % 4 > 0,
                note, len(piece.notes), bar, len(piece.bars),
            )
        )  # fmt: skip
        note, bar = note + len(piece.notes), bar + len(piece.bars)
    np.save(directory / NOTES_FILE, np.concatenate([piece.notes for piece in pieces]))
    np.save(directory / BARS_FILE, np.concatenate([piece.bars for piece in pieces]))
    index = {"format": FORMAT, "entries": [asdict(entry) for entry in entries]}
    (directory / INDEX_FILE).write_text(json.dumps(index), encoding="utf-8")
    return directory


@pytest.fixture
def run(data: Path, tmp_path: Path) -> Path:
    """Return a run with a checkpoint of a network that was not trained."""
    styles = Dataset(data).styles
    config = recipe("tiny")
    config = replace(config, network=replace(config.network, style_sizes=styles.sizes))
    torch.manual_seed(3)
    weights = EnsembleNetwork(config.network).state_dict()
    directory = tmp_path / "run"
    saved = {"config": config.to_dict(), "styles": asdict(styles), "average": weights, "events": 1_000}
    save_checkpoint(directory, saved)
    append_history(directory, {"validation": {"all": {"slot": 1.0, "nats_per_note": 5.5}}})
    return directory
