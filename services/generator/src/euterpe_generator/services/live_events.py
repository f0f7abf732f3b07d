"""Pieces that somebody watches: their events so far, kept by the worker that composes them."""

import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from euterpe_generator.engine.request import Array


class LiveBoard:
    """What this process composes and somebody watches. Nothing is kept of pieces that nobody watches."""

    def __init__(self) -> None:
        self._watchers: Counter[uuid.UUID] = Counter()
        self._parts: dict[uuid.UUID, list[Array]] = {}

    @contextmanager
    def watching(self, generation_id: uuid.UUID) -> Iterator[None]:
        """Somebody in this process watches the piece."""
        self._watchers[generation_id] += 1
        try:
            yield
        finally:
            self._watchers[generation_id] -= 1
            if not self._watchers[generation_id]:
                del self._watchers[generation_id]

    def watched_here(self, generation_id: uuid.UUID) -> bool:
        """Whether somebody in this process watches the piece."""
        return generation_id in self._watchers

    def open(self, generation_id: uuid.UUID) -> None:
        """The worker begins to tell a piece's events; what an earlier attempt told is forgotten."""
        self._parts[generation_id] = []

    def is_open(self, generation_id: uuid.UUID) -> bool:
        """Whether the worker tells the piece's events."""
        return generation_id in self._parts

    def add(self, generation_id: uuid.UUID, events: Array) -> None:
        """The worker tells the next events [n, features]."""
        if generation_id in self._parts:
            self._parts[generation_id].append(events)

    def events(self, generation_id: uuid.UUID) -> Array | None:
        """All events so far; None for a piece that is not told here."""
        parts = self._parts.get(generation_id)
        if not parts:
            return None
        if len(parts) > 1:
            parts[:] = [np.concatenate(parts)]
        return parts[0]

    def close(self, generation_id: uuid.UUID) -> None:
        """The piece has left this worker."""
        self._parts.pop(generation_id, None)
