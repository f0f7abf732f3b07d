"""Settings of the two networks that make images, and the recipes that the thesis used (references.md §3)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from math import inf
from typing import Any, Final, Literal, Self, get_args

from euterpe_training.errors import TrainingError

#: Of products while training: bfloat16 takes half the time where a processor has it. Weights stay in float32.
Precision = Literal["float32", "bfloat16"]


def check_precision(name: str) -> None:
    """TrainingError for one that there is not."""
    if name not in get_args(Precision):
        raise TrainingError(f"precision is {name!r}; it is {' or '.join(get_args(Precision))}")


@dataclass(frozen=True)
class _Config:
    """What both have in common."""

    epochs: int
    learning_rate: float
    batch_size: int
    latent_size: int
    hidden_size: int
    precision: Precision = "float32"
    seed: int = 0
    epochs_per_checkpoint: int = 10
    #: Every so many epochs a picture of generated images is kept.
    epochs_per_grid: int = 10

    def __post_init__(self) -> None:
        for name in ("epochs", "latent_size", "hidden_size", "epochs_per_checkpoint", "epochs_per_grid"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} is {getattr(self, name)}; it must be 1 or more")
        check_precision(self.precision)
        if self.batch_size < 2:
            raise TrainingError(f"batch_size is {self.batch_size}; batch norm needs 2 or more")
        if not 0 < self.learning_rate < 1:
            raise TrainingError(f"learning_rate is {self.learning_rate}; it lies between 0 and 1")

    def changed(self, changes: Iterable[str]) -> Self:
        """With settings of the form NAME=VALUE instead; TrainingError for unknown names and wrong values."""
        values: dict[str, Any] = {}
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for change in changes:
            name, _, text = change.partition("=")
            if name not in kinds:
                raise TrainingError(f"there is no setting {name!r}; there are: {', '.join(sorted(kinds))}")
            try:
                values[name] = kinds[name](text)
            except ValueError:
                raise TrainingError(f"{name} is {text!r}, which is no {kinds[name].__name__}") from None
        return replace(self, **values)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class DeepSmoteConfig(_Config):
    """`hidden_size` is the channels of the first convolution; the last has eight times as many."""

    epochs: int = 300
    learning_rate: float = 2e-4
    batch_size: int = 64
    latent_size: int = 600
    hidden_size: int = 128
    #: In latent space, when images are made.
    neighbours: int = 5
    #: `permuted` as the paper describes it, `own` as its public code computes it: docs/adr/0012-deepsmote-penalty.md.
    penalty: Literal["own", "permuted"] = "own"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.penalty not in ("own", "permuted"):
            raise TrainingError(f"penalty is {self.penalty!r}; it is own or permuted")
        if self.neighbours < 1:
            raise TrainingError(f"neighbours is {self.neighbours}; it must be 1 or more")


@dataclass(frozen=True)
class BaganConfig(_Config):
    """`hidden_size` is the channels of the first convolution. `game` is the paper's form or that of its code."""

    epochs: int = 20
    learning_rate: float = 2e-4
    batch_size: int = 32
    latent_size: int = 256
    hidden_size: int = 64
    epochs_per_checkpoint: int = 1
    epochs_per_grid: int = 1
    autoencoder_epochs: int = 30
    game: Literal["wasserstein", "bce"] = "wasserstein"
    gradient_penalty: float = 10.0
    #: Steps of the discriminator per step of the generator.
    critic_steps: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.game not in ("wasserstein", "bce"):
            raise TrainingError(f"game is {self.game!r}; it is wasserstein or bce")
        if self.autoencoder_epochs < 0 or self.critic_steps < 1 or not 0 <= self.gradient_penalty < inf:
            raise TrainingError("autoencoder_epochs and gradient_penalty are 0 or more, critic_steps 1 or more")


#: The thesis' settings by data set, `compact` a quarter as wide for half an hour of one CPU core, `quick` for a look on
#: one, and `smoke` for tests.
DEEPSMOTE_RECIPES: Final = {
    "mnist": DeepSmoteConfig(),
    "fashion": DeepSmoteConfig(batch_size=32),
    "cifar10": DeepSmoteConfig(batch_size=32, latent_size=1200, hidden_size=256),
    "compact": DeepSmoteConfig(epochs=30, learning_rate=5e-4, hidden_size=32, precision="bfloat16"),
    "quick": DeepSmoteConfig(epochs=20, learning_rate=1e-3, latent_size=64, hidden_size=8),
    "smoke": DeepSmoteConfig(
        epochs=2, batch_size=16, latent_size=8, hidden_size=4, epochs_per_checkpoint=1, epochs_per_grid=1
    ),
}
BAGAN_RECIPES: Final = {
    "mnist": BaganConfig(),
    "fashion": BaganConfig(epochs=16, latent_size=128),
    "cifar10": BaganConfig(epochs=30),
    "compact": BaganConfig(epochs=30, autoencoder_epochs=10, hidden_size=32, critic_steps=2, precision="bfloat16"),
    "quick": BaganConfig(epochs=10, autoencoder_epochs=6, latent_size=64, hidden_size=16, critic_steps=2),
    "smoke": BaganConfig(epochs=2, autoencoder_epochs=1, batch_size=16, latent_size=8, hidden_size=4),
}


def find_recipe(recipes: dict[str, Any], name: str) -> Any:
    """The recipe called `name`; TrainingError when there is none."""
    if name not in recipes:
        raise TrainingError(f"there is no recipe {name!r}; there are: {', '.join(recipes)}")
    return recipes[name]
