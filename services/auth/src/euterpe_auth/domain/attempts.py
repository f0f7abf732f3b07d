"""Limits on attempts: the generic cell rate algorithm (a leaky bucket)."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """`burst` attempts at once, which are restored evenly within `window`."""

    burst: int
    window: timedelta

    @property
    def cost(self) -> timedelta:
        """The time that restores one attempt."""
        return self.window / self.burst


@dataclass(frozen=True, slots=True)
class Charge:
    """One attempt under a key."""

    key: bytes
    limit: Limit


def key_of(kind: str, *parts: str) -> bytes:
    """Return the key of an attempt. Hashed, because typed names may be passwords."""
    return hashlib.sha256("\0".join((kind, *parts)).encode("utf-8", "surrogatepass")).digest()
