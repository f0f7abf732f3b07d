"""A data set of random pieces, as `euterpe-train ensemble prepare` writes it: speed does not depend on the music."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece, canonical
from euterpe_music.note_events.spec import FORMAT, METER_TICKS, NO_CHORD
from euterpe_training.ensemble.corpora.prepare import BARS_FILE, INDEX_FILE, NOTES_FILE, Entry

_METER = 3


def _piece(seed: int, bars: int) -> NotePiece:
    random = np.random.default_rng(seed)
    lines = np.zeros(bars, dtype=BAR_INFO)
    lines["meter"], lines["tempo"], lines["key"], lines["chord"] = _METER, 30, 0, NO_CHORD
    notes = np.zeros(12 * bars, dtype=NOTE)
    notes["bar"] = random.integers(0, bars, len(notes))
    notes["position"] = random.integers(0, METER_TICKS[_METER] // 12, len(notes)) * 12
    notes["part"] = random.choice([40, 50], len(notes))
    notes["pitch"] = random.choice([60, 62, 64, 65, 67, 69, 71], len(notes))
    notes["length"], notes["velocity"] = 11, random.integers(10, 28, len(notes))
    return NotePiece(canonical(notes), lines)


def write_random_dataset(directory: Path, pieces: int, bars: int) -> None:
    """Write `pieces` pieces, a tenth of them for validation and a tenth for the test."""
    directory.mkdir(parents=True, exist_ok=True)
    made = [_piece(seed, bars) for seed in range(pieces)]
    entries, note, bar = [], 0, 0
    for number, piece in enumerate(made):
        side = {8: "validation", 9: "test"}.get(number % 10, "train")
        place = (note, len(piece.notes), bar, len(piece.bars))
        entries.append(Entry(f"{number}.mid", "pop909", "pop", "song", "", side, True, *place))
        note, bar = note + len(piece.notes), bar + len(piece.bars)
    np.save(directory / NOTES_FILE, np.concatenate([piece.notes for piece in made]))
    np.save(directory / BARS_FILE, np.concatenate([piece.bars for piece in made]))
    index = {"format": FORMAT, "entries": [asdict(entry) for entry in entries]}
    (directory / INDEX_FILE).write_text(json.dumps(index), encoding="utf-8")
