"""Metrics of G and D after an epoch on the songs of one part: losses, D's decisions, and musical statistics."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import torch
from euterpe_music.events import decode, sounding_tones
from euterpe_music.measures import measure
from euterpe_music.piece import Piece
from torch import Tensor

from euterpe_training.crnngan.corpora import Split
from euterpe_training.crnngan.losses import feature_distance
from euterpe_training.crnngan.models.crnngan import discrimination_loss
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.crnngan.trainer.trainer import PARTS
from euterpe_training.evaluation.statistics import statistics

#: Generated pieces per epoch for the musical statistics.
_PIECES: Final = 24
#: The parts that are measured after every epoch.
MEASURED: Final[tuple[Split, ...]] = ("validation", "test")
#: What D's decisions are counted by.
UNITS: Final = ("events", "notes", "pieces")
#: The statistics per epoch: those of the reference code, notes per quarter, and the longest run.
MUSIC: Final = (
    "num_tones", "scale_score", "tone_span", "tones_unique", "intensity_span", "polyphony_score", "repetitions_3",
    "top_interval_share", "estimated_beat", "notes_per_quarter", "longest_run",
)  # fmt: skip


@dataclass(frozen=True)
class Confusion:
    """D's decisions at the threshold 0.5; positive is "generated", as in the thesis."""

    true_positive: int = 0
    false_negative: int = 0
    false_positive: int = 0
    true_negative: int = 0

    @classmethod
    def of(cls, real: Tensor, fake: Tensor, counts: tuple[Tensor, Tensor] | None = None) -> "Confusion":
        """Count decisions from D's probabilities of being real, for real and for generated music.

        `counts` of the same shapes says how often each decision counts; once by default.
        """
        of_real, of_fake = counts or (torch.ones_like(real), torch.ones_like(fake))
        detected, false_alarms = int(of_fake[fake < 0.5].sum()), int(of_real[real < 0.5].sum())
        return cls(detected, int(of_fake.sum()) - detected, false_alarms, int(of_real.sum()) - false_alarms)

    @property
    def generated(self) -> int:
        """Number of generated units that were classified."""
        return self.true_positive + self.false_negative

    @property
    def real(self) -> int:
        """Number of real units that were classified."""
        return self.false_positive + self.true_negative

    @property
    def precision(self) -> float:
        """Share of windows classified as generated that were generated; 0 when there are none."""
        return self.true_positive / max(self.true_positive + self.false_positive, 1)

    @property
    def recall(self) -> float:
        """Share of generated windows that were classified as generated."""
        return self.true_positive / max(self.true_positive + self.false_negative, 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True)
class EpochMetrics:
    """Metrics on one part. `pretraining_loss` is of teacher forcing, `g_loss` of adversarial training.

    `g_loss` is −log D(G(z)), or the distance of feature matching. D decides once per event: `events` counts every
    decision once, `notes` once per sounding note of the event, so that padding and silence do not count, and `pieces`
    the decision by its mean over a window. The names are keys of stored results.
    """

    pretraining_loss: float
    g_loss: float
    d_loss: float
    events: Confusion
    notes: Confusion
    pieces: Confusion
    music: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "EpochMetrics":
        """Return the metrics from `to_dict`'s values."""
        decisions = {name: Confusion(**values[name]) for name in UNITS}
        return cls(**{**values, **decisions})


@torch.no_grad()
def measure_epoch(trainer: Trainer, split: Split, windows: int) -> EpochMetrics:
    """Measure the networks of a run on `windows` fixed windows of songs of a part, with noise fixed for that part.

    Training is not affected: random states and modes are restored.
    """
    config, spec = trainer.config, trainer.config.spec
    random_state = torch.random.get_rng_state()
    seed = 1 + PARTS.index(split)
    torch.manual_seed(seed)
    trainer.g.eval()
    trainer.d.eval()
    songs = np.resize(trainer.songs[split], windows)
    random = np.random.default_rng(seed)
    real = torch.from_numpy(trainer.corpus.windows(songs, config.songlength, random)).to(trainer.device)
    fake = trainer.pretraining.rollout(config.songlength, songs, random).float()
    steps, recurrent = trainer.d.per_step(trainer.discriminator_input(real, fake, songs), parts=2)
    ends = [0, -1] if config.end_classification else slice(None)
    whole = steps[ends].mean(0)
    g_loss = -whole[windows:].log().clamp(min=-100).mean()
    if config.feature_matching:
        g_loss = feature_distance(recurrent[:, :windows], recurrent[:, windows:])
    trainer.g.train()
    trainer.d.train()
    torch.random.set_rng_state(random_state)
    steps, whole, real, fake = steps.cpu(), whole.cpu(), real.cpu(), fake.cpu()
    counts = tuple(torch.from_numpy(sounding_tones(part.numpy(), spec).sum(-1)) for part in (real, fake))
    return EpochMetrics(
        trainer.validation_loss(split), float(g_loss), float(discrimination_loss(whole[:windows], whole[windows:])),
        Confusion.of(steps[:, :windows], steps[:, windows:]),
        Confusion.of(steps[:, :windows], steps[:, windows:], (counts[0], counts[1])),
        Confusion.of(whole[:windows], whole[windows:]),
        music([decode(fake[:, number].numpy(), spec) for number in range(min(windows, _PIECES))]),
    )  # fmt: skip


def music(pieces: Sequence[Piece]) -> dict[str, float]:
    """Return means of `MUSIC` over the pieces with notes, and the shares of `silent` and of `distinct` pieces."""
    rows = []
    for piece in pieces:
        found = statistics(piece)
        if found:
            row, measures = found.to_dict(), measure(piece)
            row["repetitions_3"] = found.repetitions[3]
            row["top_interval_share"] = found.top_intervals[0][1] if found.top_intervals else 0.0
            row["notes_per_quarter"], row["longest_run"] = measures.notes_per_quarter, measures.longest_run
            rows.append({name: float(row[name]) for name in MUSIC})
    means = {name: float(np.mean([row[name] for row in rows])) if rows else 0.0 for name in MUSIC}
    distinct = len({piece.notes.tobytes() for piece in pieces}) / len(pieces)
    return {"silent": 1 - len(rows) / len(pieces), "distinct": distinct, **means}


def real_music(trainer: Trainer, split: Split, windows: int) -> dict[str, float]:
    """Return the same means for real windows of a part."""
    config = trainer.config
    songs = np.resize(trainer.songs[split], min(windows, _PIECES))
    events = trainer.corpus.windows(songs, config.songlength, np.random.default_rng(1))
    return music([decode(events[:, number], config.spec) for number in range(len(songs))])
