"""Pieces for other instruments than their corpus has: melodies, chords and basses go to instruments that suit them.

Corpora have the same instruments in all their pieces (Nottingham: violin and piano), so that a network trained on them
alone leaves out every other instrument that is requested.
"""

from typing import Final

import numpy as np
from euterpe_music.note_events.instruments import DRUM_PART, INSTRUMENTS, part_number
from euterpe_music.note_events.piece import NotePiece
from euterpe_music.note_events.spec import METER_TICKS

_NAMES: Final = tuple(instrument.name for instrument in INSTRUMENTS)
#: Instruments by what they play, each with the lowest and highest pitch that suit it.
MELODY: Final = {
    "piccolo": (74, 102), "flute": (60, 94), "recorder": (65, 93), "oboe": (58, 88), "clarinet": (52, 89),
    "soprano saxophone": (56, 86), "alto saxophone": (49, 80), "tenor saxophone": (44, 75), "trumpet": (54, 82),
    "french horn": (41, 75), "voice": (53, 81), "lead synth": (48, 96), "vibraphone": (53, 89), "marimba": (48, 96),
    "dulcimer": (55, 88), "harmonica": (60, 89), "accordion": (53, 88), "plucked folk strings": (50, 86),
    "fiddle": (55, 93), "violin": (55, 96), "viola": (48, 84), "nylon guitar": (45, 81), "steel guitar": (45, 84),
    "jazz guitar": (45, 81), "clean electric guitar": (45, 84), "distorted guitar": (45, 86), "piano": (48, 96),
    "electric piano": (48, 91), "music box": (60, 96), "trombone": (40, 72),
}  # fmt: skip
CHORDS: Final = {
    "nylon guitar": (40, 79), "steel guitar": (40, 79), "jazz guitar": (40, 79), "clean electric guitar": (40, 81),
    "harp": (36, 96), "harpsichord": (36, 86), "piano": (33, 96), "electric piano": (36, 88), "clavinet": (40, 84),
    "church organ": (36, 91), "electric organ": (36, 91), "synth pad": (40, 88), "string ensemble": (36, 91),
    "pizzicato strings": (40, 86), "accordion": (45, 86), "brass section": (43, 81), "marimba": (45, 88),
    "plucked folk strings": (45, 84), "distorted guitar": (40, 74),
}  # fmt: skip
BASS: Final = {
    "acoustic bass": (28, 55), "electric bass": (28, 55), "contrabass": (28, 57), "cello": (36, 64),
    "bassoon": (34, 64), "tuba": (28, 55), "synth bass": (28, 55), "trombone": (36, 62), "baritone saxophone": (37, 64),
}  # fmt: skip
#: Groups of four single voices, from the highest to the lowest.
CHOIRS: Final = (
    (("violin", 0), ("violin", 1), ("viola", 0), ("cello", 0)),
    (("soprano saxophone", 0), ("alto saxophone", 0), ("tenor saxophone", 0), ("baritone saxophone", 0)),
    (("trumpet", 0), ("french horn", 0), ("trombone", 0), ("tuba", 0)),
    (("trumpet", 0), ("trumpet", 1), ("french horn", 0), ("trombone", 0)),
    (("flute", 0), ("oboe", 0), ("clarinet", 0), ("bassoon", 0)),
    (("flute", 0), ("violin", 0), ("viola", 0), ("cello", 0)),
    (("voice", 0), ("voice", 1), ("voice", 2), ("voice", 3)),
)
#: Chance that drums are added to a piece of a genre.
_DRUMS: Final = {"pop": 0.35, "jazz": 0.25, "folk": 0.06}
_SECOND_VOICE, _DOUBLED, _BASS = 0.35, 0.12, 0.7
#: The most parts of a piece that is handed to other instruments; what is written for an orchestra stays so.
_MAX_PARTS: Final = 8
_LOOP_BARS: Final = 8
_OCTAVES: Final = (0, -12, 12, -24, 24)

DrumBars = tuple[int, list[np.ndarray]]


def orchestrated(piece: NotePiece, genre: str, drum_bars: list[DrumBars], generator: np.random.Generator) -> NotePiece:
    """Return the piece for other instruments, possibly with drums; every note stays at its time, some change octave.

    `drum_bars` are pieces of drum music: the class of their meter, and the drum notes of each bar.
    """
    notes = piece.notes.copy()
    pitched = notes["part"] != DRUM_PART
    if 1 <= len(np.unique(notes["part"][pitched])) <= _MAX_PARTS:
        played = _played(piece, np.flatnonzero(pitched), generator)
        notes = np.concatenate([notes[~pitched], *played])
    if generator.random() < _DRUMS.get(genre, 0.0):
        notes = np.concatenate([notes, *_drum_notes(piece, drum_bars, generator)])
    return piece.with_notes(notes)


def find_drum_bars(piece: NotePiece) -> DrumBars | None:
    """Return the drums of a piece that has one meter and drums in half of its bars, else None."""
    drums = piece.notes[piece.notes["part"] == DRUM_PART]
    meters = np.unique(piece.bars["meter"])
    if len(meters) != 1 or len(np.unique(drums["bar"])) < max(len(piece.bars) // 2, _LOOP_BARS):
        return None
    return int(meters[0]), [drums[drums["bar"] == bar] for bar in range(len(piece.bars))]


def _played(piece: NotePiece, numbers: np.ndarray, generator: np.random.Generator) -> list[np.ndarray]:
    """Return the notes of each layer of a piece, played by an instrument that suits it."""
    layers = _layers(piece, numbers, generator)
    if len(layers) == 4 and all(role == "melody" for role, _ in layers) and generator.random() < 0.7:
        choir = CHOIRS[generator.integers(len(CHOIRS))]
        ranked = sorted((layer for _, layer in layers), key=lambda layer: -float(piece.notes["pitch"][layer].mean()))
        return [
            _given_to(piece.notes[layer], part_number(_NAMES.index(name), index), None)
            for layer, (name, index) in zip(ranked, choir, strict=True)
        ]
    used: set[int] = set()
    played = []
    for role, layer in layers:
        pool = {"melody": MELODY, "chords": CHORDS, "bass": BASS}[role]
        part, limits = _free_part(pool, used, generator)
        played.append(_given_to(piece.notes[layer], part, limits))
        if role == "melody" and len(layers) < 4 and generator.random() < _DOUBLED:
            part, limits = _free_part(MELODY, used, generator)
            played.append(_given_to(piece.notes[layer], part, limits))
    return played


def _layers(
    piece: NotePiece, numbers: np.ndarray, generator: np.random.Generator
) -> list[tuple[str, np.ndarray]]:  # fmt: skip
    """Split the notes `numbers` into layers: single voices as they are; chords into bass, chords and upper voice."""
    layers: list[tuple[str, np.ndarray]] = []
    notes = piece.notes[numbers]
    parts = np.unique(notes["part"])
    lowest = min(parts, key=lambda part: float(notes["pitch"][notes["part"] == part].mean()))
    for part in parts:
        own = numbers[notes["part"] == part]
        onsets, pitches = piece.onsets[own], piece.notes["pitch"][own].astype(np.int64)
        if len(own) < 1.3 * len(np.unique(onsets)):
            is_bass = part == lowest and len(parts) > 2 and pitches.mean() < 52
            layers.append(("bass" if is_bass else "melody", own))
            continue
        rest = np.ones(len(own), dtype=bool)
        bars = piece.notes["bar"][own]
        if part == lowest and generator.random() < _BASS:
            bass = _edge(onsets, bars, -pitches, margin=3)
            rest &= ~bass
            layers.append(("bass", own[bass]))
        if len(parts) == 1 or generator.random() < _SECOND_VOICE:
            upper = _edge(onsets, bars, pitches, margin=9) & rest
            rest &= ~upper
            layers.append(("melody", own[upper]))
        layers.append(("chords", own[rest]))
    return [(role, layer) for role, layer in layers if len(layer)]


def _edge(onsets: np.ndarray, bars: np.ndarray, heights: np.ndarray, margin: int) -> np.ndarray:
    """Return which notes are the highest that begin at their time, and near the highest of their bar."""
    return np.asarray((heights == _highest(onsets, heights)) & (heights >= _highest(bars, heights) - margin))


def _highest(groups: np.ndarray, heights: np.ndarray) -> np.ndarray:
    values, index = np.unique(groups, return_inverse=True)
    highest = np.full(len(values), heights.min())
    np.maximum.at(highest, index, heights)
    return np.asarray(highest[index])


def _free_part(
    pool: dict[str, tuple[int, int]], used: set[int], generator: np.random.Generator
) -> tuple[int, tuple[int, int]]:
    """Return an instrument of the pool that plays nothing yet, and its limits."""
    names = list(pool)
    for name in generator.permutation(names):
        part = part_number(_NAMES.index(str(name)), 0)
        if part not in used:
            used.add(part)
            return part, pool[str(name)]
    # More layers than instruments: the last one plays two.
    return part, pool[str(name)]


def _given_to(notes: np.ndarray, part: int, limits: tuple[int, int] | None) -> np.ndarray:
    """Return the notes in a part, moved by octaves to where most lie within the limits."""
    given = notes.copy()
    given["part"] = part
    if limits is not None:
        pitches = given["pitch"].astype(np.int64)
        outside = [_outside(pitches + octave, limits) for octave in _OCTAVES]
        given["pitch"] = pitches + _OCTAVES[int(np.argmin(outside))]
    return given


def _outside(pitches: np.ndarray, limits: tuple[int, int]) -> float:
    if pitches.min() < 0 or pitches.max() > 127:
        return np.inf
    return float(((pitches < limits[0]) | (pitches > limits[1])).mean())


def _drum_notes(piece: NotePiece, drum_bars: list[DrumBars], generator: np.random.Generator) -> list[np.ndarray]:
    """Return some bars of drums, repeated until the end of the piece; none where no drums fit all its bars."""
    meters = np.unique(piece.bars["meter"])
    fitting = [bars for meter, bars in drum_bars if len(meters) == 1 and METER_TICKS[meter] == METER_TICKS[meters[0]]]
    if not fitting:
        return []
    bars = fitting[generator.integers(len(fitting))]
    start = int(generator.integers(0, max(len(bars) - _LOOP_BARS, 0) + 1))
    loop = bars[start : start + _LOOP_BARS]
    entry = int(generator.choice([0, 0, 0, 1, 4, 8]))
    repeated = []
    for bar in range(entry, len(piece.bars)):
        own = loop[bar % len(loop)].copy()
        own["bar"] = bar
        repeated.append(own)
    return repeated
