"""Pretraining of both kinds of generator on the next event of real music; also the anchor in adversarial training."""

from typing import Any, Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from euterpe_training.crnngan.corpora import Corpus
from euterpe_training.crnngan.losses import energy_score, squared_error
from euterpe_training.crnngan.models.categorical import CategoricalGenerator, CategoricalState
from euterpe_training.crnngan.models.controls import Controls
from euterpe_training.crnngan.models.crnngan import Generator
from euterpe_training.crnngan.recipes.config import CrnnganConfig
from euterpe_training.crnngan.trainer.input_noise import add_input_noise
from euterpe_training.crnngan.trainer.process_group import ProcessGroup
from euterpe_training.crnngan.trainer.stateful_batches import CategoricalCorpus, StatefulBatcher

#: Indices of songs, in the corpus.
Songs = NDArray[np.int64]
#: The batch axis of each tensor of a CategoricalState.
_BATCH_AXES: Final = (1, 1, 0, 0)


class Pretraining(Protocol):
    """A generator with its pretraining loss."""

    def loss(self, songs: Songs, length: int, random: np.random.Generator) -> Tensor:
        """Return the loss of one batch of windows of `length` events, with gradients."""
        ...

    def evaluation_loss(self, songs: Songs, length: int) -> Tensor:
        """Return the loss of fixed windows of `songs`, without input noise or carried state."""
        ...

    def rollout(self, steps: int, songs: Songs, random: np.random.Generator) -> Tensor:
        """Run the generator freely: return events [steps, songs, features], with gradients."""
        ...

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint stores in addition to the weights."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Set the state that `state` returned."""
        ...


class TeacherForcing:
    """Pretraining of continuous generators: predict each event after the real ones, the first after a random one."""

    def __init__(self, config: CrnnganConfig, corpus: Corpus, g: Generator, steps: Tensor, group: ProcessGroup) -> None:
        self.config, self.corpus, self.g, self.steps, self.group = config, corpus, g, steps, group
        self.scale = torch.from_numpy(np.maximum(corpus.events.std(0), 1e-3).astype(np.float32)).to(steps.device)

    def loss(self, songs: Songs, length: int, random: np.random.Generator) -> Tensor:
        """Return the loss of random windows, with noise on the past events."""
        real = torch.from_numpy(self.corpus.windows(songs, length, random)).to(self.steps.device)
        return self._loss(real, add_input_noise(real[:-1], self.steps, self.config.input_jitter), self.group)

    def evaluation_loss(self, songs: Songs, length: int) -> Tensor:
        """Return the loss of fixed windows, with the real past events."""
        real = torch.from_numpy(self.corpus.windows(songs, length, np.random.default_rng(0))).to(self.steps.device)
        return self._loss(real, real[:-1], ProcessGroup())

    def rollout(self, steps: int, songs: Songs, random: np.random.Generator) -> Tensor:  # noqa: ARG002 - torch draws
        """Return events [steps, songs, features] that follow a random first event."""
        noise = self._draw(steps, len(songs), self.config.noise_size)
        first = self._draw(len(songs), self.g.features)
        return self.g.rollout(self.group.shard(noise, 1), self.group.shard(first, 0))

    def _loss(self, real: Tensor, past: Tensor, group: ProcessGroup) -> Tensor:
        steps, batch, features = real.shape
        previous = group.shard(torch.cat([self._draw(1, batch, features), past]), 1)
        real = group.shard(real, 1)
        if self.config.pretraining_loss == "squared":
            noise = group.shard(self._draw(steps, batch, self.config.noise_size), 1)
            return squared_error(self.g(noise, previous)[0], real)
        # Two samples per event in one pass: the same past, different noise.
        noise = group.shard(self._draw(steps, 2, batch, self.config.noise_size), 2).flatten(1, 2)
        events, _ = self.g(noise, previous.repeat(1, 2, 1))
        first, second = events.chunk(2, 1)
        return energy_score(first, second, real, self.scale)

    def _draw(self, *shape: int) -> Tensor:
        """Draw uniform numbers on the CPU, so that every device trains with the same ones."""
        return torch.rand(*shape).to(self.steps.device)

    def state(self) -> dict[str, Any]:
        """Return nothing: there is no state."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Do nothing: there is no state."""


class Likelihood:
    """Pretraining of categorical generators: the negative log-likelihood in nats per event."""

    def __init__(
        self, config: CrnnganConfig, corpus: Corpus, controls: Controls, g: CategoricalGenerator, songs: Songs,
        group: ProcessGroup,
    ) -> None:  # fmt: skip
        self.corpus, self.g, self.group = corpus, g, group
        self.source = CategoricalCorpus(corpus, g.classes, controls)
        self.batcher = StatefulBatcher(self.source, songs, g, config.batch_size, config.style_ratio)

    def loss(self, songs: Songs, length: int, random: np.random.Generator) -> Tensor:  # noqa: ARG002 - batcher draws
        """Return the loss of the batcher's next windows."""
        codes, controls, state = self.batcher.next_batch(length, random)
        shard, codes = self.group.shard, self.group.shard(codes, 1)
        local = CategoricalState(*(shard(part, axis) for part, axis in zip(state, _BATCH_AXES, strict=True)))
        logits, local = self.g(codes, shard(controls, 0), local)
        parts = zip(local.detached(), _BATCH_AXES, strict=True)
        self.batcher.keep(CategoricalState(*(self.group.gather(part, axis) for part, axis in parts)))
        return negative_log_likelihood(logits, codes)

    def evaluation_loss(self, songs: Songs, length: int) -> Tensor:
        """Return the loss of fixed windows, from a zero state, with style and density unspecified."""
        random = np.random.default_rng(0)
        starts = random.integers(self.corpus.offsets[songs], self.corpus.offsets[songs + 1] - length + 1)
        return self._loss(starts, length, self._to_device(self.source.controls.vector()))

    def _loss(self, starts: Songs, length: int, controls: Tensor) -> Tensor:
        state = self.g.initial_state(len(starts))._replace(clock=self._to_device(self.source.clocks[starts]))
        codes = self.source.window(starts, length).to(state.clock.device)
        return negative_log_likelihood(self.g(codes, controls.expand(len(starts), -1), state)[0], codes)

    @torch.no_grad()
    def style_loss(self, songs: Songs, length: int, style: int, windows: int) -> float:
        """Return the loss of fixed windows of `songs`, from a zero state, conditioned on a style (0: none)."""
        random = np.random.default_rng(0)
        chosen = np.resize(songs, windows)
        starts = random.integers(self.corpus.offsets[chosen], self.corpus.offsets[chosen + 1] - length + 1)
        return float(self._loss(starts, length, self._to_device(self.source.controls.vector(style))))

    def rollout(self, steps: int, songs: Songs, random: np.random.Generator) -> Tensor:
        """Return events [steps, songs, 4] generated with the controls of `songs`."""
        controls = np.stack([self.source.draw_controls(int(song), random) for song in songs])
        noise = torch.rand(steps, len(songs), 4).to(self.g.mixed.weight.device)
        shard = self.group.shard
        return self.g.generate(shard(noise, 1), shard(self._to_device(controls), 0))[0]

    def _to_device(self, array: NDArray[np.float32]) -> Tensor:
        return torch.from_numpy(array).to(self.g.mixed.weight.device)

    def state(self) -> dict[str, Any]:
        """Return the state of the batcher."""
        return self.batcher.state()

    def restore(self, state: dict[str, Any]) -> None:
        """Set the state of the batcher."""
        self.batcher.restore(state)


def negative_log_likelihood(logits: tuple[Tensor, ...], codes: Tensor) -> Tensor:
    """Return the mean negative log-likelihood of whole events [steps, batch, attributes], in nats."""
    parts = [functional.cross_entropy(part.flatten(0, 1), codes[..., i].flatten()) for i, part in enumerate(logits)]
    return torch.stack(parts).sum()
