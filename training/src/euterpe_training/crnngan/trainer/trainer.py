"""Pretraining, then adversarial training, of a C-RNN-GAN."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from euterpe_training.checkpoints import CHECKPOINT_FILE, load_checkpoint, save_checkpoint
from euterpe_training.crnngan.corpora import Corpus, Split
from euterpe_training.crnngan.corpora.split import composer
from euterpe_training.crnngan.losses import feature_distance, l2_regularisation
from euterpe_training.crnngan.models.crnngan import Composers, discrimination_loss, initialise
from euterpe_training.crnngan.recipes.config import CrnnganConfig
from euterpe_training.crnngan.trainer.discriminator_output import Judgement, through_d
from euterpe_training.crnngan.trainer.history import Epoch, Phase
from euterpe_training.crnngan.trainer.input_noise import ladder_steps
from euterpe_training.crnngan.trainer.learning_rates import rates
from euterpe_training.crnngan.trainer.networks import (
    make_discriminator,
    make_generator,
    make_optimizer,
    make_pretraining,
)
from euterpe_training.crnngan.trainer.pretraining import blurred
from euterpe_training.crnngan.trainer.process_group import Team
from euterpe_training.crnngan.trainer.update_balancing import frozen_sides
from euterpe_training.errors import TrainingError


class Trainer:
    """One run over one corpus. `epochs()` trains; between two epochs the run can be saved and gone on with later.

    Two runs with one configuration and corpus are equal on one machine and number of threads, also across a resume.
    """

    def __init__(self, config: CrnnganConfig, corpus: Corpus, team: Team | None = None) -> None:
        self.config, self.corpus, self.team = config, corpus, team or Team()
        self.team.check(config)
        torch.manual_seed(config.seed)
        self.random = np.random.default_rng(config.seed)
        parts: tuple[Split, ...] = ("train", "validation", "test")
        self.songs: dict[Split, Any] = {name: corpus.split(name, shares=config.shares) for name in parts}
        if len(self.songs["train"]) < config.batch_size:
            raise TrainingError(
                f"the corpus has {len(self.songs['train'])} songs to train on, fewer than the batch_size of "
                f"{config.batch_size}: choose a smaller one, or a larger corpus"
            )
        names = sorted({composer(name) for name in corpus.names})
        self.composers = np.array([names.index(composer(name)) for name in corpus.names])
        self.g = make_generator(config)
        self.d = make_discriminator(config, len(names))
        self.meta = Composers(config.noise_size, config.meta_layer_size, len(names), config.init_scale)
        self.steps = ladder_steps(config.spec)
        self.pretraining = make_pretraining(config, corpus, self.g, self.steps, self.songs["train"], self.team)
        sides = [self.g, self.meta] if config.generate_meta else [self.g]
        g_rate, d_rate = rates(config, 0, "pretraining")
        self.g_optimizer = make_optimizer(config, sides, g_rate)
        self.d_optimizer = make_optimizer(config, [self.d], d_rate)
        self.history: list[Epoch] = []

    @property
    def total_epochs(self) -> int:
        """Epochs of both phases."""
        return self.config.pretraining_epochs + self.config.max_epoch

    @property
    def batches_per_epoch(self) -> int:
        """Batches in one epoch: every training song once, the last batch filled up."""
        return -(-len(self.songs["train"]) // self.config.batch_size)

    def epochs(self, after_batch: Any = None) -> Iterator[Epoch]:
        """Trains until `total_epochs` and yields after each epoch; TrainingError when a loss is not a number.

        `after_batch` is called with no arguments after every batch.
        """
        for number in range(len(self.history), self.total_epochs):
            phase: Phase = "pretraining" if number < self.config.pretraining_epochs else "adversarial"
            started = time.monotonic()
            length = self._length(number, phase)
            self._set_rates(number, phase)
            step = self._pretrain if phase == "pretraining" else self._compete
            if number == self.config.pretraining_epochs and self.config.initialize_d:
                initialise(self.d, self.config.init_scale)
                self.d_optimizer = make_optimizer(self.config, [self.d], self.d_optimizer.param_groups[0]["lr"])
            rows: list[dict[str, float]] = []
            for songs in self._batches():
                losses = step(songs, length)
                rows.append({name: self.team.number(value) for name, value in losses.items()})
                if not all(np.isfinite(value) for value in rows[-1].values()):
                    raise TrainingError(
                        f"a loss is not a number in epoch {number + 1}: try a smaller learning_rate or max_grad_norm"
                    )
                if after_batch:
                    after_batch()
            means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
            validation = self.validation_loss("validation")
            epoch = Epoch(number, phase, length, time.monotonic() - started, validation_loss=validation, **means)
            self.history.append(epoch)
            yield epoch

    @torch.no_grad()
    def validation_loss(self, split: Split, windows: int = 256) -> float:
        """The pretraining loss on windows of songs that are not trained on; the same windows every time."""
        songs = self.songs[split][:windows]
        if not len(songs):
            return float("nan")
        state = torch.random.get_rng_state()
        torch.manual_seed(0)
        self.g.eval()
        loss = self.pretraining.judged(songs, self.config.songlength)
        self.g.train()
        torch.random.set_rng_state(state)
        return float(loss)

    def _length(self, epoch: int, phase: Phase) -> int:
        """The curriculum of pretraining: four events more each epoch."""
        growing = phase == "pretraining" and self.config.curriculum
        return min(4 * (epoch + 1), self.config.songlength) if growing else self.config.songlength

    def _set_rates(self, epoch: int, phase: Phase) -> None:
        g_rate, d_rate = rates(self.config, epoch, phase)
        for optimizer, rate in ((self.g_optimizer, g_rate), (self.d_optimizer, d_rate)):
            for group in optimizer.param_groups:
                group["lr"] = rate

    def _batches(self) -> Iterator[Any]:
        """Every training song once, in random order; the last batch is filled with songs from the beginning."""
        order = self.random.permutation(self.songs["train"])
        filled = np.resize(order, self.batches_per_epoch * self.config.batch_size)
        yield from np.split(filled, self.batches_per_epoch)

    def _regularisation(self, module: nn.Module) -> Tensor | float:
        if self.config.disable_l2_regularizer:
            return 0.0
        return l2_regularisation(list(module.parameters()), self.config.reg_scale)

    def _mixed(self) -> AbstractContextManager[Any]:
        """float16: bfloat16 on a CPU, whose kernels have no half precision to speak of."""
        return torch.autocast("cpu", torch.bfloat16, enabled=self.config.float16)

    def _step(self, loss: Tensor, optimizer: torch.optim.Optimizer, retain: bool = False) -> None:
        """One step of one side; only its own weights get gradients."""
        parameters = optimizer.param_groups[0]["params"]
        self._apply(optimizer, torch.autograd.grad(loss, parameters, retain_graph=retain, allow_unused=True))

    def _apply(self, optimizer: torch.optim.Optimizer, gradients: Sequence[Tensor | None]) -> None:
        parameters = optimizer.param_groups[0]["params"]
        for parameter, gradient in zip(parameters, self.team.mean(gradients), strict=True):
            parameter.grad = gradient
        nn.utils.clip_grad_norm_(parameters, self.config.max_grad_norm)
        optimizer.step()

    def _pretrain(self, songs: Any, length: int) -> dict[str, Tensor]:
        with self._mixed():
            loss = self.pretraining.loss(songs, length, self.random)
        self._step(loss + self._regularisation(self.g), self.g_optimizer)
        if not self.config.pretraining_d:
            return {"g_loss": loss}
        with self._mixed(), torch.no_grad():
            fake = self.pretraining.play(length, songs, self.random)
        judged = self._judge(songs, length, fake)
        self._step(judged.d_loss + self._regularisation(self.d), self.d_optimizer)
        return {"g_loss": loss, "d_loss": judged.d_loss}

    def _judge(self, songs: Any, length: int, fake: Tensor) -> Judgement:
        """D on real windows and on `fake` in one pass, which is twice as fast as two."""
        real = self.team.mine(torch.from_numpy(self.corpus.windows(songs, length, self.random)), 1)
        batch = real.shape[1]
        both = self.shown(real, fake, songs)
        kept = (self.team.pairs(both, len(songs)) < self.config.keep_prob) / self.config.keep_prob
        with self._mixed():
            shares, features = self.d(both, parts=2, kept=kept)
        shares, features = shares.float(), features.float()
        d_loss = discrimination_loss(shares[:batch], shares[batch:], self.config.real_label)
        return Judgement(d_loss, shares[:batch], shares[batch:], features[:, :batch], features[:, batch:])

    def shown(self, real: Tensor, fake: Tensor, songs: Any) -> Tensor:
        """What D sees of windows [steps, songs, features] of `songs` and of as many generated ones, side by side."""
        config = self.config
        # Blurred, too: real events lie exactly on rungs, which is all that D would look at otherwise.
        both = torch.cat([real, fake], 1)
        if config.input_jitter:
            both = blurred(both, self.steps, config.input_jitter, self.team.pairs(both, len(songs)))
        if config.generate_meta:
            classes = self.meta.output.out_features
            said = functional.one_hot(torch.from_numpy(self.composers[songs]), classes).float()
            drawn = self.meta(torch.rand(len(songs), config.noise_size))
            both = torch.cat([both, torch.cat([said, drawn]).expand(len(real), -1, -1)], -1)
        return both

    def _compete(self, songs: Any, length: int) -> dict[str, Tensor]:
        """One batch of the game; G and D are judged first, and who is far ahead rests."""
        config = self.config
        with self._mixed():
            fake = self.pretraining.play(length, songs, self.random)
        one_pass = self.one_pass
        heard = fake.detach().requires_grad_() if one_pass else fake
        seen = self._judge(songs, length, heard.float())
        adversarial = functional.binary_cross_entropy(seen.fake, torch.ones_like(seen.fake))
        freeze_d, freeze_g = self._frozen(seen.d_loss, adversarial)
        matched = adversarial
        if config.feature_matching:
            matched = feature_distance(seen.real_features.detach(), seen.fake_features)
        g_loss, own = config.adversarial_weight * matched, self._regularisation(self.g)
        if config.anchor:
            with self._mixed():
                anchor = config.anchor * self.pretraining.loss(songs, length, self.random)
            g_loss, own = g_loss + anchor, own + anchor
        if one_pass:
            self._step_both(seen, fake, heard, own, (freeze_g, freeze_d))
        else:
            # G's step changes no weight that D's gradient depends on: what G made is a constant to D.
            if not freeze_g:
                self._step(g_loss + self._regularisation(self.g), self.g_optimizer, retain=not freeze_d)
            if not freeze_d:
                self._step(seen.d_loss + self._regularisation(self.d), self.d_optimizer)
        return {
            "g_loss": g_loss, "d_loss": seen.d_loss, "adversarial_loss": adversarial,
            "d_real": seen.real.mean(), "d_fake": seen.fake.mean(),
            "frozen_g": torch.tensor(float(freeze_g)), "frozen_d": torch.tensor(float(freeze_d)),
        }  # fmt: skip

    @property
    def one_pass(self) -> bool:
        """Whether one way back through D is enough for both sides: where D judges each song by itself, in a number."""
        config = self.config
        return not (config.feature_matching or config.minibatch_d or config.generate_meta or config.float16)

    def _step_both(
        self, seen: Judgement, fake: Tensor, heard: Tensor, own: Tensor | float, frozen: tuple[bool, bool]
    ) -> None:
        """Both steps; D heard `heard`, a copy of the `fake` that G made. `own` is what G's loss has beside D's word."""
        freeze_g, freeze_d = frozen
        d_weights = [] if freeze_d else self.d_optimizer.param_groups[0]["params"]
        d_gradients, towards_g = through_d(
            seen, self._regularisation(self.d), d_weights, None if freeze_g else heard, self.config.adversarial_weight
        )
        if towards_g is not None:
            ends, starts = [fake], [towards_g]
            if isinstance(own, Tensor):
                ends, starts = [*ends, own], [*starts, torch.ones_like(own)]
            weights = self.g_optimizer.param_groups[0]["params"]
            self._apply(self.g_optimizer, torch.autograd.grad(ends, weights, starts, allow_unused=True))
        if d_gradients:
            self._apply(self.d_optimizer, d_gradients)

    def _frozen(self, d_loss: Tensor, g_loss: Tensor) -> tuple[bool, bool]:
        if not self.config.freezing:
            return False, False
        return frozen_sides(self.team.number(d_loss), self.team.number(g_loss))

    def save(self, directory: Path) -> None:
        """Writes the checkpoint into `directory`."""
        directory.mkdir(parents=True, exist_ok=True)
        content = {
            "config": self.config.to_dict(),
            "corpus": self.corpus.sha256,
            "history": [epoch.to_dict() for epoch in self.history],
            "g": self.g.state_dict(), "d": self.d.state_dict(), "meta": self.meta.state_dict(),
            "g_optimizer": self.g_optimizer.state_dict(), "d_optimizer": self.d_optimizer.state_dict(),
            "torch_random": torch.random.get_rng_state(), "numpy_random": self.random.bit_generator.state,
            "pretraining": self.pretraining.state(),
        }  # fmt: skip
        save_checkpoint(directory / CHECKPOINT_FILE, content)

    @classmethod
    def resume(
        cls, directory: Path, corpus: Corpus, changes: Iterable[str] = (), config: CrnnganConfig | None = None,
        team: Team | None = None,
    ) -> "Trainer":  # fmt: skip
        """The run that `save` wrote, over the same corpus; `changes` such as "max_epoch=9" replace settings.

        `config` replaces them all (ignore_saved_args). TrainingError where the weights do not fit.
        """
        content = load_checkpoint(directory / CHECKPOINT_FILE)
        if content["corpus"] != corpus.sha256:
            raise TrainingError("the checkpoint was trained on another corpus, or the corpus has changed since")
        trainer = cls((config or CrnnganConfig.from_dict(content["config"])).changed(changes), corpus, team)
        trainer.history = [Epoch(**epoch) for epoch in content["history"]]
        try:
            trainer.g.load_state_dict(content["g"])
            trainer.d.load_state_dict(content["d"])
            if "meta" in content:
                trainer.meta.load_state_dict(content["meta"])
            trainer.g_optimizer.load_state_dict(content["g_optimizer"])
            trainer.d_optimizer.load_state_dict(content["d_optimizer"])
            trainer.pretraining.restore(content.get("pretraining", {}))
        except (RuntimeError, ValueError) as error:
            raise TrainingError(
                f"the checkpoint in {directory} holds networks of another shape: train anew, or undo changes of "
                "sizes, layers and tones_per_cell"
            ) from error
        torch.random.set_rng_state(content["torch_random"])
        trainer.random.bit_generator.state = content["numpy_random"]
        return trainer
