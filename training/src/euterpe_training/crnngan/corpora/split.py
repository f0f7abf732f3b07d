"""The split of songs into training, validation and test parts."""

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
    """Return the folder of a song's file, which names its composer; empty for files in the corpus directory itself."""
    return PurePosixPath(name).parent.name


def assign(
    names: Sequence[str], groups: NDArray[np.int64], seed: int = 0, shares: dict[Split, float] = SPLIT_SHARES
) -> dict[Split, NDArray[np.int64]]:
    """Return the indices of the songs of each part. Every song is in exactly one; duplicates are in the same one.

    The pieces of a composer are sorted by a hash of their name, and each is added to the part that is furthest below
    its share. So the shares are approximately met for every composer and for the whole.
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
        owner, size = composer(names[group]), len(members[group])
        seen[owner] += size
        total += size

        def deficit(part: Split, owner: str = owner, total: int = total) -> float:
            of_composer = shares[part] * seen[owner] - local[owner, part]
            return of_composer + shares[part] * total - len(parts[part])

        chosen = max(shares, key=deficit)
        parts[chosen] += members[group]
        local[owner, chosen] += size
    return {name: np.sort(np.array(songs, np.int64)) for name, songs in parts.items()}
