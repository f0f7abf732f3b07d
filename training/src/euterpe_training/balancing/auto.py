"""`balance auto`: which way to balance a folder, if any, measured on its own validation images."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from rich.console import Console

from euterpe_training.balancing.classifier import FitOptions, fit
from euterpe_training.balancing.config import DEEPSMOTE_RECIPES, DeepSmoteConfig
from euterpe_training.balancing.estimate import (
    classifier_rate,
    seconds_of_fit,
    seconds_of_training,
)
from euterpe_training.balancing.images import ImageSet, split
from euterpe_training.balancing.repetition import VALIDATION_SHARE
from euterpe_training.balancing.run import make_method
from euterpe_training.balancing.study_report import shown
from euterpe_training.balancing.treatments import LOSS_PREFIX, UNBALANCED, Treatment, TreatmentFactory
from euterpe_training.durations import describe_seconds
from euterpe_training.errors import TrainingError
from euterpe_training.files import write_atomically
from euterpe_training.reports.bootstrap import Predictions, interval
from euterpe_training.reports.scores import Interval

METHODS: Final = (UNBALANCED, f"{LOSS_PREFIX}weighted", "random-over", "smote", "deepsmote")
RESULT_FILE: Final = "auto.json"
#: The answer when no method is better than not balancing beyond doubt.
LEAVE_IT: Final = UNBALANCED
#: Short trainings of a small network, of equally many steps for every method.
OPTIONS: Final = FitOptions(network="small", epochs=10, steps_per_round=50, learning_rate=3e-3, anneal=True, shift=1)
_CONFIDENCE: Final = 0.95
_READING: Final = (
    "Macro-F1 on real validation images, a fifth of the images in each of {seeds} repetitions, with a small network "
    "and {steps} steps for every method. Intervals: 95 % by the bootstrap over images and repetitions, for all gains "
    "together. A longer training may need balancing less."
)


@dataclass(frozen=True)
class Candidate:
    """A method with its macro-F1 on validation images, and the difference from not balancing."""

    method: str
    score: Interval
    gain: Interval | None


@dataclass(frozen=True)
class Recommendation:
    """The recommended method, `unbalanced` for leaving the images as they are, and what it was compared with."""

    method: str
    candidates: list[Candidate]
    skipped: dict[str, str]

    @property
    def text(self) -> str:
        """The recommendation in a sentence."""
        if self.method == LEAVE_IT:
            return "leave it: no method is better than not balancing beyond chance"
        gain = next(one.gain for one in self.candidates if one.method == self.method)
        return f"{self.method}: macro-F1 {shown(gain, signed=True)} compared with not balancing"


def recommend(
    images: ImageSet, out: Path, seeds: int, device: torch.device, console: Console, options: FitOptions = OPTIONS,
    config: DeepSmoteConfig = DEEPSMOTE_RECIPES["quick"],
) -> Recommendation:  # fmt: skip
    """Compare the methods on `seeds` divisions into training and validation images, and write the results into `out`.

    Every division is a repetition of its own, with its generator, resampling and classifier. A method is recommended
    when the interval of its gain is above 0; the four intervals hold together with 95 % (Bonferroni). Raise
    TrainingError when `out` has results already.
    """
    if (out / RESULT_FILE).exists():
        raise TrainingError(f"{out} already has a comparison; choose another --out")
    if seeds < 2:
        raise TrainingError("a comparison needs 2 seeds or more")
    _print_estimate(images, seeds, options, config, device, console)
    runs: dict[str, list[Predictions]] = {}
    skipped: dict[str, str] = {}
    for seed in range(seeds):
        train, validation = split(images, VALIDATION_SHARE, seed)
        for method in METHODS:
            if method in skipped:
                continue
            try:
                treatment = _treatment(train, method, seed, config, device, console)
            except TrainingError as error:
                skipped[method] = str(error)
                runs.pop(method, None)
                console.print(f"[yellow]skipped:[/yellow] {method}: {error}", highlight=False)
                continue
            fitted = fit(treatment.train, validation, replace(options, loss=treatment.loss), seed, device)
            guesses = fitted.predictions(validation)
            runs.setdefault(method, []).append(Predictions(validation.groups, validation.labels, guesses))
        console.print(f"repetition {seed + 1} of {seeds} is complete", highlight=False)
    found = decide(runs, len(images.classes), skipped)
    _write(out, images, found, seeds, options, config)
    return found


def decide(runs: dict[str, list[Predictions]], classes: int, skipped: dict[str, str]) -> Recommendation:
    """Return the method with the highest gain whose interval is above 0, or to leave the images as they are."""
    others = [method for method in runs if method != UNBALANCED]
    confidence = 1 - (1 - _CONFIDENCE) / max(len(others), 1)
    candidates = [Candidate(UNBALANCED, interval(runs[UNBALANCED], classes), None)]
    for method in others:
        gain = interval(runs[method], classes, against=runs[UNBALANCED], confidence=confidence)
        candidates.append(Candidate(method, interval(runs[method], classes), gain))
    better = [one for one in candidates if one.gain is not None and one.gain.low > 0]
    best = max(better, key=lambda one: one.gain.mean if one.gain else 0.0, default=None)
    return Recommendation(best.method if best else LEAVE_IT, candidates, skipped)


def _treatment(
    train: ImageSet, method: str, seed: int, config: DeepSmoteConfig, device: torch.device, console: Console
) -> Treatment:
    if method == "deepsmote":
        generator = make_method(train.real(), replace(config, seed=seed), device)
        with console.status(f"Training {method}"):
            for _ in generator.train():
                pass
        return Treatment(method, generator.balance(1.0, seed), method=generator)
    # These train no generative method, so the folder and its settings are not used.
    from euterpe_training.balancing.config import BAGAN_RECIPES

    return TreatmentFactory(train, Path(), config, BAGAN_RECIPES["quick"], 1.0, device, console).make(method, seed)


def _print_estimate(
    images: ImageSet, seeds: int, options: FitOptions, config: DeepSmoteConfig, device: torch.device, console: Console
) -> None:
    train, _ = split(images, VALIDATION_SHARE)
    seconds = len(METHODS) * seconds_of_fit(len(train), options, classifier_rate(train, options, device))
    # A method that cannot be applied to these images is reported by the comparison.
    with contextlib.suppress(TrainingError):
        seconds += seconds_of_training(train.real(), config, device)[0]
    console.print(
        f"about {describe_seconds(seeds * seconds)} for {seeds} repetitions, measured on a few batches", highlight=False
    )  # fmt: skip


def rows(found: Recommendation) -> Sequence[tuple[str, str, str]]:
    """Return the rows of the comparison: method, macro-F1 and gain."""
    return [
        (one.method, shown(one.score), "" if one.gain is None else shown(one.gain, signed=True))
        for one in found.candidates
    ]


def _write(
    out: Path, images: ImageSet, found: Recommendation, seeds: int, options: FitOptions, config: DeepSmoteConfig
) -> None:
    content: dict[str, Any] = {
        **asdict(found), "text": found.text, "images": images.name, "classes": images.classes,
        "counts": images.counts.tolist(), "seeds": seeds, "classifier": asdict(options), "deepsmote": asdict(config),
    }  # fmt: skip
    write_atomically(out / RESULT_FILE, json.dumps(content, indent=1) + "\n")
    lines = [
        f"# Balancing {images.name}", "", f"Recommendation: **{found.text}**.", "",
        _READING.format(seeds=seeds, steps=options.epochs * options.steps_per_round), "",
        "| method | macro-F1 | gain |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows(found)), "",
        *(f"Skipped {method}: {reason}." for method, reason in found.skipped.items()),
    ]  # fmt: skip
    write_atomically(out / "README.md", "\n".join(lines).rstrip() + "\n")
