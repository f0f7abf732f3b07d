"""Every setting of a melody network's training, under the names of the thesis (references.md §2)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Literal

from euterpe_training.errors import TrainingError

Part = Literal["melody", "accompaniment"]
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "part": ("melody", "accompaniment"),
    "cell": ("lstm", "gru", "transformer"),
    "keys": ("as written", "white", "augmented"),
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
    """A run. Lengths are in tokens; an epoch shows every token of the training songs about once."""

    recipe: str
    #: 1: a word per sixteenth (Model 1). 2: a stream of pitches and one of durations (Model 2).
    encoding: int = 1
    part: Part = "melody"
    cell: Literal["lstm", "gru", "transformer"] = "lstm"
    units: int = 512
    layers: int = 3
    #: Numbers per token. The thesis feeds one-hot vectors: those times a matrix are the matrix' rows, an embedding.
    embedding: int = 128
    dropout: float = 0.2
    window: int = 64
    batch_size: int = 64
    epochs: int = 50
    learning_rate: float = 1e-3
    #: Lower the rate along a cosine to a twentieth.
    anneal: bool = False
    #: Training ends with the epoch in which so many minutes are over, and the rate is lowered in time; 0: no limit.
    minutes: float = 0.0
    max_grad_norm: float = 1.0
    weight_decay: float = 0.0
    #: Epochs without a better validation loss after which training ends; 0: never.
    patience: int = 5
    #: Condition on style and position, and the accompaniment on its melody; the thesis does not (references.md §2).
    conditioned: bool = False
    #: Condition also on the tokens 1, 2, 4, 8 and 16 bars before this position, and on the section of eight bars.
    echoes: bool = False
    #: `white` moves every song to C major or A minor; `augmented` shows it in a random key each time.
    keys: Literal["as written", "white", "augmented"] = "as written"
    #: A layer norm before the output.
    layer_norm: bool = False
    #: The output's weights are those of the embedding.
    tied: bool = False
    #: Attention heads of a transformer, whose context is the window.
    heads: int = 4
    #: Words that occur more rarely are replaced by others (Vocabulary.nearest).
    least: int = 1
    #: Only this many songs of the corpus, evenly spread; 0: all.
    songs: int = 0
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise TrainingError(f"{name} is {getattr(self, name)}, but must be in {low:g}..{high:g}")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise TrainingError(f"{name} is {getattr(self, name)!r}, but must be one of {', '.join(choices)}")
        if self.cell == "transformer" and self.units % self.heads:
            raise TrainingError(f"units is {self.units}, but must be a multiple of heads, {self.heads}")
        if self.echoes and (not self.conditioned or self.encoding != 1 or self.keys == "augmented"):
            raise TrainingError("echoes needs conditioned and encoding 1, and keys that are not augmented")
        if self.tied and (self.encoding != 1 or self.embedding != self.units):
            raise TrainingError("tied needs encoding 1, and an embedding as large as units")

    def changed(self, assignments: Iterable[str]) -> "MelodyConfig":
        """The configuration after assignments such as "units=256"; TrainingError for what cannot be set."""
        changes: dict[str, Any] = {}
        for assignment in assignments:
            name, equals, text = assignment.partition("=")
            if not equals or name not in {field.name for field in fields(self)} or name == "recipe":
                raise TrainingError(f"{assignment!r} does not set a setting; write NAME=VALUE")
            try:
                changes[name] = _parse(text, getattr(self, name))
            except ValueError as error:
                raise TrainingError(f"{name} cannot be {text!r}") from error
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for checkpoints and manifests."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "MelodyConfig":
        """The configuration that `to_dict` described; TrainingError for fields that it does not have."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise TrainingError(f"the configuration has unknown fields: {', '.join(sorted(unknown))}")
        return cls(**values)


def _parse(text: str, current: Any) -> Any:
    if isinstance(current, bool):
        if text.lower() not in ("true", "false"):
            raise ValueError("neither true nor false")
        return text.lower() == "true"
    return type(current)(text)
