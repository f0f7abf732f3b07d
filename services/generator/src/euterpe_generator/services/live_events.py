"""Events of watched pieces while they are composed, in the memory of their worker's process."""

import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from euterpe_generator.engine.request import Array


class LiveEvents:
    """Collects the events of pieces that are composed in this process and watched anywhere."""

    def __init__(self) -> None:
        self._watchers: Counter[uuid.UUID] = Counter()
        self._chunks: dict[uuid.UUID, list[Array]] = {}

    @contextmanager
    def watching(self, generation_id: uuid.UUID) -> Iterator[None]:
        """Register a watcher of this process for a generation."""
        self._watchers[generation_id] += 1
        try:
            yield
        finally:
            self._watchers[generation_id] -= 1
            if not self._watchers[generation_id]:
                del self._watchers[generation_id]

    def is_watched_here(self, generation_id: uuid.UUID) -> bool:
        """Return whether this process has a watcher for the generation."""
        return generation_id in self._watchers

    def open(self, generation_id: uuid.UUID) -> None:
        """Start collecting, without the events of earlier attempts."""
        self._chunks[generation_id] = []

    def is_open(self, generation_id: uuid.UUID) -> bool:
        """Return whether events of the generation are collected."""
        return generation_id in self._chunks

    def add(self, generation_id: uuid.UUID, events: Array) -> None:
        """Append events [n, features], if they are collected."""
        if generation_id in self._chunks:
            self._chunks[generation_id].append(events)

    def events(self, generation_id: uuid.UUID) -> Array | None:
        """Return all events so far; None if none were collected here."""
        chunks = self._chunks.get(generation_id)
        if not chunks:
            return None
        if len(chunks) > 1:
            chunks[:] = [np.concatenate(chunks)]
        return chunks[0]

    def close(self, generation_id: uuid.UUID) -> None:
        """Stop collecting and discard the events."""
        self._chunks.pop(generation_id, None)
