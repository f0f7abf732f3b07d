"""`make bench-parts`: how much the instruments that are requested of the ensemble really play.

A row tells in how many pieces every requested instrument plays, and of the one that plays least the share of all notes
and the share of the bars, as medians. Rows of real pieces are held-out works of the data set with as many parts.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from endings import ROOT, SLOTS, compose
from euterpe_generator.models.loader import load_model
from euterpe_music.meter import bar_starts
from euterpe_music.piece import Piece
from euterpe_training.ensemble.dataset import Dataset
from report import report

REQUESTS = (
    ("folk/jig", "flute, fiddle, acoustic bass"),
    ("folk/waltz", "accordion, nylon guitar"),
    ("folk/reel", "fiddle, harp, nylon guitar, acoustic bass"),
    ("pop", "voice, piano, electric bass, drums"),
    ("pop", "flute, string ensemble, harp"),
    ("classical", "flute, violin, cello, piano"),
    ("classical/string quartet", "violin, violin, viola, cello"),
    ("jazz", "tenor saxophone, piano, acoustic bass, drums"),
)
COLUMNS = ("style", "instruments", "pieces", "all play", "least share of notes", "least share of bars")
BARS = 32

#: Of one piece: the least share of the notes, and of the bars, of its parts; zeros where one is missing.
Least = tuple[float, float]


def main() -> None:
    """Print one row per request, and per number of parts of real pieces."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=32, help="pieces per request")
    parser.add_argument("--first-seed", type=int, default=0, help="seed of the first piece")
    parser.add_argument("--bundle", type=Path, help="directory of a bundle; by default models/ensemble's newest")
    parser.add_argument("--data", type=Path, help="data set of `euterpe-train ensemble prepare`, for real pieces")
    arguments = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|")
    if arguments.data:
        print_real(Dataset(arguments.data))
    model = load_model(arguments.bundle or sorted((ROOT / "models/ensemble").iterdir())[-1], SLOTS)
    figures: dict[str, float] = {}
    for style, parts in REQUESTS:
        pieces = compose(
            model, {"style": style, "parts": parts, "bars": BARS}, arguments.pieces, first_seed=arguments.first_seed
        )
        share = print_row(style, parts, [least(piece, parts.count(",") + 1) for piece in pieces])
        figures[f"{style}.{parts.count(',') + 1}_parts.all_kept_share"] = share
    report("parts", figures)


def least(piece: Piece, count: int) -> Least:
    """Return what the part that plays least has of a piece that should have `count` parts."""
    tracks, notes = np.unique(piece.notes["track"], return_counts=True)
    if len(tracks) < count:
        return 0.0, 0.0
    starts = bar_starts(piece.meters, piece.ticks_per_quarter, piece.end_tick)
    bars = np.searchsorted(starts, piece.notes["onset"], side="right")
    played = [len(np.unique(bars[piece.notes["track"] == track])) for track in tracks]
    return float(notes.min() / notes.sum()), min(played) / len(starts)


def print_real(dataset: Dataset) -> None:
    """Print rows of held-out pieces with two, three and four parts."""
    entries = [dataset.entries[number] for number in dataset.numbers("test")]
    for genre in ("classical", "folk", "pop"):
        found: dict[int, list[Least]] = {}
        for number, entry in zip(dataset.numbers("test").tolist(), entries, strict=True):
            piece = dataset.piece(number)
            if entry.genre == genre and len(piece.parts) in (2, 3, 4):
                _, notes = np.unique(piece.notes["part"], return_counts=True)
                bars = [len(np.unique(piece.notes["bar"][piece.notes["part"] == part])) for part in piece.parts]
                found.setdefault(len(piece.parts), []).append((notes.min() / notes.sum(), min(bars) / len(piece.bars)))
        for count, shares in sorted(found.items()):
            print_row(f"{genre}, held out", f"{count} of the piece's own", shares)


def print_row(style: str, parts: str, shares: Iterable[Least]) -> float:
    """Print the medians of some pieces; return the share of them in which all parts play."""
    table = np.array(list(shares))
    notes, bars = np.median(table, axis=0)
    print(
        f"| {style} | {parts} | {len(table)} | {(table[:, 0] > 0).mean():.0%} | {notes:.1%} | {bars:.0%} |", flush=True
    )


if __name__ == "__main__":
    main()
