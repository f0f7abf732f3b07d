"""The settings of adversarial training after pretraining."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Literal

from euterpe_training.errors import TrainingError
from euterpe_training.overrides import parse_overrides

#: The smallest and largest value of numbers; others only need to be numbers.
_RANGES: Final[dict[str, tuple[float, float]]] = {
    "steps": (1, 1e6), "batch": (2, 4096), "events": (8, 2000), "segments": (1, 100),
    "shortest_window": (4, 2000), "critic_warmup": (0, 1e6),
    "critic_steps": (1, 100), "rate": (0, 1), "critic_rate": (0, 1), "gradient_penalty": (0, 1e6), "dropout": (0, 0.95),
    "kl": (0, 1e6), "likelihood": (0, 1e6), "discount": (0, 0.999), "temperature": (0.05, 10), "real_label": (0.5, 1),
    "replay": (0, 0.9), "seed": (0, 1 << 31),
}  # fmt: skip


@dataclass(frozen=True)
class AdversarialConfig:
    """How G is trained against its critic. Raise TrainingError for values out of range.

    `policy` follows the policy gradient with a reward per event (de Masson d'Autume et al. 2019, ScratchGAN);
    `relaxed` back-propagates through Gumbel-softmax samples with relativistic losses (Nie et al. 2019, RelGAN).
    """

    method: Literal["policy", "relaxed"] = "policy"
    #: Updates of G, each on `events` more events of `batch` pieces, which begin anew after `segments` updates. Without
    #: their continuation the critic would learn that real windows are from within pieces, and G nothing of long ones.
    steps: int = 300
    batch: int = 128
    events: int = 128
    segments: int = 4
    #: The critic compares windows of this many events, of `events`, and of the powers of two between.
    shortest_window: int = 32
    #: Updates of the critic before the first one of G, and per update of G.
    critic_warmup: int = 400
    critic_steps: int = 1
    rate: float = 5e-5
    critic_rate: float = 1e-3
    #: Weight of the squared gradient of the critic at real and at generated music (R1 and R2 of Mescheder et al. 2018).
    gradient_penalty: float = 0.1
    dropout: float = 0.1
    real_label: float = 0.9
    #: Share of generated windows for the critic from earlier updates: it must not forget what G unlearned.
    replay: float = 0.25
    #: Weight of the divergence of G from the pretrained network, in nats per event.
    kl: float = 0.2
    #: Weight of the pretraining loss on real music.
    likelihood: float = 0.1
    #: Factor on the reward per event that it is away in the future; only `policy`.
    discount: float = 0.9
    #: Of Gumbel-softmax; only `relaxed`.
    temperature: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in ("policy", "relaxed"):
            raise TrainingError(f"method must be policy or relaxed, got {self.method!r}")
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise TrainingError(f"{name} must be {low:g} to {high:g}, got {getattr(self, name)}")
        if self.shortest_window > self.events:
            raise TrainingError(f"shortest_window must be at most events, {self.events}, got {self.shortest_window}")

    @property
    def windows(self) -> tuple[int, ...]:
        """Lengths of windows in events, the shortest first."""
        lengths = [self.shortest_window]
        while 2 * lengths[-1] <= self.events:
            lengths.append(2 * lengths[-1])
        return tuple(lengths)

    def changed(self, assignments: Iterable[str]) -> "AdversarialConfig":
        """Return the configuration after assignments such as "kl=0.1"; raise TrainingError for invalid ones."""
        return replace(self, **parse_overrides(assignments, asdict(self)))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "AdversarialConfig":
        """Return the configuration from the values of `dataclasses.asdict`; raise TrainingError for unknown fields."""
        if unknown := set(values) - {field.name for field in fields(cls)}:
            raise TrainingError(f"there are unknown settings: {', '.join(sorted(unknown))}")
        return cls(**values)
