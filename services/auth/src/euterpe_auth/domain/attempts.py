"""How many attempts are allowed: a bucket that leaks (the generic cell rate algorithm)."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """`burst` attempts at once; after `window` they are all there again, and a part of them in a part of it."""

    burst: int
    window: timedelta

    @property
    def cost(self) -> timedelta:
        """The time that settles one attempt."""
        return self.window / self.burst


@dataclass(frozen=True, slots=True)
class Charge:
    """One attempt under a key."""

    key: bytes
    limit: Limit


def key_of(kind: str, *parts: str) -> bytes:
    """A key of a table. Hashed: names as people type them, which may be passwords, have no place there."""
    return hashlib.sha256("\0".join((kind, *parts)).encode("utf-8", "surrogatepass")).digest()
