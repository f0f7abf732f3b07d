"""Whether a piece ends: with the tonic in bass and melody, on a beat, and whether it thins out or stalls before."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from euterpe_music.tonics import TONICS

from euterpe_training.evaluation.key_agreement import score_key
from euterpe_training.evaluation.scores import GRID, Ints, Score, ticks_per_bar, ticks_per_beat

#: A note further above the lowest one of the last bar is a chord over the bass: a waltz ends on the bass of its bar.
_BASS_RANGE: Final = 7
#: Bars of pieces without a known meter are of four quarters.
_DEFAULT_BAR: Final = 4 * GRID
#: Lines are dense or thin by fifths of their time.
_PARTS: Final = 5


@dataclass(frozen=True)
class Ending:
    """How a piece ends, in the key that was asked for or, without one, estimated from all of it.

    Key signatures of real files are not used: they often give the relative key.

    `bass` and `melody` say whether they end on the tonic: without bar lines the lowest note that sounds at the last
    onset, and the highest. The fields with `_in_meter` are None where no meter is known: the bass of the last bar
    (which may have been left for chords by then) is the tonic, and the last onset falls on a beat.
    """

    bass: bool
    melody: bool
    bass_in_meter: bool | None = None
    on_beat: bool | None = None

    @property
    def on_tonic(self) -> bool:
        """Bass and melody end on the tonic, by the meter's reading of the bass where there is one."""
        return self.melody and (self.bass if self.bass_in_meter is None else self.bass_in_meter)


def find_ending(score: Score) -> Ending | None:
    """Return the ending of a piece; None when its key cannot be determined."""
    key = score.key if score.is_key_requested else score_key(score)
    if key is None or not len(score):
        return None
    tonic = TONICS.index(key.split(" ")[0])
    last = int(score.onset[-1])
    sounding = score.pitch[(score.onset <= last) & (score.end > last)]
    beginning = score.pitch[score.onset == last]
    plain = Ending(bool(sounding.min() % 12 == tonic), bool(_last_melody(score, beginning) % 12 == tonic))
    if not len(score.bars) or not score.meters:
        return plain
    bar = int(score.bars[np.searchsorted(score.bars, last, side="right") - 1]) if last >= score.bars[0] else 0
    beat = ticks_per_beat(score.meters[-1])
    bass = _bass_of_bar(score, bar)
    return Ending(plain.bass, plain.melody, bool(bass % 12 == tonic), (last - bar) % beat == 0)


def density_ratio(score: Score) -> float | None:
    """Return the notes in the last fifth of the time over those in the first; None for fewer than 20 notes."""
    if len(score) < 4 * _PARTS or score.onset[-1] == score.onset[0]:
        return None
    span = int(score.end.max() - score.onset[0])
    place = (score.onset - score.onset[0]) * _PARTS // span
    first, last = (int((place == part).sum()) for part in (0, _PARTS - 1))
    return last / max(first, 1)


def longest_note_and_rest(score: Score) -> tuple[float, float]:
    """Return the longest note and the longest rest, in bars (of four quarters without a known meter)."""
    bar = ticks_per_bar(score.meters[0]) if score.meters else _DEFAULT_BAR
    sounding_until = np.maximum.accumulate(score.end)
    rests = score.onset[1:] - sounding_until[:-1]
    return int(score.duration.max()) / bar, max(int(rests.max()), 0) / bar if len(rests) else 0.0


def _last_melody(score: Score, beginning: Ints) -> int:
    """Return the highest pitch that begins last, or a higher one that is still held."""
    last = int(score.onset[-1])
    held = score.pitch[(score.onset < last) & (score.end > last)]
    return int(max(beginning.max(), held.max())) if len(held) else int(beginning.max())


def _bass_of_bar(score: Score, bar: int) -> int:
    """Return the pitch on which the bass rests in the bar from tick `bar` on."""
    inside = score.end > bar
    onset, pitch = np.maximum(score.onset[inside], bar), score.pitch[inside]
    near = pitch <= pitch.min() + _BASS_RANGE
    latest = onset[near] == onset[near].max()
    return int(pitch[near][latest].min())
