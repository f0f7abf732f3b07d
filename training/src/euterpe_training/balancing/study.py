"""The study: treatments × networks × whole repetitions, all evaluated on the same real images."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import torch
from rich.console import Console

from euterpe_training.balancing.bagan import divergence
from euterpe_training.balancing.classifier import FitOptions, TrainedClassifier, fit
from euterpe_training.balancing.config import BAGAN_RECIPES, DEEPSMOTE_RECIPES, BaganConfig, DeepSmoteConfig
from euterpe_training.balancing.counts import Unbalanced, check_ratio, missing
from euterpe_training.balancing.estimate import (
    classifier_rate,
    seconds_of_fit,
    seconds_of_training,
)
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.onnx_export import save_classifier
from euterpe_training.balancing.repetition import Repetition
from euterpe_training.balancing.run import digest
from euterpe_training.balancing.study_images import describe_images
from euterpe_training.balancing.study_results import Outcome, StudyResults, encode
from euterpe_training.balancing.treatments import Treatment, TreatmentFactory, check_treatments
from euterpe_training.durations import describe_seconds
from euterpe_training.errors import TrainingError

#: Folder of the classifiers that `--save` writes.
CLASSIFIERS: Final = "classifiers"


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
    #: Save the classifier of each method and network that is best on validation images.
    save: bool = False

    def __post_init__(self) -> None:
        check_treatments(self.methods)
        check_ratio(self.ratio)
        if self.seeds < 1 or not self.methods or not self.networks:
            raise TrainingError("a study needs at least one method, one network and one seed")

    def comparable(self) -> dict[str, Any]:
        """Return the settings on which results depend, as plain values; the rest can be changed later."""
        values = asdict(self)
        for name in ("methods", "networks", "seeds", "save"):
            values.pop(name)
        return dict(json.loads(json.dumps(values)))


@dataclass
class Study:
    """Trains the classifiers that are missing in `directory`, and collects the results.

    `tasks` returns the images of a repetition by its number, the seed of everything in it. A fifth of the training
    images is held out for validation; only the rest is balanced.
    """

    tasks: Callable[[int], Unbalanced]
    options: StudyOptions
    directory: Path
    device: torch.device
    console: Console
    results: StudyResults = field(init=False)

    def __post_init__(self) -> None:
        self._first = Repetition.of(self.tasks(0), 0)
        task = self._first.task
        # Raises TrainingError for a set with a single class.
        missing(task.train.counts)
        settings = {"images": digest(task.whole), "train": digest(task.train), "test": digest(task.test)}
        self.results = StudyResults.open(self.directory, {**settings, **self.options.comparable()}, self._first)

    def run(self) -> None:
        """Train every missing classifier; the result of each is stored as soon as it is trained."""
        # Settings are stored first, so that a continued study cannot mix results of different settings.
        self.results.write()
        self._print_estimate()
        self.results.skipped = {}
        for seed in range(self.options.seeds):
            self._repeat(self._first if seed == 0 else Repetition.of(self.tasks(seed), seed))
        if not self.results.outcomes:
            raise TrainingError("none of the methods can be applied to these images")
        self.results.write()

    def _repeat(self, repetition: Repetition) -> None:
        self.results.add_tests(repetition)
        factory = self._factory(repetition)
        treatments = []
        for method in self.options.methods:
            wanted = [one for one in self.options.networks if not self.results.has(method, one, repetition.seed)]
            if not wanted and repetition.seed:
                continue
            try:
                treatment = factory.make(method, repetition.seed)
            except TrainingError as error:
                # A method that cannot be applied to these images must not stop the others.
                self.results.skipped[method] = str(error)
                self.console.print(f"[yellow]skipped:[/yellow] {error}", highlight=False)
                continue
            treatments.append(treatment)
            for network in wanted:
                self._run_once(repetition, treatment, network)
        if repetition.seed == 0 and treatments:
            describe_images(self.results, repetition, treatments, self.options.fit, self.device)

    def _factory(self, repetition: Repetition) -> TreatmentFactory:
        seed = repetition.seed
        deepsmote = replace(self.options.deepsmote, seed=self.options.deepsmote.seed + seed)
        bagan = replace(self.options.bagan, seed=self.options.bagan.seed + seed)
        return TreatmentFactory(
            repetition.train, self.directory / f"seed-{seed}", deepsmote, bagan, self.options.ratio, self.device,
            self.console,
        )  # fmt: skip

    def _run_once(self, repetition: Repetition, treatment: Treatment, network: str) -> None:
        chosen = replace(self.options.fit, network=network, loss=treatment.loss)
        fitted = fit(treatment.train, repetition.validation, chosen, repetition.seed, self.device)
        outcome = evaluate(repetition, treatment, network, fitted, self.options.pieces)
        if self.options.save:
            self._save(repetition, outcome, fitted)
        self.results.outcomes.append(outcome)
        self.console.print(
            f"{network}, {treatment.name}, seed {repetition.seed}: macro-F1 {outcome.macro_f1:.4f}, "
            f"accuracy {outcome.accuracy:.4f}", highlight=False,
        )  # fmt: skip
        self.results.write()

    def _save(self, repetition: Repetition, outcome: Outcome, fitted: TrainedClassifier) -> None:
        others = self.results.of(outcome.method, outcome.network)
        if any(one.validation_macro_f1 >= outcome.validation_macro_f1 for one in others):
            return
        path = self.directory / CLASSIFIERS / f"{outcome.method.replace(':', '-')}-{outcome.network}.onnx"
        names = ("method", "network", "seed", "validation_macro_f1", "macro_f1", "balanced_macro_f1")
        save_classifier(fitted, repetition.train, path, {name: getattr(outcome, name) for name in names})

    def _print_estimate(self) -> None:
        seconds = sum(self._estimates())
        if seconds:
            self.console.print(f"about {describe_seconds(seconds)} at most, measured on a few batches", highlight=False)

    def _estimates(self) -> Iterator[float]:
        """Yield the seconds of the trainings that are missing, of the first repetition times the repetitions."""
        options, train = self.options, self._first.train
        configs: dict[str, DeepSmoteConfig | BaganConfig] = {"deepsmote": options.deepsmote, "bagan-gp": options.bagan}
        rates: dict[str, float] = {}
        for method in options.methods:
            missing_seeds = [
                sum(not self.results.has(method, network, seed) for seed in range(options.seeds))
                for network in options.networks
            ]
            try:
                if method in configs and any(missing_seeds):
                    yield max(missing_seeds) * seconds_of_training(train, configs[method], self.device)[0]
            except TrainingError:
                # The method cannot be applied to these images, which `run` reports.
                continue
            for network, count in zip(options.networks, missing_seeds, strict=True):
                if count:
                    chosen = replace(options.fit, network=network)
                    # Oversampled sets have as many images per class as the largest.
                    size = len(train) if method == "unbalanced" or method.startswith("loss:") else _filled(train)
                    if network not in rates:
                        rates[network] = classifier_rate(train, chosen, self.device)
                    yield count * seconds_of_fit(size, chosen, rates[network])


def _filled(images: ImageSet) -> int:
    return int(images.counts.max()) * len(images.classes)


def evaluate(
    repetition: Repetition, treatment: Treatment, network: str, fitted: TrainedClassifier, pieces: bool = False
) -> Outcome:
    """Return the scores of a classifier on the real images of a repetition, all of the weights that it has."""

    def scores(images: ImageSet) -> Any:
        return fitted.group_scores(images) if pieces else fitted.scores(images)

    test, validation = scores(repetition.test), scores(repetition.validation)
    # With pieces, predictions are those of groups, in the order of `test_units`.
    guess = fitted.group_predictions if pieces else fitted.predictions
    balanced = repetition.balanced_test
    own = scores(balanced) if len(balanced) else None
    history = [] if treatment.method is None else treatment.method.history
    diverged = divergence(history) if treatment.name == "bagan-gp" else None
    return Outcome(
        method=treatment.name, network=network, seed=repetition.seed,
        validation_macro_f1=validation.macro_f1, validation_accuracy=validation.accuracy,
        accuracy=test.accuracy, macro_f1=test.macro_f1, f1=list(test.f1),
        confusion=[list(row) for row in test.confusion],
        balanced_accuracy=own.accuracy if own else None, balanced_macro_f1=own.macro_f1 if own else None,
        predictions=encode(guess(repetition.test)), balanced_predictions=encode(guess(balanced)) if own else "",
        synthetic=treatment.synthetic, diverged=diverged, history=fitted.history,
    )  # fmt: skip
