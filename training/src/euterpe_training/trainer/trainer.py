"""Pretraining, then adversarial training, of a C-RNN-GAN."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from euterpe_training.corpora import Corpus, Split
from euterpe_training.errors import TrainingError
from euterpe_training.losses import feature_distance, l2_regularisation
from euterpe_training.models.categorical import CategoricalGenerator
from euterpe_training.models.classes import EventClasses
from euterpe_training.models.controls import Controls
from euterpe_training.models.crnngan import Discriminator, Generator, discrimination_loss
from euterpe_training.recipes.config import CrnnganConfig
from euterpe_training.trainer.checkpoint import CHECKPOINT_FILE, load_checkpoint, save_checkpoint
from euterpe_training.trainer.freezing import frozen_sides
from euterpe_training.trainer.history import Epoch, Phase
from euterpe_training.trainer.jitter import ladder_steps
from euterpe_training.trainer.pretraining import Likelihood, Pretraining, TeacherForcing, blurred


class Trainer:
    """One run over one corpus. `epochs()` trains; between two epochs the run can be saved and gone on with later.

    Two runs with one configuration and corpus are equal on one machine and number of threads, also across a resume.
    """

    def __init__(self, config: CrnnganConfig, corpus: Corpus) -> None:
        self.config, self.corpus = config, corpus
        torch.manual_seed(config.seed)
        self.random = np.random.default_rng(config.seed)
        self.songs: dict[Split, Any] = {name: corpus.split(name) for name in ("train", "validation", "test")}
        if not len(self.songs["train"]):
            raise TrainingError(f"the corpus has {len(corpus)} usable songs, too few to train on")
        self.g = _generator(config)
        self.d = _discriminator(config)
        self.steps = ladder_steps(config.spec)
        self.pretraining = _pretraining(config, corpus, self.g, self.steps, self.songs["train"])
        self.g_optimizer = _optimizer(config, self.g, self._pretraining_rate)
        self.d_optimizer = _optimizer(config, self.d, config.learning_rate * config.d_lr_factor)
        self.history: list[Epoch] = []

    @property
    def _pretraining_rate(self) -> float:
        return self.config.pretraining_learning_rate or self.config.learning_rate

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
            rows: list[dict[str, float]] = []
            for songs in self._batches():
                rows.append(step(songs, length))
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
        config = self.config
        start = 0 if phase == "pretraining" else config.pretraining_epochs
        decay = config.lr_decay ** max(epoch - start - config.epochs_before_decay, 0)
        g_rate = self._pretraining_rate if phase == "pretraining" else config.learning_rate
        if phase == "pretraining" and config.anneal_pretraining:
            # To a hundredth along a cosine: the score is noisy, and the last fine steps are what one hears.
            share = (epoch + 1) / config.pretraining_epochs
            decay *= 0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * share)))
        for group in self.g_optimizer.param_groups:
            group["lr"] = g_rate * decay
        for group in self.d_optimizer.param_groups:
            group["lr"] = config.learning_rate * config.d_lr_factor * decay

    def _batches(self) -> Iterator[Any]:
        """Every training song once, in random order; the last batch is filled with songs from the beginning."""
        order = self.random.permutation(self.songs["train"])
        filled = np.resize(order, self.batches_per_epoch * self.config.batch_size)
        yield from np.split(filled, self.batches_per_epoch)

    def _regularisation(self, module: nn.Module) -> Tensor | float:
        if self.config.disable_l2_regularizer:
            return 0.0
        return l2_regularisation(list(module.parameters()), self.config.reg_scale)

    def _step(self, loss: Tensor, module: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(module.parameters(), self.config.max_grad_norm)
        optimizer.step()

    def _pretrain(self, songs: Any, length: int) -> dict[str, float]:
        loss = self.pretraining.loss(songs, length, self.random)
        self._step(loss + self._regularisation(self.g), self.g, self.g_optimizer)
        return {"g_loss": float(loss.detach())}

    def _compete(self, songs: Any, length: int) -> dict[str, float]:
        """One batch of the game; G and D are judged first, and who is far ahead rests."""
        config = self.config
        real = torch.from_numpy(self.corpus.windows(songs, length, self.random))
        # Blurred, too: real events lie exactly on rungs, which is all that D would look at otherwise.
        real_share, real_features = self.d(blurred(real, self.steps, config.input_jitter))
        fake = blurred(self.pretraining.play(length, songs, self.random), self.steps, config.input_jitter)
        fake_share, _ = self.d(fake.detach())
        d_loss = discrimination_loss(real_share, fake_share, config.real_label)
        judged, fake_features = self.d(fake)
        adversarial = functional.binary_cross_entropy(judged, torch.ones_like(judged))
        freeze_d, freeze_g = self._frozen(d_loss, adversarial)
        matched = feature_distance(real_features.detach(), fake_features) if config.feature_matching else adversarial
        g_loss = config.adversarial_weight * matched
        if config.anchor:
            g_loss = g_loss + config.anchor * self.pretraining.loss(songs, length, self.random)
        if not freeze_g:
            self._step(g_loss + self._regularisation(self.g), self.g, self.g_optimizer)
        if not freeze_d:
            self._step(d_loss + self._regularisation(self.d), self.d, self.d_optimizer)
        return {
            "g_loss": float(g_loss.detach()), "d_loss": float(d_loss.detach()),
            "adversarial_loss": float(adversarial.detach()),
            "d_real": float(real_share.detach().mean()), "d_fake": float(fake_share.detach().mean()),
            "frozen_g": float(freeze_g), "frozen_d": float(freeze_d),
        }  # fmt: skip

    def _frozen(self, d_loss: Tensor, g_loss: Tensor) -> tuple[bool, bool]:
        return frozen_sides(float(d_loss.detach()), float(g_loss.detach())) if self.config.freezing else (False, False)

    def save(self, directory: Path) -> None:
        """Writes the checkpoint into `directory`."""
        directory.mkdir(parents=True, exist_ok=True)
        content = {
            "config": self.config.to_dict(),
            "corpus": self.corpus.sha256,
            "history": [epoch.to_dict() for epoch in self.history],
            "g": self.g.state_dict(), "d": self.d.state_dict(),
            "g_optimizer": self.g_optimizer.state_dict(), "d_optimizer": self.d_optimizer.state_dict(),
            "torch_random": torch.random.get_rng_state(), "numpy_random": self.random.bit_generator.state,
            "pretraining": self.pretraining.state(),
        }  # fmt: skip
        save_checkpoint(directory / CHECKPOINT_FILE, content)

    @classmethod
    def resume(cls, directory: Path, corpus: Corpus, changes: Iterable[str] = ()) -> "Trainer":
        """The run that `save` wrote, over the same corpus; `changes` such as "max_epoch=9" replace settings."""
        content = load_checkpoint(directory / CHECKPOINT_FILE)
        if content["corpus"] != corpus.sha256:
            raise TrainingError("the checkpoint was trained on another corpus, or the corpus has changed since")
        trainer = cls(CrnnganConfig.from_dict(content["config"]).changed(changes), corpus)
        trainer.history = [Epoch(**epoch) for epoch in content["history"]]
        trainer.g.load_state_dict(content["g"])
        trainer.d.load_state_dict(content["d"])
        trainer.g_optimizer.load_state_dict(content["g_optimizer"])
        trainer.d_optimizer.load_state_dict(content["d_optimizer"])
        trainer.pretraining.restore(content.get("pretraining", {}))
        torch.random.set_rng_state(content["torch_random"])
        trainer.random.bit_generator.state = content["numpy_random"]
        return trainer


def _generator(config: CrnnganConfig) -> Generator | CategoricalGenerator:
    if config.outputs == "categorical":
        classes, controls = EventClasses(config.spec), Controls(config.styles, config.density_edges)
        return CategoricalGenerator(classes, config.hidden_size_g, config.num_layers, controls.size)
    return Generator(
        config.spec.features, config.noise_size, config.hidden_size_g, config.num_layers, config.init_scale
    )


def _pretraining(
    config: CrnnganConfig, corpus: Corpus, g: Generator | CategoricalGenerator, steps: Tensor, songs: Any
) -> Pretraining:
    if isinstance(g, CategoricalGenerator):
        return Likelihood(config, corpus, Controls(config.styles, config.density_edges), g, songs)
    return TeacherForcing(config, corpus, g, steps)


def _discriminator(config: CrnnganConfig) -> Discriminator:
    return Discriminator(
        config.spec.features, config.hidden_size_d, config.num_layers, config.keep_prob, config.init_scale,
        config.unidirectional_d, config.end_classification, config.minibatch_d,
    )  # fmt: skip


def _optimizer(config: CrnnganConfig, module: nn.Module, rate: float) -> torch.optim.Optimizer:
    if config.optimizer == "adam":
        return torch.optim.Adam(module.parameters(), rate)
    return torch.optim.SGD(module.parameters(), rate)
