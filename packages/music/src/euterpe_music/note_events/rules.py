"""What a request allows a network to compose."""

from dataclasses import dataclass

from euterpe_music.note_events.spec import PITCH_COUNT


@dataclass(frozen=True)
class Rules:
    """What a request allows: parts, meter and tempo of all bars (None: any), pitches, and the most notes of a bar.

    `first_position` is the position of bar 0 at which the music begins: not 0 for a pickup.
    """

    parts: tuple[int, ...] | None = None
    meter: int | None = None
    tempo: int | None = None
    lowest: int = 0
    highest: int = PITCH_COUNT - 1
    max_bar_events: int = 400
    first_position: int = 0
