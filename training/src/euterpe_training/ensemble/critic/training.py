"""Train a critic on pairs of composed and real pieces."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from euterpe_music.note_events.critic_features import CRITIC_FEATURES, critic_features
from numpy.typing import NDArray
from torch import Tensor, nn

from euterpe_training.ensemble.critic.network import Critic
from euterpe_training.ensemble.critic.pieces import Pair
from euterpe_training.errors import TrainingError

#: Notes of a window; shorter pieces are repeated until they fill it.
_WINDOW = 256
_MIN_NOTES = 32
#: Of every so many pairs, one is held out.
_HELD_OUT = 5
_REGISTER = [name for name, _ in CRITIC_FEATURES].index("register")
_HIGHEST_REGISTER = CRITIC_FEATURES[_REGISTER][1] - 1


@dataclass(frozen=True)
class CriticSettings:
    """How a critic is trained."""

    steps: int = 800
    batch: int = 32
    rate: float = 1e-3
    weight_decay: float = 0.05
    evaluate_every: int = 40
    seed: int = 0


@dataclass(frozen=True)
class CriticReport:
    """How well a critic tells held-out windows apart: `accuracy` (.5: not at all) and `loss` in nats, of `windows`."""

    pairs: int
    windows: int
    accuracy: float
    loss: float


def train_critic(
    pairs: Sequence[Pair], settings: CriticSettings, report: Callable[[str], None]
) -> tuple[Critic, CriticReport]:
    """Train a critic; return that of the step with the least held-out loss. Raises TrainingError for too few pieces."""
    sides = _sides(pairs)
    train = [each for number, each in enumerate(sides) if number % _HELD_OUT]
    held_out = sides[::_HELD_OUT]
    if len(train) < settings.batch // 2 or len(held_out) < 2:
        raise TrainingError(f"a critic needs more pieces than {len(sides)} of at least {_MIN_NOTES} notes")
    torch.manual_seed(settings.seed)
    random = np.random.default_rng(settings.seed)
    critic = Critic()
    optimiser = torch.optim.AdamW(critic.parameters(), settings.rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps)
    # The held-out windows are the same at every evaluation.
    fixed = _windows(held_out * 4, np.random.default_rng(settings.seed + 1))
    best, found = copy.deepcopy(critic), CriticReport(len(sides), len(fixed[1]), 0.5, float("inf"))
    for step in range(1, settings.steps + 1):
        critic.train()
        chosen = [train[int(number)] for number in random.integers(len(train), size=settings.batch // 2)]
        windows, labels = _windows(chosen, random, is_moved=True)
        loss = _loss(critic(windows).mean(1), labels)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        if step % settings.evaluate_every == 0 or step == settings.steps:
            now = _evaluate(critic, fixed, len(sides))
            report(f"step {step}: held-out loss {now.loss:.3f}, accuracy {now.accuracy:.3f}")
            if now.loss < found.loss:
                best, found = copy.deepcopy(critic), now
    return best.eval(), found


def _sides(pairs: Sequence[Pair]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return the features of composed and real pieces that are long enough."""
    both = [(critic_features(pair.composed), critic_features(pair.real)) for pair in pairs]
    return [each for each in both if min(len(side) for side in each) >= _MIN_NOTES]


def _windows(
    sides: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]], random: np.random.Generator, *, is_moved: bool = False
) -> tuple[Tensor, Tensor]:
    """Return a window of every piece [2 n, notes, features], and 1 for those of real pieces."""
    windows, labels = [], []
    for pair in sides:
        for label, features in enumerate(pair):
            start = int(random.integers(max(len(features) - _WINDOW, 0) + 1))
            window = np.resize(features[start : start + _WINDOW], (_WINDOW, features.shape[1]))
            if is_moved:
                # A third of an octave up or down: the register of a style shall not tell its pieces apart.
                window[:, _REGISTER] = np.clip(
                    window[:, _REGISTER] + random.integers(-1, 2), 0, CRITIC_FEATURES[_REGISTER][1] - 1
                )
            windows.append(window)
            labels.append(float(label))
    return torch.from_numpy(np.stack(windows)), torch.tensor(labels)


def _loss(logits: Tensor, labels: Tensor) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(logits, labels)


def _evaluate(critic: Critic, fixed: tuple[Tensor, Tensor], pairs: int) -> CriticReport:
    critic.eval()
    with torch.no_grad():
        logits = torch.cat([critic(windows).mean(1) for windows in torch.split(fixed[0], 64)])
    accuracy = float(((logits > 0) == (fixed[1] > 0)).float().mean())
    return CriticReport(pairs, len(logits), accuracy, float(_loss(logits, fixed[1])))
