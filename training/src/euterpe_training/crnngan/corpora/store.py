"""Events that come bit by bit, in one array."""

import numpy as np
from euterpe_music.events import Events


class EventStore:
    """Grows to hold whatever is appended. Nothing is copied at the end, which is dear for what fills a memory.

    `expected` events are reserved; what is never used of them takes no memory.
    """

    def __init__(self, features: int, expected: int) -> None:
        self._events = np.empty((expected, features), np.float32)
        self._used = 0

    @property
    def events(self) -> Events:
        """All that was appended: [events, features]."""
        return self._events[: self._used]

    def room(self, count: int) -> Events:
        """Where the next `count` events will lie. What is written there may be appended, in whole or in parts."""
        wanted = self._used + count
        if wanted > len(self._events):
            grown = np.empty((wanted + wanted // 2, self._events.shape[1]), np.float32)
            grown[: self._used] = self.events
            self._events = grown
        return self._events[self._used : wanted]

    def append(self, events: Events) -> None:
        """Takes `events` [events, features] in."""
        self.room(len(events))[:] = events
        self._used += len(events)
