"""The study of oversampling: does `style_ratio` improve the rare styles of a style-conditioned network?

One recipe is trained with several ratios and seeds. Compared are, per style, the pieces that it generates and its loss
on held-out songs.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from euterpe_music.bundle import Bundle
from euterpe_music.events import decode
from euterpe_music.piece import Piece
from numpy.typing import NDArray
from rich.console import Console

from euterpe_training.bundle_label import BundleLabel
from euterpe_training.checkpoints import CHECKPOINT_FILE
from euterpe_training.crnngan.corpora import Corpus, load_corpus
from euterpe_training.crnngan.evaluation.sampling import sample, to_pieces
from euterpe_training.crnngan.export.parameters import style_name
from euterpe_training.crnngan.export.release import export_generator
from euterpe_training.crnngan.models.controls import Controls
from euterpe_training.crnngan.recipes import CrnnganConfig, recipe
from euterpe_training.crnngan.studies.style_recognition import StyleRecogniser
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.crnngan.trainer.pretraining import Likelihood
from euterpe_training.crnngan.trainer.progress import run_with_progress
from euterpe_training.errors import TrainingError
from euterpe_training.evaluation.overlap import likeness, mean_overlap
from euterpe_training.files import write_atomically
from euterpe_training.reports.scores import Scores

RESULTS_FILE: Final = "results.json"
_MEASURES_FILE: Final = "measures.json"
#: Held-out windows of each style for the loss.
_WINDOWS: Final = 64


@dataclass(frozen=True)
class StyleScale:
    """The size of a study: ratios, seeds, epochs of each run, pieces of each style, and events per piece."""

    ratios: tuple[float, ...] = (0.0, 1.0)
    seeds: int = 3
    epochs: int = 30
    pieces: int = 64
    length: int = 128
    recipe: str = "euterpe"

    def __post_init__(self) -> None:
        config = recipe(self.recipe)
        if config.outputs != "categorical":
            raise TrainingError(f"the recipe {self.recipe} has no styles; use euterpe or jazz")
        if self.length > config.corpus.min_events:
            raise TrainingError(
                f"--length must be at most {config.corpus.min_events}, the length of the shortest songs, "
                f"got {self.length}"
            )


@dataclass(frozen=True)
class StyleFigures:
    """Results of a run in one style. The names are keys of stored results.

    `loss` and `plain_loss` are nats per held-out event with and without the style as condition, `overlap` compares
    generated and held-out pieces, `recognised` is the share of generated pieces that the classifier assigns to the
    style's class (None for a style without one).
    """

    loss: float
    plain_loss: float
    overlap: float
    recognised: float | None


@dataclass(frozen=True)
class StyleRun:
    """One training run; `macro_f1` is the classifier's on the generated pieces."""

    ratio: float
    seed: int
    macro_f1: float
    styles: dict[str, StyleFigures]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "StyleRun":
        """Return the run from `asdict`'s values."""
        figures = {name: StyleFigures(**found) for name, found in values["styles"].items()}
        return cls(**{**values, "styles": figures})


@dataclass
class StyleStudy:
    """Trains and measures the runs that are missing in `directory`, and collects the results."""

    source: Path
    directory: Path
    scale: StyleScale
    recogniser: StyleRecogniser
    console: Console
    cache: Path | None = None
    runs: list[StyleRun] = field(default_factory=list)
    #: Training and held-out songs of each style.
    songs: dict[str, tuple[int, int]] = field(default_factory=dict)
    #: The share of real held-out windows that the classifier recognises, and its macro-F1 on them: upper bounds.
    real: dict[str, float | None] = field(default_factory=dict)
    real_macro_f1: float = 0.0
    #: The classifier's class of each style; None where several apply.
    expected: dict[str, str | None] = field(default_factory=dict)

    def run(self) -> None:
        """Train and measure every missing run, and write results.json."""
        config = recipe(self.scale.recipe)
        with self.console.status("Reading the corpus"):
            corpus = load_corpus(self.source, config.spec, config.corpus, self.cache)
        for seed in range(self.scale.seeds):
            for ratio in self.scale.ratios:
                self.console.print(f"style_ratio {ratio:g}, seed {seed}", highlight=False)
                self.runs.append(self._run_once(corpus, ratio, seed))
        content = {
            "scale": asdict(self.scale), "songs": self.songs, "real": self.real,
            "real_macro_f1": self.real_macro_f1, "runs": [asdict(run) for run in self.runs],
        }  # fmt: skip
        write_atomically(self.directory / RESULTS_FILE, json.dumps(content, indent=1) + "\n")

    def _run_once(self, corpus: Corpus, ratio: float, seed: int) -> StyleRun:
        config = recipe(self.scale.recipe).changed(
            [f"seed={seed}", f"style_ratio={ratio}", f"pretraining_epochs={self.scale.epochs}", "max_epoch=0"]
        )
        where = self.directory / "runs" / f"ratio-{ratio:g}-seed-{seed}"
        trainer = self._trained(config, corpus, where)
        held_out = _by_style(config, trainer)
        if not self.real:
            self._measure_real(config, corpus, trainer, held_out)
        path = where / _MEASURES_FILE
        if not path.exists():
            found = self._measure(trainer, where, held_out)
            write_atomically(path, json.dumps(asdict(found)) + "\n")
        return StyleRun.from_dict(json.loads(path.read_text(encoding="utf-8")))

    def _trained(self, config: CrnnganConfig, corpus: Corpus, where: Path) -> Trainer:
        if not (where / CHECKPOINT_FILE).exists():
            trainer = Trainer(config, corpus)
        else:
            trainer = Trainer.resume(where, corpus)
            if trainer.config != config:
                raise TrainingError(f"{where} holds a run with other settings; choose another --out")
        if len(trainer.history) < trainer.total_epochs:
            run_with_progress(trainer, where, self.console)
        return trainer

    def _measure(self, trainer: Trainer, where: Path, held_out: dict[str, NDArray[np.int64]]) -> StyleRun:
        scale, config = self.scale, trainer.config
        label = BundleLabel(config.recipe, "0.1.0", config.recipe, "")
        bundle = export_generator(trainer, where / "bundle", label)
        assert isinstance(trainer.pretraining, Likelihood)
        trainer.g.eval()
        figures: dict[str, StyleFigures] = {}
        tags: dict[str, list[str]] = {}
        for number, style in enumerate(config.styles, start=1):
            if not len(held_out[style]):
                continue
            conditioned, plain = (
                trainer.pretraining.style_loss(held_out[style], config.songlength, condition, _WINDOWS)
                for condition in (number, 0)
            )
            generated = _generated(bundle, style, scale.pieces, scale.length, config.seed)
            real = list(_windows(trainer.corpus, config, held_out[style], scale))
            tags[style] = [self.recogniser.tag(piece) for piece in generated]
            overlap = mean_overlap(likeness(generated, real))
            figures[style] = StyleFigures(conditioned, plain, overlap, self._share(style, tags[style]))
        return StyleRun(config.style_ratio, config.seed, self._macro_f1(tags), figures)

    def _measure_real(
        self, config: CrnnganConfig, corpus: Corpus, trainer: Trainer, held_out: dict[str, NDArray[np.int64]]
    ) -> None:
        training = _by_style(config, trainer, ("train",))
        names = corpus.names
        self.expected = {
            style: self.recogniser.expected(names[song] for song in songs) for style, songs in training.items()
        }
        self.songs = {style: (len(training[style]), len(held_out[style])) for style in config.styles}
        tags = {
            style: [self.recogniser.tag(piece) for piece in _windows(corpus, config, songs, self.scale)]
            for style, songs in held_out.items()
            if len(songs)
        }
        self.real = {style: self._share(style, found) for style, found in tags.items()}
        self.real_macro_f1 = self._macro_f1(tags)

    def _share(self, style: str, tags: list[str]) -> float | None:
        expected = self.expected[style]
        return None if expected is None else float(np.mean([tag == expected for tag in tags]))

    def _macro_f1(self, tags: dict[str, list[str]]) -> float:
        """Return the macro-F1 over the expected classes; composers of one period are one class."""
        pairs = [(label, tag) for style, found in tags.items() for tag in found if (label := self.expected[style])]
        classes = sorted({label for label, _ in pairs})
        # All tags outside the expected classes are wrong, and count as one further class.
        numbers = {name: number for number, name in enumerate(classes)}
        labels = np.array([numbers[label] for label, _ in pairs])
        guesses = np.array([numbers.get(tag, len(classes)) for _, tag in pairs])
        return Scores.of(labels, guesses, len(classes)).macro_f1


def _generated(bundle: Bundle, style: str, pieces: int, length: int, seed: int) -> list[Piece]:
    return to_pieces(sample(bundle, pieces, length, seed, {"style": style_name(style)}), bundle.spec)


def _windows(corpus: Corpus, config: CrnnganConfig, songs: NDArray[np.int64], scale: StyleScale) -> Iterator[Piece]:
    """Yield as many windows of held-out songs as pieces are generated; several per song where there are few songs."""
    events = corpus.windows(np.resize(songs, scale.pieces), scale.length, np.random.default_rng(1))
    for number in range(scale.pieces):
        yield decode(events[:, number], config.spec)


def _by_style(
    config: CrnnganConfig, trainer: Trainer, parts: tuple[str, ...] = ("validation", "test")
) -> dict[str, NDArray[np.int64]]:
    """Return the songs of the given parts by their innermost style."""
    controls = Controls(config.styles, config.density_edges)
    songs = np.concatenate([trainer.songs[part] for part in parts])  # type: ignore[index]
    innermost = np.array([controls.innermost_of(trainer.corpus.names[song]) for song in songs])
    return {style: songs[innermost == number] for number, style in enumerate(config.styles, start=1)}
