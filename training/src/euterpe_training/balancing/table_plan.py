"""The cells of the table on the thesis' claims, in the order in which they are run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final, Literal

from euterpe_training.balancing.classical import CLASSICAL
from euterpe_training.balancing.classifier import FitOptions
from euterpe_training.balancing.losses import LOSSES
from euterpe_training.balancing.treatments import GENERATIVE, LOSS_PREFIX, UNBALANCED

Validation = Literal["before", "after"]

NETWORKS: Final = ("resnet18", "resnet34", "resnet50", "squeezenet1_1", "efficientnet_b0")
ALPHAS: Final = (0.1, 0.3, 0.5, 0.7, 0.9)
RATIOS: Final = (0.0, 0.1, 0.3, 0.5, 1.0)
_FIT: Final = FitOptions(epochs=30, precision="bfloat16")
_FIT_SMALL: Final = FitOptions(network="small", epochs=15, steps_per_round=250, learning_rate=2e-3, anneal=True)
#: The blocks of the table with their titles.
TITLES: Final = {
    "networks": "Networks of the thesis, a quarter of its counts",
    "full": "Networks of the thesis at its counts",
    "methods": "Resamplers and losses",
    "ratios": "Target size of the classes",
    "variants": "Penalty of DeepSMOTE and loss of BAGAN-GP",
    "validation": "Validation images divided off before or after balancing",
    "width": "Generators of the thesis' width, a quarter of its counts",
}


@dataclass(frozen=True)
class Cell:
    """One classifier to train: its images, method, network and seed.

    `data` is a data set, of which `share` divides the thesis' counts. `changes` are settings of the generator other
    than the recipe's. With `validation` after, validation images are divided off the balanced set, as in the thesis.
    """

    data: str
    share: int
    method: str
    network: str
    seed: int
    ratio: float = 1.0
    recipe: str = "compact"
    changes: tuple[str, ...] = ()
    validation: Validation = "before"

    @property
    def row(self) -> tuple[object, ...]:
        """All but the seed: the row of the table."""
        return (
            self.data, self.share, self.method, self.network, self.ratio, self.recipe, self.changes, self.validation
        )  # fmt: skip

    @property
    def generator(self) -> str:
        """The name of the directory of generators that cells share."""
        parts = [self.data, f"{self.share}", self.recipe, *self.changes, self.validation, f"seed-{self.seed}"]
        return "_".join(part.replace("=", "-") for part in parts)

    @property
    def key(self) -> str:
        """A file name of the cell."""
        return f"{self.generator}_{self.method.replace(':', '-')}_{self.ratio:g}_{self.network}"


@dataclass(frozen=True)
class Scale:
    """How large the table is: divisors of the thesis' counts, seeds, networks and settings of training.

    The default is the table itself; tests use a smaller one.
    """

    full: int = 1
    quarter: int = 4
    seeds: int = 3
    many_seeds: int = 5
    networks: Sequence[str] = NETWORKS
    networks_at_full: Sequence[str] = ("squeezenet1_1", "resnet18")
    recipe: str = "compact"
    #: Recipes of the thesis' width by data set.
    wide: dict[str, str] = field(default_factory=lambda: {"mnist": "mnist", "fashion": "fashion", "cifar10": "cifar10"})
    fit: FitOptions = _FIT
    #: Training of the network 'small': equally many steps for every method.
    fit_small: FitOptions = _FIT_SMALL

    def options(self, network: str) -> FitOptions:
        """Return the settings of the training of a network."""
        return self.fit_small if network == "small" else self.fit


def all_losses() -> list[str]:
    """Return the losses of the table as methods, the mixed ones with each α."""
    names = [name for name in LOSSES if name != "cross-entropy" and not name.endswith("-mix")]
    names += [f"{kind}-mix-{alpha:g}" for kind in ("bilinear", "log-bilinear") for alpha in ALPHAS]
    return [f"{LOSS_PREFIX}{name}" for name in names]


def plan(data: Sequence[str], scale: Scale) -> dict[str, list[Cell]]:
    """Return the cells of every block. A cell may be in several blocks; it is trained once."""
    blocks = {
        "networks": _networks(data, scale, scale.quarter, scale.networks),
        "full": _networks(data, scale, scale.full, scale.networks_at_full),
        "methods": _methods(data, scale),
        "ratios": _ratios(data, scale),
        "variants": _variants(data, scale),
        "validation": _validation(data, scale),
        "width": _width(data, scale),
    }
    return {name: list(dict.fromkeys(cells)) for name, cells in blocks.items()}


def _networks(data: Sequence[str], scale: Scale, share: int, networks: Sequence[str]) -> Iterator[Cell]:
    # Seeds first: a table that is stopped early has all rows with fewer seeds.
    for seed, name, network, method in product(range(scale.seeds), data, networks, (UNBALANCED, *GENERATIVE)):
        yield Cell(name, share, method, network, seed, recipe=scale.recipe)


def _methods(data: Sequence[str], scale: Scale) -> Iterator[Cell]:
    for seed, name, method in product(range(scale.many_seeds), data, (UNBALANCED, *CLASSICAL, *all_losses())):
        yield Cell(name, scale.full, method, "small", seed, recipe=scale.recipe)


def _ratios(data: Sequence[str], scale: Scale) -> Iterator[Cell]:
    for seed, name, ratio in product(range(scale.many_seeds), data, RATIOS):
        for method in ("random-over", "smote", "deepsmote"):
            if ratio == 0:
                yield Cell(name, scale.full, UNBALANCED, "small", seed, recipe=scale.recipe)
            else:
                yield Cell(name, scale.full, method, "small", seed, ratio, scale.recipe)


def _variants(data: Sequence[str], scale: Scale) -> Iterator[Cell]:
    variants = (("deepsmote", ()), ("deepsmote", ("penalty=permuted",)), ("bagan-gp", ()), ("bagan-gp", ("game=bce",)))
    for seed, name, (method, changes) in product(range(scale.seeds), data, variants):
        yield Cell(name, scale.full, method, "small", seed, recipe=scale.recipe, changes=changes)


def _validation(data: Sequence[str], scale: Scale) -> Iterator[Cell]:
    sides: tuple[Validation, ...] = ("before", "after")
    for seed, name, method, side in product(range(scale.seeds), data, ("random-over", "smote", "deepsmote"), sides):
        yield Cell(name, scale.full, method, "small", seed, recipe=scale.recipe, validation=side)


def _width(data: Sequence[str], scale: Scale) -> Iterator[Cell]:
    for name in data:
        yield Cell(name, scale.quarter, UNBALANCED, "small", 0, recipe=scale.recipe)
        for method in GENERATIVE:
            yield Cell(name, scale.quarter, method, "small", 0, recipe=scale.wide[name])
