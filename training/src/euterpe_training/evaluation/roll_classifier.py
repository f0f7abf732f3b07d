"""Second classifier of the two-sample test: a small convolutional network on piano rolls of the same windows.

It sees what no list of features names. Rolls are free of tempo (half a pulse per column) and of key (centred on the
window's mean pitch, and moved by up to six semitones in training). PyTorch is needed here only.
"""

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from euterpe_training.evaluation.scores import Score
from euterpe_training.evaluation.two_sample import Accuracy, Classifier, Sample, cross_validate

Rolls = NDArray[np.float32]

_ROWS: Final = 72
_COLUMNS: Final = 480
#: Room above and below, for the moves in training.
_MARGIN: Final = 6
#: Steps of training, whatever the number of windows.
_STEPS: Final = 200
_BATCH: Final = 32
_RATE: Final = 2e-3


def roll_test(real: Sample, composed: Sample, *, velocity: bool, seed: int = 0) -> Accuracy:
    """The two-sample test by a network on piano rolls; with `velocity` onsets are as bright as they are loud."""
    rolls = np.stack([piano_roll(window, velocity) for window in (*real.windows, *composed.windows)])
    return cross_validate(real, composed, rolls, network_classifier(seed), seed)


def piano_roll(window: Score, velocity: bool) -> Rolls:
    """[2, pitches, columns]: onsets and sounding notes, two columns per pulse, cut or padded to one size."""
    pulse = float(np.median(np.diff(np.unique(window.onset))))
    height = _ROWS + 2 * _MARGIN
    roll = np.zeros((2, height, _COLUMNS), np.float32)
    row = window.pitch - int(np.rint(window.pitch.mean())) + height // 2
    start = np.rint(window.onset * 2 / pulse).astype(np.int64)
    stop = np.maximum(np.rint(window.end * 2 / pulse).astype(np.int64), start + 1)
    kept = (row >= 0) & (row < height) & (start < _COLUMNS)
    loud = window.velocity / 127 if velocity else np.ones(len(window))
    roll[0, row[kept], start[kept]] = loud[kept]
    for pitch, begin, end in zip(row[kept], start[kept], stop[kept], strict=True):
        roll[1, pitch, begin:end] = 1
    return roll


class RollNetwork(nn.Module):
    """Convolutions over time that see all pitches at once, then averages and maxima over time → one logit per roll."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(2 * _ROWS, 32, 8, stride=4), nn.BatchNorm1d(32), nn.ReLU(),
            nn.Conv1d(32, 48, 5, stride=2), nn.BatchNorm1d(48), nn.ReLU(),
            nn.Conv1d(48, 48, 5), nn.BatchNorm1d(48), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(96, 1))

    def forward(self, rolls: torch.Tensor) -> torch.Tensor:
        """Logits [batch] that rolls [batch, 2, pitches, columns] are composed."""
        found = self.layers(rolls.flatten(1, 2))
        logits: torch.Tensor = self.head(torch.cat([found.mean(2), found.amax(2)], 1))[:, 0]
        return logits


def network_classifier(seed: int) -> Classifier:
    """A network that is trained anew on each fold; the same for the same seed."""

    def classify(rolls: Rolls, labels: NDArray[np.int64], unseen: Rolls) -> NDArray[np.int64]:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            network = RollNetwork()
            _train(network, rolls, labels, np.random.default_rng([seed, 13]))
            network.eval()
            with torch.no_grad():
                batches = torch.from_numpy(unseen[:, :, _MARGIN:-_MARGIN].copy()).split(_BATCH)  # type: ignore[no-untyped-call]
                logits = torch.cat([network(batch) for batch in batches])
        return np.asarray(logits.numpy() > 0, np.int64)

    return classify


def _train(network: RollNetwork, rolls: Rolls, labels: NDArray[np.int64], random: np.random.Generator) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=_STEPS)
    counts = np.bincount(labels, minlength=2)
    weight = torch.from_numpy((len(labels) / 2 / counts)[labels].astype(np.float32))
    target = torch.from_numpy(labels.astype(np.float32))
    network.train()
    epochs = -(-_STEPS * _BATCH // len(rolls))
    order = np.concatenate([random.permutation(len(rolls)) for _ in range(epochs)])
    for batch in order[: _STEPS * _BATCH].reshape(_STEPS, _BATCH):
        moves = random.integers(0, 2 * _MARGIN + 1, len(batch))
        moved: Any = np.stack([rolls[at, :, move : move + _ROWS] for at, move in zip(batch, moves, strict=True)])
        loss = nn.functional.binary_cross_entropy_with_logits(
            network(torch.from_numpy(moved)), target[batch], weight[batch]
        )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
