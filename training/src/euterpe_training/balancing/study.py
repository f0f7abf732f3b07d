"""The study: methods × networks × seeds, every one judged on the same real images."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from rich.console import Console

from euterpe_training.balancing.classifier import FitOptions, fit
from euterpe_training.balancing.config import BAGAN_RECIPES, DEEPSMOTE_RECIPES, BaganConfig, DeepSmoteConfig
from euterpe_training.balancing.counts import Unbalanced, check_ratio, missing
from euterpe_training.balancing.images import ImageSet, split
from euterpe_training.balancing.run import digest
from euterpe_training.balancing.treatments import Arm, ArmMaker, check_arms
from euterpe_training.errors import TrainingError
from euterpe_training.files import write_whole

RESULTS_FILE: Final = "results.json"
VALIDATION_SHARE: Final = 0.2


@dataclass(frozen=True)
class StudyOptions:
    """What to compare, and how. `pieces` judges groups of images, such as a piece's windows, instead of each."""

    methods: list[str]
    networks: list[str]
    seeds: int = 3
    ratio: float = 1.0
    fit: FitOptions = field(default_factory=FitOptions)
    deepsmote: DeepSmoteConfig = DEEPSMOTE_RECIPES["quick"]
    bagan: BaganConfig = BAGAN_RECIPES["quick"]
    pieces: bool = False

    def __post_init__(self) -> None:
        check_arms(self.methods)
        check_ratio(self.ratio)
        if self.seeds < 1 or not self.methods or not self.networks:
            raise TrainingError("a study needs one method, one network and one seed or more")

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Outcome:
    """One classifier: on validation images, which are real too, and on the test images."""

    method: str
    network: str
    seed: int
    validation_macro_f1: float
    accuracy: float
    macro_f1: float
    f1: list[float]
    confusion: list[list[int]]
    history: list[dict[str, float]]


@dataclass
class Study:
    """Runs what is missing in `directory`, and holds what came out.

    A fifth of the training images is set aside, as real ones, to stop by; only the rest is balanced.
    """

    task: Unbalanced
    options: StudyOptions
    directory: Path
    device: torch.device
    console: Console
    outcomes: list[Outcome] = field(default_factory=list)
    arms: dict[str, Arm] = field(default_factory=dict)
    #: Methods that these images do not suit, and why.
    left_out: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Refuses a set of one class, of which there is nothing to compare.
        missing(self.task.train.counts)
        self.real, self.validation = split(self.task.train, VALIDATION_SHARE)
        self._settings = {"images": digest(self.task.train), "test": digest(self.task.test), **self._comparable()}
        path = self.directory / RESULTS_FILE
        if path.is_file():
            try:
                stored = json.loads(path.read_text(encoding="utf-8"))
                self.outcomes = [Outcome(**row) for row in stored["outcomes"]]
            except (ValueError, KeyError, TypeError) as error:
                raise TrainingError(f"{path} is damaged; remove it, or choose another --out") from error
            if stored["settings"] != self._settings:
                raise TrainingError(
                    f"{self.directory} holds a study with other images or settings; choose another --out"
                )

    def run(self) -> None:
        """Trains every classifier that is not there yet; each is written down as soon as it is done."""
        options = self.options
        # Before anything is trained, so that nobody goes on with what was trained by other settings.
        self._write()
        maker = ArmMaker(
            self.real, self.directory, options.deepsmote, options.bagan, options.ratio, self.device, self.console
        )  # fmt: skip
        for method in options.methods:
            try:
                self.arms[method] = maker.make(method)
            except TrainingError as error:
                # A method that these images do not suit must not cost the others their place.
                self.left_out[method] = str(error)
                self.console.print(f"[yellow]left out:[/yellow] {error}", highlight=False)
        if not self.arms:
            raise TrainingError("none of the methods suits these images")
        for seed in range(options.seeds):
            for network in options.networks:
                for arm in self.arms.values():
                    self._once(arm, network, seed)

    def _once(self, arm: Arm, network: str, seed: int) -> None:
        if any((one.method, one.network, one.seed) == (arm.name, network, seed) for one in self.outcomes):
            return
        chosen = FitOptions(**{**asdict(self.options.fit), "network": network, "loss": arm.loss})
        fitted = fit(arm.train, self.validation, chosen, seed, self.device)
        judge = fitted.group_scores if self.options.pieces else fitted.scores
        scores = judge(self.task.test)
        best = max(row["macro_f1"] for row in fitted.history)
        self.outcomes.append(
            Outcome(
                arm.name, network, seed, best, scores.accuracy, scores.macro_f1, list(scores.f1),
                [list(row) for row in scores.confusion], fitted.history,
            )
        )  # fmt: skip
        self.console.print(
            f"{network}, {arm.name}, seed {seed}: macro-F1 {scores.macro_f1:.4f}, accuracy {scores.accuracy:.4f}",
            highlight=False,
        )
        self._write()

    def _write(self) -> None:
        content = {"settings": self._settings, "outcomes": [asdict(one) for one in self.outcomes]}
        write_whole(self.directory / RESULTS_FILE, json.dumps(content) + "\n")

    def _comparable(self) -> dict[str, Any]:
        """Settings that outcomes depend on; more methods, networks and seeds may join later."""
        values = self.options.to_dict()
        for name in ("methods", "networks", "seeds"):
            values.pop(name)
        return dict(json.loads(json.dumps(values)))

    def values(self, method: str, network: str, name: str = "macro_f1") -> list[float]:
        """A figure of a method with a network, by seed."""
        chosen = [one for one in self.outcomes if (one.method, one.network) == (method, network)]
        return [float(getattr(one, name)) for one in sorted(chosen, key=lambda one: one.seed)]

    def f1(self, method: str, network: str) -> list[float]:
        """Of each class, mean over seeds."""
        rows = [one.f1 for one in self.outcomes if (one.method, one.network) == (method, network)]
        return [float(value) for value in np.mean(rows, axis=0)]

    def confusion(self, method: str, network: str) -> list[list[int]]:
        """Sum over seeds."""
        tables = [one.confusion for one in self.outcomes if (one.method, one.network) == (method, network)]
        return [[int(cell) for cell in row] for row in np.sum(tables, axis=0)]


def made_images(arm: Arm, real: ImageSet) -> list[tuple[str, ImageSet]]:
    """By class, the images that an arm added behind the real ones."""
    added = arm.train.take(np.arange(len(real), len(arm.train)))
    found = ((name, added.take(added.of(label))) for label, name in enumerate(added.classes))
    return [(name, images) for name, images in found if len(images)]
