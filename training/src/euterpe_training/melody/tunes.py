"""A tune as a corpus has it: notes in quarters, bars, melody and accompaniment apart."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from euterpe_music.tokens import METERS, Meter, QuantizationLoss, QuantizedTrack
from euterpe_music.tokens.quantized_track import quantize_times
from numpy.typing import NDArray

#: Fewer bars than this are no tune.
LEAST_BARS: Final = 4
#: More rest than this in the melody is an interlude, which is left out.
LONGEST_REST_BARS: Final = 2


@dataclass(frozen=True, eq=False)
class Notes:
    """Columns of equal length: onset and length in quarters, MIDI pitch."""

    onset: NDArray[np.float64]
    length: NDArray[np.float64]
    pitch: NDArray[np.int64]

    def moved(self, keep: NDArray[np.bool_], shift: NDArray[np.float64] | float) -> "Notes":
        """The notes of `keep`, their onsets moved by `shift` [notes] or one number."""
        return Notes((self.onset + shift)[keep], self.length[keep], self.pitch[keep])

    def transposed(self, semitones: int) -> "Notes":
        """Every pitch moved, and by an octave back where it would leave MIDI's range."""
        pitch = self.pitch + semitones
        return replace(self, pitch=np.where(pitch > 127, pitch - 12, np.where(pitch < 0, pitch + 12, pitch)))


@dataclass(frozen=True, eq=False)
class Tune:
    """A tune. `bars` are the quarters at which its bars begin, ascending; notes before the first are its pickup."""

    name: str
    style: str
    meter: Meter
    bars: NDArray[np.float64]
    melody: Notes
    accompaniment: Notes

    @property
    def start(self) -> float:
        """The quarter of the first note of both parts."""
        return float(min(part.onset.min() for part in (self.melody, self.accompaniment) if len(part.onset)))

    @property
    def end(self) -> float:
        """The quarter at which the last note of the melody ends, or the bar in which it does."""
        last = float((self.melody.onset + self.melody.length).max())
        later = self.bars[self.bars >= last - 1e-6]
        return float(later[0]) if len(later) else last


@dataclass
class Report:
    """What became of the files of a corpus."""

    files: int = 0
    used: int = 0
    #: File → why it is not used.
    skipped: dict[str, str] = field(default_factory=dict)
    #: Bars in another meter than their song's, which stay, and bars without melody, which do not.
    irregular_bars: int = 0
    rest_bars_left_out: int = 0
    #: Of the grid of sixteenths, by part.
    melody: QuantizationLoss = field(default_factory=QuantizationLoss)
    accompaniment: QuantizationLoss = field(default_factory=QuantizationLoss)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        parts = {"melody": self.melody.to_dict(), "accompaniment": self.accompaniment.to_dict()}
        counts = {"files": self.files, "used": self.used, "irregular_bars": self.irregular_bars}
        return {**counts, "rest_bars_left_out": self.rest_bars_left_out, **parts, "skipped": self.skipped}


def regular_bars(meter: Meter, end: float) -> NDArray[np.float64]:
    """Bars of one meter from quarter 0 to beyond `end`."""
    length = meter.bar / 4
    return np.arange(0, end + length + 1e-6, length)


def why_not(tune: Tune) -> str | None:
    """Why a tune cannot be used, in words; None when it can."""
    if tune.meter not in METERS:
        return f"its meter {tune.meter} is not one of {', '.join(map(str, METERS))}"
    if not len(tune.melody.onset):
        return "it has no melody"
    bars = int(((tune.bars >= tune.melody.onset.min()) & (tune.bars < tune.end)).sum())
    return f"it has {bars} bars; a tune needs {LEAST_BARS}" if bars < LEAST_BARS else None


def without_interludes(tune: Tune) -> tuple[Tune, int]:
    """The tune without bars before and after its melody and within long rests of it, and how many bars those were."""
    sounds = np.zeros(len(tune.bars), np.int64)
    where = np.searchsorted(tune.bars, tune.melody.onset + 1e-6, side="right") - 1
    until = np.searchsorted(tune.bars, tune.melody.onset + tune.melody.length - 1e-3, side="right") - 1
    for first, last in zip(where.tolist(), until.tolist(), strict=True):
        sounds[max(first, 0) : last + 1] = 1
    keep = sounds.astype(bool)
    silent = 0
    inside = np.flatnonzero(keep)
    for bar in range(inside[0], inside[-1] + 1):
        silent = 0 if sounds[bar] else silent + 1
        keep[bar] = silent <= LONGEST_REST_BARS
    widths = np.diff(tune.bars, append=tune.bars[-1] + tune.meter.bar / 4)
    # Where each bar begins once those before it that are not kept are gone; a pickup stays in front of the first.
    pickup = where.min() < 0
    begins = np.cumsum(np.where(keep, widths, 0)) - np.where(keep, widths, 0) + (tune.bars[0] if pickup else 0)
    shifts = begins - tune.bars
    parts = [_kept(part, tune.bars, keep, shifts, pickup=pickup) for part in (tune.melody, tune.accompaniment)]
    bars = np.append(begins[keep], begins[keep][-1] + widths[keep][-1])
    heard = (tune.bars < (tune.accompaniment.onset.max() if len(tune.accompaniment.onset) else 0)) & ~keep
    return replace(tune, bars=bars, melody=parts[0], accompaniment=parts[1]), int(heard.sum())


def _kept(
    part: Notes, bars: NDArray[np.float64], keep: NDArray[np.bool_], shifts: NDArray[np.float64], *, pickup: bool
) -> Notes:
    bar = np.searchsorted(bars, part.onset + 1e-6, side="right") - 1
    stays = np.where(bar >= 0, keep[np.maximum(bar, 0)], pickup)
    return part.moved(stays, np.where(bar >= 0, shifts[np.maximum(bar, 0)], 0.0))


def on_grid(
    tune: Tune, steps_per_quarter: int
) -> tuple[QuantizedTrack, QuantizedTrack, QuantizationLoss, QuantizationLoss]:
    """Both parts on a grid that begins with the tune's first note, or with its first bar when that is earlier."""
    start = grid_start(tune, steps_per_quarter)
    end = round(tune.end * steps_per_quarter) - start
    found = []
    for part in (tune.melody, tune.accompaniment):
        onset = part.onset * steps_per_quarter - start
        found.append(quantize_times(onset, part.length * steps_per_quarter, part.pitch, steps_per_quarter, end))
    (melody, lost), (accompaniment, also_lost) = found
    return melody.window(0, end), accompaniment.window(0, end), lost, also_lost


def grid_start(tune: Tune, steps_per_quarter: int) -> int:
    """The step at which the tune begins: its first bar, or its first note when half a bar or less is a pickup."""
    first = float(tune.bars[0])
    pickup = tune.start < first or tune.start - first >= tune.meter.bar / 8
    return round((tune.start if pickup else first) * steps_per_quarter)
