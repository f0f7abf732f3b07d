"""Length of the queue and positions in it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """Queued generations: without background ones, and all."""

    foreground: int
    all: int


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """A position in the queue, counted from 1, and the wait estimated from the throughput of the last seconds."""

    position: int
    estimated_wait_seconds: float | None
