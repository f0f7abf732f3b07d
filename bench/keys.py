"""`make bench-keys`: how often composed pieces are in the requested key, by an estimate from their notes.

Rows of real pieces compare the same estimate of held-out tunes with the keys that their corpora state. A relative key
has the same key signature, e.g. F major and D minor.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from endings import ROOT, SLOTS, compose
from euterpe_generator.models.catalogue import Model
from euterpe_generator.models.loader import load_model
from euterpe_music.piece import Piece
from euterpe_training.evaluation.key_agreement import key_relation, score_key
from euterpe_training.evaluation.scores import GRID, from_piece, key_name, make_score
from euterpe_training.melody.corpus import load_melody_corpus
from euterpe_training.melody.layouts import read_tunes
from euterpe_training.melody.tunes import Tune
from report import report

MODELS = ("melody-folk", "melody-pop", "ensemble")
KEYS = ("C major", "A minor", "D minor")
#: Corpora of the melody models.
CORPORA = ("nottingham", "pop909")
#: Length of all pieces; of real ones, the first bars.
BARS = 16
RELATIONS = ("same", "relative", "parallel", "fifth", "other")


def main() -> None:
    """Print one row per corpus and mode, and per model and key."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=MODELS, help="names of models")
    parser.add_argument("--keys", nargs="*", default=KEYS, help="requested keys")
    parser.add_argument("--pieces", type=int, default=32, help="pieces per model and key, spread over its styles")
    parser.add_argument("--first-seed", type=int, default=0, help="seed of the first piece")
    parser.add_argument("--corpora", type=Path, help="directory of nottingham and pop909, for the rows of real pieces")
    arguments = parser.parse_args()
    print(f"| pieces of | key | pieces | {' | '.join(RELATIONS)} |\n" + "|---" * (3 + len(RELATIONS)) + "|")
    figures: dict[str, float] = {}
    for name in CORPORA if arguments.corpora else ():
        found = list(real(arguments.corpora / name))
        for mode in ("major", "minor"):
            print_row(f"{name}, held out", mode, [pair for pair in found if pair[1].endswith(mode)])
    for name in arguments.models:
        model = load_model(sorted((ROOT / "models" / name).iterdir())[-1], SLOTS)
        for key in arguments.keys:
            pieces = composed(model, key, arguments.pieces, arguments.first_seed)
            pairs = [(score_key(from_piece(piece)), key) for piece in pieces]
            figures[f"{name}.{key}.same_key_share"] = print_row(model.key, key, pairs)
    report("keys", figures)


def composed(model: Model, key: str, count: int, first_seed: int) -> Iterator[Piece]:
    """Yield pieces in a key, as many in each style of a melody model; an ensemble has its default style."""
    style = next(one for one in model.sampling.parameters if one.name == "style")
    styles = style.choices if model.adapter.kind == "melody" else (style.default,)
    for number, name in enumerate(styles):
        share = len(range(number, count, len(styles)))
        yield from compose(model, {"style": name, "key": key, "bars": BARS}, share, first_seed=first_seed)


def real(directory: Path) -> Iterator[tuple[str | None, str]]:
    """Yield the estimated and the stated key of held-out tunes, the split being that of the trainings."""
    held_out = {song.name for song in load_melody_corpus(directory).split("test")}
    for _, tune in read_tunes(directory):
        if isinstance(tune, Tune) and tune.name in held_out and tune.key is not None:
            end = tune.bars[BARS] if len(tune.bars) > BARS else np.inf
            parts = [part.moved(part.onset < end, 0) for part in (tune.melody, tune.accompaniment)]
            columns = [np.concatenate([getattr(part, name) for part in parts]) for name in ("onset", "length", "pitch")]
            score = make_score(np.rint(columns[0] * GRID), np.maximum(np.rint(columns[1] * GRID), 1), columns[2])
            yield score_key(score), key_name(tune.key)


def print_row(name: str, key: str, pairs: Iterable[tuple[str | None, str]]) -> float:
    """Print how estimated keys relate to those that are requested or stated; return the share of equal ones."""
    relations = Counter("other" if found is None else key_relation(found, wanted) for found, wanted in pairs)
    total = relations.total()
    shares = " | ".join(f"{relations[relation] / max(total, 1):.0%}" for relation in RELATIONS)
    print(f"| {name} | {key} | {total} | {shares} |", flush=True)
    return round(relations["same"] / max(total, 1), 4)


if __name__ == "__main__":
    main()
