"""The settings of a melody network's training, under the names of the thesis (references.md §2)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Literal

from euterpe_training.errors import TrainingError
from euterpe_training.overrides import parse_overrides

Part = Literal["melody", "accompaniment"]
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "part": ("melody", "accompaniment"),
    "cell": ("lstm", "gru", "transformer"),
    "keys": ("as written", "white", "augmented"),
    "targets": ("all", "last"),
    "precision": ("bfloat16", "float32"),
}
_RANGES: Final[dict[str, tuple[float, float]]] = {
    "encoding": (1, 2), "units": (1, 8192), "layers": (1, 24), "embedding": (1, 8192), "window": (2, 8192),
    "batch_size": (1, 4096), "epochs": (1, 100_000), "heads": (1, 64), "least": (1, 1_000_000), "dropout": (0, 0.95),
    "learning_rate": (1e-7, 10), "max_grad_norm": (1e-3, 1e3), "weight_decay": (0, 1), "patience": (0, 100_000),
    "songs": (0, 10_000_000), "minutes": (0, 1e6),
}  # fmt: skip


@dataclass(frozen=True)
class MelodyConfig:
    """A run. Lengths are in tokens; an epoch has every token of the training songs about once.

    Field names are keys of checkpoints and manifests. Raise TrainingError for values out of range.
    """

    recipe: str
    #: 1: a token per sixteenth (Model 1). 2: a stream of pitches and one of durations (Model 2).
    encoding: int = 1
    part: Part = "melody"
    cell: Literal["lstm", "gru", "transformer"] = "lstm"
    units: int = 512
    layers: int = 3
    #: Embedding size per token.
    embedding: int = 128
    #: Feed Model 1 one-hot vectors instead of embeddings, as the thesis does; no effect with encoding 2.
    one_hot: bool = False
    #: Give Model 2 a dense layer of `units` with ReLU before its two heads; no effect with encoding 1.
    dense: bool = False
    dropout: float = 0.2
    window: int = 64
    batch_size: int = 64
    epochs: int = 50
    learning_rate: float = 1e-3
    #: Anneal the learning rate along a cosine to a twentieth.
    anneal: bool = False
    #: Minutes after which training ends, at the end of an epoch; annealing then follows the time. 0: no limit.
    minutes: float = 0.0
    max_grad_norm: float = 1.0
    weight_decay: float = 0.0
    #: Epochs without a better validation loss after which training ends; 0: no early stopping.
    patience: int = 5
    #: Condition on style and position, and the accompaniment on its melody; the thesis does not (references.md §2).
    conditioned: bool = False
    #: Condition also on bar-lag tokens, those 1, 2, 4, 8 and 16 bars before, and on the section of eight bars.
    echoes: bool = False
    #: Condition on the mode, major or minor, where the corpus states keys; needs keys=white.
    modes: bool = False
    #: `white` transposes every song to C major or A minor; `augmented` to a random key in every epoch.
    keys: Literal["as written", "white", "augmented"] = "as written"
    #: Layer norm before the output.
    layer_norm: bool = False
    #: Tie the weights of the output to those of the embedding.
    tied: bool = False
    #: Attention heads of a transformer, whose context is the window.
    heads: int = 4
    #: Minimum number of occurrences of a token; rarer ones are replaced (Vocabulary.nearest).
    least: int = 1
    #: The only style of the corpus to use; empty: all styles.
    style: str = ""
    #: Number of songs of the corpus to use, evenly spread; 0: all.
    songs: int = 0
    #: Targets of a training window: all of its positions, or the last one only, with a window for every position of a
    #: song. The thesis does the latter, which costs `window` times as much.
    targets: Literal["all", "last"] = "all"
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise TrainingError(f"{name} must be in {low:g}..{high:g}, got {getattr(self, name)}")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise TrainingError(f"{name} must be one of {', '.join(choices)}, got {getattr(self, name)!r}")
        self._check_combinations()

    def _check_combinations(self) -> None:
        if self.cell == "transformer" and self.units % self.heads:
            raise TrainingError(f"units must be a multiple of heads, {self.heads}, got {self.units}")
        if self.echoes and (not self.conditioned or self.encoding != 1 or self.keys == "augmented"):
            raise TrainingError("echoes needs conditioned=true, encoding=1 and keys other than augmented")
        if self.modes and (not self.conditioned or self.keys != "white"):
            raise TrainingError("modes needs conditioned=true and keys=white")
        if self.tied and (self.encoding != 1 or self.embedding != self.units or self.has_one_hot_inputs):
            raise TrainingError("tied needs encoding=1, one_hot=false, and equal embedding and units")
        if self.has_one_hot_inputs and self.conditioned:
            raise TrainingError("one_hot needs conditioned=false")
        if self.cell == "transformer" and (self.has_one_hot_inputs or self.has_dense_layer):
            raise TrainingError("one_hot and dense need cell=lstm or cell=gru")

    @property
    def has_one_hot_inputs(self) -> bool:
        """Whether the network is fed one-hot vectors."""
        return self.one_hot and self.encoding == 1

    @property
    def has_dense_layer(self) -> bool:
        """Whether the network has a dense layer before its heads."""
        return self.dense and self.encoding == 2

    def changed(self, assignments: Iterable[str]) -> "MelodyConfig":
        """Return the configuration after assignments such as "units=256"; raise TrainingError for invalid ones."""
        current = {name: value for name, value in self.to_dict().items() if name != "recipe"}
        return replace(self, **parse_overrides(assignments, current))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for checkpoints and manifests."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "MelodyConfig":
        """Return the configuration from `to_dict`'s values; raise TrainingError for unknown fields."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise TrainingError(f"the configuration has unknown fields: {', '.join(sorted(unknown))}")
        return cls(**values)
