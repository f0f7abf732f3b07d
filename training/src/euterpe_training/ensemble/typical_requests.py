"""Requests such as users make, for judging a network: each takes its settings from a training piece drawn at random.

Style, parts, meter, tempo, key and length are those of the piece; no note of it is used.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from euterpe_music.key import KEYS
from euterpe_music.note_events.common_key import key_shift, moved_key
from euterpe_music.note_events.decode import decode
from euterpe_music.note_events.features import MAX_PARTS
from euterpe_music.note_events.rules import Rules
from euterpe_music.note_events.spec import METERS, UNKNOWN_KEY

from euterpe_training.ensemble.dataset import Dataset
from euterpe_training.ensemble.sampling import Request, Sampling, compose
from euterpe_training.ensemble.starting_point import load_starting_point
from euterpe_training.errors import TrainingError

REQUESTS_FILE = "requests.json"
_MIN_BARS, _MAX_BARS = 16, 64
_BATCH = 64


@dataclass(frozen=True)
class Selection:
    """Which training pieces requests are drawn from: a genre, a kind ("" for all) and sources (none: all).

    `label` is the style's name in `requests.json`, where the reference calls it otherwise than the data set does.
    """

    genre: str
    kind: str = ""
    sources: tuple[str, ...] = ()
    label: str = ""

    def numbers(self, dataset: Dataset) -> list[int]:
        """Return the training pieces' numbers. Raises TrainingError where there are none."""
        numbers = dataset.numbers("train", self.sources).tolist()
        entries = ((number, dataset.entries[number]) for number in numbers)
        found = [number for number, each in entries if each.genre == self.genre and self.kind in ("", each.kind)]
        if not found:
            names = " ".join(name for name in (self.genre, self.kind, *self.sources) if name)
            raise TrainingError(f"the data set has no training pieces of {names}")
        return found


def typical_requests(
    dataset: Dataset, count: int, seed: int, selection: Selection, *, common_key: bool
) -> tuple[list[Request], list[dict[str, str]]]:
    """Draw requests, and what each asks for in words: its key and meter, where they are known.

    With `common_key` the network is asked for C major or A minor, and the piece is moved to the key.
    """
    chosen = selection.numbers(dataset)
    generator = np.random.default_rng(seed)
    drawn = [
        request_like(dataset, int(generator.choice(chosen)), seed * 1_000_000 + number, common_key=common_key)
        for number in range(count)
    ]
    style = {"style": selection.label or selection.genre}
    return [request for request, _ in drawn], [asked | style for _, asked in drawn]


def request_like(dataset: Dataset, number: int, seed: int, *, common_key: bool) -> tuple[Request, dict[str, str]]:
    """Return a request with the settings of a piece, and what it asks for in words."""
    entry, piece = dataset.entries[number], dataset.piece(number)
    first, key = piece.bars[0], int(piece.bars["key"][0])
    meters = np.unique(piece.bars["meter"])
    asked: dict[str, str] = {}
    if len(meters) == 1:
        asked["meter"] = "{}/{}".format(*METERS[int(first["meter"])])
    if key != UNKNOWN_KEY:
        asked["key"] = KEYS[key]
    shift = key_shift(key) if common_key and key != UNKNOWN_KEY else 0
    conditions = {} if key == UNKNOWN_KEY else {"key": [moved_key(key, shift)]}
    request = Request(
        entry.genre, entry.kind, entry.composer, bars=int(np.clip(len(piece.bars), _MIN_BARS, _MAX_BARS)),
        conditions=conditions, transposition=-shift, parts=tuple(piece.parts[:MAX_PARTS].tolist()),
        rules=Rules(meter=int(first["meter"])), tempo=int(first["tempo"]), seed=seed,
    )  # fmt: skip
    return request, asked


def compose_typical(
    run: Path, data: Path, out: Path, count: int, seed: int, sampling: Sampling, report: Callable[[str], None],
    selection: Selection,
) -> None:  # fmt: skip
    """Compose `count` pieces and write them to `out`, with `requests.json` as `euterpe-train evaluate` reads it."""
    trained = load_starting_point(run)
    network, styles, common_key = trained.network(), trained.styles, trained.config.mixture.common_key
    requests, asked = typical_requests(Dataset(data), count, seed, selection, common_key=common_key)
    out.mkdir(parents=True, exist_ok=True)
    names = [f"{number:04d}.mid" for number in range(count)]
    for start in range(0, count, _BATCH):
        pieces = compose(network, styles, requests[start : start + _BATCH], sampling)
        for name, piece in zip(names[start:], pieces, strict=False):
            decode(piece).dump_midi(out / name)
        report(f"{min(start + _BATCH, count)} of {count} pieces")
    (out / REQUESTS_FILE).write_text(json.dumps(dict(zip(names, asked, strict=True)), indent=1), encoding="utf-8")
