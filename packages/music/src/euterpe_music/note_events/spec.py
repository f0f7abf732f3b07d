"""The vocabularies of note events: five columns per event, and what each value of them means.

| column     | of a note                         | of a bar line | of the end |
|------------|-----------------------------------|---------------|------------|
| slot       | position in the bar, in 1/24 quarter | `BAR`      | `END`      |
| part       | part (`instruments.PARTS`)        | meter         | –          |
| pitch      | MIDI pitch, or drum key           | tempo         | –          |
| length     | class of `LENGTHS`                | –             | –          |
| velocity   | velocity / 4                      | –             | –          |

"–" is the value `NONE`, 0 in every column but the slot, which is never absent.
"""

import numpy as np

from euterpe_music.note_events.instruments import PART_COUNT

FORMAT = 1
TICKS_PER_QUARTER = 24
MAX_BAR_TICKS = 192

# Slots: positions 0 to 191, then the two structural events.
BAR = MAX_BAR_TICKS
END = MAX_BAR_TICKS + 1
SLOT_COUNT = MAX_BAR_TICKS + 2

METERS: tuple[tuple[int, int], ...] = (
    *((count, 4) for count in range(1, 9)),
    (2, 2), (3, 2), (4, 2),
    *((count, 8) for count in (1, 3, 5, 6, 7, 9, 10, 11, 12, 13, 15)),
    (3, 16), (5, 16), (7, 16), (9, 16),
)  # fmt: skip
METER_TICKS = np.array([count * 4 * TICKS_PER_QUARTER // unit for count, unit in METERS], dtype=np.int64)
# The ticks of one beat: a dotted unit in compound meters.
METER_BEAT_TICKS = np.array(
    [
        (3 if count % 3 == 0 and count > 3 and unit >= 8 else 1) * 4 * TICKS_PER_QUARTER // unit
        for count, unit in METERS
    ],
    dtype=np.int64,
)

TEMPO_COUNT = 48
# Quarters a minute, in steps of 6.6 %.
TEMPI = 16.0 * 20.0 ** (np.arange(TEMPO_COUNT) / (TEMPO_COUNT - 1))

LENGTHS = np.array(
    [
        *range(1, 13), 14, 15, 16, 17, 18, 20, 21, 22, 23, 24, 26, 28, 30, 32, 34, 36, 40, 42, 44, 46, 48, 54, 60, 66,
        70, 72, 80, 84, 90, 94, 96, 108, 120, 132, 144, 168, 192, 240, 288, 336, 384, 480, 576, 768,
    ],
    dtype=np.int64,
)  # fmt: skip
LENGTH_COUNT = len(LENGTHS)

VELOCITY_STEP = 4
VELOCITY_COUNT = 32

PITCH_COUNT = 128
DRUM_KEYS = range(27, 88)

NONE = 0
# Part column: NONE, parts, meters. Pitch column: NONE, pitches, drum keys, tempi.
PART_OFFSET = 1
METER_OFFSET = PART_OFFSET + PART_COUNT
PITCH_OFFSET = 1
DRUM_OFFSET = PITCH_OFFSET + PITCH_COUNT
TEMPO_OFFSET = DRUM_OFFSET + len(DRUM_KEYS)

COLUMNS = ("slot", "part", "pitch", "length", "velocity")
COLUMN_SIZES = (
    SLOT_COUNT,
    METER_OFFSET + len(METERS),
    TEMPO_OFFSET + TEMPO_COUNT,
    1 + LENGTH_COUNT,
    1 + VELOCITY_COUNT,
)

# Keys: tonic 0-11 major, 12-23 minor, UNKNOWN_KEY.
UNKNOWN_KEY = 24
CHORD_QUALITIES = ("maj", "min", "7", "maj7", "min7", "dim", "aug", "sus4")
# Chords: quality * 12 + root, then NO_CHORD.
NO_CHORD = 12 * len(CHORD_QUALITIES)


def length_class(ticks: np.ndarray) -> np.ndarray:
    """Return the class whose length is nearest to each of the given lengths in ticks, by ratio."""
    logs = np.log(LENGTHS)
    edges = (logs[1:] + logs[:-1]) / 2
    return np.asarray(np.searchsorted(edges, np.log(np.maximum(ticks, 1))))


def length_class_at_most(ticks: np.ndarray) -> np.ndarray:
    """Return the longest class that lasts at most the given ticks (at least the shortest class)."""
    return np.maximum(np.searchsorted(LENGTHS, ticks, side="right") - 1, 0)


def tempo_class(quarters_per_minute: np.ndarray) -> np.ndarray:
    """Return the class of each tempo, in quarters a minute."""
    steps = np.log(np.maximum(quarters_per_minute, 1.0) / TEMPI[0]) / np.log(TEMPI[1] / TEMPI[0])
    return np.asarray(np.clip(np.rint(steps), 0, TEMPO_COUNT - 1).astype(np.int64))


def meter_class(bar_ticks: int, meter: tuple[int, int] | None = None) -> int:
    """Return the class of a meter; a meter without a class takes the shortest one that is long enough.

    Raises ValueError where the bar is longer than `MAX_BAR_TICKS`.
    """
    if bar_ticks > MAX_BAR_TICKS:
        raise ValueError(f"a bar must last at most {MAX_BAR_TICKS} ticks, got {bar_ticks}")
    if meter in METERS and METER_TICKS[METERS.index(meter)] == bar_ticks:
        return METERS.index(meter)
    longer = np.where(bar_ticks <= METER_TICKS, METER_TICKS, MAX_BAR_TICKS + 1)
    return int(longer.argmin())
