"""What the encodings keep of a corpus' accompaniments: a round trip of every song, measured before and after."""

from collections.abc import Iterable
from typing import Final

import numpy as np
from euterpe_music.tokens import QuantizedTrack
from euterpe_music.tokens.quantized_track import SIXTEENTHS
from euterpe_music.tokens.sustained import decode_sustained, encode_sustained, quantize_sustained

from euterpe_training.melody.layouts import Found
from euterpe_training.melody.tunes import Notes, Tune, grid_start, quantize_tune, rejection_reason, without_interludes

#: Notes sound together if they do half a sixteenth after an onset: played notes begin a little early or late.
_PROBE_QUARTERS: Final = 0.125
_BAR_QUARTERS: Final = 4.0


def compare_encodings(found: Iterable[Found]) -> dict[str, dict[str, float]]:
    """Return measures of accompaniments as read, after encoding 1, and after the sustained encoding; means over songs.

    `chord_tones` is the share of the melody's notes, of those over a chord, whose pitch class sounds in it,
    `notes_per_bar` counts per four quarters, `note_quarters` is the mean length of a note, `lowest_pitch` the mean of
    the lowest pitch that begins in each bar. Empty for no usable song.
    """
    rows: dict[str, list[dict[str, float]]] = {}
    for _, tune in found:
        if isinstance(tune, str) or rejection_reason(tune) or not len(tune.accompaniment.onset):
            continue
        kept, _ = without_interludes(tune)
        for name, (melody, accompaniment) in _encoded(kept).items():
            if len(accompaniment.onset):
                rows.setdefault(name, []).append(_measures(melody, accompaniment))
    return {
        name: {"songs": len(each), **{key: _mean([row[key] for row in each]) for key in each[0]}}
        for name, each in rows.items()
    }


def _encoded(tune: Tune) -> dict[str, tuple[Notes, Notes]]:
    """Return melody and accompaniment of a tune, in quarters, as read and after each encoding."""
    melody, chords, _, _ = quantize_tune(tune, SIXTEENTHS)
    start = grid_start(tune, SIXTEENTHS) / SIXTEENTHS
    part = tune.accompaniment
    notes = quantize_sustained(part.onset - start, part.length, part.pitch)
    notes = notes[(notes[:, 0] >= 0) & (notes[:, 0] < melody.end)]
    decoded, _ = decode_sustained(*encode_sustained(notes, melody.end))
    sustained = Notes(decoded[:, 0] / SIXTEENTHS, decoded[:, 1] / SIXTEENTHS, decoded[:, 2])
    lead = _notes(melody)
    return {
        "as read": (tune.melody, part),
        "encoding 1": (lead, _notes(chords.canonical())),
        "sustained": (lead, sustained),
    }


def _notes(track: QuantizedTrack) -> Notes:
    counts = [len(pitches) for pitches in track.pitches]
    onset, length = (
        np.repeat(np.array(each, np.float64) / SIXTEENTHS, counts) for each in (track.onsets, track.lengths)
    )
    return Notes(onset, length, np.array([pitch for pitches in track.pitches for pitch in pitches], np.int64))


def _measures(melody: Notes, accompaniment: Notes) -> dict[str, float]:
    ends = accompaniment.onset + accompaniment.length
    fits = []
    for onset, pitch in zip(melody.onset + _PROBE_QUARTERS, melody.pitch, strict=True):
        sounding = accompaniment.pitch[(accompaniment.onset <= onset) & (ends > onset)] % 12
        if len(sounding):
            fits.append(bool((sounding == pitch % 12).any()))
    bars = (accompaniment.onset / _BAR_QUARTERS).astype(np.int64)
    span = (melody.onset + melody.length).max() - melody.onset.min()
    return {
        "chord_tones": float(np.mean(fits)) if fits else float("nan"),
        "notes_per_bar": len(accompaniment.onset) / (span / _BAR_QUARTERS),
        "note_quarters": float(accompaniment.length.mean()),
        "lowest_pitch": float(np.mean([accompaniment.pitch[bars == bar].min() for bar in np.unique(bars)])),
    }


def _mean(values: list[float]) -> float:
    return round(float(np.nanmean(values)), 3)
