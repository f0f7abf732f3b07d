"""Composes pieces of a released ensemble as the product does, with the settings of training pieces, for its evaluation.

`scripts/evaluate-ensemble` runs it. Style, instruments, meter, tempo, key and length are those of training pieces drawn
at random; none of their notes is used. `requests.json` says what was asked for, as `euterpe-train evaluate` reads it,
and the training piece that each is `like`, as `euterpe-train ensemble add-critic` does.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from endings import SLOTS
from euterpe_generator.engine.request import Finished, Request
from euterpe_generator.models.catalogue import Model
from euterpe_generator.models.loader import load_model
from euterpe_music.key import KEYS
from euterpe_music.midi import write_midi
from euterpe_music.note_events.features import MAX_PARTS
from euterpe_music.note_events.instruments import part_instrument
from euterpe_music.note_events.spec import METERS, TEMPI, UNKNOWN_KEY
from euterpe_training.ensemble.dataset import Dataset
from euterpe_training.ensemble.typical_requests import Selection

MIN_BARS, MAX_BARS = 16, 64


def main() -> None:
    """Write the pieces and `requests.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="directory of corpora, data sets and runs")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--genre", required=True)
    parser.add_argument("--kind", default="")
    parser.add_argument("--source", required=True)
    parser.add_argument("--label", default="", help="the style's name in the reference; by default the genre")
    parser.add_argument("--candidates", type=int, default=1)
    parser.add_argument("--temperature", type=float, help="by default the bundle's")
    parser.add_argument("--top-p", type=float, help="by default the bundle's")
    arguments = parser.parse_args()
    dataset = Dataset(arguments.data / "ensemble" / "dataset")
    chosen = Selection(arguments.genre, arguments.kind, (arguments.source,)).numbers(dataset)
    model = load_model(arguments.bundle, SLOTS)
    generator = np.random.default_rng(arguments.seed)
    drawn = {f"{number:04d}.mid": int(generator.choice(chosen)) for number in range(arguments.count)}
    asked = {name: settings(dataset, number, model) for name, number in drawn.items()}
    like = {name: dataset.entries[number].name for name, number in drawn.items()}
    arguments.out.mkdir(parents=True, exist_ok=True)
    compose(model, asked, arguments)
    label = arguments.label or arguments.genre
    told = {
        name: {key: str(one[key]) for key in ("key", "meter") if key in one} | {"style": label, "like": like[name]}
        for name, one in asked.items()
    }
    (arguments.out / "requests.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


def settings(dataset: Dataset, number: int, model: Model) -> dict[str, Any]:
    """Return the parameters that ask for a piece like one of the data set."""
    entry, piece = dataset.entries[number], dataset.piece(number)
    offered = {one.name: one.choices for one in model.sampling.parameters}
    path = [name for name in (entry.genre, entry.kind, entry.composer) if name]
    while "/".join(path) not in offered["style"]:
        path.pop()
    names = [part_instrument(part) for part in piece.parts[:MAX_PARTS]]
    found: dict[str, Any] = {
        "style": "/".join(path),
        "parts": ", ".join(names),
        "tempo": float(np.clip(TEMPI[piece.bars["tempo"][0]], 30, 280)),
        "bars": int(np.clip(len(piece.bars), MIN_BARS, MAX_BARS)),
    }
    meters, key = np.unique(piece.bars["meter"]), int(piece.bars["key"][0])
    if len(meters) == 1 and (meter := "{}/{}".format(*METERS[int(meters[0])])) in offered["meter"]:
        found["meter"] = meter
    if key != UNKNOWN_KEY:
        found["key"] = KEYS[key]
    return found


def compose(model: Model, asked: Mapping[str, Mapping[str, Any]], arguments: argparse.Namespace) -> None:
    """Compose one piece for each request and write it to its file."""
    waiting: dict[str, Any] = {}
    sampling = {name: getattr(arguments, name) for name in ("candidates", "temperature", "top_p")}
    sampling = {name: value for name, value in sampling.items() if value is not None}
    for seed, (name, requested) in enumerate(asked.items()):
        wanted = {**requested, **sampling}
        parameters = model.check_parameters("body.parameters", wanted)
        parameters = model.adapter.resolve_parameters(parameters, wanted, None)
        inputs = model.adapter.session_inputs(parameters, None)
        waiting[name] = parameters
        request = Request(name, "", arguments.seed * 1_000_000 + seed, inputs.steps, inputs, arguments.candidates)
        model.scheduler.submit(request)
    while not model.scheduler.idle:
        for update in model.scheduler.step():
            if isinstance(update, Finished):
                piece = model.decode(update.events, waiting.pop(update.id))
                (arguments.out / update.id).write_bytes(write_midi(piece))
    if waiting:
        raise SystemExit(f"{len(waiting)} pieces were not composed")


if __name__ == "__main__":
    main()
