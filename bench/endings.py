"""`make bench-endings`: how often composed pieces end on the tonic, by the value of the parameter `ending`.

Pieces are composed by the engine and judged as in docs/guides/evaluation.md. Shares of real pieces are those of the
test works in docs/studies/evaluation. With ARGS="--key" the tonic is that of a requested key, else it is estimated.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from euterpe_generator.engine.request import Finished, Request
from euterpe_generator.models.catalogue import Model
from euterpe_generator.models.endings import ENDINGS
from euterpe_generator.models.loader import load_model
from euterpe_music.piece import Piece
from euterpe_training.evaluation.endings import find_ending, longest_note_and_rest
from euterpe_training.evaluation.scores import from_piece
from report import report

ROOT = Path(__file__).parents[1]
SLOTS = 64
#: Styles of the test works, as in scripts/evaluate-models.
STYLES = {"melody-folk": ("jigs", "reels"), "melody-pop": ("pop",), "ensemble": ("folk/jig", "folk/reel")}
#: Models whose reports have the test works of a model that has none.
REAL = {"ensemble": "melody-folk"}
BARS = 16
KEY = "D major"


def main() -> None:
    """Print one row per model and value, and one of real pieces."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=256, help="pieces per row")
    parser.add_argument("--key", action="store_true", help=f"request {KEY}")
    parser.add_argument("--models", nargs="*", default=list(STYLES), help="names of models")
    parser.add_argument("--endings", nargs="*", default=ENDINGS, help="values of the parameter")
    parser.add_argument("--first-seed", type=int, default=0, help="seed of the first piece")
    arguments = parser.parse_args()
    key = {"key": KEY} if arguments.key else {}
    print("| model | ending | pieces | on the tonic | melody | bass | last onset on a beat | longest note, bars |")
    print("|---|---|---|---|---|---|---|---|")
    figures: dict[str, float] = {}
    for name in arguments.models:
        styles = STYLES[name]
        directory = sorted((ROOT / "models" / name).iterdir())[-1]
        print_real(directory)
        model = load_model(directory, SLOTS)
        for ending in arguments.endings:
            count, first_seed = arguments.pieces // len(styles), arguments.first_seed
            pieces = [
                piece
                for style in styles
                for piece in compose(
                    model, {"style": style, "ending": ending, "bars": BARS, **key}, count, first_seed=first_seed
                )
            ]
            figures[f"{name}.{ending}.on_tonic_share"] = print_row(model.key, ending, pieces, KEY if key else None)
    report("endings", figures)


def compose(model: Model, requested: Mapping[str, Any], count: int, *, first_seed: int = 0) -> Iterator[Piece]:
    """Yield the pieces of `count` seeds from `first_seed` on."""
    parameters = model.check_parameters("body.parameters", requested)
    parameters = model.adapter.resolve_parameters(parameters, requested, None)
    inputs = model.adapter.session_inputs(parameters, None)
    for seed in range(first_seed, first_seed + count):
        model.scheduler.submit(Request(str(seed), "", seed=seed, steps=inputs.steps, inputs=inputs))
    while not model.scheduler.idle:
        for update in model.scheduler.step():
            if isinstance(update, Finished):
                yield model.decode(update.events, parameters)


def print_row(model: str, ending: str, pieces: list[Piece], key: str | None) -> float:
    """Print the shares of composed pieces; return the share that ends on the tonic."""
    scores = [from_piece(piece, key=key, is_key_requested=key is not None) for piece in pieces]
    endings = [found for score in scores if (found := find_ending(score)) is not None]
    parts = [(one.on_tonic, one.melody, one.bass_in_meter, one.on_beat) for one in endings]
    shares = np.array(parts, np.float64).mean(axis=0)
    longest = np.median([longest_note_and_rest(score)[0] for score in scores])
    print(f"| {model} | {ending} | {len(endings)} | {' | '.join(f'{share:.0%}' for share in shares)} | {longest:g} |")
    return round(float(shares[0]), 4)


def print_real(directory: Path) -> None:
    """Print the shares of test works."""
    name = REAL.get(directory.parent.name, directory.parent.name)
    reports = sorted((ROOT / "docs/studies/evaluation").glob(f"{name}-[0-9]*.json"))
    content = json.loads(reports[-1].read_text())
    real = content.get("music", content)["pieces"]["test works"]
    names = ("ends_on_tonic", "ends_with_tonic_in_melody", "ends_with_tonic_in_bass_by_meter", "ends_on_beat")
    shares = " | ".join(f"{real[name]['share']:.0%}" for name in names)
    longest = real["longest_note_bars"]["median"]
    print(f"| {directory.parent.name} | (real) | {real['ends_on_tonic']['pieces']} | {shares} | {longest:g} |")


if __name__ == "__main__":
    main()
