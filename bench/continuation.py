"""`make bench-continuation`: how files are read by other programs, and what a continued piece keeps, by style.

The first table has one composed piece per meter, as symusic and mido read it. The second one has every style of every
melody model: a piece is composed, and its first two bars are continued from its file and its parameters.
"""

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import mido
import symusic
from endings import ROOT, compose, render
from euterpe_generator.domain.prompt import Prompt
from euterpe_generator.domain.requests import PromptSource
from euterpe_generator.models.catalogue import Model
from euterpe_generator.models.loader import load_model
from euterpe_music.meter import Meter, MeterChange
from euterpe_music.midi import read_midi, write_midi
from euterpe_music.piece import Piece
from report import report

GIVEN_BARS = 2
REQUESTED: Mapping[str, Any] = {
    "bars": 4, "key": "A major", "tempo": 97.0, "melody_instrument": "violin", "accompaniment_instrument": "cello",
}  # fmt: skip


def main() -> None:
    """Print both tables."""
    models = [load_model(sorted(path.iterdir())[-1], 2) for path in sorted((ROOT / "models").glob("melody-*"))]
    pieces = {(model.name, style): composed(model, style) for model in models for style in styles(model)}
    print("| meter | style | reader | meter | key | tempo | tracks | notes | bars |\n" + "|---" * 9 + "|")
    by_meter = {str(piece.meters[0].meter): (style, piece) for (_, style), (_, piece) in pieces.items()}
    # No model composes in 2/4, so that a reel is written in it.
    reel = pieces["melody-folk", "reels"][1]
    by_meter["2/4"] = ("reels, rewritten", replace(reel, meters=(MeterChange(0, Meter(2, 4)),)))
    for meter, (style, piece) in sorted(by_meter.items()):
        for reader, cells in readings(write_midi(piece)).items():
            print(f"| {meter} | {style} | {reader} | {' | '.join(cells)} |")
    print(
        "\n| model | style | in | style kept | meter | key | tempo | instruments | given notes |\n" + "|---" * 9 + "|"
    )
    kept: list[bool] = []
    for model in models:
        for style in styles(model):
            stored, piece = pieces[model.name, style]
            checks = continuation(model, stored, piece)
            kept += checks
            cells = " | ".join("yes" if one else "**no**" for one in checks)
            print(f"| {model.name} | {style} | {piece.meters[0].meter} | {cells} |")
    report("continuation", {"kept_share": round(sum(kept) / len(kept), 4), "checks": len(kept)})


def styles(model: Model) -> tuple[str, ...]:
    """Return the styles of a model."""
    return next(tuple(map(str, one.choices)) for one in model.sampling.parameters if one.name == "style")


def composed(model: Model, style: str) -> tuple[Mapping[str, Any], Piece]:
    """Return the parameters of a piece in the style, and the piece."""
    requested = {**REQUESTED, "style": style}
    parameters = model.check_parameters("body.parameters", requested)
    return parameters, next(compose(model, requested, 1))


def continuation(model: Model, stored: Mapping[str, Any], piece: Piece) -> list[bool]:
    """Continue a piece; return whether style, meter, key, tempo, instruments and the given notes are kept."""
    requested = {"bars": 6}
    checked = model.check_parameters("body.parameters", requested)
    prompt = model.adapter.read_prompt(write_midi(piece), PromptSource(bars=GIVEN_BARS), checked, stored)
    prompt = Prompt.from_dict(prompt.to_dict())
    parameters = model.adapter.resolve_parameters(checked, requested, prompt)
    first, second = read_midi(write_midi(piece)), read_midi(write_midi(render(model, parameters, prompt)))
    instruments = ("melody_instrument", "accompaniment_instrument")
    return [
        parameters["style"] == stored["style"],
        second.meters == first.meters,
        second.keys == first.keys,
        second.tempos == first.tempos,
        all(parameters[name] == stored[name] for name in instruments),
        given_notes(second) == given_notes(first),
    ]


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
