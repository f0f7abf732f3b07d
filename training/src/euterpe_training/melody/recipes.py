"""The recipes of melody networks: the thesis' four runs, and those of the released bundles."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from euterpe_training.errors import TrainingError
from euterpe_training.melody.config import MelodyConfig


def _thesis(name: str, **settings: Any) -> MelodyConfig:
    """Return a run as the thesis states it (references.md §2): one-hot inputs, and Model 2 with its dense layer.

    Training on all positions of a window instead of one window per target is a deviation.
    """
    return MelodyConfig(name, window=32, dropout=0.2, epochs=50, patience=0, one_hot=True, dense=True, **settings)


def run1() -> MelodyConfig:
    """The thesis' first run: one LSTM of 512 units."""
    return _thesis("run1", layers=1, units=512)


def run2() -> MelodyConfig:
    """The thesis' second run: three LSTMs of 512 units."""
    return _thesis("run2", layers=3, units=512)


def run3() -> MelodyConfig:
    """The thesis' third run: three LSTMs of 1024 units."""
    return _thesis("run3", layers=3, units=1024)


def run4() -> MelodyConfig:
    """The thesis' fourth run: three GRUs of 512 units."""
    return _thesis("run4", layers=3, units=512, cell="gru")


def folk() -> MelodyConfig:
    """The released melody-folk: conditioned on the position in the tune, in white keys, long windows, two LSTMs."""
    return MelodyConfig(
        "folk", units=256, layers=2, embedding=96, dropout=0.3, window=256, batch_size=16, epochs=12, patience=5,
        learning_rate=3e-3, anneal=True, conditioned=True, echoes=True, keys="white", modes=True, layer_norm=True,
        least=5,
    )  # fmt: skip


def pop() -> MelodyConfig:
    """The released melody-pop: as folk, for a larger corpus with a much larger vocabulary of chords."""
    return replace(folk(), recipe="pop", dropout=0.25, batch_size=32, epochs=20, least=20)


def transformer() -> MelodyConfig:
    """The thesis' future work: a small transformer over the same tokens, with the window as context."""
    return MelodyConfig(
        "transformer", cell="transformer", units=192, layers=4, heads=4, embedding=192, dropout=0.1, window=256,
        batch_size=32, epochs=24, learning_rate=2e-3, anneal=True, patience=4, conditioned=True, keys="white", least=5,
    )  # fmt: skip


def smoke() -> MelodyConfig:
    """A test of the installation that takes seconds."""
    return MelodyConfig("smoke", units=24, layers=2, embedding=16, window=32, batch_size=8, epochs=2, conditioned=True)


RECIPES: Final[dict[str, Callable[[], MelodyConfig]]] = {
    make.__name__: make for make in (run1, run2, run3, run4, folk, pop, transformer, smoke)
}


def melody_recipe(name: str) -> MelodyConfig:
    """Return the recipe called `name`; raise TrainingError with all names when there is none."""
    if name not in RECIPES:
        raise TrainingError(f"there is no recipe {name!r} for melodies; the recipes are: {', '.join(RECIPES)}")
    return RECIPES[name]()
