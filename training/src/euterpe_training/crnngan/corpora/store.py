"""A growing array of events."""

import numpy as np
from euterpe_music.events import Events


class EventStore:
    """An array of events that grows by appending, without a copy of the whole at the end.

    `expected` events are reserved; unused pages of them take no memory.
    """

    def __init__(self, features: int, expected: int) -> None:
        self._events = np.empty((expected, features), np.float32)
        self._used = 0

    @property
    def events(self) -> Events:
        """The appended events, [events, features]."""
        return self._events[: self._used]

    def room(self, count: int) -> Events:
        """Return a view of the space after the appended events; what is written there can be appended in parts."""
        wanted = self._used + count
        if wanted > len(self._events):
            grown = np.empty((wanted + wanted // 2, self._events.shape[1]), np.float32)
            grown[: self._used] = self.events
            self._events = grown
        return self._events[self._used : wanted]

    def append(self, events: Events) -> None:
        """Append `events` [events, features]."""
        self.room(len(events))[:] = events
        self._used += len(events)
