"""What both kinds of generator learn before the game, and stay anchored to in it: the next event of real music."""

from typing import Any, Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from euterpe_training.crnngan.corpora import Corpus
from euterpe_training.crnngan.losses import energy_score, squared_error
from euterpe_training.crnngan.models.categorical import CategoricalGenerator, Memory
from euterpe_training.crnngan.models.controls import Controls
from euterpe_training.crnngan.models.crnngan import Generator
from euterpe_training.crnngan.recipes.config import CrnnganConfig
from euterpe_training.crnngan.trainer.process_group import Team
from euterpe_training.crnngan.trainer.stateful_batches import ClassCorpus, Lanes

Songs = NDArray[np.int64]
#: Which axis of each part of a memory counts songs.
_ROWS: Final = (1, 1, 0, 0)


class Pretraining(Protocol):
    """A generator with the loss that teaches it."""

    def loss(self, songs: Songs, length: int, random: np.random.Generator) -> Tensor:
        """Of one batch, with gradients."""
        ...

    def judged(self, songs: Songs, length: int) -> Tensor:
        """Of the same windows of `songs` every time, without blur or carried memory."""
        ...

    def play(self, steps: int, songs: Songs, random: np.random.Generator) -> Tensor:
        """Free running: events [steps, songs, features], with gradients."""
        ...

    def state(self) -> dict[str, Any]:
        """What a checkpoint needs beside the weights."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """The state that `state` described."""
        ...


class TeacherForcing:
    """For generators that say numbers: each event is predicted after the real ones, the first after a random one."""

    def __init__(self, config: CrnnganConfig, corpus: Corpus, g: Generator, steps: Tensor, team: Team) -> None:
        self.config, self.corpus, self.g, self.steps, self.team = config, corpus, g, steps, team
        self.scale = torch.from_numpy(np.maximum(corpus.events.std(0), 1e-3).astype(np.float32))

    def loss(self, songs: Songs, length: int, random: np.random.Generator) -> Tensor:
        """Of random windows, behind a blurred past."""
        real = torch.from_numpy(self.corpus.windows(songs, length, random))
        return self._of(real, blurred(real[:-1], self.steps, self.config.input_jitter), self.team)

    def judged(self, songs: Songs, length: int) -> Tensor:
        """Of fixed windows, behind the real past."""
        real = torch.from_numpy(self.corpus.windows(songs, length, np.random.default_rng(0)))
        return self._of(real, real[:-1], Team())

    def play(self, steps: int, songs: Songs, random: np.random.Generator) -> Tensor:  # noqa: ARG002 - torch draws
        """From a random event on."""
        noise = torch.rand(steps, len(songs), self.config.noise_size)
        return self.g.play(self.team.mine(noise, 1), self.team.mine(torch.rand(len(songs), self.g.features), 0))

    def _of(self, real: Tensor, past: Tensor, team: Team) -> Tensor:
        steps, batch, features = real.shape
        previous = team.mine(torch.cat([torch.rand(1, batch, features), past]), 1)
        real = team.mine(real, 1)
        if self.config.pretraining_loss == "squared":
            noise = team.mine(torch.rand(steps, batch, self.config.noise_size), 1)
            return squared_error(self.g(noise, previous)[0], real)
        # Two draws per event in one pass: the same past, other noise.
        noise = team.mine(torch.rand(steps, 2, batch, self.config.noise_size), 2).flatten(1, 2)
        events, _ = self.g(noise, previous.repeat(1, 2, 1))
        first, second = events.chunk(2, 1)
        return energy_score(first, second, real, self.scale)

    def state(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Nothing."""


class Likelihood:
    """For generators that state distributions: how unlikely they held what came, in nats per event."""

    def __init__(
        self, config: CrnnganConfig, corpus: Corpus, controls: Controls, g: CategoricalGenerator, songs: Songs,
        team: Team,
    ) -> None:  # fmt: skip
        self.corpus, self.g, self.team = corpus, g, team
        self.source = ClassCorpus(corpus, g.classes, controls)
        self.lanes = Lanes(self.source, songs, g, config.batch_size, config.style_ratio)

    def loss(self, songs: Songs, length: int, random: np.random.Generator) -> Tensor:  # noqa: ARG002 - lanes choose
        """Of the lanes' next windows."""
        codes, controls, memory = self.lanes.next(length, random)
        mine, codes = self.team.mine, self.team.mine(codes, 1)
        here = Memory(*(mine(part, axis) for part, axis in zip(memory, _ROWS, strict=True)))
        logits, here = self.g(codes, mine(controls, 0), here)
        kept = here.detached()
        self.lanes.keep(Memory(*(self.team.whole(part, axis) for part, axis in zip(kept, _ROWS, strict=True))))
        return unlikelihood(logits, codes)

    def judged(self, songs: Songs, length: int) -> Tensor:
        """Of fixed windows, from an empty memory, with nothing asked for."""
        random = np.random.default_rng(0)
        starts = random.integers(self.corpus.offsets[songs], self.corpus.offsets[songs + 1] - length + 1)
        return self._of(starts, length, torch.from_numpy(self.source.controls.vector()))

    def _of(self, starts: Songs, length: int, asked: Tensor) -> Tensor:
        codes = self.source.window(starts, length)
        memory = self.g.start(len(starts))._replace(clock=torch.from_numpy(self.source.clocks[starts]))
        return unlikelihood(self.g(codes, asked.expand(len(starts), -1), memory)[0], codes)

    @torch.no_grad()
    def style_loss(self, songs: Songs, length: int, style: int, windows: int) -> float:
        """Of so many fixed windows of `songs`, from an empty memory, with that style asked for (0: none)."""
        random = np.random.default_rng(0)
        chosen = np.resize(songs, windows)
        starts = random.integers(self.corpus.offsets[chosen], self.corpus.offsets[chosen + 1] - length + 1)
        asked = torch.from_numpy(self.source.controls.vector(style))
        return float(self._of(starts, length, asked))

    def play(self, steps: int, songs: Songs, random: np.random.Generator) -> Tensor:
        """With the controls of `songs`."""
        controls = np.stack([self.source.draw_controls(int(song), random) for song in songs])
        mine = self.team.mine
        return self.g.generate(mine(torch.rand(steps, len(songs), 4), 1), mine(torch.from_numpy(controls), 0))[0]

    def state(self) -> dict[str, Any]:
        """The lanes."""
        return self.lanes.state()

    def restore(self, state: dict[str, Any]) -> None:
        """The lanes."""
        self.lanes.restore(state)


def unlikelihood(logits: tuple[Tensor, ...], codes: Tensor) -> Tensor:
    """Mean negative log-likelihood of whole events [steps, batch, attributes], in nats."""
    parts = [functional.cross_entropy(part.flatten(0, 1), codes[..., i].flatten()) for i, part in enumerate(logits)]
    return torch.stack(parts).sum()


def blurred(events: Tensor, steps: Tensor, jitter: float, draws: Tensor | None = None) -> Tensor:
    """Events moved by up to `jitter` of a ladder's step [features], by uniform `draws` of their shape."""
    if not jitter:
        return events
    return events + jitter * steps * (2 * (torch.rand_like(events) if draws is None else draws) - 1)
