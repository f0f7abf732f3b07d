"""Training of one network: teacher forcing on whole windows, early stopping, checkpoints."""

import pickle
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from euterpe_training.errors import TrainingError
from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.corpus import MelodyCorpus, Split
from euterpe_training.melody.data import (
    IGNORED,
    Batch,
    EncodedSongs,
    TokenFormat,
    batches,
    encode_split,
    key_table,
    make_token_format,
)
from euterpe_training.melody.networks import build_network

CHECKPOINT: Final = "{part}.pt"


@dataclass(frozen=True)
class Score:
    """Mean cross entropy in nats per token (streams summed), and accuracy of each stream."""

    loss: float
    accuracy: tuple[float, ...]


@dataclass(frozen=True)
class Epoch:
    """The record of an epoch; the names are keys of checkpoints."""

    number: int
    train: Score
    validation: Score
    seconds: float
    tokens: int


class MelodyTrainer:
    """One run: a network, its encoded corpus, and the history."""

    def __init__(self, config: MelodyConfig, corpus: MelodyCorpus) -> None:
        self.config, self.corpus = config, corpus
        self.token_format: TokenFormat = make_token_format(corpus, config)
        torch.manual_seed(config.seed)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network: nn.Module = build_network(config, self.token_format).to(self.device)
        self.optimizer = torch.optim.AdamW(
            self._trainable(), config.learning_rate, weight_decay=config.weight_decay, betas=(0.9, 0.98)
        )
        #: The precision of the products: float32 on a CPU without AMX, where bfloat16 is slower.
        self.precision = config.precision if self.device.type == "cuda" or has_amx() else "float32"
        self.history: list[Epoch] = []
        self.best: dict[str, Tensor] = self._weights()
        self._encoded: dict[str, EncodedSongs] = {}
        self._keys = key_table(self.token_format.vocabularies[0]) if config.keys == "augmented" else None

    @property
    def parameters(self) -> int:
        """Number of trainable weights of the network."""
        return sum(each.numel() for each in self._trainable())

    def part(self, name: Split) -> EncodedSongs:
        """Return the songs of one part, encoded once."""
        if name not in self._encoded:
            self._encoded[name] = encode_split(self.corpus, name, self.token_format, self.config)
        return self._encoded[name]

    def train(self, after_epoch: Callable[["MelodyTrainer"], None] = lambda _: None) -> None:
        """Train to the end, or until `patience` epochs without improvement; then load the best weights."""
        while not self.is_finished:
            self.run_epoch()
            after_epoch(self)
        self.network.load_state_dict(self.best)

    @property
    def is_finished(self) -> bool:
        """Whether all epochs or minutes are over, or `patience` epochs without improvement."""
        return self._progress() >= 1 or self._patience_exceeded()

    def run_epoch(self) -> Epoch:
        """Train one epoch, and compute the validation loss after it."""
        number = len(self.history)
        random = np.random.default_rng([self.config.seed, number])
        torch.manual_seed(self.config.seed * 100_003 + number)
        started, totals = time.perf_counter(), _Totals(self.token_format.sizes)
        self.network.train()
        epoch_batches = list(batches(self.part("train"), self.config, random, self._keys))
        for at, batch in enumerate(epoch_batches):
            self._set_learning_rate(number + at / len(epoch_batches), time.perf_counter() - started)
            self._update(self._loss(batch, totals))
        seconds = time.perf_counter() - started
        epoch = Epoch(number, totals.score(), self.score("validation"), seconds, totals.tokens)
        if not self.history or epoch.validation.loss < min(past.validation.loss for past in self.history):
            self.best = self._weights()
        self.history.append(epoch)
        return epoch

    def measure_epoch_seconds(self, batch_count: int = 2) -> float:
        """Return the seconds that an epoch takes, from `batch_count` batches after one that is not counted.

        The weights change, so that this trainer is of no further use.
        """
        random = np.random.default_rng(0)
        epoch_batches = list(batches(self.part("train"), self.config, random, self._keys))
        self.network.train()
        totals, started = _Totals(self.token_format.sizes), time.perf_counter()
        measured = epoch_batches[: batch_count + 1]
        for at, batch in enumerate(measured):
            if at == min(1, len(measured) - 1):
                started = time.perf_counter()
            self._update(self._loss(batch, totals))
        seconds = (time.perf_counter() - started) / max(len(measured) - 1, 1)
        return seconds * len(epoch_batches)

    @torch.no_grad()
    def score(self, part: Split) -> Score:
        """Return loss and accuracy on a part, without dropout, on adjacent windows."""
        self.network.eval()
        totals = _Totals(self.token_format.sizes)
        for batch in batches(self.part(part), self.config, None):
            self._loss(batch, totals)
        return totals.score()

    def save(self, directory: Path) -> None:
        """Write the checkpoint into `directory`, replacing an older one only once the new one is complete."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / CHECKPOINT.format(part=self.config.part)
        state = {
            "config": self.config.to_dict(), "history": [asdict(epoch) for epoch in self.history], "best": self.best,
            "network": self.network.state_dict(), "optimizer": self.optimizer.state_dict(),
            "corpus": self.corpus.sha256,
        }  # fmt: skip
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path, corpus: MelodyCorpus) -> "MelodyTrainer":
        """Load the run in a checkpoint; raise TrainingError when there is none, or it is of another corpus."""
        state = _read(path)
        if state["corpus"] != corpus.sha256:
            raise TrainingError(f"{path} was trained on another corpus than {corpus.name}")
        trainer = cls(MelodyConfig.from_dict(state["config"]), corpus)
        trainer.network.load_state_dict(state["network"])
        trainer.optimizer.load_state_dict(state["optimizer"])
        trainer.best = state["best"]
        trainer.history = [_epoch(row) for row in state["history"]]
        return trainer

    def _update(self, loss: Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.max_grad_norm)
        self.optimizer.step()

    def _loss(self, batch: Batch, totals: "_Totals") -> Tensor:
        previous, conditions, targets = (
            torch.from_numpy(part).to(self.device) for part in (batch.previous, batch.conditions, batch.targets)
        )
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bfloat16"):
            logits = self.network(previous, conditions)
        losses, correct = [], []
        for at, stream in enumerate(logits.float().split(self.token_format.sizes, -1)):
            target = targets[..., at]
            losses.append(nn.functional.cross_entropy(stream.flatten(0, 1), target.flatten(), ignore_index=IGNORED))
            correct.append(int((stream.argmax(-1) == target).sum()))
        loss = torch.stack(losses).sum()
        totals.add(float(loss.detach()), correct, int((targets[..., 0] != IGNORED).sum()))
        return loss

    def _progress(self, epochs: float = 0.0, seconds: float = 0.0) -> float:
        """Return the completed share of the training, by epochs or by time, whichever is larger."""
        config = self.config
        spent = sum(epoch.seconds for epoch in self.history) + seconds
        by_time = spent / (60 * config.minutes) if config.minutes else 0.0
        return max((epochs or len(self.history)) / config.epochs, by_time)

    def _set_learning_rate(self, epochs: float, seconds: float) -> None:
        config = self.config
        progress = min(self._progress(epochs, seconds), 1.0)
        warm = min(1.0, epochs * 4)
        factor = 0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * progress)) if config.anneal else 1.0
        for group in self.optimizer.param_groups:
            group["lr"] = float(config.learning_rate * factor * max(warm, 0.02))

    def _patience_exceeded(self) -> bool:
        losses = [epoch.validation.loss for epoch in self.history]
        patience = self.config.patience
        return bool(patience and losses) and len(losses) - 1 - int(np.argmin(losses)) >= patience

    def _trainable(self) -> list[nn.Parameter]:
        return [each for each in self.network.parameters() if each.requires_grad]

    def _weights(self) -> dict[str, Tensor]:
        return {name: weight.detach().clone() for name, weight in self.network.state_dict().items()}


def has_amx() -> bool:
    """Return whether the CPU multiplies matrices in bfloat16 by itself (AMX)."""
    path = Path("/proc/cpuinfo")
    return path.is_file() and "amx_bf16" in path.read_text(encoding="utf-8")


def read_config(path: Path) -> MelodyConfig:
    """Return the configuration of the run in a checkpoint; raise TrainingError when there is none."""
    return MelodyConfig.from_dict(_read(path)["config"])


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise TrainingError(f"there is no checkpoint at {path}")
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError) as error:
        raise TrainingError(f"{path} is not a checkpoint of a melody network, or is damaged") from error
    return state


class _Totals:
    """Sums of losses and of correct predictions over batches."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self.tokens, self._loss, self._correct = 0, 0.0, np.zeros(len(sizes), np.int64)

    def add(self, loss: float, correct: list[int], tokens: int) -> None:
        self.tokens += tokens
        self._loss += loss * tokens
        self._correct += correct

    def score(self) -> Score:
        return Score(self._loss / self.tokens, tuple((self._correct / self.tokens).tolist()))


def _epoch(row: dict[str, Any]) -> Epoch:
    train, validation = (Score(row[name]["loss"], tuple(row[name]["accuracy"])) for name in ("train", "validation"))
    return Epoch(row["number"], train, validation, row["seconds"], row["tokens"])
