"""The exception of reading MIDI."""

from typing import Literal

Reason = Literal[
    "empty",
    "not-midi",
    "truncated",
    "timing",
    "invalid",
    "no-notes",
    "too-large",
    "too-many-notes",
    "too-many-tracks",
    "too-long",
]


class MidiError(ValueError):
    """A file that is not usable MIDI; the message is one sentence for the user, `reason` is for programs."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason

    def __reduce__(self) -> tuple[type["MidiError"], tuple[Reason, str]]:
        # Readers run in other processes; the default would lose `reason` on the way back.
        return type(self), (self.reason, str(self))
