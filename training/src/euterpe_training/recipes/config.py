"""Every setting of a C-RNN-GAN training run, under the thesis' names (references.md §1); see settings.py."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final, Literal

from euterpe_music.spec import EventSpec

from euterpe_training.corpora import CorpusOptions
from euterpe_training.corpora.split import Split
from euterpe_training.errors import TrainingError
from euterpe_training.recipes.settings import ALL

_CHOICES: Final = {"outputs": ("continuous", "categorical"), "pretraining_loss": ("squared", "energy")}
_NOT_SETTABLE: Final = {"recipe", "spec", "corpus", "styles", "density_edges"}
#: Settings that are kept among the corpus' options, because they decide what its arrays hold.
_OF_THE_CORPUS: Final = {
    "works_per_composer", "composer", "pace_events", "synthetic_chords", "preprocess", "min_events",
}  # fmt: skip


@dataclass(frozen=True)
class CrnnganConfig:
    """A run. Sizes are in units, lengths in events; an epoch shows one random window of every training song."""

    recipe: str
    spec: EventSpec = field(default_factory=EventSpec)
    corpus: CorpusOptions = field(default_factory=CorpusOptions)
    seed: int = 0

    #: Folders of the corpus that a listener can ask a categorical generator for: genres, composers.
    styles: tuple[str, ...] = ()
    #: Notes per quarter that part its five levels of density.
    density_edges: tuple[float, ...] = (1.5, 2.5, 4.0, 6.0)
    #: `categorical` needs the normalised representation with one tone per event.
    outputs: Literal["continuous", "categorical"] = "continuous"
    #: A composer of ten songs is heard once in two hundred windows unless styles are filled up.
    style_ratio: float = 0.0
    #: A little over 1 keeps to the key where training was short; rhythm and loudness stay as they were learned.
    pitch_sharpness: float = 1.0
    #: A composer's name says little beside a hundred events of context: over 1, pieces show it more.
    style_sharpness: float = 1.0

    songlength: int = 100
    hidden_size_g: int = 100
    hidden_size_d: int = 100
    num_layers: int = 2
    random_input_scale: int = 1
    init_scale: float = 0.05
    keep_prob: float = 0.5
    disable_feed_previous: bool = False
    multiscale: bool = False
    biscale_slow_layer_ticks: int = 8
    unidirectional_d: bool = False
    end_classification: bool = False
    minibatch_d: bool = False
    generate_meta: bool = False
    meta_layer_size: int = 200

    batch_size: int = 20
    learning_rate: float = 0.1
    d_lr_factor: float = 0.5
    lr_decay: float = 1.0
    epochs_before_decay: int = 60
    max_grad_norm: float = 5.0
    adam: bool = False
    reg_scale: float = 1.0
    disable_l2_regularizer: bool = False
    float16: bool = False

    pretraining_epochs: int = 6
    #: Squared error learns the mean. The energy score learns the distribution of the next event, and so needs the
    #: noise already in pretraining. Categorical generators learn the likelihood, whatever is set here.
    pretraining_loss: Literal["squared", "energy"] = "squared"
    pretraining_learning_rate: float | None = None
    pretraining_d: bool = False
    curriculum: bool = True
    anneal_pretraining: bool = False
    #: The generator's own outputs are never exactly on a rung: without blur its music drifts away within a hundred
    #: events, and D needs to look at nothing else.
    input_jitter: float = 0.0
    max_epoch: int = 500
    initialize_d: bool = False
    feature_matching: bool = False
    freezing: bool = True
    #: Under 1, D does not grow too sure of itself.
    real_label: float = 1.0
    anchor: float = 0.0
    adversarial_weight: float = 1.0

    select_validation_percentage: float = 16.0
    select_test_percentage: float = 20.0
    epochs_per_checkpoint: int = 2
    exit_after: float = 1440.0
    call_after: str = ""
    sample: bool = False
    ignore_saved_args: bool = False
    profiling: bool = False
    log_device_placement: bool = False

    def __post_init__(self) -> None:
        for name, setting in ALL.items():
            value = self.value(name)
            if isinstance(value, int | float) and not setting.allows(value):
                raise TrainingError(f"{name} is {value}, but must be {setting.range}")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise TrainingError(f"{name} is {getattr(self, name)!r}, but must be one of {', '.join(choices)}")
        if self.select_validation_percentage + self.select_test_percentage >= 100:
            raise TrainingError("select_validation_percentage and select_test_percentage leave no songs to train on")
        if self.corpus.min_events < self.songlength:
            raise TrainingError("the corpus' min_events must be at least songlength, or windows would not fit")
        if self.outputs == "categorical" and (self.disable_feed_previous or self.multiscale):
            raise TrainingError("disable_feed_previous and multiscale are for outputs=continuous")

    def value(self, name: str) -> Any:
        """What the setting called `name` is, wherever it is kept."""
        if name == "hidden_size":
            return self.hidden_size_g
        if name == "tones_per_cell":
            return self.spec.tones_per_cell
        return getattr(self.corpus if name in _OF_THE_CORPUS else self, name)

    def changed(self, assignments: Iterable[str]) -> "CrnnganConfig":
        """The configuration after assignments such as "batch_size=32"; TrainingError for what cannot be set."""
        changes: dict[str, Any] = {}
        of_corpus: dict[str, Any] = {}
        for assignment in assignments:
            name, equals, text = assignment.partition("=")
            if not equals or name not in ALL:
                raise TrainingError(f"{assignment!r} does not set a setting; write NAME=VALUE, with a name of --help")
            try:
                value = _parse(text, self.value(name))
            except ValueError as error:
                raise TrainingError(f"{name} cannot be {text!r}") from error
            if name == "hidden_size":
                changes |= {"hidden_size_g": value, "hidden_size_d": value}
            elif name == "tones_per_cell":
                changes["spec"] = self._spec_of(value)
            else:
                (of_corpus if name in _OF_THE_CORPUS else changes)[name] = value
        return replace(self, **changes, corpus=replace(self.corpus, **of_corpus))

    def _spec_of(self, tones: int) -> EventSpec:
        try:
            return replace(self.spec, tones_per_cell=tones)
        except ValueError as error:
            raise TrainingError(str(error)) from error

    @property
    def noise_size(self) -> int:
        """Uniform draws per step."""
        return 4 * self.random_input_scale

    @property
    def shares(self) -> dict[Split, float]:
        """Shares of the songs that train, validate, test."""
        validation, test = self.select_validation_percentage / 100, self.select_test_percentage / 100
        return {"train": 1 - validation - test, "validation": validation, "test": test}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for checkpoints and manifests."""
        return {**asdict(self), "spec": self.spec.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "CrnnganConfig":
        """The configuration that `to_dict` described; TrainingError for fields that it does not have."""
        if "optimizer" in values:  # as checkpoints before 2026-11-21 have it
            values = {key: value for key, value in values.items() if key != "optimizer"} | {
                "adam": values["optimizer"] == "adam"
            }
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
