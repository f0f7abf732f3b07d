"""Numbered examples: each is drawn by its own generator, so that a resumed training reads the same ones."""

import itertools
import multiprocessing
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from euterpe_training.ensemble.dataset import PLAIN, Dataset, Drawer, Example, Mixture, make_example

_drawer: Drawer | None = None
_seed = 0


def training_examples(
    directory: Path, mixture: Mixture, sources: Sequence[str], seed: int, numbers: Iterator[int], workers: int = 0
) -> Iterator[tuple[int, Example]]:
    """Yield training examples by number, drawn in this process or by `workers` others."""
    if not workers:
        _start(directory, mixture, sources, seed)
        yield from map(_draw, numbers)
        return
    with multiprocessing.get_context("spawn").Pool(workers, _start, (directory, mixture, sources, seed)) as pool:
        # A pool reads its whole input at once, so numbers are handed over in portions.
        while portion := list(itertools.islice(numbers, 64 * workers)):
            yield from pool.imap(_draw, portion, chunksize=4)


def _start(directory: Path, mixture: Mixture, sources: Sequence[str], seed: int) -> None:
    global _drawer, _seed
    _drawer, _seed = Drawer(Dataset(directory), mixture, sources), seed


def _draw(number: int) -> tuple[int, Example]:
    assert _drawer is not None
    return number, _drawer.draw(np.random.default_rng([_seed, number]))


def held_out_examples(
    dataset: Dataset, side: str, *, pieces_per_source: int, common_key: bool, max_events: int = 1024,
    sources: Sequence[str] = (),
) -> list[tuple[str, Example]]:  # fmt: skip
    """Return plain examples of held-out pieces, as many of each source, each with the name of its source."""
    mixture = Mixture(**{**PLAIN.__dict__, "max_events": max_events, "common_key": common_key})
    chosen = []
    for source in dict.fromkeys(entry.source for entry in dataset.entries):
        if sources and source not in sources:
            continue
        numbers = dataset.numbers(side, [source])
        picked = np.random.default_rng(7).permutation(numbers)[:pieces_per_source]
        chosen += [(source, make_example(dataset, int(number), mixture, np.random.default_rng(7))) for number in picked]
    return chosen
