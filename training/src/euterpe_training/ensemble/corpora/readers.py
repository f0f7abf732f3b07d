"""Read the files of each source into pieces, with the keys and chords that the source states or the notes suggest."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from euterpe_music.note_events.encode import default_instrument, encode, metric_alignment
from euterpe_music.note_events.harmony import chords_of_bars, estimate_pickup, keys_of_bars
from euterpe_music.note_events.instruments import INSTRUMENTS, instrument_of_program
from euterpe_music.note_events.piece import NotePiece
from euterpe_music.note_events.spec import CHORD_QUALITIES, METER_TICKS, NO_CHORD, TICKS_PER_QUARTER
from symusic.core import (
    NoteTick,
    ScoreTick,
    TempoTick,
    TempoTickList,
    TimeSignatureTick,
    TimeSignatureTickList,
    TrackTick,
)

from euterpe_training.ensemble.corpora.sources import Source

_VOICE = next(number for number, item in enumerate(INSTRUMENTS) if item.name == "voice")
_PIANO = instrument_of_program(0)
_OBOE_PROGRAM = 68
_TEMPI = {"jigs": 180.0, "slip": 180.0, "reels": 200.0, "hpps": 160.0, "waltzes": 150.0, "morris": 140.0}
_NOTES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_QUALITY_OF = {
    "maj": 0, "min": 1, "7": 2, "maj7": 3, "min7": 4, "dim": 5, "dim7": 5, "hdim7": 5, "aug": 6, "sus4": 7, "sus2": 7,
    "sus4(b7)": 7, "maj6": 0, "min6": 1, "9": 2, "maj9": 3, "min9": 4, "11": 2, "13": 2, "minmaj7": 1,
}  # fmt: skip
assert max(_QUALITY_OF.values()) < len(CHORD_QUALITIES)


class UnmeteredError(ValueError):
    """The file's notes do not follow its beats: it was played without a click."""


def read_piece(source: Source, root: Path, path: Path) -> NotePiece:
    """Read one file of a source. Raises ValueError (or what symusic raises) where it cannot be used."""
    score = ScoreTick.from_file(root / path)
    if score.note_num() == 0:
        raise ValueError("the file holds no notes")
    alignment = metric_alignment(score)
    if alignment < source.min_alignment:
        raise UnmeteredError(f"{alignment:.2f} of its onsets are on the beat's divisions")
    piece = _READERS.get(source.name, _read_plain)(score, root / path)
    if source.name != "pop909":
        piece.bars["key"] = keys_of_bars(piece, key_signatures(score))
    if (piece.bars["chord"] == NO_CHORD).all():
        piece.bars["chord"] = chords_of_bars(piece)
    return piece


def key_signatures(score: ScoreTick) -> list[tuple[int, int]]:
    """Return the score's key signatures as (tick in 1/24 quarter, number of sharps).

    A sole C major is what programs write by default, so it states nothing.
    """
    scale = TICKS_PER_QUARTER / score.ticks_per_quarter
    found = sorted({(round(signature.time * scale), signature.key) for signature in score.key_signatures})
    return [] if [sharps for _, sharps in found] == [0] else found


def _read_plain(score: ScoreTick, _: Path) -> NotePiece:
    return encode(score)


def _read_voices(score: ScoreTick, _: Path) -> NotePiece:
    return encode(score, instrument_of=lambda _: _VOICE)


def _song_instrument(track: TrackTick) -> int | None:
    is_voice = track.program == _OBOE_PROGRAM or "voice" in track.name.lower()
    return _VOICE if is_voice else default_instrument(track)


def _read_openscore(score: ScoreTick, path: Path) -> NotePiece:
    """Read an OpenScore file, whose time signatures hide pickups."""
    instrument_of = _song_instrument if "lieder" in path.parts else default_instrument
    piece = encode(score, instrument_of=instrument_of)
    changes = {signature.time for signature in score.time_signatures}
    pickup = estimate_pickup(piece) if len(changes) == 1 else 0
    return encode(score, pickup_ticks=pickup, instrument_of=instrument_of) if pickup else piece


def _read_nottingham(score: ScoreTick, path: Path) -> NotePiece:
    """Read a Nottingham tune: melody and chords. Its meter is not written, so the chord changes tell it."""
    kind = re.match(r"[a-z]*", path.stem)
    prefix = kind[0] if kind else ""
    meter, pickup = _nottingham_meter(score, prefix)
    score.time_signatures = TimeSignatureTickList([TimeSignatureTick(0, *meter)])
    tempo = next((tempo for word, tempo in _TEMPI.items() if prefix.startswith(word)), 120.0)
    score.tempos = TempoTickList([TempoTick(0, tempo)])
    for number, track in enumerate(score.tracks):
        track.program = 40 if number == 0 else 0
    piece = encode(score, pickup_ticks=pickup)
    chord_notes = piece.notes[piece.notes["part"] == piece.notes["part"].min()]
    accompaniment = piece.with_notes(chord_notes) if len(piece.parts) > 1 else piece
    piece.bars["chord"] = chords_of_bars(accompaniment)
    return piece


def _nottingham_meter(score: ScoreTick, prefix: str) -> tuple[tuple[int, int], int]:
    """Return meter and pickup ticks: those that put most of the chord changes at the starts of bars."""
    scale = TICKS_PER_QUARTER / score.ticks_per_quarter
    accompaniment = score.tracks[-1].notes.numpy()["time"]
    melody = score.tracks[0].notes.numpy()["time"]
    changes = np.rint(np.unique(accompaniment) * scale).astype(np.int64)
    onsets = np.rint(np.unique(melody) * scale).astype(np.int64)
    bars = {"jig": (72,), "slip": (108,), "waltz": (72,), "reel": (96,), "hpps": (96,)}
    lengths = next((ticks for word, ticks in bars.items() if prefix.startswith(word)), (96, 72))
    best = max(
        ((np.mean((changes - shift) % length == 0) * np.sqrt(length), -shift, length) for length in lengths
         for shift in range(0, length, 12)),
    )  # fmt: skip
    length, shift = best[2], -best[1]
    dotted = np.mean((onsets - shift) % 36 == 0)
    straight = np.mean((onsets - shift) % 24 == 0)
    meter = {96: (4, 4), 108: (9, 8), 72: (6, 8) if prefix.startswith("jig") or dotted > straight else (3, 4)}[length]
    return meter, shift


def _read_pop909(score: ScoreTick, path: Path) -> NotePiece:
    """Read a POP909 song along its annotated beats, one beat a quarter."""
    rows = np.loadtxt(path.parent / "beat_midi.txt", ndmin=2)
    beats, downbeats = rows[:, 0], np.flatnonzero(rows[:, 2] > 0.5)
    if len(beats) < 16 or len(downbeats) < 4:
        raise ValueError("the song has no beat annotation")
    meter = int(np.median(np.diff(downbeats)))
    if meter not in (2, 3, 4):
        raise ValueError(f"the song has bars of {meter} beats")
    meter = 4 if meter == 2 else meter
    shift = (-int(downbeats[0])) % meter
    warped = _along_beats(score, beats, shift)
    warped.time_signatures.append(TimeSignatureTick(0, meter, 4))
    grid_start = _first_bar(warped, meter)
    piece = encode(warped, instrument_of=lambda track: _VOICE if track.name.strip() == "MELODY" else _PIANO)
    piece.bars["chord"] = _annotated_chords(path.parent / "chord_midi.txt", beats, shift, piece, grid_start)
    piece.bars["key"] = keys_of_bars(piece, [])
    return piece


def _first_bar(score: ScoreTick, meter: int) -> int:
    """Return the tick (1/24 quarter) of the first bar that has a note: `encode` removes the bars before it."""
    first: int = min(track.notes.numpy()["time"].min() for track in score.tracks if len(track.notes))
    bar = meter * TICKS_PER_QUARTER
    return round(first * TICKS_PER_QUARTER / score.ticks_per_quarter) // bar * bar


def _along_beats(score: ScoreTick, beats: np.ndarray, shift: int) -> ScoreTick:
    seconds: Any = score.to("second")
    period = float(np.median(np.diff(beats)))
    before, after = np.arange(-64, 0) * period + beats[0], np.arange(1, 65) * period + beats[-1]
    times = np.concatenate([before, beats, after])
    quarters = np.arange(len(times)) - 64 + shift
    warped = ScoreTick(480)
    for bar_start in range(0, len(beats) - 1, 4):
        bpm = 60.0 / max(float(np.mean(np.diff(beats[bar_start : bar_start + 5]))), 0.1)
        warped.tempos.append(TempoTick(max(0, (bar_start + shift) * 480) if bar_start else 0, float(bpm)))
    for track in seconds.tracks:
        new = TrackTick(track.name, track.program, track.is_drum)
        for note in track.notes:
            start, end = np.interp([note.time, note.time + note.duration], times, quarters) * 480
            if start >= 0:
                new.notes.append(NoteTick(round(start), max(1, round(end - start)), note.pitch, note.velocity))
        if len(new.notes):
            warped.tracks.append(new)
    return warped


def _annotated_chords(path: Path, beats: np.ndarray, shift: int, piece: NotePiece, grid_start: int) -> np.ndarray:
    starts = piece.bar_starts[:-1] + grid_start
    halves = np.stack([starts, starts + METER_TICKS[piece.bars["meter"]] // 2], axis=1)
    middles = halves / TICKS_PER_QUARTER + 0.5 - shift
    period = float(np.median(np.diff(beats)))
    seconds = np.interp(middles, np.arange(len(beats)), beats)
    seconds = np.where(middles < 0, beats[0] + middles * period, seconds)
    chords = np.full(halves.shape, NO_CHORD)
    for line in path.read_text().splitlines():
        begin, end, name = line.split("\t")[:3]
        chords[(seconds >= float(begin)) & (seconds < float(end))] = chord_number(name)
    return chords


def chord_number(name: str) -> int:
    """Return the number of a chord in Harte's notation, such as `Bb:min7/b3`; `NO_CHORD` for others."""
    match = re.match(r"([A-G])([#b]*):?([^/]*)", name)
    if not match:
        return NO_CHORD
    quality = _QUALITY_OF.get(re.sub(r"\(.*", "", match[3]) or "maj")
    if quality is None:
        return NO_CHORD
    root = (_NOTES[match[1]] + match[2].count("#") - match[2].count("b")) % 12
    return quality * 12 + root


_TENOR_SAXOPHONE_PROGRAM = 66
_SOLO_PROGRAMS = {
    56: "BixBeiderbecke BuckClayton CharlieShavers ChetBaker CliffordBrown DizzyGillespie DonEllis FatsNavarro "
    "FreddieHubbard HarryEdison KennyDorham KennyWheeler LeeMorgan LouisArmstrong MilesDavis NatAdderley RexStewart "
    "RoyEldridge WoodyShaw WyntonMarsalis",
    57: "CurtisFuller DickieWells JJJohnson KidOry SteveTurre",
    65: "ArtPepper BennyCarter CannonballAdderley CharlieParker EricDolphy JohnnyHodges KennyGarrett LeeKonitz "
    "OrnetteColeman PaulDesmond PhilWoods SonnyStitt SteveColeman",
    64: "SidneyBechet SteveLacy",
    67: "GerryMulligan PepperAdams",
    71: "BennyGoodman JohnnyDodds",
    26: "PatMartino PatMetheny",
    11: "LionelHampton MiltJackson",
    0: "HerbieHancock RedGarland",
}
_PROGRAM_OF_ARTIST = {name: program for program, names in _SOLO_PROGRAMS.items() for name in names.split()}


def _read_jazz(score: ScoreTick, path: Path) -> NotePiece:
    """Read a transcribed solo, whose file names no instrument: the artist's own is used."""
    program = _PROGRAM_OF_ARTIST.get(path.parent.name, _TENOR_SAXOPHONE_PROGRAM)
    return encode(score, instrument_of=lambda _: instrument_of_program(program))


_READERS: dict[str, Callable[[ScoreTick, Path], NotePiece]] = {
    "jazz": _read_jazz,
    "lieder": _read_openscore,
    "quartets": _read_openscore,
    "chorales": _read_voices,
    "madrigals": _read_voices,
    "pop909": _read_pop909,
    "nottingham": _read_nottingham,
}
