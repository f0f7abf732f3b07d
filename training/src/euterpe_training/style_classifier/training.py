"""Training of the style classifier with several treatments of imbalance; the best one on validation is released."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from euterpe_music.classifier import CLASSIFIER_FILE
from rich.console import Console

from euterpe_training.balancing.classifier import FitOptions, TrainedClassifier, fit
from euterpe_training.balancing.config import BAGAN_RECIPES, DEEPSMOTE_RECIPES, DeepSmoteConfig
from euterpe_training.balancing.images import ImageSet, split
from euterpe_training.balancing.networks import SmallNetwork, make_network
from euterpe_training.balancing.run import digest
from euterpe_training.balancing.sources.rolls import load_rolls
from euterpe_training.balancing.treatments import Treatment, TreatmentFactory, check_treatments
from euterpe_training.bundle_label import BundleLabel
from euterpe_training.checkpoints import load_checkpoint, save_checkpoint
from euterpe_training.errors import TrainingError
from euterpe_training.music_styles import style_of
from euterpe_training.reports.scores import Interval, Scores
from euterpe_training.style_classifier.export import export_style_classifier

_HELD_OUT: Final = 0.2
#: The small network is sufficient for windows of 64×64; its graph has a few hundred kB.
OPTIONS: Final = FitOptions(network="small", epochs=40, patience=4, steps_per_round=250, learning_rate=3e-3, shift=6)


@dataclass(frozen=True, eq=False)
class Candidate:
    """A trained classifier with its balancing method and seed; scores are of whole pieces."""

    method: str
    seed: int
    fitted: TrainedClassifier
    validation: Scores
    test: Scores


@dataclass(frozen=True, eq=False)
class StyleTraining:
    """Training with the windows of pieces; training, validation and test parts have no piece in common."""

    images: ImageSet
    directory: Path
    options: FitOptions = OPTIONS
    deepsmote: DeepSmoteConfig = DEEPSMOTE_RECIPES["quick"]
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def run(self, methods: list[str], seeds: int, console: Console) -> list[Candidate]:
        """Train the networks that are missing in `directory`; return all, ordered by method, then by seed."""
        check_treatments(methods)
        rest, test = split(self.images, _HELD_OUT)
        train, validation = split(rest, _HELD_OUT)
        factory = TreatmentFactory(
            train, self.directory, self.deepsmote, BAGAN_RECIPES["quick"], 1.0, self.device, console
        )  # fmt: skip
        found, of = [], json.dumps([digest(self.images), asdict(self.options), asdict(self.deepsmote)])
        for method in methods:
            make = cache(lambda method=method: factory.make(method))
            for seed in range(seeds):
                fitted = self._fitted(method, seed, make, validation, of)
                candidate = Candidate(method, seed, fitted, fitted.group_scores(validation), fitted.group_scores(test))
                console.print(
                    f"{method}, seed {seed}: macro-F1 of pieces {candidate.validation.macro_f1:.3f} validation, "
                    f"{candidate.test.macro_f1:.3f} test", highlight=False,
                )  # fmt: skip
                found.append(candidate)
        return found

    def _fitted(
        self, method: str, seed: int, make: Callable[[], Treatment], validation: ImageSet, of: str
    ) -> TrainedClassifier:
        path = self.directory / f"{method.replace(':', '-')}-{seed}.pt"
        if path.is_file():
            content = load_checkpoint(path)
            if content.get("of") != of:
                raise TrainingError(f"{path} was trained on other pieces or with other settings; choose another --run")
            network = make_network(self.options.network, 1, len(self.images.classes))
            network.load_state_dict(content["network"])
            return TrainedClassifier(network.to(self.device), self.device, json.loads(content["history"]))
        treatment = make()
        options = replace(self.options, loss=treatment.loss)
        fitted = fit(treatment.train, validation, options, seed, self.device)
        self.directory.mkdir(parents=True, exist_ok=True)
        history = json.dumps(fitted.history)
        save_checkpoint(path, {"network": fitted.network.state_dict(), "history": history, "of": of})
        return fitted


def best(candidates: list[Candidate]) -> Candidate:
    """Return the best seed of the method with the highest mean macro-F1, both on validation pieces."""
    means = {method: np.mean([one.validation.macro_f1 for one in group]) for method, group in by_method(candidates)}
    chosen = max(means, key=means.__getitem__)
    return max((one for one in candidates if one.method == chosen), key=lambda one: one.validation.macro_f1)


def by_method(candidates: list[Candidate]) -> list[tuple[str, list[Candidate]]]:
    """Return each method with its candidates, one per seed."""
    names = dict.fromkeys(one.method for one in candidates)
    return [(name, [one for one in candidates if one.method == name]) for name in names]


def describe(candidates: list[Candidate], classes: tuple[str, ...]) -> dict[str, Any]:
    """Return means over the seeds of one method, with half widths of 95 % intervals (`_within`), for the manifest."""
    spread = {
        "validation_macro_f1": Interval.of([one.validation.macro_f1 for one in candidates]),
        "test_macro_f1": Interval.of([one.test.macro_f1 for one in candidates]),
        "test_accuracy": Interval.of([one.test.accuracy for one in candidates]),
    }
    return {
        "seeds": len(candidates),
        **{name: round(found.mean, 4) for name, found in spread.items()},
        **{f"{name}_within": round(found.half, 4) for name, found in spread.items() if len(candidates) > 1},
        "test_f1": {name: round(float(np.mean([one.test.f1[at] for one in candidates])), 3)
                    for at, name in enumerate(classes)},
        "rounds": [len(one.fitted.history) for one in candidates],
    }  # fmt: skip


def release(
    corpus: Path, run: Path, out: Path, version: str, methods: list[str], at_least: int, rounds: tuple[int, int],
    seeds: int, device: torch.device, console: Console,
) -> None:  # fmt: skip
    """Train the networks that are missing in `run`, and write the best one into `out` as a bundle.

    `rounds` is the maximum number of rounds, and the steps of each.
    """
    label = BundleLabel(out.absolute().parent.name, version, "Styles")
    if (out / CLASSIFIER_FILE).exists():
        raise TrainingError(f"{out} already has a classifier; choose another version")
    with console.status("Reading the corpus"):
        images = load_rolls(corpus, style_of, at_least=at_least)
    options = replace(OPTIONS, epochs=rounds[0], steps_per_round=rounds[1])
    candidates = StyleTraining(images, run, options, device=device).run(methods, seeds, console)
    chosen = best(candidates)
    pieces = (len(np.unique(images.groups[images.of(label)])) for label in range(len(images.classes)))
    parts = ", ".join(sorted(path.name for path in corpus.iterdir() if path.is_dir()))
    training = {
        "corpus": f"{len(np.unique(images.groups)):,} pieces of {parts}",
        "pieces": dict(zip(images.classes, pieces, strict=True)),
        "method": chosen.method,
        "settings": asdict(options),
        "test": describe([chosen], images.classes),
        "scores": {method: describe(group, images.classes) for method, group in by_method(candidates)},
    }
    network = chosen.fitted.network
    if not isinstance(network, SmallNetwork):
        raise TrainingError("only the network 'small' can be released")
    export_style_classifier(network, images.classes, images.size[0], out, label, training)
    console.print(f"{out}: balancing method {chosen.method}", highlight=False)
