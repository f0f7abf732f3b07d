"""Which songs train, which validate, which test."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Split = Literal["train", "validation", "test"]

#: references.md §1: 64 % train, 16 % validation, 20 % test.
SPLIT_SHARES: Final[dict[Split, float]] = {"train": 0.64, "validation": 0.16, "test": 0.20}


def composer(name: str) -> str:
    """The folder in which a song's file lies; empty for files beside each other."""
    return PurePosixPath(name).parent.name


def assign(
    names: Sequence[str], groups: NDArray[np.int64], seed: int = 0, shares: dict[Split, float] = SPLIT_SHARES
) -> dict[Split, NDArray[np.int64]]:
    """Indices of the songs of each part. Every song is in exactly one, and duplicates are in the same.

    Within a composer, pieces come in the order of a hash of their name; each goes to the part that lacks most of what
    it should have by then. So every composer is in all parts in about these shares, and so is the whole.
    """
    members: dict[int, list[int]] = {}
    for song, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(song)

    def place(group: int) -> tuple[str, bytes]:
        return composer(names[group]), hashlib.sha256(f"{seed}\0{names[group]}".encode()).digest()

    parts: dict[Split, list[int]] = {name: [] for name in shares}
    local: Counter[tuple[str, Split]] = Counter()
    seen: Counter[str] = Counter()
    total = 0
    for group in sorted(members, key=place):
        whose, size = composer(names[group]), len(members[group])
        seen[whose] += size
        total += size

        def lack(part: Split, whose: str = whose, total: int = total) -> float:
            here = shares[part] * seen[whose] - local[whose, part]
            return here + shares[part] * total - len(parts[part])

        chosen = max(shares, key=lack)
        parts[chosen] += members[group]
        local[whose, chosen] += size
    return {name: np.sort(np.array(songs, np.int64)) for name, songs in parts.items()}
