"""What listeners set of a finished piece: its tempo, its key's height, its instruments."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from euterpe_music.parameters import Value
from euterpe_music.piece import Piece, Tempo, Track

#: The 128 programs of General MIDI, level 1, by number.
PROGRAMS: Final = tuple(
    name.strip()
    for name in """
    acoustic grand piano, bright acoustic piano, electric grand piano, honky-tonk piano, electric piano 1,
    electric piano 2, harpsichord, clavinet, celesta, glockenspiel, music box, vibraphone, marimba, xylophone,
    tubular bells, dulcimer, drawbar organ, percussive organ, rock organ, church organ, reed organ, accordion,
    harmonica, tango accordion, nylon guitar, steel guitar, jazz guitar, clean guitar, muted guitar,
    overdriven guitar, distortion guitar, guitar harmonics, acoustic bass, fingered bass, picked bass, fretless bass,
    slap bass 1, slap bass 2, synth bass 1, synth bass 2, violin, viola, cello, contrabass, tremolo strings,
    pizzicato strings, harp, timpani, string ensemble 1, string ensemble 2, synth strings 1, synth strings 2,
    choir aahs, voice oohs, synth voice, orchestra hit, trumpet, trombone, tuba, muted trumpet, french horn,
    brass section, synth brass 1, synth brass 2, soprano sax, alto sax, tenor sax, baritone sax, oboe, english horn,
    bassoon, clarinet, piccolo, flute, recorder, pan flute, blown bottle, shakuhachi, whistle, ocarina, square lead,
    sawtooth lead, calliope lead, chiff lead, charang lead, voice lead, fifths lead, bass and lead, new age pad,
    warm pad, polysynth pad, choir pad, bowed pad, metallic pad, halo pad, sweep pad, rain, soundtrack, crystal,
    atmosphere, brightness, goblins, echoes, sci-fi, sitar, banjo, shamisen, koto, kalimba, bagpipe, fiddle, shanai,
    tinkle bell, agogo, steel drums, woodblock, taiko drum, melodic tom, synth drum, reverse cymbal,
    guitar fret noise, breath noise, seashore, bird tweet, telephone ring, helicopter, applause, gunshot
    """.split(",")  # noqa: SIM905 - 128 lines would be harder to read
)


def program_number(instrument: Value) -> int:
    """The General MIDI program 0..127 of a number or one of PROGRAMS; raises ValueError for anything else."""
    if isinstance(instrument, str):
        if instrument in PROGRAMS:
            return PROGRAMS.index(instrument)
    elif 0 <= instrument <= 127:
        return int(instrument)
    raise ValueError(f"{instrument!r} is no instrument of General MIDI")


def apply_postprocessing(piece: Piece, values: Mapping[str, Value]) -> Piece:
    """The piece as the post parameters among `values` want it (parameters.POST); all others are none of its business.

    `tempo` in quarters per minute replaces the tempo map; `transpose` moves all but drums by semitones, and what
    would leave MIDI's range by an octave back into it. `instrument` is for every track, `melody_instrument` for the
    first and `accompaniment_instrument` for the second one.
    """
    if "tempo" in values:
        piece = replace(piece, tempos=(Tempo(0, float(values["tempo"])),))
    if values.get("transpose"):
        piece = _transposed(piece, int(values["transpose"]))
    named = ("melody_instrument", "accompaniment_instrument")
    wanted = [values.get(named[at] if at < 2 else "", values.get("instrument")) for at in range(len(piece.tracks))]
    if any(instrument is not None for instrument in wanted):
        tracks = tuple(
            track if instrument is None or track.is_drum else Track(program_number(instrument))
            for track, instrument in zip(piece.tracks, wanted, strict=True)
        )
        piece = replace(piece, tracks=tracks)
    return piece


def _transposed(piece: Piece, semitones: int) -> Piece:
    notes = piece.notes.copy()
    pitched = ~np.array([track.is_drum for track in piece.tracks])[notes["track"]]
    pitches = notes["pitch"].astype(np.int64) + np.where(pitched, semitones, 0)
    while (outside := (pitches > 127) | (pitches < 0)).any():
        pitches[outside] -= 12 * np.sign(pitches[outside])
    notes["pitch"] = pitches
    return piece.with_notes(notes)
