"""The table on the thesis' claims: cells are estimated, run within a budget of hours, and stored one by one."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from rich.console import Console

from euterpe_training.balancing.classifier import fit
from euterpe_training.balancing.config import (
    BAGAN_RECIPES,
    DEEPSMOTE_RECIPES,
    BaganConfig,
    DeepSmoteConfig,
    find_recipe,
)
from euterpe_training.balancing.counts import THESIS_COUNTS, Unbalanced
from euterpe_training.balancing.estimate import classifier_rate, seconds_of_fit, seconds_of_training
from euterpe_training.balancing.images import ImageSet, counts_of_same_ratios, cut
from euterpe_training.balancing.repetition import VALIDATION_SHARE, Repetition
from euterpe_training.balancing.sources import Source
from euterpe_training.balancing.study import evaluate
from euterpe_training.balancing.study_results import encode
from euterpe_training.balancing.table_plan import TITLES, Cell, Scale, plan
from euterpe_training.balancing.treatments import GENERATIVE, LOSS_PREFIX, UNBALANCED, Treatment, TreatmentFactory
from euterpe_training.checkpoints import CHECKPOINT_FILE
from euterpe_training.durations import describe_seconds
from euterpe_training.errors import TrainingError
from euterpe_training.files import write_atomically

CELLS: Final = "cells"
TESTS: Final = "tests"
_GENERATORS: Final = "generators"
PLAN_FILE: Final = "plan.json"


@dataclass(eq=False)
class Table:
    """Runs the cells that are missing in `directory`; the same call continues a stopped one."""

    sources: dict[str, Source]
    scale: Scale
    directory: Path
    device: torch.device
    console: Console
    blocks: dict[str, list[Cell]] = field(init=False)

    def __post_init__(self) -> None:
        for name in self.sources:
            if name not in THESIS_COUNTS:
                raise TrainingError(f"there are no counts for {name!r}; the data sets are: {', '.join(THESIS_COUNTS)}")
        self.blocks = plan(list(self.sources), self.scale)
        self._repetition: Callable[[str, int, int], Repetition] = cache(self._make_repetition)
        self._classifier_rate = cache(self._measure_classifier)
        self._generator_rate = cache(self._measure_generator)
        settings = json.loads(json.dumps(asdict(self.scale)))
        path = self.directory / PLAN_FILE
        if path.is_file() and json.loads(path.read_text(encoding="utf-8"))["settings"] != settings:
            raise TrainingError(f"{self.directory} has a table with other settings; choose another --out")
        self._settings = settings

    def missing(self) -> dict[str, list[Cell]]:
        """Return the cells without a result by block, each in its first block."""
        seen: set[Cell] = set()
        found: dict[str, list[Cell]] = {}
        for name, cells in self.blocks.items():
            found[name] = [one for one in cells if one not in seen and not self._path(one).is_file()]
            seen |= set(cells)
        return found

    def estimate(self) -> dict[str, float]:
        """Measure images per second of everything that is missing; return the seconds per block, and store them."""
        trained: set[str] = set()
        seconds = {name: sum(self.seconds(one, trained) for one in cells) for name, cells in self.missing().items()}
        for name, value in seconds.items():
            count = len(self.missing()[name])
            self.console.print(f"{TITLES[name]}: {count} cells, at most {describe_seconds(value)}", highlight=False)
        total = sum(seconds.values())
        self.console.print(f"missing in total: at most {describe_seconds(total)}", highlight=False)
        self._store_plan()
        return seconds

    def run(self, budget_hours: float) -> None:
        """Estimate the cells, then run them in their order until the next one would exceed the budget.

        The budget includes the hours of the cells that are stored already.
        """
        self.estimate()
        spent = sum(one["seconds"] for one in self.stored())
        for name, cells in self.missing().items():
            for cell in cells:
                needed = self.seconds(cell, set())
                if spent + needed > 3600 * budget_hours:
                    self.console.print(
                        f"stopped before {cell.key} ({TITLES[name]}): {describe_seconds(spent)} spent, it needs up to "
                        f"{describe_seconds(needed)}, and the budget is {budget_hours:g} h", highlight=False,
                    )  # fmt: skip
                    self._store_plan()
                    return
                spent += self._run_cell(cell)
        self._store_plan()

    def stored(self) -> list[dict[str, Any]]:
        """Return the stored results."""
        return read_cells(self.directory)

    def seconds(self, cell: Cell, trained: set[str]) -> float:
        """Return an upper bound of the seconds of a cell; its generator is counted unless trained or in `trained`."""
        options = replace(self.scale.options(cell.network), network=cell.network)
        images = self._repetition(cell.data, cell.share, 0).train
        size = len(images)
        if cell.method != UNBALANCED and not cell.method.startswith(LOSS_PREFIX):
            size = int(images.counts.max()) * len(images.classes)
        seconds = seconds_of_fit(size, options, self._classifier_rate(cell.data, cell.network))
        place = f"{cell.generator}/{cell.method}"
        done = (self.directory / _GENERATORS / place / CHECKPOINT_FILE).is_file()
        if cell.method in GENERATIVE and place not in trained and not done:
            trained.add(place)
            seconds += self._generator_rate(cell.data, cell.share, cell.method, cell.recipe, cell.changes)
        return seconds

    def _run_cell(self, cell: Cell) -> float:
        started = time.perf_counter()
        repetition = self._repetition(cell.data, cell.share, cell.seed)
        content: dict[str, Any] = {"cell": asdict(cell)}
        try:
            content["outcome"] = asdict(self._outcome(cell, repetition))
        except TrainingError as error:
            # A method that cannot be applied to these images must not stop the others.
            content["error"] = str(error)
        seconds = time.perf_counter() - started
        self._store_test(cell, repetition)
        write_atomically(self._path(cell), json.dumps({**content, "seconds": seconds}) + "\n")
        text = content.get("error") or f"macro-F1 {content['outcome']['macro_f1']:.4f}"
        self.console.print(f"{cell.key}: {text}, {seconds:.0f} s", highlight=False)
        return seconds

    def _outcome(self, cell: Cell, repetition: Repetition) -> Any:
        real = repetition.train if cell.validation == "before" else repetition.task.train
        treatment = self._treatment(cell, real)
        validation = repetition.validation
        if cell.validation == "after":
            balanced, validation = _divided(treatment.train, cell.seed)
            treatment = replace(treatment, train=balanced)
        options = replace(self.scale.options(cell.network), network=cell.network, loss=treatment.loss)
        fitted = fit(treatment.train, validation, options, cell.seed, self.device)
        return evaluate(replace(repetition, validation=validation), treatment, cell.network, fitted)

    def _treatment(self, cell: Cell, real: ImageSet) -> Treatment:
        def config(method: str) -> Any:
            own = cell.changes if method == cell.method else ()
            return replace(self._config(method, cell.recipe, own), seed=cell.seed)

        factory = TreatmentFactory(
            real, self.directory / _GENERATORS / cell.generator, config("deepsmote"), config("bagan-gp"), cell.ratio,
            self.device, self.console,
        )  # fmt: skip
        return factory.make(cell.method, cell.seed)

    def _config(self, method: str, recipe: str, changes: tuple[str, ...]) -> DeepSmoteConfig | BaganConfig:
        recipes: dict[str, Any] = {"deepsmote": DEEPSMOTE_RECIPES, "bagan-gp": BAGAN_RECIPES}
        found: DeepSmoteConfig | BaganConfig = find_recipe(recipes[method], recipe).changed(changes)
        return found

    def _make_repetition(self, data: str, share: int, seed: int) -> Repetition:
        source = self.sources[data]
        counts = THESIS_COUNTS[data]
        divided = [max(_AT_LEAST, round(count / share)) for count in counts]
        # The test set has the ratios of the whole counts: it is never divided.
        same = counts_of_same_ratios([int(count) for count in source.test.counts], counts)
        train, test = cut(source.train, divided, seed), cut(source.test, same, seed)
        return Repetition.of(Unbalanced(train, test, source.train, source.test), seed)

    def _measure_classifier(self, data: str, network: str) -> float:
        options = replace(self.scale.options(network), network=network)
        rate = classifier_rate(self._repetition(data, self.scale.quarter, 0).train, options, self.device)
        self.console.print(f"{data}, {network}: {rate:,.0f} images/s", highlight=False)
        return rate

    def _measure_generator(self, data: str, share: int, method: str, recipe: str, changes: tuple[str, ...]) -> float:
        images = self._repetition(data, share, 0).train
        try:
            seconds, rate = seconds_of_training(images, self._config(method, recipe, changes), self.device)
        except TrainingError:
            # The method cannot be applied to these images, which its cell reports.
            return 0.0
        text = " ".join([data, method, recipe, *changes])
        self.console.print(f"{text}: {rate:,.0f} images/s, {describe_seconds(seconds)}", highlight=False)
        return seconds

    def _path(self, cell: Cell) -> Path:
        return self.directory / CELLS / f"{cell.key}.json"

    def _store_test(self, cell: Cell, repetition: Repetition) -> None:
        path = self.directory / TESTS / f"{cell.data}_{cell.share}_{cell.seed}.json"
        if not path.is_file():
            sets = {"ratio": repetition.test, "balanced": repetition.balanced_test}
            content = {
                name: {"units": images.groups.tolist(), "labels": encode(images.labels)}
                for name, images in sets.items()
            }
            write_atomically(path, json.dumps(content) + "\n")

    def _store_plan(self) -> None:
        """Store the cells of all blocks, and the estimates of the missing ones, for the table."""
        trained: set[str] = set()
        missing = {
            name: [{"key": one.key, "seconds": self.seconds(one, trained)} for one in cells]
            for name, cells in self.missing().items()
        }
        blocks = {name: [asdict(one) for one in cells] for name, cells in self.blocks.items()}
        classes = {name: list(source.train.classes) for name, source in self.sources.items()}
        content = {"settings": self._settings, "blocks": blocks, "missing": missing, "classes": classes}
        write_atomically(self.directory / PLAN_FILE, json.dumps(content) + "\n")


#: DeepSMOTE needs six images of a class after a fifth of them is held out.
_AT_LEAST: Final = 8


def _divided(images: ImageSet, seed: int) -> tuple[ImageSet, ImageSet]:
    """Split a balanced set at random, as in the thesis: the validation images include synthetic ones."""
    order = np.random.default_rng(seed).permutation(len(images))
    count = round(len(images) * VALIDATION_SHARE)
    return images.take(order[count:]), images.take(order[:count])


def read_cells(directory: Path) -> list[dict[str, Any]]:
    """Return the stored results of cells; raise TrainingError for a damaged file."""
    return list(_read_cells(directory))


def _read_cells(directory: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((directory / CELLS).glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            cell = content["cell"]
            yield {**content, "cell": Cell(**{**cell, "changes": tuple(cell["changes"])})}
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingError(f"{path} is damaged; remove it, and run the same command again") from error
