"""What G and D are like after an epoch: their losses, D's decisions, and the music, on songs of one part."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import torch
from euterpe_music.events import decode
from euterpe_music.measures import measure
from euterpe_music.piece import Piece
from torch import Tensor

from euterpe_training.crnngan.corpora import Split
from euterpe_training.crnngan.losses import feature_distance
from euterpe_training.crnngan.models.crnngan import discrimination_loss
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.evaluation.statistics import statistics

#: Pieces of an epoch whose statistics are taken.
_PIECES: Final = 24
#: The reference's statistics, and two of ours, that a study follows from epoch to epoch.
MUSIC: Final = (
    "num_tones", "scale_score", "tone_span", "tones_unique", "intensity_span", "polyphony_score", "repetitions_3",
    "top_interval_share", "estimated_beat", "notes_per_quarter", "longest_run",
)  # fmt: skip


@dataclass(frozen=True)
class Confusion:
    """D's decisions at one half; positive is "generated", as in the thesis."""

    true_positive: int = 0
    false_negative: int = 0
    false_positive: int = 0
    true_negative: int = 0

    @classmethod
    def of(cls, real: Tensor, fake: Tensor) -> "Confusion":
        """From the probabilities of being real that D gave to real and to generated ones."""
        found, mistaken = int((fake < 0.5).sum()), int((real < 0.5).sum())
        return cls(found, fake.numel() - found, mistaken, real.numel() - mistaken)

    @property
    def precision(self) -> float:
        """Share of what D called generated that was; 0 where it called nothing so."""
        return self.true_positive / max(self.true_positive + self.false_positive, 1)

    @property
    def recall(self) -> float:
        """Share of the generated that D called so."""
        return self.true_positive / max(self.true_positive + self.false_negative, 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True)
class Examination:
    """One part's figures. `pretraining_loss` is of teacher forcing, `g_loss` of the game: −log D or feature matching.

    `tones` counts D's decision for each event, and each of its tones; `pieces` its mean over a window.
    """

    pretraining_loss: float
    g_loss: float
    d_loss: float
    tones: Confusion
    pieces: Confusion
    music: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Examination":
        """What `to_dict` described."""
        decisions = {name: Confusion(**values[name]) for name in ("tones", "pieces")}
        return cls(**{**values, **decisions})


@torch.no_grad()
def examine(trainer: Trainer, split: Split, windows: int) -> Examination:
    """The networks of a run on `windows` windows of songs of a part; the same windows and noise every time.

    Training goes on as if nobody had looked.
    """
    config, spec = trainer.config, trainer.config.spec
    kept = torch.random.get_rng_state()
    torch.manual_seed(1)
    trainer.g.eval()
    trainer.d.eval()
    songs = np.resize(trainer.songs[split], windows)
    random = np.random.default_rng(1)
    real = torch.from_numpy(trainer.corpus.windows(songs, config.songlength, random))
    fake = trainer.pretraining.play(config.songlength, songs, random).float()
    steps, recurrent = trainer.d.decide(trainer.shown(real, fake, songs), parts=2)
    ends = [0, -1] if config.end_classification else slice(None)
    whole = steps[ends].mean(0)
    g_loss = -whole[windows:].log().clamp(min=-100).mean()
    if config.feature_matching:
        g_loss = feature_distance(recurrent[:, :windows], recurrent[:, windows:])
    trainer.g.train()
    trainer.d.train()
    torch.random.set_rng_state(kept)
    tones = spec.tones_per_cell
    return Examination(
        trainer.validation_loss(split), float(g_loss), float(discrimination_loss(whole[:windows], whole[windows:])),
        Confusion.of(steps[:, :windows].repeat(tones, 1), steps[:, windows:].repeat(tones, 1)),
        Confusion.of(whole[:windows], whole[windows:]),
        music([decode(fake[:, number].numpy(), spec) for number in range(min(windows, _PIECES))]),
    )  # fmt: skip


def music(pieces: Sequence[Piece]) -> dict[str, float]:
    """Means of `MUSIC` over the pieces that have notes, and the share of `silent` ones that have none."""
    rows = []
    for piece in pieces:
        found = statistics(piece)
        if found:
            own, ours = found.to_dict(), measure(piece)
            own["repetitions_3"] = found.repetitions[3]
            own["top_interval_share"] = found.top_intervals[0][1] if found.top_intervals else 0.0
            own["notes_per_quarter"], own["longest_run"] = ours.notes_per_quarter, ours.longest_run
            rows.append({name: float(own[name]) for name in MUSIC})
    means = {name: float(np.mean([row[name] for row in rows])) if rows else 0.0 for name in MUSIC}
    return {"silent": 1 - len(rows) / len(pieces), **means}


def real_music(trainer: Trainer, split: Split, windows: int) -> dict[str, float]:
    """The same means for real windows of a part."""
    config = trainer.config
    songs = np.resize(trainer.songs[split], min(windows, _PIECES))
    events = trainer.corpus.windows(songs, config.songlength, np.random.default_rng(1))
    return music([decode(events[:, number], config.spec) for number in range(len(songs))])
