"""The results of a study, from which its report is made: results.json and the pictures of images next to it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.repetition import Repetition
from euterpe_training.errors import TrainingError
from euterpe_training.files import write_atomically
from euterpe_training.reports.bootstrap import Metric, Predictions, interval
from euterpe_training.reports.scores import Interval

RESULTS_FILE: Final = "results.json"
_FORMAT: Final = 2
#: Labels are stored as one character each, from this one on.
_FIRST: Final = ord("0")
#: The two sets of real test images: in the ratios of the training set, and with equally many of every class.
TestSet = Literal["ratio", "balanced"]


def encode(labels: NDArray[np.int64]) -> str:
    """Return labels as a text of one character each."""
    return "".join(chr(_FIRST + int(label)) for label in labels)


def decode(text: str) -> NDArray[np.int64]:
    """Invert `encode`."""
    return np.array([ord(character) - _FIRST for character in text], np.int64)


@dataclass(frozen=True)
class Outcome:
    """The scores of one classifier on real validation and test images. The names are keys of stored results.

    `predictions` are the predicted classes of the test images, in the order of the stored test set of its seed;
    `diverged` is the epoch in which the training of its generator diverged.
    """

    method: str
    network: str
    seed: int
    validation_macro_f1: float
    validation_accuracy: float
    accuracy: float
    macro_f1: float
    f1: list[float]
    confusion: list[list[int]]
    balanced_accuracy: float | None
    balanced_macro_f1: float | None
    predictions: str
    balanced_predictions: str
    synthetic: int
    diverged: int | None
    history: list[dict[str, float]]


@dataclass
class StudyResults:
    """All that the report on a study shows, stored in `directory`."""

    directory: Path
    settings: dict[str, Any]
    #: Name, classes, size, channels, and images per class of the first repetition.
    data: dict[str, Any]
    outcomes: list[Outcome] = field(default_factory=list)
    #: Methods that cannot be applied to these images, with the reason.
    skipped: dict[str, str] = field(default_factory=dict)
    #: Units and labels of the test sets by seed.
    tests: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Rows on the quality of synthetic images, and losses of their generators by method, of the first repetition.
    quality: list[dict[str, Any]] = field(default_factory=list)
    losses: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    #: Captions of the PNG files with images, by their names.
    pictures: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, directory: Path, settings: dict[str, Any], first: Repetition) -> "StudyResults":
        """Return the results in a directory, or new ones; raise TrainingError for those of other settings."""
        if (directory / RESULTS_FILE).is_file():
            found = cls.read(directory)
            if found.settings != settings:
                raise TrainingError(f"{directory} has a study with other images or settings; choose another --out")
            return found
        train, balanced = first.task.train, first.balanced_test
        data = {
            "name": train.name, "classes": list(train.classes), "size": list(train.size), "channels": train.channels,
            "train": train.counts.tolist(), "test": first.test.counts.tolist(),
            "balanced_test": balanced.counts.tolist(), "validation": first.validation.counts.tolist(),
        }  # fmt: skip
        return cls(directory, settings, data)

    @classmethod
    def read(cls, directory: Path) -> "StudyResults":
        """Return the results in a directory; raise TrainingError when there are none, or they are damaged."""
        path = directory / RESULTS_FILE
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored.pop("format") != _FORMAT:
                raise TrainingError(f"{path} was written by another version; repeat the study in another --out")
            outcomes = [Outcome(**row) for row in stored.pop("outcomes")]
            return cls(directory=directory, outcomes=outcomes, **stored)
        except FileNotFoundError as error:
            raise TrainingError(f"there is no {RESULTS_FILE} in {directory}; give the directory of a study") from error
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingError(f"{path} is damaged; remove it, or choose another --out") from error

    def write(self) -> None:
        """Store the results."""
        content = {name: value for name, value in vars(self).items() if name not in ("directory", "outcomes")}
        content |= {"format": _FORMAT, "outcomes": [asdict(one) for one in self.outcomes]}
        write_atomically(self.directory / RESULTS_FILE, json.dumps(content, separators=(",", ":")) + "\n")

    def add_tests(self, repetition: Repetition) -> None:
        """Store which units are tested in a repetition."""
        pieces = bool(self.settings.get("pieces"))
        sets: dict[TestSet, ImageSet] = {"ratio": repetition.test, "balanced": repetition.balanced_test}
        self.tests[str(repetition.seed)] = {name: _units(images, pieces) for name, images in sets.items()}

    def has(self, method: str, network: str, seed: int) -> bool:
        """Return whether a classifier was trained."""
        return any(one.seed == seed for one in self.of(method, network))

    def of(self, method: str, network: str) -> list[Outcome]:
        """Return the outcomes of a method with a network, ordered by seed."""
        found = [one for one in self.outcomes if (one.method, one.network) == (method, network)]
        return sorted(found, key=lambda one: one.seed)

    @property
    def methods(self) -> list[str]:
        """The methods with results, in the order of their first one."""
        return list(dict.fromkeys(one.method for one in self.outcomes))

    @property
    def networks(self) -> list[str]:
        """The networks with results."""
        return list(dict.fromkeys(one.network for one in self.outcomes))

    @property
    def classes(self) -> list[str]:
        """The names of the classes."""
        return list(self.data["classes"])

    def seeds(self, method: str, network: str) -> list[int]:
        """Return the seeds of a method with a network."""
        return [one.seed for one in self.of(method, network)]

    def predictions(self, outcomes: Sequence[Outcome], test: TestSet) -> list[Predictions]:
        """Return the predictions of classifiers on a test set."""
        found = []
        for one in outcomes:
            stored = self.tests[str(one.seed)][test]
            text = one.predictions if test == "ratio" else one.balanced_predictions
            found.append(Predictions(np.array(stored["units"], np.int64), decode(stored["labels"]), decode(text)))
        return found

    def interval(
        self, method: str, network: str, test: TestSet = "ratio", metric: Metric = "macro_f1", against: str = ""
    ) -> Interval | None:
        """Return a mean score with its interval, or with `against` its difference from that method.

        None when there are no such results; a difference is over the seeds that both have.
        """
        ours = self.of(method, network)
        theirs = {one.seed: one for one in self.of(against, network)} if against else {}
        if against:
            ours = [one for one in ours if one.seed in theirs]
        if not ours or (test == "balanced" and not ours[0].balanced_predictions):
            return None
        others = self.predictions([theirs[one.seed] for one in ours], test) if against else ()
        return interval(self.predictions(ours, test), len(self.classes), metric, against=others)

    def mean(self, method: str, network: str, name: str) -> float:
        """Return a score, averaged over seeds."""
        return float(np.mean([getattr(one, name) for one in self.of(method, network)]))

    def f1(self, method: str, network: str) -> list[float]:
        """Return the F1 of each class, averaged over seeds."""
        return [float(value) for value in np.mean([one.f1 for one in self.of(method, network)], axis=0)]

    def confusion(self, method: str, network: str) -> list[list[int]]:
        """Return the confusion matrix, summed over seeds."""
        total = np.sum([one.confusion for one in self.of(method, network)], axis=0)
        return [[int(cell) for cell in row] for row in total]


def _units(images: ImageSet, pieces: bool) -> dict[str, Any]:
    """Return the groups and labels of images, or with `pieces` of their groups, in the order of predictions."""
    groups, labels = images.groups, images.labels
    if pieces:
        groups, first = np.unique(groups, return_index=True)
        labels = labels[first]
    return {"units": groups.tolist(), "labels": encode(labels)}
