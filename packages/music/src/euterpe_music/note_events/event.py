"""The events of a sequence as tuples of five columns; see `spec`."""

from euterpe_music.note_events.instruments import DRUM_PART
from euterpe_music.note_events.piece import PART_SPAN, POSITION_SPAN
from euterpe_music.note_events.spec import DRUM_KEYS, DRUM_OFFSET, PART_OFFSET, PITCH_OFFSET

Event = tuple[int, int, int, int, int]


def note_of(event: Event) -> tuple[int, int, int]:
    """Return position, part and pitch (or drum key) of a note's event."""
    part = event[1] - PART_OFFSET
    pitch = event[2] - DRUM_OFFSET + DRUM_KEYS.start if part == DRUM_PART else event[2] - PITCH_OFFSET
    return event[0], part, pitch


def order_key(position: int, part: int, pitch: int) -> int:
    """Return the number that sorts notes within a bar; equal to `piece.order_keys`."""
    return position * POSITION_SPAN + part * PART_SPAN + 127 - pitch
