"""Hold works out for validation and test. The lists are committed: a model is judged by music that it never saw."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
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
    """Draw clusters of pieces from every source: 6 % of its pieces for the test, then 4 % for validation."""
    sides: dict[str, str] = {}
    shares = {"test": TEST_SHARE, "validation": VALIDATION_SHARE}
    for source in dict.fromkeys(sources):
        own = [number for number, item in enumerate(sources) if item == source]
        sides.update(draw_sides(names, clusters, shares, own, sides))
    return sides


def draw_sides(
    names: Sequence[str],
    clusters: np.ndarray,
    shares: Mapping[str, float],
    own: Sequence[int] | None = None,
    drawn: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Draw clusters until each side has its share of the pieces `own` (by default: of all); return names and sides.

    `drawn` are the sides that were drawn before. The order of draws follows a hash of names, so that it depends on
    nothing else; clusters of more than half again a side's size stay in training.
    """
    own = range(len(names)) if own is None else own
    members: dict[int, list[int]] = defaultdict(list)
    for number, cluster in enumerate(clusters.tolist()):
        members[cluster].append(number)
    own_members: dict[int, list[int]] = defaultdict(list)
    for number in own:
        own_members[int(clusters[number])].append(number)
    order = sorted(own_members, key=lambda cluster: _hash(min(names[number] for number in members[cluster])))
    sides = dict(drawn or {})
    for side, share in shares.items():
        wanted = max(1, round(share * len(own)))
        held = sum(sides.get(names[number]) == side for number in own)
        for cluster in order:
            if held >= wanted:
                break
            numbers = own_members[cluster]
            if names[numbers[0]] in sides or len(numbers) > max(3, 1.5 * wanted):
                continue
            sides.update((names[number], side) for number in members[cluster])
            held += len(numbers)
    return sides


def write_split(sides: dict[str, str]) -> None:
    """Write the lists of held-out files."""
    SPLITS.mkdir(exist_ok=True)
    for side in PARTS[1:]:
        chosen = sorted(name for name, where in sides.items() if where == side)
        (SPLITS / f"{side}.txt").write_text("\n".join(chosen) + "\n", encoding="utf-8")


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
