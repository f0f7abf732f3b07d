"""Statistics of one piece, after the public C-RNN-GAN code, corrected (references.md §1 and §4)."""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_music.loops import find_loop
from euterpe_music.piece import Piece

#: Semitones over the root of the three scales that the reference tries.
SCALES: Final = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "natural minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
}
NGRAM_SIZES: Final = tuple(range(2, 10))
#: [scale over root, pitch class]: 1 where the class belongs to it.
_SCALE_MEMBERS: Final = np.array(
    [[(tone - root) % 12 in scale for tone in range(12)] for scale in SCALES.values() for root in range(12)], np.int64
)
_PITCH_BITS: Final = 7


@dataclass(frozen=True)
class Measures:
    """Statistics of one piece; all 0 for a piece without notes."""

    notes: int = 0
    #: Seconds to the end of the last note.
    duration_seconds: float = 0.0
    #: Best share of notes in one scale, over 12 roots × major, natural and harmonic minor.
    scale_score: float = 0.0
    #: Highest minus lowest pitch, in semitones, and both of them.
    tone_span: int = 0
    lowest_pitch: int = 0
    highest_pitch: int = 0
    mean_pitch: float = 0.0
    unique_pitches: int = 0
    #: Share of notes that begin together with another note.
    polyphony: float = 0.0
    notes_per_second: float = 0.0
    notes_per_quarter: float = 0.0
    #: Distinct note lengths, in ticks.
    unique_durations: int = 0
    mean_duration_quarters: float = 0.0
    velocity_span: int = 0
    #: Most notes in a row with one pitch, lowest first where several begin together.
    longest_run: int = 0
    #: Bits of information in a pitch, by how often each occurs.
    pitch_entropy: float = 0.0
    #: The bar in which a loop begins, counted from 1, and its period in bars; 0 without a loop. See
    #: euterpe_music.loops.
    loop_start_bar: int = 0
    loop_period_bars: float = 0.0
    #: n → share of n-grams of pitches that occurred before in the piece.
    repetitions: dict[int, float] = field(default_factory=lambda: dict.fromkeys(NGRAM_SIZES, 0.0))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "repetitions": {str(n): share for n, share in self.repetitions.items()}}

    def flat(self) -> dict[str, float]:
        """By name, as songs keep them; n-gram repetitions become `repetitions_2` to `repetitions_9`."""
        values = self.to_dict()
        repetitions = values.pop("repetitions")
        return values | {f"repetitions_{n}": share for n, share in repetitions.items()}


def measure(piece: Piece) -> Measures:
    """Measure the piece as it is played and written. Rates are over the time from its first onset to its end."""
    piece = piece.playable()
    notes = piece.notes
    if not len(notes):
        return Measures()
    pitches = notes["pitch"].astype(np.int64)
    first = int(notes["onset"][0])
    start, end = piece.seconds(np.array([first, piece.end_tick]))
    quarters = (piece.end_tick - first) / piece.ticks_per_quarter
    lowest, highest = int(pitches.min()), int(pitches.max())
    loop = find_loop(piece)
    return Measures(
        notes=len(notes),
        duration_seconds=round(piece.duration_seconds, 6),
        scale_score=scale_score(pitches),
        tone_span=highest - lowest,
        lowest_pitch=lowest,
        highest_pitch=highest,
        mean_pitch=float(pitches.mean()),
        unique_pitches=len(np.unique(pitches)),
        polyphony=polyphony(notes["onset"]),
        notes_per_second=len(notes) / float(end - start),
        notes_per_quarter=len(notes) / quarters,
        unique_durations=len(np.unique(notes["duration"])),
        mean_duration_quarters=float(notes["duration"].mean() / piece.ticks_per_quarter),
        velocity_span=int(notes["velocity"].max()) - int(notes["velocity"].min()),
        longest_run=longest_run(pitches),
        pitch_entropy=entropy(pitches),
        loop_start_bar=0 if loop is None else loop.start_bar,
        loop_period_bars=0.0 if loop is None else loop.period_bars,
        repetitions=repetitions(pitches),
    )


def scale_score(pitches: NDArray[np.integer[Any]]) -> float:
    """Best share of `pitches` in one scale. (The reference forgets a mod 12 and misses scales over high roots.)"""
    histogram = np.bincount(np.asarray(pitches, np.int64) % 12, minlength=12)
    if not len(pitches):
        return 0.0
    return float((_SCALE_MEMBERS @ histogram).max() / histogram.sum())


def entropy(values: NDArray[np.integer[Any]]) -> float:
    """Shannon's entropy of how often each value occurs, in bits."""
    _, counts = np.unique(values, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def polyphony(onsets: NDArray[np.integer[Any]]) -> float:
    """Share of notes whose onset is another note's, too; by onset, as in C-RNN-GAN, not by what still sounds."""
    if not len(onsets):
        return 0.0
    _, counts = np.unique(onsets, return_counts=True)
    return float(counts[counts > 1].sum() / len(onsets))


def repetitions(pitches: NDArray[np.integer[Any]]) -> dict[int, float]:
    """n → share of n-grams of MIDI pitches that repeat an earlier one, for NGRAM_SIZES."""
    # Nine pitches of 7 bits fit into a word: n-grams become numbers, each made from the shorter one before.
    shares = dict.fromkeys(NGRAM_SIZES, 0.0)
    grams = pitches.astype(np.int64)
    for n in NGRAM_SIZES:
        if len(pitches) >= n:
            grams = (grams[:-1] << _PITCH_BITS) | pitches[n - 1 :]
            shares[n] = 1 - len(set(grams.tolist())) / len(grams)
    return shares


def longest_run(pitches: NDArray[np.integer[Any]]) -> int:
    """Most equal pitches in a row: a stuck note shows here."""
    if not len(pitches):
        return 0
    changes = np.flatnonzero(np.diff(pitches)) + 1
    return int(np.diff(np.concatenate([[0], changes, [len(pitches)]])).max())
