"""Length of the queue and positions in it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from euterpe_generator.domain.generation import UserClass


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """Queued generations by class of their users: without background ones, and all."""

    foreground: Mapping[UserClass, int] = field(default_factory=dict)
    all: Mapping[UserClass, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """The length of the queue."""
        return sum(self.all.values())

    def added(self, count: int, user_class: UserClass, *, background: bool) -> "QueueDepth":
        """Return the depth with `count` more generations; a negative count removes them."""
        everything, foreground = Counter(self.all), Counter(self.foreground)
        everything[user_class] += count
        if not background:
            foreground[user_class] += count
        return QueueDepth(foreground, everything)


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """A position in the queue, counted from 1, and the wait estimated from the throughput of the last seconds."""

    position: int
    estimated_wait_seconds: float | None
