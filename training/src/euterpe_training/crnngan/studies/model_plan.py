"""The runs of the comparison of C-RNN-GAN's models, in the order in which they are trained: most valuable first."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Literal

from euterpe_training.crnngan.recipes import CrnnganConfig, recipe
from euterpe_training.errors import TrainingError

Block = Literal["models", "changes", "steps", "preprocessing"]

#: The thesis' models and those of the paper.
MODELS: Final = ("model10", "model10-jazz", "model6", "model8", "model12", "paper", "feature-matching")
JAZZ: Final = "model10-jazz"
#: The models that the thesis trains on two corpora, and on which its conclusions rest: they have several seeds.
_REPEATED: Final = ("model10", JAZZ)
#: Networks of 350 units take most of the time and are not the thesis'.
_LAST: Final = ("paper", "feature-matching")
#: One change of Model 10 each, by what it concerns.
CHANGES: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "representation": (("representation=normalised",),),
    "learning rate": (("learning_rate=0.01",), ("learning_rate=0.001",), ("learning_rate=0.0001",)),
    "balance": (("freezing=false",), ("d_lr_factor=0.1",), ("d_lr_factor=2",)),
    "loss": (("feature_matching=true",), ("real_label=0.9",), ("disable_l2_regularizer=true",)),
    "pretraining": (("pretraining_epochs=0",), ("pretraining_epochs=40",), ("pretraining_loss=energy",)),
}
#: Changes that are added one after the other, each to all before it.
STEPS: Final[tuple[tuple[str, ...], ...]] = (
    ("learning_rate=0.001",),
    ("representation=normalised",),
    ("disable_l2_regularizer=true",),
    ("pretraining_loss=energy", "input_jitter=0.4"),
    ("pretraining_epochs=40", "curriculum=false"),
    ("learning_rate=0.0001", "pretraining_learning_rate=0.001"),
    ("anchor=1", "adversarial_weight=0.05"),
)
#: Steps of the thesis' preprocessing: none, and each alone; all are Model 10 itself.
PREPROCESSING: Final[dict[str, tuple[str, ...]]] = {
    "none": ("preprocess=false",),
    "normalize_data": ("preprocess=false", "normalize_data=true"),
    "remove_noise": ("preprocess=false", "remove_noise=true"),
    "correct_errors": ("preprocess=false", "correct_errors=true"),
}


@dataclass(frozen=True)
class PlannedRun:
    """One training: a recipe with a seed and changed settings. `group` is what the changes concern."""

    block: Block
    recipe: str
    seed: int = 0
    group: str = ""
    changes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """A unique name, which is also that of its directory."""
        words = [change.replace("=", "-") for change in self.changes]
        if self.block == "steps" and len(self.changes) > 1:
            words = [f"step-{self.group}"]
        return "_".join([self.recipe, *words, *([f"seed-{self.seed}"] if self.seed else [])])

    def config(self, epochs: int) -> CrnnganConfig:
        """Return its configuration with a number of adversarial epochs."""
        base = recipe(self.recipe)
        for change in self.changes:
            # One at a time: a later setting may depend on an earlier one.
            base = base.changed([change])
        return base.changed([f"max_epoch={epochs}", f"seed={self.seed}"])


def plan(recipes: Sequence[str] = (), seeds: int = 3, *, jazz: bool = True) -> list[PlannedRun]:
    """Return all runs; with `recipes` only those without changes of these. Raise TrainingError for unknown recipes."""
    for name in recipes:
        recipe(name)
    if JAZZ in recipes and not jazz:
        raise TrainingError(f"{JAZZ} is trained on jazz: give its directory with --jazz, or leave it out of --recipes")
    names = [name for name in (recipes or MODELS) if jazz or name != JAZZ]
    runs = [PlannedRun("models", name) for name in names if name not in _LAST]
    if not recipes:
        runs += [*steps(), *changes()]
    repeated = [name for name in names if name in _REPEATED]
    runs += [PlannedRun("models", name, seed) for seed in range(1, seeds) for name in repeated]
    if not recipes:
        runs += preprocessing()
    runs += [PlannedRun("models", name) for name in names if name in _LAST]
    unique: dict[str, PlannedRun] = {}
    for run in runs:
        unique.setdefault(run.name, run)
    return list(unique.values())


def steps() -> list[PlannedRun]:
    """Return Model 10 with the first change, with the first two, and so on; the first is also in `changes`."""
    ends = range(1, len(STEPS) + 1)
    return [PlannedRun("steps", "model10", 0, str(end), tuple(chain(*STEPS[:end]))) for end in ends]


def changes() -> list[PlannedRun]:
    """Return Model 10 with one change each."""
    return [PlannedRun("changes", "model10", 0, group, one) for group, variants in CHANGES.items() for one in variants]


def preprocessing() -> list[PlannedRun]:
    """Return Model 10 without preprocessing, and with one step of it each."""
    return [PlannedRun("preprocessing", "model10", 0, name, done) for name, done in PREPROCESSING.items()]
