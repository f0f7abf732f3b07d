"""Evaluation of adversarial training: composed pieces against real songs, by gradient boosting on features."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from euterpe_music.midi import MidiError

from euterpe_training.bundle_label import BundleLabel
from euterpe_training.crnngan.corpora import Corpus, Split
from euterpe_training.crnngan.evaluation.sampling import sample_scores
from euterpe_training.crnngan.export.release import export_generator
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.evaluation.copied_passages import KnownPassages
from euterpe_training.evaluation.diversity import measure_diversity
from euterpe_training.evaluation.scores import Score, read_score
from euterpe_training.evaluation.two_sample import feature_test, make_sample
from euterpe_training.evaluation.windows import draw_windows

#: How much copying, overlap between pieces and held-out loss may grow, and diversity fall, from the pretrained network.
COPYING_MARGIN: Final = 0.01
DIVERSITY_MARGIN: Final = 0.01
LOSS_MARGIN: Final = 1.05


@dataclass(frozen=True)
class EvaluationSize:
    """Composed pieces, and windows of each side with their number of notes."""

    pieces: int = 400
    windows: int = 400
    notes: int = 200


@dataclass(frozen=True)
class Measures:
    """Measures of a generator against the songs of a part.

    `accuracy` is that of the two-sample test on notes without velocity (`low` and `high`: 95 %), `velocity_accuracy`
    with velocity. `copied` is the share of 8-grams that training songs have, `unique` that of different pieces,
    `shared` the mean share of a piece's 8-grams that others have, `loss` the pretraining loss.
    """

    accuracy: float
    low: float
    high: float
    velocity_accuracy: float
    copied: float
    unique: float
    unique_openings: float
    shared: float
    loss: float

    def to_dict(self) -> dict[str, float]:
        """Return plain values, rounded to four digits."""
        return {name: round(value, 4) for name, value in asdict(self).items()}

    def broken_limits(self, start: "Measures") -> list[str]:
        """Return which measures are worse than the pretrained network's by more than the margins."""
        limits = {
            "copying": self.copied > start.copied + COPYING_MARGIN,
            "unique pieces": self.unique < start.unique - DIVERSITY_MARGIN,
            "unique openings": self.unique_openings < start.unique_openings - DIVERSITY_MARGIN,
            "overlap between pieces": self.shared > start.shared + DIVERSITY_MARGIN,
            "held-out loss": self.loss > LOSS_MARGIN * start.loss,
        }
        return [name for name, is_broken in limits.items() if is_broken]


class Evaluator:
    """Evaluates the generators of runs on one corpus; the songs of a part are read once, as they were written."""

    def __init__(self, directory: Path, corpus: Corpus, size: EvaluationSize) -> None:
        self._directory, self._corpus, self._size = directory, corpus, size
        self._real: dict[Split, list[Score]] = {}
        self._passages: KnownPassages | None = None

    def evaluate(self, trainer: Trainer, work: Path, part: Split, seed: int = 0) -> Measures:
        """Export the generator into `work`, compose with it as the service does, and compare with songs of a part."""
        bundle = export_generator(
            trainer, work / "evaluated" / "0.0.1", BundleLabel("evaluated", "0.0.1", "Evaluated", "")
        )
        size = self._size
        sampled = sample_scores(bundle, size.pieces, seed)
        composed = [replace(score, work=f"{number}") for number, score in enumerate(sampled)]
        random = np.random.default_rng([seed, 1])
        real, made = (
            make_sample(draw_windows(side, size.windows, random, size.notes))
            for side in (self._songs(trainer, part), composed)
        )
        notes = feature_test(real, made, velocity=False, seed=seed)
        with_velocity = feature_test(real, made, velocity=True, seed=seed)
        diversity = measure_diversity(composed)
        known = self._known(trainer)
        return Measures(
            notes.accuracy, notes.low, notes.high, with_velocity.accuracy,
            known.pooled_share([window.pitch for window in made.windows]),
            diversity.unique, diversity.unique_openings, diversity.shared_grams, trainer.validation_loss(part),
        )  # fmt: skip

    def _songs(self, trainer: Trainer, part: Split) -> list[Score]:
        if part not in self._real:
            self._real[part] = self._read(trainer.songs[part])
        return self._real[part]

    def _known(self, trainer: Trainer) -> KnownPassages:
        if self._passages is None:
            self._passages = KnownPassages([score.pitch for score in self._read(trainer.songs["train"])])
        return self._passages

    def _read(self, songs: Sequence[int] | Any) -> list[Score]:
        found = []
        for song in songs:
            name, work = self._corpus.names[song], f"{self._corpus.groups[song]}"
            try:
                found.append(read_score(self._directory / name, name, work))
            except MidiError:
                # The corpus reads some malformed files that the evaluation does not.
                continue
        return found
