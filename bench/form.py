"""`make bench-form`: whether long pieces keep their themes and their density, beside real pieces of the same length.

Similarity is the share of equal notes (place and pitch) of bars 1, 2, 4 and 8 apart; the ratio of densities is that of
the last fifth of the bars to the first, in notes. Composed pieces differ in the seed alone; real ones are held-out
works of at least as many bars, cut there, in their own meters. With ARGS="--rolls FILE" some pieces are drawn, too.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from endings import ROOT, SLOTS, compose
from euterpe_generator.models.loader import load_model
from euterpe_music.note_events.instruments import DRUM_PART
from euterpe_music.note_events.piece import NotePiece
from euterpe_music.note_events.spec import LENGTHS
from euterpe_music.piece import Piece
from euterpe_training.ensemble.dataset import Dataset
from euterpe_training.evaluation.scores import Score, from_piece
from euterpe_training.evaluation.self_similarity import LAGS, bar_similarity
from euterpe_training.reports.pictures import draw_piano_rolls
from report import report

#: Styles, and the genre, kind and sources of the real pieces: kinds are "" for all.
STYLES = {
    "classical": ("classical", "", ("classical",)),
    "folk/reel": ("folk", "reel", ("nottingham", "oneill", "ryan")),
    "pop": ("pop", "", ("pop909",)),
}
BARS = 64
_FIFTH = BARS // 5


def main() -> None:
    """Print a row of composed and one of real pieces for each style."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=48, help="composed pieces of each style")
    parser.add_argument("--first-seed", type=int, default=0, help="seed of the first piece")
    parser.add_argument("--model", type=Path, default=sorted((ROOT / "models/ensemble").iterdir())[-1])
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("EUTERPE_DATA_DIR", "/var/lib/euterpe-training"))
    )
    parser.add_argument("--rolls", type=Path, help="picture of the first pieces, eight in all")
    arguments = parser.parse_args()
    model = load_model(arguments.model, SLOTS)
    dataset = Dataset(arguments.data / "ensemble" / "dataset")
    print(f"| {model.key} | pieces | {' | '.join(f'{lag} bars apart' for lag in LAGS)} | last fifth ÷ first |")
    print(f"|---|---|{'---|' * (len(LAGS) + 1)}")
    figures: dict[str, float] = {}
    drawn: list[tuple[str, Piece]] = []
    for style, selection in STYLES.items():
        pieces = list(compose(model, {"style": style, "bars": BARS}, arguments.pieces, first_seed=arguments.first_seed))
        composed = print_row(f"{style}, composed", [from_piece(piece) for piece in pieces])
        print_row(f"{style}, real", real_scores(dataset, *selection))
        figures |= {f"{style}.{name}": value for name, value in composed.items()}
        drawn += [(f"{style}, piece {number + 1}", piece) for number, piece in enumerate(pieces[:3])]
    if arguments.rolls:
        draw_piano_rolls(drawn[:8], arguments.rolls)
    report("form", figures)


def real_scores(dataset: Dataset, genre: str, kind: str, sources: tuple[str, ...]) -> list[Score]:
    """Return the held-out pieces that are long enough, cut."""
    found = []
    for number in [*dataset.numbers("validation", sources).tolist(), *dataset.numbers("test", sources).tolist()]:
        entry = dataset.entries[number]
        if entry.genre == genre and kind in ("", entry.kind) and entry.bar_count >= BARS:
            found.append(_score(dataset.piece(number)))
    return found


def _score(piece: NotePiece) -> Score:
    kept = (piece.notes["bar"] < BARS) & (piece.notes["part"] != DRUM_PART)
    notes = piece.notes[kept]
    onset, pitch = piece.onsets[kept].astype(np.int64), notes["pitch"].astype(np.int64)
    order = np.lexsort((pitch, onset))
    return Score(
        onset[order], LENGTHS[notes["length"]][order], pitch[order], notes["velocity"].astype(np.int64)[order],
        bars=piece.bar_starts[:BARS].astype(np.int64),
    )  # fmt: skip


def print_row(name: str, scores: Sequence[Score]) -> dict[str, float]:
    """Print the median of every measure with its middle half; return the medians."""
    measures: dict[str, Callable[[Score], float | None]] = {
        **{f"similarity_{lag}": partial(similarity, lag=lag) for lag in LAGS},
        "density_ratio": density_ratio,
    }
    cells, medians = [], {}
    for measure, of in measures.items():
        values = [value for score in scores if (value := of(score)) is not None]
        low, middle, high = np.quantile(values, (0.25, 0.5, 0.75)) if values else (np.nan,) * 3
        cells.append(f"{middle:.2f} ({low:.2f}–{high:.2f})")
        medians[measure] = round(float(middle), 4)
    print(f"| {name} | {len(scores)} | {' | '.join(cells)} |", flush=True)
    return medians


def similarity(score: Score, lag: int) -> float | None:
    """Return the mean similarity of bars `lag` apart."""
    return bar_similarity(score).get(lag)


def density_ratio(score: Score) -> float | None:
    """Return the notes of the last fifth of the bars for each one of the first; None where there is none."""
    if len(score.bars) < BARS:
        return None
    number = np.searchsorted(score.bars[:BARS], score.onset, side="right") - 1
    first = int((number < _FIFTH).sum())
    return float((number >= BARS - _FIFTH).sum() / first) if first else None


if __name__ == "__main__":
    main()
