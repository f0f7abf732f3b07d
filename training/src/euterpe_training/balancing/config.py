"""Settings of the two generative methods, and their recipes (references.md §3)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from math import inf
from typing import Any, Final, Literal, Self, get_args

from euterpe_training.errors import TrainingError
from euterpe_training.overrides import parse_overrides

#: Precision of products in training: bfloat16 takes half the time on processors that support it. Weights are float32.
Precision = Literal["float32", "bfloat16"]


def check_precision(name: str) -> None:
    """Raise TrainingError for an unknown precision."""
    if name not in get_args(Precision):
        raise TrainingError(f"precision must be {' or '.join(get_args(Precision))}, got {name!r}")


@dataclass(frozen=True)
class _Config:
    """The settings of both methods; field names are keys of checkpoints."""

    epochs: int
    learning_rate: float
    batch_size: int
    latent_size: int
    hidden_size: int
    precision: Precision = "float32"
    seed: int = 0
    epochs_per_checkpoint: int = 10
    #: Epochs between pictures of generated images.
    epochs_per_grid: int = 10

    def __post_init__(self) -> None:
        for name in ("epochs", "latent_size", "hidden_size", "epochs_per_checkpoint", "epochs_per_grid"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} must be 1 or more, got {getattr(self, name)}")
        check_precision(self.precision)
        if self.batch_size < 2:
            raise TrainingError(f"batch_size must be 2 or more for batch norm, got {self.batch_size}")
        if not 0 < self.learning_rate < 1:
            raise TrainingError(f"learning_rate must be between 0 and 1, got {self.learning_rate}")

    def changed(self, assignments: Iterable[str]) -> Self:
        """Return the configuration after assignments such as "epochs=5"; raise TrainingError for invalid ones."""
        return replace(self, **parse_overrides(assignments, self.to_dict()))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass(frozen=True)
class DeepSmoteConfig(_Config):
    """Settings of DeepSMOTE.

    `hidden_size` is the number of channels of the first convolution; the last one has eight times as many.
    """

    epochs: int = 300
    learning_rate: float = 2e-4
    batch_size: int = 64
    latent_size: int = 600
    hidden_size: int = 128
    #: Neighbours in latent space between which images are generated.
    neighbours: int = 5
    #: `permuted` as in the paper, `own` as in its public code: docs/adr/0012-deepsmote-penalty.md.
    penalty: Literal["own", "permuted"] = "own"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.penalty not in ("own", "permuted"):
            raise TrainingError(f"penalty must be own or permuted, got {self.penalty!r}")
        if self.neighbours < 1:
            raise TrainingError(f"neighbours must be 1 or more, got {self.neighbours}")


@dataclass(frozen=True)
class BaganConfig(_Config):
    """Settings of BAGAN-GP.

    `hidden_size` is the number of channels of the first convolution. `game` is the adversarial loss: that of the paper
    (wasserstein) or of its public code (bce); the name is kept, as run directories contain it.
    """

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
            raise TrainingError(f"game must be wasserstein or bce, got {self.game!r}")
        if self.autoencoder_epochs < 0 or self.critic_steps < 1 or not 0 <= self.gradient_penalty < inf:
            raise TrainingError("autoencoder_epochs and gradient_penalty must be 0 or more, critic_steps 1 or more")


#: The thesis' settings by data set; `compact` is a quarter as wide and takes half an hour on one CPU core, `quick`
#: takes minutes, `smoke` is for tests.
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
    """Return the recipe called `name`; raise TrainingError with all names when there is none."""
    if name not in recipes:
        raise TrainingError(f"there is no recipe {name!r}; the recipes are: {', '.join(recipes)}")
    return recipes[name]
