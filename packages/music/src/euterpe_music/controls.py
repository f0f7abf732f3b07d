"""Controllers and pitch bends of a piece's tracks: pedal, volume, pan, expression and the like."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: One row per message: tick, index into `Piece.tracks`, controller 0..119 or PITCH_BEND, value 0..127 or -8192..8191.
CONTROL_DTYPE: Final = np.dtype([("tick", np.int64), ("track", np.uint16), ("number", np.uint8), ("value", np.int16)])
PITCH_BEND: Final = 128
VOLUME: Final = 7
EXPRESSION: Final = 11
SUSTAIN: Final = 64
#: A pedal is down from this value on.
PEDAL_DOWN: Final = 64

ControlArray = NDArray[np.void]


def no_controls() -> ControlArray:
    """Return an empty control array."""
    return np.zeros(0, CONTROL_DTYPE)


def make_controls(rows: list[tuple[int, int, int, int]]) -> ControlArray:
    """Return rows of (tick, track, number, value) as a control array, ordered by tick and otherwise as given."""
    controls = np.array(rows, CONTROL_DTYPE) if rows else no_controls()
    return controls[np.argsort(controls["tick"], kind="stable")]


def pedal_spans(controls: ControlArray, track: int) -> NDArray[np.int64]:
    """Return where the sustain pedal of a track is down: [spans, 2] ticks; an end of -1 means that it never lifts."""
    pedal = controls[(controls["track"] == track) & (controls["number"] == SUSTAIN)]
    spans: list[tuple[int, int]] = []
    down: int | None = None
    for tick, value in zip(pedal["tick"].tolist(), pedal["value"].tolist(), strict=True):
        if value >= PEDAL_DOWN and down is None:
            down = tick
        elif value < PEDAL_DOWN and down is not None:
            spans.append((down, tick))
            down = None
    if down is not None:
        spans.append((down, -1))
    return np.array(spans, np.int64).reshape(-1, 2)


def shifted(controls: ControlArray, **fields: Any) -> ControlArray:
    """Return a copy with some fields replaced."""
    changed = controls.copy()
    for name, values in fields.items():
        changed[name] = values
    return changed
