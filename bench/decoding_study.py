"""`make decoding-study`: the sampling strategies of melody models in a table and piano rolls, from composed pieces.

Every strategy composes pieces of the same lengths with every model; `docs/studies/decoding/results.json` has the
figures of each piece and the notes of one. Rows that are there are not composed again, and the page is written from
that file alone, so that another model (ARGS="--models DIR ...") only adds its rows. `ending` is off, since it is not a
property of a strategy. Greedy and beam search do not depend on the seed: theirs is one piece for each length and style.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from endings import SLOTS, STYLES
from euterpe_generator.engine.request import Finished, Request
from euterpe_generator.models.catalogue import Model
from euterpe_generator.models.loader import load_model
from euterpe_music.bundle import MelodyBundle, load_any_bundle
from euterpe_music.loops import find_loop
from euterpe_music.measures import measure
from euterpe_music.melody_parameters import RANDOM_STRATEGIES
from euterpe_music.piece import NoteArray, Piece, Tempo, Track, make_notes
from euterpe_training.evaluation.endings import find_ending
from euterpe_training.evaluation.scores import from_piece
from euterpe_training.reports.pictures import draw_piano_rolls

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs/studies/decoding"
LENGTHS = (8, 12, 16, 24, 32)
#: Pieces of each length and style with strategies that sample.
SAMPLES = 4
ROLL_BARS = 16
#: Name in the table → parameters besides bars, style and `ending`.
SETTINGS: dict[str, dict[str, Any]] = {
    "greedy": {"strategy": "greedy"},
    "greedy, no repeated 4-grams": {"strategy": "greedy", "no_repeat_ngram": 4},
    "beam": {"strategy": "beam"},
    "beam, no repeated 4-grams": {"strategy": "beam", "no_repeat_ngram": 4},
    "temperature 0.65": {"strategy": "temperature", "temperature": 0.65},
    "temperature 1": {"strategy": "temperature", "temperature": 1.0},
    "top_k 12": {"strategy": "top_k", "top_k": 12, "temperature": 1.0},
    "top_p 0.95": {"strategy": "top_p", "top_p": 0.95, "temperature": 1.0},
    "top_k_top_p 12, 0.95": {"strategy": "top_k_top_p", "top_k": 12, "top_p": 0.95, "temperature": 1.0},
}
#: Measure → heading.
COLUMNS = {
    "loop_start_bar": "loops; median start",
    "longest_note_bars": "longest note, bars: mean; most",
    "rests": "rests",
    "pitch_entropy": "entropy, bits",
    "chord_tones": "chord tones",
    "ends_on_tonic": "ends on the tonic",
}
#: Key of results.json → that of a manifest's measures of real pieces.
REAL = {"rests": "rests", "chord_tones": "melody_on_chord_tones"}


def main() -> None:
    """Compose what is missing and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", type=Path, help="directories of bundles; default: the released ones")
    parser.add_argument("--out", type=Path, default=OUT, help="directory of the page and its results")
    parser.add_argument("--lengths", nargs="*", type=int, default=list(LENGTHS), help="bars of the pieces")
    parser.add_argument("--report", action="store_true", help="only write the page")
    arguments = parser.parse_args()
    path = arguments.out / "results.json"
    results: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {"models": {}, "rows": []}
    if not arguments.report:
        directories = arguments.models or [sorted((ROOT / "models" / name).iterdir())[-1] for name in STYLES
                                           if name.startswith("melody-")]  # fmt: skip
        for directory in directories:
            compose_missing(directory, arguments.lengths, results, path)
    write_page(results, arguments.out)


def compose_missing(directory: Path, lengths: Sequence[int], results: dict[str, Any], path: Path) -> None:
    """Compose the settings of a model that have no row, and write the results after each."""
    bundle = load_any_bundle(directory)
    if not isinstance(bundle, MelodyBundle):
        raise SystemExit(f"{directory} is not a bundle of melody networks")
    manifest, training = bundle.manifest, bundle.manifest.training
    key = f"{manifest.name}@{manifest.version}"
    real = {} if training is None else training.measures.get("real", {})
    results["models"][key] = {
        "model": manifest.encoding,
        "corpus": "" if training is None else training.corpus.name,
        "real": {ours: real[theirs] for ours, theirs in REAL.items() if theirs in real},
    }
    done = {row["setting"] for row in results["rows"] if row["model"] == key}
    if SETTINGS.keys() <= done:
        return
    model = load_model(directory, SLOTS)
    for setting, parameters in SETTINGS.items():
        if setting not in done:
            row = {"model": key, "setting": setting, **compose_row(model, parameters, lengths)}
            results["rows"].append(row)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(to_json(results))
            print(f"{key}, {setting}: {len(row['pieces'])} pieces", flush=True)


def compose_row(model: Model, parameters: Mapping[str, Any], lengths: Sequence[int]) -> dict[str, Any]:
    """Compose a piece for each length and style; return the figures of each, and the notes of one of 16 bars."""
    is_sampled = parameters["strategy"] in RANDOM_STRATEGIES
    requested = {**parameters, **({"ending": "off"} if is_sampled else {})}
    requests = [{**requested, **style, "bars": bars} for style in styles(model) for bars in lengths]
    requests *= SAMPLES if is_sampled else 1
    shown = {**requested, **next(iter(styles(model))), "bars": ROLL_BARS}
    *pieces, roll = compose_all(model, [*requests, shown])
    return {"parameters": dict(parameters), "pieces": [figures(piece) for piece in pieces], "roll": to_rows(roll)}


def compose_all(model: Model, requests: Sequence[Mapping[str, Any]]) -> list[Piece]:
    """Compose a piece for each request side by side; its number is its seed."""
    resolved, pieces = {}, {}
    for seed, requested in enumerate(requests):
        parameters = model.check_parameters("body.parameters", requested)
        resolved[str(seed)] = model.adapter.resolve_parameters(parameters, requested, None)
        inputs = model.adapter.session_inputs(resolved[str(seed)], None)
        model.scheduler.submit(Request(str(seed), "", seed=seed, steps=inputs.steps, inputs=inputs))
    while not model.scheduler.idle:
        for update in model.scheduler.step():
            if isinstance(update, Finished):
                pieces[update.id] = model.decode(update.events, resolved[update.id])
    return [pieces[str(seed)] for seed in range(len(requests))]


def styles(model: Model) -> Iterator[dict[str, str]]:
    """Yield the styles of the evaluation as parameters; nothing to choose for a model without styles."""
    for style in STYLES.get(model.name, ()):
        yield {"style": style}
    if model.name not in STYLES:
        yield {}


def figures(piece: Piece) -> dict[str, float | None]:
    """Return the figures of a piece: `loop_start_bar` counts from 1 and is None without a loop; shares are in 0..1."""
    loop, bar_ticks = find_loop(piece), piece.meters[0].meter.bar_quarters * piece.ticks_per_quarter
    melody = piece.notes[piece.notes["track"] == 0]
    if not len(melody):
        return {"loop_start_bar": 1.0, "longest_note_bars": 0.0, "rests": 1.0, "pitch_entropy": 0.0,
                "chord_tones": None, "ends_on_tonic": None}  # fmt: skip
    ending = find_ending(from_piece(piece))
    return {
        "loop_start_bar": None if loop is None else float(loop.start_bar),
        "longest_note_bars": round(float(melody["duration"].max()) / bar_ticks, 3),
        "rests": round(1 - float(melody["duration"].sum()) / max(piece.end_tick, 1), 4),
        "pitch_entropy": round(measure(Piece(piece.ticks_per_quarter, melody, piece.tracks)).pitch_entropy, 3),
        "chord_tones": chord_tone_share(melody, piece.notes[piece.notes["track"] == 1]),
        "ends_on_tonic": None if ending is None else float(ending.on_tonic),
    }


def chord_tone_share(melody: NoteArray, accompaniment: NoteArray) -> float | None:
    """Return the share of the melody's notes, of those over a chord, whose pitch class sounds in it."""
    starts, ends = accompaniment["onset"], accompaniment["onset"] + accompaniment["duration"]
    fits = []
    for note in melody:
        sounding = accompaniment["pitch"][(starts <= note["onset"]) & (ends > note["onset"])] % 12
        if len(sounding):
            fits.append(bool((sounding == note["pitch"] % 12).any()))
    return round(float(np.mean(fits)), 4) if fits else None


def write_page(results: Mapping[str, Any], out: Path) -> None:
    """Write README.md and one figure of piano rolls per model, from the results alone."""
    out.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Sampling strategies of melody models",
        "",
        "`make decoding-study` writes this page from `results.json`. Pieces have 8 to 32 bars and default parameters",
        "besides those stated, with `ending: off`; sampled pieces have different seeds. Loops are those of",
        "[`loops.py`](../../../packages/music/src/euterpe_music/loops.py): share of pieces with one, and the median",
        "bar in which it starts. Longest note, rests and entropy of pitches are of the melody, chord tones the share",
        "of its notes whose pitch class sounds in the accompaniment at their onset. Rests, entropy, chord tones and",
        "endings are means over the pieces. A piece without a melody counts as a loop from bar 1.",
        "",
    ]
    for key, described in sorted(results["models"].items()):
        rows = [row for row in results["rows"] if row["model"] == key]
        lines += [f"## {key}", "", f"Model {described['model']} of the thesis, trained on {described['corpus']}.", ""]
        lines += [f"| strategy | pieces | {' | '.join(COLUMNS.values())} |", "|---" * (2 + len(COLUMNS)) + "|"]
        for row in rows:
            cells = " | ".join(cell(name, row["pieces"]) for name in COLUMNS)
            lines.append(f"| {row['setting']} | {len(row['pieces'])} | {cells} |")
        if described["real"]:
            cells = " | ".join(
                f"{described['real'][name]:.2f}" if name in described["real"] else "–" for name in COLUMNS
            )
            lines.append(f"| real pieces (held out) | – | {cells} |")
        picture = f"rolls-{key.partition('@')[0]}.png"
        lines += ["", f"![Piano rolls of {key}, one per strategy]({picture})", ""]
        draw_piano_rolls([(row["setting"], from_rows(row["roll"])) for row in rows], out / picture)
    (out / "README.md").write_text("\n".join(lines))


def cell(name: str, pieces: Sequence[Mapping[str, float | None]]) -> str:
    """Return a cell of the table."""
    values = [value for piece in pieces if (value := piece[name]) is not None]
    if name == "loop_start_bar":
        return f"{len(values) / len(pieces):.0%}" + (f"; {np.median(values):g}" if values else "")
    if not values:
        return "–"
    if name == "longest_note_bars":
        return f"{np.mean(values):.2f}; {max(values):.2f}"
    return f"{np.mean(values):.0%}" if name == "ends_on_tonic" else f"{np.mean(values):.2f}"


def to_rows(piece: Piece) -> list[list[float]]:
    """Return onset and length in quarters, pitch, velocity and track of each note."""
    notes, per = piece.notes, piece.ticks_per_quarter
    columns = (notes["onset"] / per, notes["duration"] / per, notes["pitch"], notes["velocity"], notes["track"])
    return [[round(float(value), 4) for value in row] for row in zip(*columns, strict=True)]


def from_rows(rows: Sequence[Sequence[float]]) -> Piece:
    """Return a piece at 120 quarters per minute from `to_rows`'s notes."""
    onset, length, pitch, velocity, track = np.array(rows, np.float64).reshape(-1, 5).T
    notes = make_notes(np.rint(onset * 480), np.rint(length * 480), pitch, velocity)
    notes["track"] = track
    return Piece(480, notes, (Track(0), Track(0)), (Tempo(0, 120.0),))


def to_json(results: Mapping[str, Any]) -> str:
    """Return the results with one row per line."""
    rows = ",\n".join(json.dumps(row) for row in results["rows"])
    return f'{{"models": {json.dumps(results["models"])},\n"rows": [\n{rows}\n]}}\n'


if __name__ == "__main__":
    main()
