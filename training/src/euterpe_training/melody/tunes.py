"""A tune of a corpus: notes in quarters, bars, separate melody and accompaniment."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from euterpe_music.key_signature import KeySignature
from euterpe_music.tokens import METERS, Meter, QuantizationLoss, QuantizedTrack
from euterpe_music.tokens.quantized_track import quantize_times
from numpy.typing import NDArray

#: Minimum number of bars of a tune.
MIN_BARS: Final = 4
#: Maximum rest in the melody; the rest of a longer interlude is removed.
MAX_REST_BARS: Final = 2


@dataclass(frozen=True, eq=False)
class Notes:
    """Columns of equal length: onset and length in quarters, MIDI pitch."""

    onset: NDArray[np.float64]
    length: NDArray[np.float64]
    pitch: NDArray[np.int64]

    def moved(self, keep: NDArray[np.bool_], shift: NDArray[np.float64] | float) -> "Notes":
        """Return the notes of the mask `keep`, with onsets moved by `shift` quarters, per note or for all."""
        return Notes((self.onset + shift)[keep], self.length[keep], self.pitch[keep])

    def transposed(self, semitones: int) -> "Notes":
        """Return the notes transposed; those that would leave MIDI's range are moved by an octave."""
        pitch = self.pitch + semitones
        return replace(self, pitch=np.where(pitch > 127, pitch - 12, np.where(pitch < 0, pitch + 12, pitch)))


@dataclass(frozen=True, eq=False)
class Tune:
    """A tune. `bars` are the quarters at which its bars begin, ascending; notes before the first are the pickup."""

    name: str
    style: str
    meter: Meter
    bars: NDArray[np.float64]
    melody: Notes
    accompaniment: Notes
    #: The key that the corpus states, None if it states none or several.
    key: KeySignature | None = None

    @property
    def start(self) -> float:
        """The quarter of the first note of both parts."""
        return float(min(part.onset.min() for part in (self.melody, self.accompaniment) if len(part.onset)))

    @property
    def end(self) -> float:
        """The quarter at which the melody's last bar ends, or its last note if there is no later bar."""
        last = float((self.melody.onset + self.melody.length).max())
        later = self.bars[self.bars >= last - 1e-6]
        return float(later[0]) if len(later) else last


@dataclass
class Report:
    """Counts of a corpus' files, bars and quantization losses; the names are keys of manifests."""

    files: int = 0
    used: int = 0
    #: Reasons for unused files.
    skipped: dict[str, str] = field(default_factory=dict)
    #: Bars of another length than their song's, which are kept, and bars of long rests, which are removed.
    irregular_bars: int = 0
    rest_bars_left_out: int = 0
    #: Quantization losses by part.
    melody: QuantizationLoss = field(default_factory=QuantizationLoss)
    accompaniment: QuantizationLoss = field(default_factory=QuantizationLoss)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        parts = {"melody": self.melody.to_dict(), "accompaniment": self.accompaniment.to_dict()}
        counts = {"files": self.files, "used": self.used, "irregular_bars": self.irregular_bars}
        return {**counts, "rest_bars_left_out": self.rest_bars_left_out, **parts, "skipped": self.skipped}


def regular_bars(meter: Meter, end: float) -> NDArray[np.float64]:
    """Return bars of one meter from quarter 0 to beyond `end`."""
    length = meter.bar / 4
    return np.arange(0, end + length + 1e-6, length)


def rejection_reason(tune: Tune) -> str | None:
    """Return the reason why a tune cannot be used; None for a usable one."""
    if tune.meter not in METERS:
        return f"its meter {tune.meter} is not one of {', '.join(map(str, METERS))}"
    if not len(tune.melody.onset):
        return "it has no melody"
    bars = int(((tune.bars >= tune.melody.onset.min()) & (tune.bars < tune.end)).sum())
    return f"it has {bars} bars; a tune needs {MIN_BARS}" if bars < MIN_BARS else None


def without_interludes(tune: Tune) -> tuple[Tune, int]:
    """Remove the bars before and after the melody and those of its long rests; return the tune and their number."""
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
        keep[bar] = silent <= MAX_REST_BARS
    widths = np.diff(tune.bars, append=tune.bars[-1] + tune.meter.bar / 4)
    # The start of each bar after the removal of earlier bars; a pickup stays before the first bar.
    pickup = where.min() < 0
    begins = np.cumsum(np.where(keep, widths, 0)) - np.where(keep, widths, 0) + (tune.bars[0] if pickup else 0)
    shifts = begins - tune.bars
    parts = [_kept(part, tune.bars, keep, shifts, pickup=pickup) for part in (tune.melody, tune.accompaniment)]
    bars = np.append(begins[keep], begins[keep][-1] + widths[keep][-1])
    removed = (tune.bars < (tune.accompaniment.onset.max() if len(tune.accompaniment.onset) else 0)) & ~keep
    return replace(tune, bars=bars, melody=parts[0], accompaniment=parts[1]), int(removed.sum())


def _kept(
    part: Notes, bars: NDArray[np.float64], keep: NDArray[np.bool_], shifts: NDArray[np.float64], *, pickup: bool
) -> Notes:
    bar = np.searchsorted(bars, part.onset + 1e-6, side="right") - 1
    stays = np.where(bar >= 0, keep[np.maximum(bar, 0)], pickup)
    return part.moved(stays, np.where(bar >= 0, shifts[np.maximum(bar, 0)], 0.0))


def quantize_tune(
    tune: Tune, steps_per_quarter: int
) -> tuple[QuantizedTrack, QuantizedTrack, QuantizationLoss, QuantizationLoss]:
    """Quantize both parts to a grid that starts at `grid_start`; return them and their losses."""
    start = grid_start(tune, steps_per_quarter)
    end = round(tune.end * steps_per_quarter) - start
    found = []
    for part in (tune.melody, tune.accompaniment):
        onset = part.onset * steps_per_quarter - start
        found.append(quantize_times(onset, part.length * steps_per_quarter, part.pitch, steps_per_quarter, end))
    (melody, melody_loss), (accompaniment, accompaniment_loss) = found
    return melody.window(0, end), accompaniment.window(0, end), melody_loss, accompaniment_loss


def grid_start(tune: Tune, steps_per_quarter: int) -> int:
    """Return the step of the first bar, or of the first note if it is a pickup or at least half a bar later."""
    first = float(tune.bars[0])
    pickup = tune.start < first or tune.start - first >= tune.meter.bar / 8
    return round((tune.start if pickup else first) * steps_per_quarter)
