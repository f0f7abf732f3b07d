"""`make bench-continuation`: how files are read by other programs, and what a continued piece keeps, by style.

The first table has one composed piece per meter, as symusic and mido read it. The second one has every style of every
model that continues pieces: a piece is composed, and its first two bars are continued from its file and its parameters.
Styles of the ensemble below the second level (composers) are in the row of the style above them.
"""

import argparse
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import mido
import symusic
from endings import ROOT
from euterpe_generator.domain.prompt import Prompt
from euterpe_generator.domain.requests import PromptSource
from euterpe_generator.engine.request import Finished, Request
from euterpe_generator.models.catalogue import Model
from euterpe_generator.models.loader import load_model
from euterpe_music.meter import MeterChange
from euterpe_music.midi import read_midi, write_midi
from euterpe_music.piece import Piece, Tempo
from report import report

Change = MeterChange | Tempo

GIVEN_BARS = 2
SLOTS = 32
SHARED: Mapping[str, Any] = {"bars": 4, "key": "A major", "tempo": 97.0}
REQUESTED: Mapping[str, Mapping[str, Any]] = {
    "melody": {**SHARED, "melody_instrument": "violin", "accompaniment_instrument": "cello"},
    "ensemble": {**SHARED, "parts": "violin, cello"},
}
KEPT = ("style", "meter", "key", "tempo", "instruments", "given notes")
_ALL_INSTRUMENTS = ("melody_instrument", "accompaniment_instrument", "parts")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=("melody-*", "ensemble"), help="names of models")
    paths = [path for name in parser.parse_args().models for path in sorted((ROOT / "models").glob(name))]
    models = [load_model(sorted(path.iterdir())[-1], SLOTS) for path in paths]
    pieces = {model.name: composed(model) for model in models}
    print("| meter | model | style | reader | meter | key | tempo | tracks | notes | bars |\n" + "|---" * 10 + "|")
    by_meter = {
        str(piece.meters[0].meter): (name, style, piece)
        for name, found in reversed(pieces.items())
        for style, (_, piece) in reversed(found.items())
        if len(piece.meters) == 1
    }
    for meter, (name, style, piece) in sorted(by_meter.items()):
        for reader, cells in readings(write_midi(piece)).items():
            print(f"| {meter} | {name} | {style} | {reader} | {' | '.join(cells)} |")
    print(f"\n| model | style | styles | in | {' | '.join(KEPT)} |\n" + "|---" * (4 + len(KEPT)) + "|")
    kept = [one for model in models for one in print_continuations(model, pieces[model.name])]
    report("continuation", {"kept_share": round(sum(kept) / len(kept), 4), "checks": len(kept)})


def print_continuations(model: Model, pieces: Mapping[str, tuple[Mapping[str, Any], Piece]]) -> list[bool]:
    """Continue all pieces of a model, print one row per style of the first two levels, and return all checks."""
    rows: dict[str, list[list[bool]]] = defaultdict(list)
    meters: dict[str, set[str]] = defaultdict(set)
    for style, kept in continuations(model, pieces).items():
        row = "/".join(style.split("/")[:2])
        rows[row].append(kept)
        meters[row].add(str(pieces[style][1].meters[0].meter))
    for row, found in rows.items():
        counts = [sum(column) for column in zip(*found, strict=True)]
        cells = " | ".join("yes" if count == len(found) else f"**{count}**" for count in counts)
        print(f"| {model.name} | {row} | {len(found)} | {', '.join(sorted(meters[row]))} | {cells} |")
    return [one for found in rows.values() for checks in found for one in checks]


def styles(model: Model) -> tuple[str, ...]:
    """Return the styles of a model."""
    choices = next(tuple(map(str, one.choices)) for one in model.sampling.parameters if one.name == "style")
    return tuple(style for style in choices if style != "any")


def composed(model: Model) -> dict[str, tuple[Mapping[str, Any], Piece]]:
    """Return for each style the parameters of a piece, and the piece."""
    requests = {}
    for style in styles(model):
        requested = {**REQUESTED[model.adapter.kind], "style": style}
        checked = model.check_parameters("body.parameters", requested)
        requests[style] = model.adapter.resolve_parameters(checked, requested, None), None
    return {style: (requests[style][0], piece) for style, piece in run(model, requests).items()}


def continuations(model: Model, pieces: Mapping[str, tuple[Mapping[str, Any], Piece]]) -> dict[str, list[bool]]:
    """Continue pieces; return for each whether style, meter, key, tempo, instruments and the given notes are kept."""
    requests, requested = {}, {"bars": 6}
    for style, (stored, piece) in pieces.items():
        checked = model.check_parameters("body.parameters", requested)
        prompt = model.adapter.read_prompt(write_midi(piece), PromptSource(bars=GIVEN_BARS), checked, stored)
        prompt = Prompt.from_dict(prompt.to_dict())
        requests[style] = model.adapter.resolve_parameters(checked, requested, prompt), prompt
    results = {}
    for style, continued in run(model, requests).items():
        (stored, piece), parameters = pieces[style], requests[style][0]
        first, second = read_midi(write_midi(piece)), read_midi(write_midi(continued))
        boundary = first.bar_starts[GIVEN_BARS]
        results[style] = [
            parameters["style"] == style,
            is_continued(first.meters, second.meters, boundary),
            second.keys == first.keys,
            is_continued(first.tempos, second.tempos, boundary),
            instruments(second) <= instruments(first)
            and all(parameters[name] in (stored[name], "any") for name in _ALL_INSTRUMENTS if name in stored),
            given_notes(second) == given_notes(first),
        ]
    return results


def is_continued(given: Sequence[Change], continued: Sequence[Change], boundary: int) -> bool:
    """Return whether changes before the tick `boundary` are equal; after one value in the given bars, none follow."""
    before = [change for change in given if change.tick < boundary]
    if len(before) == 1:
        return before == list(continued)
    return before == [change for change in continued if change.tick < boundary]


def run(
    model: Model, requests: Mapping[str, tuple[Mapping[str, Any], Prompt | None]], seed: int = 0
) -> dict[str, Piece]:
    """Compose the pieces of all requests side by side."""
    for name, (parameters, prompt) in requests.items():
        inputs = model.adapter.session_inputs(parameters, prompt)
        model.scheduler.submit(Request(name, "", seed=seed, steps=inputs.steps, inputs=inputs))
    pieces = {}
    while not model.scheduler.idle:
        for update in model.scheduler.step():
            if isinstance(update, Finished):
                pieces[update.id] = model.decode(update.events, *requests[update.id])
    return {name: pieces[name] for name in requests}


def instruments(piece: Piece) -> set[tuple[int, bool]]:
    """Return program and kind of the tracks with notes."""
    return {(piece.tracks[number].program, piece.tracks[number].is_drum) for number in set(piece.notes["track"])}


def given_notes(piece: Piece) -> list[tuple[int, ...]]:
    """Return onset, length, pitch, velocity and program of the first bars' notes."""
    notes = piece.notes[piece.notes["onset"] < piece.bar_starts[GIVEN_BARS]]
    programs = [piece.tracks[number].program for number in notes["track"]]
    columns = [notes[name].tolist() for name in ("onset", "duration", "pitch", "velocity")]
    return sorted(zip(*columns, programs, strict=True))


def readings(midi: bytes) -> dict[str, list[str]]:
    """Return what symusic and mido read: meter, key, tempo, tracks, notes, and bars until the end of the tracks."""
    score = symusic.Score.from_midi(midi)
    sign, key = score.time_signatures[0], score.key_signatures[0]
    end = max(note.end for track in score.tracks for note in track.notes)
    bar = score.ticks_per_quarter * 4 * sign.numerator / sign.denominator
    tracks = ", ".join(f"{track.name} ({track.program})" for track in score.tracks)
    by_symusic = [
        f"{sign.numerator}/{sign.denominator}", f"{key.key:+d} {'minor' if key.tonality else 'major'}",
        f"{score.tempos[0].qpm:.1f}", tracks, str(sum(len(track.notes) for track in score.tracks)), f"{end / bar:g}",
    ]  # fmt: skip
    file = mido.MidiFile(file=io.BytesIO(midi), charset="utf-8")
    metas = {message.type: message for message in file.tracks[0]}
    meter = metas["time_signature"]
    programs = [next(m.program for m in track if m.type == "program_change") for track in file.tracks[1:]]
    names = [next(m.name for m in track if m.type == "track_name") for track in file.tracks[1:]]
    ticks = max(sum(message.time for message in track) for track in file.tracks)
    count = sum(m.type == "note_on" and m.velocity > 0 for track in file.tracks for m in track)
    by_mido = [
        f"{meter.numerator}/{meter.denominator}", metas["key_signature"].key,
        f"{mido.tempo2bpm(metas['set_tempo'].tempo):.1f}",
        ", ".join(f"{name} ({program})" for name, program in zip(names, programs, strict=True)), str(count),
        f"{ticks / (file.ticks_per_beat * 4 * meter.numerator / meter.denominator):g}",
    ]  # fmt: skip
    return {"symusic": by_symusic, "mido": by_mido}


if __name__ == "__main__":
    main()
