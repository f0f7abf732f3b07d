"""Training the classifier of styles: one network per way of balancing, of which the best on validation is kept."""

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

from euterpe_training.balancing.classifier import FitOptions, Fitted, fit
from euterpe_training.balancing.config import BAGAN_RECIPES, DEEPSMOTE_RECIPES, DeepSmoteConfig
from euterpe_training.balancing.images import ImageSet, split
from euterpe_training.balancing.networks import SmallNetwork, make_network
from euterpe_training.balancing.run import digest
from euterpe_training.balancing.sources.rolls import load_rolls
from euterpe_training.balancing.treatments import Arm, ArmMaker, check_arms
from euterpe_training.bundle_label import Label
from euterpe_training.checkpoints import load_checkpoint, save_checkpoint
from euterpe_training.errors import TrainingError
from euterpe_training.music_styles import style_of
from euterpe_training.reports.scores import Interval, Scores
from euterpe_training.style_classifier.export import export_style_classifier

_HELD_OUT: Final = 0.2
#: Windows of 64×64 are cheap to look at; so the small network, whose graph is a few hundred kB.
OPTIONS: Final = FitOptions(network="small", epochs=40, patience=4, steps_per_round=250, learning_rate=3e-3, shift=6)


@dataclass(frozen=True, eq=False)
class Candidate:
    """A trained classifier, by the way of balancing and the seed that it had; scores are of whole pieces."""

    method: str
    seed: int
    fitted: Fitted
    validation: Scores
    test: Scores


@dataclass(frozen=True, eq=False)
class StyleTraining:
    """Pieces to train, validate and test with; no piece is in two of them."""

    images: ImageSet
    directory: Path
    options: FitOptions = OPTIONS
    deepsmote: DeepSmoteConfig = DEEPSMOTE_RECIPES["quick"]
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def run(self, methods: list[str], seeds: int, console: Console) -> list[Candidate]:
        """Trains what is not in `directory` yet, and reports each; in the order of `methods`, then of seeds."""
        check_arms(methods)
        rest, test = split(self.images, _HELD_OUT)
        train, validation = split(rest, _HELD_OUT)
        maker = ArmMaker(
            train, self.directory, self.deepsmote, BAGAN_RECIPES["quick"], 1.0, self.device, console
        )  # fmt: skip
        found, of = [], json.dumps([digest(self.images), asdict(self.options), asdict(self.deepsmote)])
        for method in methods:
            make = cache(lambda method=method: maker.make(method))
            for seed in range(seeds):
                fitted = self._fitted(method, seed, make, validation, of)
                candidate = Candidate(method, seed, fitted, fitted.group_scores(validation), fitted.group_scores(test))
                console.print(
                    f"{method}, seed {seed}: macro-F1 of pieces {candidate.validation.macro_f1:.3f} validation, "
                    f"{candidate.test.macro_f1:.3f} test", highlight=False,
                )  # fmt: skip
                found.append(candidate)
        return found

    def _fitted(self, method: str, seed: int, make: Callable[[], Arm], validation: ImageSet, of: str) -> Fitted:
        path = self.directory / f"{method.replace(':', '-')}-{seed}.pt"
        if path.is_file():
            content = load_checkpoint(path)
            if content.get("of") != of:
                raise TrainingError(f"{path} was trained on other pieces or with other settings; choose another --run")
            network = make_network(self.options.network, 1, len(self.images.classes))
            network.load_state_dict(content["network"])
            return Fitted(network.to(self.device), self.device, json.loads(content["history"]))
        arm = make()
        options = replace(self.options, loss=arm.loss)
        fitted = fit(arm.train, validation, options, seed, self.device)
        self.directory.mkdir(parents=True, exist_ok=True)
        history = json.dumps(fitted.history)
        save_checkpoint(path, {"network": fitted.network.state_dict(), "history": history, "of": of})
        return fitted


def best(candidates: list[Candidate]) -> Candidate:
    """By macro-F1 on validation pieces, which decide on the method by its mean: the test pieces have no say."""
    means = {method: np.mean([one.validation.macro_f1 for one in those]) for method, those in by_method(candidates)}
    chosen = max(means, key=means.__getitem__)
    return max((one for one in candidates if one.method == chosen), key=lambda one: one.validation.macro_f1)


def by_method(candidates: list[Candidate]) -> list[tuple[str, list[Candidate]]]:
    """Each method with its candidates, one per seed."""
    names = dict.fromkeys(one.method for one in candidates)
    return [(name, [one for one in candidates if one.method == name]) for name in names]


def describe(candidates: list[Candidate], classes: tuple[str, ...]) -> dict[str, Any]:
    """Of one method, means over its seeds with their 95 % intervals' half widths; for the bundle."""
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
    """Trains with every method what is not in `run` yet, and writes the best into `out` as a bundle.

    `rounds` is how many there are at most, and the steps of each.
    """
    label = Label(out.absolute().parent.name, version, "Styles")
    if (out / CLASSIFIER_FILE).exists():
        raise TrainingError(f"{out} already holds a classifier; release under another version")
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
        "scores": {method: describe(those, images.classes) for method, those in by_method(candidates)},
    }
    network = chosen.fitted.network
    if not isinstance(network, SmallNetwork):
        raise TrainingError("only the network 'small' can be released")
    export_style_classifier(network, images.classes, images.size[0], out, label, training)
    console.print(f"{out}: balanced by {chosen.method}", highlight=False)
