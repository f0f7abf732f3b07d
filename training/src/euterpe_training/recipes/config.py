"""Every setting of a C-RNN-GAN training run, under the names of the thesis (FACTS §1)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from euterpe_music.spec import EventSpec

from euterpe_training.corpora import CorpusOptions
from euterpe_training.errors import TrainingError

_CHOICES = {
    "outputs": ("continuous", "categorical"), "optimizer": ("sgd", "adam"), "pretraining_loss": ("squared", "energy"),
}  # fmt: skip
_NOT_SETTABLE = {"recipe", "spec", "corpus", "styles", "density_edges"}


@dataclass(frozen=True)
class CrnnganConfig:
    """A run. Sizes are in units, lengths in events; an epoch shows one random window of every training song."""

    recipe: str
    spec: EventSpec = field(default_factory=EventSpec)
    corpus: CorpusOptions = field(default_factory=CorpusOptions)
    seed: int = 0

    #: `continuous`: the reference's generator, which says numbers. `categorical`: one that states distributions over
    #: the rungs of the ladders and lets the noise draw from them (normalised representation, one tone per event).
    outputs: Literal["continuous", "categorical"] = "continuous"
    #: Folders of the corpus that a listener can ask a categorical generator for: genres, composers.
    styles: tuple[str, ...] = ()
    #: Notes per quarter that part its five levels of density.
    density_edges: tuple[float, ...] = (1.5, 2.5, 4.0, 6.0)

    songlength: int = 100
    hidden_size_g: int = 100
    hidden_size_d: int = 100
    num_layers: int = 2
    random_input_scale: int = 1
    init_scale: float = 0.05
    keep_prob: float = 0.5
    unidirectional_d: bool = False
    end_classification: bool = False
    minibatch_d: bool = False

    batch_size: int = 20
    learning_rate: float = 0.1
    d_lr_factor: float = 0.5
    lr_decay: float = 1.0
    epochs_before_decay: int = 60
    max_grad_norm: float = 5.0
    optimizer: Literal["sgd", "adam"] = "sgd"
    reg_scale: float = 1.0
    disable_l2_regularizer: bool = False

    pretraining_epochs: int = 6
    #: `squared`: the reference's squared error, which learns the mean. `energy`: the energy score, which learns
    #: the distribution of the next event, and so needs the noise already in pretraining.
    pretraining_loss: Literal["squared", "energy"] = "squared"
    pretraining_learning_rate: float | None = None
    #: Pretraining begins with windows of four events, and each epoch's are four events longer, up to songlength.
    curriculum: bool = True
    #: Lower the rate of pretraining along a cosine to a hundredth.
    anneal_pretraining: bool = False
    #: Blurs the real past in teacher forcing, and all that D sees, by up to this share of a ladder's step. The
    #: generator's own outputs are never exactly on a rung: without this its music drifts away within a hundred events,
    #: and D needs to look at nothing else.
    input_jitter: float = 0.0
    #: Adversarial epochs after pretraining.
    max_epoch: int = 500
    feature_matching: bool = False
    #: Freeze the side that is far ahead (losses compared as FACTS §1 states).
    freezing: bool = True
    #: D's target for real windows; under 1 it does not grow too sure of itself.
    real_label: float = 1.0
    #: Weight of the pretraining loss that stays in G's loss in the adversarial epochs.
    anchor: float = 0.0
    #: Weight of the adversarial term of G's loss.
    adversarial_weight: float = 1.0

    epochs_per_checkpoint: int = 2

    def __post_init__(self) -> None:
        positive = ("songlength", "hidden_size_g", "hidden_size_d", "num_layers", "random_input_scale", "batch_size")
        for name in (*positive, "learning_rate", "max_grad_norm", "epochs_per_checkpoint"):
            if getattr(self, name) <= 0:
                raise TrainingError(f"{name} is {getattr(self, name)}, but must be more than 0")
        for name in ("pretraining_epochs", "max_epoch", "reg_scale", "anchor", "adversarial_weight", "input_jitter"):
            if getattr(self, name) < 0:
                raise TrainingError(f"{name} is {getattr(self, name)}, but must not be less than 0")
        for name, choices in (
            ("outputs", ("continuous", "categorical")),
            ("optimizer", ("sgd", "adam")),
            ("pretraining_loss", ("squared", "energy")),
        ):
            if getattr(self, name) not in choices:
                raise TrainingError(f"{name} is {getattr(self, name)!r}, but must be one of {', '.join(choices)}")
        if not 0 < self.keep_prob <= 1:
            raise TrainingError(f"keep_prob is {self.keep_prob}, but must be in (0, 1]")
        if self.corpus.min_events < self.songlength:
            raise TrainingError("the corpus' min_events must be at least songlength, or windows would not fit")

    def changed(self, assignments: Iterable[str]) -> "CrnnganConfig":
        """The configuration after assignments such as "batch_size=32"; TrainingError for what cannot be set."""
        changes: dict[str, Any] = {}
        for assignment in assignments:
            name, equals, text = assignment.partition("=")
            current = getattr(self, name, None)
            if (
                not equals
                or name not in {field.name for field in fields(self)}
                or name in ("recipe", "spec", "corpus", "styles", "density_edges")
            ):
                raise TrainingError(f"{assignment!r} does not set a setting; write NAME=VALUE")
            try:
                changes[name] = _parse(text, current)
            except ValueError as error:
                raise TrainingError(f"{name} cannot be {text!r}") from error
        return replace(self, **changes)

    @property
    def noise_size(self) -> int:
        """Uniform draws per step."""
        return 4 * self.random_input_scale

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for checkpoints and manifests."""
        return {**asdict(self), "spec": self.spec.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "CrnnganConfig":
        """The configuration that `to_dict` described; TrainingError for fields that it does not have."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise TrainingError(f"the configuration has unknown fields: {', '.join(sorted(unknown))}")
        plain = dict(values)
        plain["spec"] = EventSpec.from_dict(plain["spec"])
        plain |= {name: tuple(plain[name]) for name in ("styles", "density_edges") if name in plain}
        plain["corpus"] = CorpusOptions.from_dict(plain["corpus"])
        return cls(**plain)


def _parse(text: str, current: Any) -> Any:
    """`text` as a value of the type of `current`; ValueError when it is none."""
    if isinstance(current, bool):
        if text.lower() not in ("true", "false"):
            raise ValueError("neither true nor false")
        return text.lower() == "true"
    if isinstance(current, int):
        return int(text)
    if isinstance(current, str):
        return text
    return float(text)
