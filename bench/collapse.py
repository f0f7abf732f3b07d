"""`make bench-collapse`: how many pieces of the melody models collapse, by sampling strategy and temperature.

A piece collapses if a note is held over two bars, if it has no accompaniment, or if it ends in a loop or stands still
(see euterpe_music.loops). Greedy and beam search give one piece for each style and length, so that lengths vary.
"""

import argparse
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from endings import ROOT, SLOTS, STYLES, compose
from euterpe_generator.models.catalogue import Model
from euterpe_generator.models.loader import load_model
from euterpe_music.loops import find_loop
from euterpe_music.piece import Piece
from report import report

TEMPERATURES = (0.3, 0.5, 0.65, 0.8, 0.95, 1.1, 1.3)
#: Bars of pieces of greedy and beam search.
LENGTHS = (8, 12, 16, 24, 32)


def main() -> None:
    """Print one row per model and setting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=64, help="pieces per model, temperature and style")
    parser.add_argument("--models", nargs="*", default=list(STYLES), help="names of models")
    arguments = parser.parse_args()
    print("| model | strategy | temperature | pieces | note over two bars | no accompaniment | loop | any |")
    print("|---" * 8 + "|")
    figures: dict[str, float] = {}
    for name in arguments.models:
        model = load_model(sorted((ROOT / "models" / name).iterdir())[-1], SLOTS)
        for strategy in ("greedy", "beam"):
            requests = ({"strategy": strategy, "bars": bars, "style": one} for bars in LENGTHS for one in styles(model))
            pieces = (next(compose(model, request, 1)) for request in requests)
            figures[f"{name}.{strategy}.collapsed_share"] = print_row(model, strategy, "–", pieces)
        for temperature in TEMPERATURES:
            settings = {"temperature": temperature}
            shown, pieces = f"{temperature:g}", sampled(model, settings, arguments.pieces)
            figures[f"{name}.top_p {shown}.collapsed_share"] = print_row(model, "top_p", shown, pieces)
    report("collapse", figures)


def styles(model: Model) -> tuple[str, ...]:
    """Return the styles of a model."""
    return next(tuple(map(str, one.choices)) for one in model.sampling.parameters if one.name == "style")


def sampled(model: Model, settings: dict[str, Any], count: int) -> Iterator[Piece]:
    """Yield pieces of the styles of the evaluation."""
    for style in STYLES[model.name]:
        yield from compose(model, {**settings, "style": style}, count)


def print_row(model: Model, strategy: str, temperature: str, pieces: Iterable[Piece]) -> float:
    """Print the shares of pieces that collapse; return the share that does so in any way."""
    found = np.array([collapses(piece) for piece in pieces])
    shares = [*found.mean(axis=0), found.any(axis=1).mean()]
    cells = " | ".join(f"{share:.0%}" for share in shares)
    print(f"| {model.key} | {strategy} | {temperature} | {len(found)} | {cells} |", flush=True)
    return round(float(shares[-1]), 4)


def collapses(piece: Piece) -> tuple[bool, bool, bool]:
    """Return whether a note is held over two bars, there is no accompaniment, and the piece ends in a loop."""
    two_bars = 2 * piece.meters[0].meter.bar_quarters * piece.ticks_per_quarter
    is_held = bool(len(piece.notes)) and int(piece.notes["duration"].max()) > two_bars
    return is_held, not (piece.notes["track"] == 1).any(), find_loop(piece) is not None


if __name__ == "__main__":
    main()
