"""Composed pieces, and the training pieces whose settings they were composed with."""

import json
from dataclasses import dataclass
from pathlib import Path

from euterpe_music.note_events.encode import encode
from euterpe_music.note_events.piece import NotePiece
from symusic.core import ScoreTick

from euterpe_training.ensemble.dataset import Dataset
from euterpe_training.ensemble.typical_requests import REQUESTS_FILE
from euterpe_training.errors import TrainingError


@dataclass(frozen=True)
class Pair:
    """A composed piece and a real one of the same style, instruments, meter and tempo."""

    composed: NotePiece
    real: NotePiece


def read_pairs(folder: Path, dataset: Dataset) -> list[Pair]:
    """Read the pieces of a folder, whose `requests.json` names the training piece that each is `like`.

    A real piece is cut after as many bars as were composed. Raises TrainingError where a piece is not of the training
    side, or none is named.
    """
    numbers = {entry.name: number for number, entry in enumerate(dataset.entries) if entry.side == "train"}
    try:
        requests = json.loads((folder / REQUESTS_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TrainingError(f"{folder} holds no {REQUESTS_FILE}") from None
    pairs = []
    for name, asked in requests.items():
        if (number := numbers.get(asked.get("like", ""))) is None:
            raise TrainingError(f"{folder / REQUESTS_FILE}: {name} is not like any training piece")
        composed = encode(ScoreTick.from_midi((folder / name).read_bytes()))
        real = dataset.piece(number)
        bars = len(composed.bars)
        kept = real.notes[real.notes["bar"] < bars]
        pairs.append(Pair(composed, NotePiece(kept, real.bars[:bars], real.has_dynamics)))
    return pairs
