"""Hold works out for validation and test. The lists are committed: a model is judged by music that it never saw."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

SPLITS = Path(__file__).parent.parent / "splits"
PARTS = ("train", "validation", "test")
VALIDATION_SHARE = 0.04
TEST_SHARE = 0.06


def load_split() -> dict[str, str]:
    """Return the side, `validation` or `test`, of each held-out file, by its path below the corpora's root."""
    sides: dict[str, str] = {}
    for side in PARTS[1:]:
        for name in (SPLITS / f"{side}.txt").read_text(encoding="utf-8").splitlines():
            sides[name] = side
    return sides


def make_split(names: Sequence[str], sources: Sequence[str], clusters: np.ndarray) -> dict[str, str]:
    """Draw clusters of pieces from every source: 6 % of its pieces for the test, then 4 % for validation.

    The order of draws follows a hash of names, so that it depends on nothing else.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for number, cluster in enumerate(clusters.tolist()):
        members[cluster].append(number)
    keys = {cluster: _hash(min(names[number] for number in numbers)) for cluster, numbers in members.items()}
    sides: dict[str, str] = {}
    for source in dict.fromkeys(sources):
        total = sum(item == source for item in sources)
        order = sorted(
            {int(clusters[number]) for number in range(len(names)) if sources[number] == source}, key=keys.__getitem__
        )
        for side, share in (("test", TEST_SHARE), ("validation", VALIDATION_SHARE)):
            wanted = max(1, round(share * total))
            held = sum(sides.get(name) == side for name, item in zip(names, sources, strict=True) if item == source)
            for cluster in order:
                if held >= wanted:
                    break
                own = [number for number in members[cluster] if sources[number] == source]
                if names[own[0]] in sides or len(own) > max(3, 1.5 * wanted):
                    continue
                sides.update((names[number], side) for number in members[cluster])
                held += len(own)
    return sides


def write_split(sides: dict[str, str]) -> None:
    """Write the lists of held-out files."""
    SPLITS.mkdir(exist_ok=True)
    for side in PARTS[1:]:
        chosen = sorted(name for name, where in sides.items() if where == side)
        (SPLITS / f"{side}.txt").write_text("\n".join(chosen) + "\n", encoding="utf-8")


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
