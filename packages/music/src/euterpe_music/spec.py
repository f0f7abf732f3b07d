"""The event spec: everything that decides what the numbers of an event mean."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any, Final, Literal, get_args

from euterpe_music.quantizer import NonUniformQuantizer

#: Ticks per quarter of all events, as in the reference.
EVENT_TICKS_PER_QUARTER: Final = 384
#: The reference writes its pieces at this tempo.
REFERENCE_BPM: Final = 45.0
#: The highest MIDI velocity.
MAX_VELOCITY: Final = 127.0
#: Longest delta and length, in ticks (45 minutes at the reference's tempo); decoding clamps to it.
MAX_TICKS: Final = 1 << 20

Representation = Literal["faithful", "thesis", "normalised"]

#: Common times in ticks: thirty-seconds, sixteenths, eighths, their triplets and dotted forms, up to four bars.
_TIME_LEVELS: Final = (
    0, 32, 48, 64, 96, 128, 144, 192, 256, 288, 384, 480, 576, 672, 768, 960, 1152, 1536, 2304, 3072, 6144,
)  # fmt: skip
#: The white keys of ten octaves; a black key is in the gap between two.
_WHITE_KEYS: Final = tuple(12 * octave + degree for octave in range(11) for degree in (0, 2, 4, 5, 7, 9, 11))[:75]


@dataclass(frozen=True)
class EventSpec:
    """How notes become the floats of C-RNN-GAN's events (Mogren 2016; thesis 000).

    An event is 1 + 3·`tones_per_cell` floats: ticks since the previous onset, then length, pitch and velocity per
    tone. `faithful` states them as ticks, hertz and MIDI velocity, `thesis` likewise but with velocities in 0..1 (the
    thesis' `normalize_data`). `normalised` states times on a scale of note values, pitch on a scale of white keys, and
    velocity, all scaled to about ±1.
    """

    representation: Representation = "normalised"
    tones_per_cell: int = 1
    ticks_per_quarter: int = EVENT_TICKS_PER_QUARTER
    #: Quarters per minute of decoded pieces; events know no tempo.
    bpm: float = 120.0
    #: Onsets and lengths are rounded to multiples of this many ticks by encoding and decoding.
    grid: int = 1
    #: Decoding folds pitches by octaves into low..high.
    pitch_low: int = 0
    pitch_high: int = 127
    #: Quantizer levels of time and pitch. The field names are kept, as the manifests of released bundles contain them.
    time_rungs: tuple[int, ...] = _TIME_LEVELS
    pitch_rungs: tuple[int, ...] = _WHITE_KEYS
    #: Half the width of a level, where the gap between two levels is 1 - 2·half_width.
    time_half_width: float = 0.4
    pitch_half_width: float = 0.4

    def __post_init__(self) -> None:
        if self.representation not in get_args(Representation):
            raise ValueError(f"representation must be one of {get_args(Representation)}, got {self.representation!r}")
        for name, low, high in (("tones_per_cell", 1, 64), ("ticks_per_quarter", 1, 32767), ("grid", 1, MAX_TICKS)):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} is {getattr(self, name)}, not {low}..{high}")
        if not 0 <= self.pitch_low <= self.pitch_high - 11 <= 116:
            raise ValueError("pitch_low..pitch_high must lie in 0..127 and span an octave or more")
        if not 4 <= self.bpm <= 1000:
            raise ValueError(f"bpm is {self.bpm}, not 4..1000")
        if self.time_rungs[0] != 0:
            raise ValueError("time_rungs must begin with 0")
        # Builds both quantizers, so that invalid levels are refused here.
        _ = self.times, self.pitches

    @property
    def is_physical(self) -> bool:
        """Whether times are in ticks and pitches in hertz, as in the reference."""
        return self.representation != "normalised"

    @property
    def features(self) -> int:
        """Floats per event."""
        return 1 + 3 * self.tones_per_cell

    @cached_property
    def times(self) -> NonUniformQuantizer:
        """The scale of deltas and lengths, in ticks."""
        return NonUniformQuantizer(self.time_rungs, self.time_half_width)

    @cached_property
    def pitches(self) -> NonUniformQuantizer:
        """The scale of pitches, in semitones."""
        return NonUniformQuantizer(self.pitch_rungs, self.pitch_half_width)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "EventSpec":
        """The spec that `to_dict` described; ValueError for unknown or missing fields and values out of range."""
        names = {field.name for field in fields(cls)}
        if set(values) != names:
            wrong = ", ".join(sorted(set(values) ^ names))
            raise ValueError(f"the event spec has unknown or missing fields: {wrong}")
        plain: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        try:
            return cls(**plain)
        except TypeError as error:
            raise ValueError(f"a field of the event spec has the wrong type: {error}") from error

    @cached_property
    def sha256(self) -> str:
        """Hex digest over all fields: equal exactly when two specs mean the same numbers."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def faithful_spec(tones_per_cell: int = 1) -> EventSpec:
    """The reference's own representation: ticks, hertz, MIDI velocity; 45 quarters per minute."""
    return EventSpec(representation="faithful", tones_per_cell=tones_per_cell, bpm=REFERENCE_BPM)


def thesis_spec(tones_per_cell: int = 1) -> EventSpec:
    """Return the thesis' representation: the reference's, with velocities in 0..1."""
    return EventSpec(representation="thesis", tones_per_cell=tones_per_cell, bpm=REFERENCE_BPM)
