"""Settings of an ensemble network and of its training, and the named recipes."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from euterpe_training.ensemble.dataset import Mixture
from euterpe_training.errors import TrainingError

BackboneName = Literal["lstm", "retention", "transformer"]

# Examples begin at multiples of this many rows; states are reset only there.
CHUNK = 64


@dataclass(frozen=True)
class NetworkConfig:
    """The network: width of the residual stream, and what its backbone and attribute heads consist of."""

    backbone: BackboneName = "retention"
    width: int = 384
    layers: int = 6
    heads: int = 6
    key_width: int = 32
    feed_forward: int = 768
    recurrent: int = 768
    window: int = 512
    echo_width: int = 48
    head_width: int = 320
    dropout: float = 0.0
    style_sizes: tuple[int, int, int] = (1, 1, 1)


@dataclass(frozen=True)
class TrainingConfig:
    """The training: batches, the schedule over events, the optimiser and the data.

    The learning rate rises over `warmup_events`, stays, and falls to zero over the last `decay_share` of
    `total_events` (warm-up, stable, decay). An event is a row that the network predicts or reads. `earlier_events` is
    the number that the network was trained on before, where the training begins with the weights of another.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    mixture: Mixture = field(default_factory=Mixture)
    sources: tuple[str, ...] = ()
    batch: int = 16
    steps: int = 192
    total_events: int = 150_000_000
    warmup_events: int = 100_000
    decay_share: float = 0.25
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    gradient_norm: float = 1.0
    average_decay: float = 0.9995
    seed: int = 1
    earlier_events: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as checkpoints store them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "TrainingConfig":
        """Restore what `to_dict` returned."""
        network = NetworkConfig(**{**data["network"], "style_sizes": tuple(data["network"]["style_sizes"])})
        mixture = Mixture(**data["mixture"])
        return cls(**{**data, "network": network, "mixture": mixture, "sources": tuple(data["sources"])})


_FREE_SOURCES = ("lieder", "quartets")

RECIPES: dict[str, TrainingConfig] = {
    "ensemble": TrainingConfig(),
    "ensemble-free": TrainingConfig(sources=_FREE_SOURCES, total_events=40_000_000),
    "ensemble-cuda": TrainingConfig(
        network=NetworkConfig(width=512, layers=8, heads=8, feed_forward=1024), batch=256, steps=256,
        total_events=120_000_000, warmup_events=4_000_000, learning_rate=3e-3, decay_share=0.4,
    ),
    "study-lstm": TrainingConfig(network=NetworkConfig(backbone="lstm", layers=2)),
    "study-retention": TrainingConfig(network=NetworkConfig(backbone="retention")),
    "study-transformer": TrainingConfig(
        network=NetworkConfig(backbone="transformer"), learning_rate=1.5e-3
    ),
    "tiny": TrainingConfig(
        network=NetworkConfig(
            width=32, layers=2, heads=2, key_width=8, feed_forward=64, recurrent=32, echo_width=8, head_width=32
        ),
        batch=4, steps=128, total_events=20_000, warmup_events=2_000,
    ),
}  # fmt: skip


def recipe(name: str) -> TrainingConfig:
    """Return a recipe by name. Raises `TrainingError` for an unknown one."""
    if name not in RECIPES:
        raise TrainingError(f"unknown recipe {name!r}; known are {', '.join(sorted(RECIPES))}")
    return replace(RECIPES[name])
