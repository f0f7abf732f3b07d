"""The notes of a prompt in the piece that continues it, exactly as they were given."""

import math
from dataclasses import replace
from typing import Final

import numpy as np
from euterpe_music.meter import Meter
from euterpe_music.piece import NoteArray, Piece, Track, make_notes

from euterpe_generator.domain.prompt import Given, Prompt

_MAX_TICKS_PER_QUARTER: Final = 0x7FFF


def with_given_notes(piece: Piece, prompt: Prompt, *, bars: int, semitones: int, has_accompaniment: bool) -> Piece:
    """Return a composed piece of `bars` bars with the given notes in place of those that the networks were fed.

    `piece` has the track of the melody and, if `has_accompaniment`, possibly that of the accompaniment. The given notes
    are moved by `semitones`. An accompaniment that was given is left out unless `has_accompaniment`; where none was
    given, the composed one stays.
    """
    given = prompt.given
    ticks = math.lcm(piece.ticks_per_quarter, given.ticks_per_quarter)
    piece = piece.rescaled(ticks if ticks <= _MAX_TICKS_PER_QUARTER else given.ticks_per_quarter)
    ratio = piece.ticks_per_quarter / given.ticks_per_quarter
    bar_ticks = Meter.parse(prompt.meter).bar_quarters * piece.ticks_per_quarter
    boundary, end = round(prompt.bars * bar_ticks), round(bars * bar_ticks)
    tracks = list(_tracks(given, piece, has_accompaniment))
    is_replaced = (piece.notes["track"] == 0) | given.has_accompaniment
    composed = piece.notes[~is_replaced | (piece.notes["onset"] >= boundary)]
    kept = _given_notes(given, tracks, ratio, semitones)
    kept["duration"] = np.maximum(np.minimum(kept["duration"], end - kept["onset"]), 1)
    notes = np.concatenate([composed, kept])
    return replace(piece, tracks=tuple(track for track, _ in tracks), notes=notes)


def _tracks(given: Given, piece: Piece, has_accompaniment: bool) -> "list[tuple[Track, int]]":
    """Return the tracks of the result, each with the number of its given track; -1 for one that was not given."""
    all_given = [(Track(program, is_drum, name), at) for at, (program, is_drum, name, _) in enumerate(given.tracks)]
    kept = [one for one in all_given if has_accompaniment or given.tracks[one[1]][3]]
    if has_accompaniment and not given.has_accompaniment and len(piece.tracks) > 1:
        kept.insert(1, (piece.tracks[1], -1))
    return kept


def _given_notes(given: Given, tracks: "list[tuple[Track, int]]", ratio: float, semitones: int) -> NoteArray:
    place = {number: index for index, (_, number) in enumerate(tracks)}
    rows = np.array([note for note in given.notes if note[4] in place], np.int64).reshape(-1, 5)
    onset, end = (np.rint(each * ratio) for each in (rows[:, 0], rows[:, 0] + rows[:, 1]))
    pitched = np.array([not given.tracks[number][1] for number in rows[:, 4]], np.int64)
    pitch = rows[:, 2] + semitones * pitched
    while (outside := (pitch > 127) | (pitch < 0)).any():
        pitch[outside] -= 12 * np.sign(pitch[outside])
    track = np.array([place[number] for number in rows[:, 4].tolist()], np.int64)
    return make_notes(onset, np.maximum(end - onset, 1), pitch, rows[:, 3], track)
