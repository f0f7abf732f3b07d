"""Training of one network: every position of a window at once, early stopping, checkpoints."""

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
    Encoded,
    Language,
    batches,
    encode_split,
    key_table,
    languages,
)
from euterpe_training.melody.networks import build_network

CHECKPOINT: Final = "{part}.pt"


@dataclass(frozen=True)
class Score:
    """Mean cross entropy in nats per token (streams summed), and accuracy of each stream."""

    loss: float
    accuracy: tuple[float, ...]

    @property
    def perplexity(self) -> float:
        """Of a token, all streams together."""
        return float(np.exp(self.loss))


@dataclass(frozen=True)
class Epoch:
    """One line of the history."""

    number: int
    train: Score
    validation: Score
    seconds: float
    tokens: int


class MelodyTrainer:
    """A network, its corpus in its language, and how far it is."""

    def __init__(self, config: MelodyConfig, corpus: MelodyCorpus) -> None:
        self.config, self.corpus = config, corpus
        self.language: Language = languages(corpus, config)
        torch.manual_seed(config.seed)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network: nn.Module = build_network(config, self.language).to(self.device)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), config.learning_rate, weight_decay=config.weight_decay, betas=(0.9, 0.98)
        )
        self.history: list[Epoch] = []
        self.best: dict[str, Tensor] = self._weights()
        self._encoded: dict[str, Encoded] = {}
        self._keys = key_table(self.language.vocabularies[0]) if config.keys == "augmented" else None

    @property
    def parameters(self) -> int:
        """Weights of the network."""
        return sum(each.numel() for each in self.network.parameters())

    def part(self, name: Split) -> Encoded:
        """Songs of one part, encoded once."""
        if name not in self._encoded:
            self._encoded[name] = encode_split(self.corpus, name, self.language, self.config)
        return self._encoded[name]

    def train(self, after_epoch: Callable[["MelodyTrainer"], None] = lambda _: None) -> None:
        """Epochs until the last one, or until `patience` of them brought nothing; then the best weights."""
        while self._progress() < 1 and not self._stuck():
            self.run_epoch()
            after_epoch(self)
        self.network.load_state_dict(self.best)

    def run_epoch(self) -> Epoch:
        """One epoch, and the validation loss after it."""
        number = len(self.history)
        random = np.random.default_rng([self.config.seed, number])
        torch.manual_seed(self.config.seed * 100_003 + number)
        began, tally = time.perf_counter(), _Tally(self.language.sizes)
        self.network.train()
        everything = list(batches(self.part("train"), self.config, random, self._keys))
        for at, batch in enumerate(everything):
            self._set_rate(number + at / len(everything), time.perf_counter() - began)
            loss = self._loss(batch, tally)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.network.parameters(), self.config.max_grad_norm)
            self.optimizer.step()
        seconds = time.perf_counter() - began
        epoch = Epoch(number, tally.score(), self.score("validation"), seconds, tally.tokens)
        if not self.history or epoch.validation.loss < min(past.validation.loss for past in self.history):
            self.best = self._weights()
        self.history.append(epoch)
        return epoch

    @torch.no_grad()
    def score(self, part: Split) -> Score:
        """Loss and accuracy on a part, without dropout, windows side by side."""
        self.network.eval()
        tally = _Tally(self.language.sizes)
        for batch in batches(self.part(part), self.config, None):
            self._loss(batch, tally)
        return tally.score()

    def save(self, directory: Path) -> None:
        """Everything that `load` needs, in one file; the old one stays until the new one is whole."""
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
        """The run in a checkpoint; TrainingError when there is none, or it is of another corpus."""
        state = _read(path)
        if state["corpus"] != corpus.sha256:
            raise TrainingError(f"{path} was trained on another corpus than {corpus.name}")
        trainer = cls(MelodyConfig.from_dict(state["config"]), corpus)
        trainer.network.load_state_dict(state["network"])
        trainer.optimizer.load_state_dict(state["optimizer"])
        trainer.best = state["best"]
        trainer.history = [_epoch(row) for row in state["history"]]
        return trainer

    def _loss(self, batch: Batch, tally: "_Tally") -> Tensor:
        previous, conditions, targets = (
            torch.from_numpy(part).to(self.device) for part in (batch.previous, batch.conditions, batch.targets)
        )
        half = self.config.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
            logits = self.network(previous, conditions)
        losses, right = [], []
        for at, stream in enumerate(logits.float().split(self.language.sizes, -1)):
            wanted = targets[..., at]
            losses.append(nn.functional.cross_entropy(stream.flatten(0, 1), wanted.flatten(), ignore_index=IGNORED))
            right.append(int((stream.argmax(-1) == wanted).sum()))
        loss = torch.stack(losses).sum()
        tally.add(float(loss.detach()), right, int((targets[..., 0] != IGNORED).sum()))
        return loss

    def _progress(self, epochs: float = 0.0, seconds: float = 0.0) -> float:
        """The share of the training that is done, by epochs or by time, whichever ends first."""
        config = self.config
        spent = sum(epoch.seconds for epoch in self.history) + seconds
        by_time = spent / (60 * config.minutes) if config.minutes else 0.0
        return max((epochs or len(self.history)) / config.epochs, by_time)

    def _set_rate(self, epochs: float, seconds: float) -> None:
        config = self.config
        progress = min(self._progress(epochs, seconds), 1.0)
        warm = min(1.0, epochs * 4)
        factor = 0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * progress)) if config.anneal else 1.0
        for group in self.optimizer.param_groups:
            group["lr"] = float(config.learning_rate * factor * max(warm, 0.02))

    def _stuck(self) -> bool:
        losses = [epoch.validation.loss for epoch in self.history]
        patience = self.config.patience
        return bool(patience and losses) and len(losses) - 1 - int(np.argmin(losses)) >= patience

    def _weights(self) -> dict[str, Tensor]:
        return {name: weight.detach().clone() for name, weight in self.network.state_dict().items()}


def read_config(path: Path) -> MelodyConfig:
    """The configuration of the run in a checkpoint; TrainingError when there is none."""
    return MelodyConfig.from_dict(_read(path)["config"])


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise TrainingError(f"there is no checkpoint {path}")
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError) as error:
        raise TrainingError(f"{path} is no checkpoint of a melody network") from error
    return state


class _Tally:
    """Sums over batches."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self.tokens, self._loss, self._right = 0, 0.0, np.zeros(len(sizes), np.int64)

    def add(self, loss: float, right: list[int], tokens: int) -> None:
        self.tokens += tokens
        self._loss += loss * tokens
        self._right += right

    def score(self) -> Score:
        return Score(self._loss / self.tokens, tuple((self._right / self.tokens).tolist()))


def _epoch(row: dict[str, Any]) -> Epoch:
    train, validation = (Score(row[name]["loss"], tuple(row[name]["accuracy"])) for name in ("train", "validation"))
    return Epoch(row["number"], train, validation, row["seconds"], row["tokens"])
