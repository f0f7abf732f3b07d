"""The study: treatments × networks × seeds, all evaluated on the same real images."""

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
from euterpe_training.balancing.treatments import Treatment, TreatmentFactory, check_treatments
from euterpe_training.errors import TrainingError
from euterpe_training.files import write_atomically

RESULTS_FILE: Final = "results.json"
VALIDATION_SHARE: Final = 0.2


@dataclass(frozen=True)
class StudyOptions:
    """What to compare. With `pieces`, groups of images, such as a piece's windows, are evaluated instead of images."""

    methods: list[str]
    networks: list[str]
    seeds: int = 3
    ratio: float = 1.0
    fit: FitOptions = field(default_factory=FitOptions)
    deepsmote: DeepSmoteConfig = DEEPSMOTE_RECIPES["quick"]
    bagan: BaganConfig = BAGAN_RECIPES["quick"]
    pieces: bool = False

    def __post_init__(self) -> None:
        check_treatments(self.methods)
        check_ratio(self.ratio)
        if self.seeds < 1 or not self.methods or not self.networks:
            raise TrainingError("a study needs at least one method, one network and one seed")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Outcome:
    """The scores of one classifier on real validation and test images. The names are keys of stored results."""

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
    """Trains the classifiers that are missing in `directory`, and collects the results.

    A fifth of the training images is held out for validation; only the rest is balanced.
    """

    task: Unbalanced
    options: StudyOptions
    directory: Path
    device: torch.device
    console: Console
    outcomes: list[Outcome] = field(default_factory=list)
    treatments: dict[str, Treatment] = field(default_factory=dict)
    #: Methods that cannot be applied to these images, with the reason.
    skipped: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Raises TrainingError for a set with a single class.
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
                raise TrainingError(f"{self.directory} has a study with other images or settings; choose another --out")

    def run(self) -> None:
        """Train every missing classifier; the result of each is stored as soon as it is trained."""
        options = self.options
        # Settings are stored first, so that a continued study cannot mix results of different settings.
        self._write()
        factory = TreatmentFactory(
            self.real, self.directory, options.deepsmote, options.bagan, options.ratio, self.device, self.console
        )  # fmt: skip
        for method in options.methods:
            try:
                self.treatments[method] = factory.make(method)
            except TrainingError as error:
                # A method that cannot be applied to these images must not stop the others.
                self.skipped[method] = str(error)
                self.console.print(f"[yellow]skipped:[/yellow] {error}", highlight=False)
        if not self.treatments:
            raise TrainingError("none of the methods can be applied to these images")
        for seed in range(options.seeds):
            for network in options.networks:
                for treatment in self.treatments.values():
                    self._run_once(treatment, network, seed)

    def _run_once(self, treatment: Treatment, network: str, seed: int) -> None:
        if any((one.method, one.network, one.seed) == (treatment.name, network, seed) for one in self.outcomes):
            return
        chosen = FitOptions(**{**asdict(self.options.fit), "network": network, "loss": treatment.loss})
        fitted = fit(treatment.train, self.validation, chosen, seed, self.device)
        evaluate = fitted.group_scores if self.options.pieces else fitted.scores
        scores = evaluate(self.task.test)
        best = max(row["macro_f1"] for row in fitted.history)
        self.outcomes.append(
            Outcome(
                treatment.name, network, seed, best, scores.accuracy, scores.macro_f1, list(scores.f1),
                [list(row) for row in scores.confusion], fitted.history,
            )
        )  # fmt: skip
        self.console.print(
            f"{network}, {treatment.name}, seed {seed}: macro-F1 {scores.macro_f1:.4f}, accuracy {scores.accuracy:.4f}",
            highlight=False,
        )
        self._write()

    def _write(self) -> None:
        content = {"settings": self._settings, "outcomes": [asdict(one) for one in self.outcomes]}
        write_atomically(self.directory / RESULTS_FILE, json.dumps(content) + "\n")

    def _comparable(self) -> dict[str, Any]:
        """Return the settings on which results depend; methods, networks and seeds can be added later."""
        values = self.options.to_dict()
        for name in ("methods", "networks", "seeds"):
            values.pop(name)
        return dict(json.loads(json.dumps(values)))

    def values(self, method: str, network: str, name: str = "macro_f1") -> list[float]:
        """Return a score of a method with a network, ordered by seed."""
        chosen = [one for one in self.outcomes if (one.method, one.network) == (method, network)]
        return [float(getattr(one, name)) for one in sorted(chosen, key=lambda one: one.seed)]

    def f1(self, method: str, network: str) -> list[float]:
        """Return the F1 of each class, averaged over seeds."""
        rows = [one.f1 for one in self.outcomes if (one.method, one.network) == (method, network)]
        return [float(value) for value in np.mean(rows, axis=0)]

    def confusion(self, method: str, network: str) -> list[list[int]]:
        """Return the confusion matrix, summed over seeds."""
        tables = [one.confusion for one in self.outcomes if (one.method, one.network) == (method, network)]
        return [[int(cell) for cell in row] for row in np.sum(tables, axis=0)]


def synthetic_images(treatment: Treatment, real: ImageSet) -> list[tuple[str, ImageSet]]:
    """Return, by class, the images that a treatment added after the real ones."""
    added = treatment.train.take(np.arange(len(real), len(treatment.train)))
    found = ((name, added.take(added.of(label))) for label, name in enumerate(added.classes))
    return [(name, images) for name, images in found if len(images)]
