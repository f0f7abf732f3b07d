"""Pretraining and adversarial training of a C-RNN-GAN (references.md §1)."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from euterpe_training.checkpoints import CHECKPOINT_FILE, load_checkpoint, save_checkpoint
from euterpe_training.crnngan.corpora import Corpus, Split
from euterpe_training.crnngan.corpora.split import composer
from euterpe_training.crnngan.losses import feature_distance, l2_regularisation
from euterpe_training.crnngan.models.crnngan import ComposerGenerator, discrimination_loss, initialise
from euterpe_training.crnngan.recipes.config import CrnnganConfig
from euterpe_training.crnngan.trainer.discriminator_output import DiscriminatorOutput, discriminator_gradients
from euterpe_training.crnngan.trainer.history import Epoch, Phase
from euterpe_training.crnngan.trainer.input_noise import add_input_noise, quantizer_steps
from euterpe_training.crnngan.trainer.learning_rates import learning_rates
from euterpe_training.crnngan.trainer.networks import (
    make_discriminator,
    make_generator,
    make_optimizer,
    make_pretraining,
)
from euterpe_training.crnngan.trainer.process_group import ProcessGroup
from euterpe_training.crnngan.trainer.update_balancing import skipped_updates
from euterpe_training.errors import TrainingError

CPU: Final = torch.device("cpu")
PARTS: Final[tuple[Split, ...]] = ("validation", "test", "train")


class Trainer:
    """One run on one corpus. `epochs()` trains; between two epochs the run can be saved, and resumed later.

    Two runs with equal configuration and corpus are equal on one machine and number of threads, also across a resume.
    """

    def __init__(
        self, config: CrnnganConfig, corpus: Corpus, group: ProcessGroup | None = None, device: torch.device = CPU
    ) -> None:
        self.config, self.corpus, self.group, self.device = config, corpus, group or ProcessGroup(), device
        self.group.check(config)
        torch.manual_seed(config.seed)
        self.random = np.random.default_rng(config.seed)
        self.songs: dict[Split, Any] = {name: corpus.split(name, shares=config.shares) for name in PARTS}
        if len(self.songs["train"]) < config.batch_size:
            raise TrainingError(
                f"batch_size must be at most the number of training songs, {len(self.songs['train'])}, "
                f"got {config.batch_size}: choose a smaller batch_size or a larger corpus"
            )
        names = sorted({composer(name) for name in corpus.names})
        self.composers = np.array([names.index(composer(name)) for name in corpus.names])
        self.g = make_generator(config).to(device)
        self.d = make_discriminator(config, len(names)).to(device)
        meta = ComposerGenerator(config.noise_size, config.meta_layer_size, len(names), config.init_scale)
        self.meta = meta.to(device)
        self.steps = quantizer_steps(config.spec).to(device)
        self.pretraining = make_pretraining(config, corpus, self.g, self.steps, self.songs["train"], self.group)
        g_modules = [self.g, self.meta] if config.generate_meta else [self.g]
        g_rate, d_rate = learning_rates(config, 0, "pretraining")
        self.g_optimizer = make_optimizer(config, g_modules, g_rate)
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

    def epochs(self, after_batch: Callable[[], None] = lambda: None) -> Iterator[Epoch]:
        """Train until `total_epochs` and yield each epoch; call `after_batch` after every batch.

        Raise TrainingError when a loss is not finite.
        """
        for number in range(len(self.history), self.total_epochs):
            phase: Phase = "pretraining" if number < self.config.pretraining_epochs else "adversarial"
            started = time.monotonic()
            length = self.window_length(number, phase)
            self._set_learning_rates(number, phase)
            if number == self.config.pretraining_epochs and self.config.initialize_d:
                initialise(self.d, self.config.init_scale)
                self.d_optimizer = make_optimizer(self.config, [self.d], self.d_optimizer.param_groups[0]["lr"])
            rows: list[dict[str, float]] = []
            for songs in self._batches():
                losses = self.train_batch(phase, songs, length)
                rows.append({name: self.group.mean_scalar(value) for name, value in losses.items()})
                if not all(np.isfinite(value) for value in rows[-1].values()):
                    raise TrainingError(
                        f"a loss is not a number in epoch {number + 1}: try a smaller learning_rate or max_grad_norm"
                    )
                after_batch()
            means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
            validation = self.validation_loss("validation")
            epoch = Epoch(number, phase, length, time.monotonic() - started, validation_loss=validation, **means)
            self.history.append(epoch)
            yield epoch

    def train_batch(self, phase: Phase, songs: Any, length: int) -> dict[str, Tensor]:
        """Train on one batch of windows of `length` events of `songs`; return its losses."""
        return (self._pretrain if phase == "pretraining" else self._train_adversarially)(songs, length)

    @torch.no_grad()
    def validation_loss(self, split: Split, windows: int = 256) -> float:
        """Return the pretraining loss on fixed windows of the songs of a part; nan for a part without songs."""
        songs = self.songs[split][:windows]
        if not len(songs):
            return float("nan")
        state = torch.random.get_rng_state()
        torch.manual_seed(PARTS.index(split))
        self.g.eval()
        loss = self.pretraining.evaluation_loss(songs, self.config.songlength)
        self.g.train()
        torch.random.set_rng_state(state)
        return float(loss)

    def window_length(self, epoch: int, phase: Phase) -> int:
        """Return the events of a window; the curriculum of pretraining adds four each epoch."""
        growing = phase == "pretraining" and self.config.curriculum
        return min(4 * (epoch + 1), self.config.songlength) if growing else self.config.songlength

    def _set_learning_rates(self, epoch: int, phase: Phase) -> None:
        g_rate, d_rate = learning_rates(self.config, epoch, phase)
        for optimizer, rate in ((self.g_optimizer, g_rate), (self.d_optimizer, d_rate)):
            for group in optimizer.param_groups:
                group["lr"] = rate

    def _batches(self) -> Iterator[Any]:
        """Yield every training song once, in random order; the last batch is filled with songs from the beginning."""
        order = self.random.permutation(self.songs["train"])
        filled = np.resize(order, self.batches_per_epoch * self.config.batch_size)
        yield from np.split(filled, self.batches_per_epoch)

    def _regularisation(self, module: nn.Module) -> Tensor | float:
        if self.config.disable_l2_regularizer:
            return 0.0
        return l2_regularisation(list(module.parameters()), self.config.reg_scale)

    def _mixed_precision(self) -> AbstractContextManager[Any]:
        """Return the context of `float16`: bfloat16, which needs no scaling of losses and has kernels on CPUs, too."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.float16)

    def _step(self, loss: Tensor, optimizer: torch.optim.Optimizer, retain: bool = False) -> None:
        """Update the weights of one network; no others get gradients."""
        parameters = optimizer.param_groups[0]["params"]
        self._apply(optimizer, torch.autograd.grad(loss, parameters, retain_graph=retain, allow_unused=True))

    def _apply(self, optimizer: torch.optim.Optimizer, gradients: Sequence[Tensor | None]) -> None:
        parameters = optimizer.param_groups[0]["params"]
        for parameter, gradient in zip(parameters, self.group.mean(gradients), strict=True):
            parameter.grad = gradient
        nn.utils.clip_grad_norm_(parameters, self.config.max_grad_norm)
        optimizer.step()

    def _pretrain(self, songs: Any, length: int) -> dict[str, Tensor]:
        with self._mixed_precision():
            loss = self.pretraining.loss(songs, length, self.random)
        self._step(loss + self._regularisation(self.g), self.g_optimizer)
        if not self.config.pretraining_d:
            return {"g_loss": loss}
        with self._mixed_precision(), torch.no_grad():
            fake = self.pretraining.rollout(length, songs, self.random)
        output = self._discriminate(songs, length, fake)
        self._step(output.d_loss + self._regularisation(self.d), self.d_optimizer)
        return {"g_loss": loss, "d_loss": output.d_loss}

    def _discriminate(self, songs: Any, length: int, fake: Tensor) -> DiscriminatorOutput:
        """Run D on real windows and on `fake` in one pass, which is twice as fast as two."""
        windows = torch.from_numpy(self.corpus.windows(songs, length, self.random)).to(self.device)
        real = self.group.shard(windows, 1)
        batch = real.shape[1]
        pairs = self.discriminator_input(real, fake, songs)
        mask = (self.group.draw_pairs(pairs, len(songs)) < self.config.keep_prob) / self.config.keep_prob
        with self._mixed_precision():
            probabilities, features = self.d(pairs, parts=2, dropout_mask=mask)
        probabilities, features = probabilities.float(), features.float()
        d_loss = discrimination_loss(probabilities[:batch], probabilities[batch:], self.config.real_label)
        return DiscriminatorOutput(
            d_loss, probabilities[:batch], probabilities[batch:], features[:, :batch], features[:, batch:]
        )

    def discriminator_input(self, real: Tensor, fake: Tensor, songs: Any) -> Tensor:
        """Concatenate real and generated windows [steps, songs, features], with noise and composers as configured."""
        config = self.config
        pairs = torch.cat([real, fake], 1)
        # Real events are exactly on quantizer levels; without noise, D would learn to look at nothing else.
        if config.input_jitter:
            pairs = add_input_noise(
                pairs, self.steps, config.input_jitter, self.group.draw_pairs(pairs, len(songs))
            )  # fmt: skip
        if config.generate_meta:
            classes = self.meta.output.out_features
            known = functional.one_hot(torch.from_numpy(self.composers[songs]), classes).float().to(self.device)
            generated = self.meta(torch.rand(len(songs), config.noise_size).to(self.device))
            pairs = torch.cat([pairs, torch.cat([known, generated]).expand(len(real), -1, -1)], -1)
        return pairs

    def _train_adversarially(self, songs: Any, length: int) -> dict[str, Tensor]:
        """Train on one batch: compute both losses, then update the networks that update balancing does not skip."""
        config = self.config
        with self._mixed_precision():
            fake = self.pretraining.rollout(length, songs, self.random)
        single_backward = self.single_backward
        d_input = fake.detach().requires_grad_() if single_backward else fake
        output = self._discriminate(songs, length, d_input.float())
        adversarial = functional.binary_cross_entropy(output.fake, torch.ones_like(output.fake))
        skip_d, skip_g = self._skipped_updates(output.d_loss, adversarial)
        matched = adversarial
        if config.feature_matching:
            matched = feature_distance(output.real_features.detach(), output.fake_features)
        g_loss, other_losses = config.adversarial_weight * matched, self._regularisation(self.g)
        if config.anchor:
            with self._mixed_precision():
                anchor = config.anchor * self.pretraining.loss(songs, length, self.random)
            g_loss, other_losses = g_loss + anchor, other_losses + anchor
        if single_backward:
            self._step_both(output, fake, d_input, other_losses, (skip_g, skip_d))
        else:
            # G's update changes no weight on which D's gradient depends: generated events are constants for D.
            if not skip_g:
                self._step(g_loss + self._regularisation(self.g), self.g_optimizer, retain=not skip_d)
            if not skip_d:
                self._step(output.d_loss + self._regularisation(self.d), self.d_optimizer)
        return {
            "g_loss": g_loss, "d_loss": output.d_loss, "adversarial_loss": adversarial,
            "d_real": output.real.mean(), "d_fake": output.fake.mean(),
            "frozen_g": torch.tensor(float(skip_g)), "frozen_d": torch.tensor(float(skip_d)),
        }  # fmt: skip

    @property
    def single_backward(self) -> bool:
        """Whether one backward pass through D serves both networks: D maps each song independently to a number."""
        config = self.config
        return not (config.feature_matching or config.minibatch_d or config.generate_meta or config.float16)

    def _step_both(
        self, output: DiscriminatorOutput, fake: Tensor, d_input: Tensor, other_losses: Tensor | float,
        skipped: tuple[bool, bool],
    ) -> None:  # fmt: skip
        """Update both networks with one backward pass through D.

        `d_input` is the detached copy of G's `fake` that D was run on; `other_losses` are G's without D's.
        """
        skip_g, skip_d = skipped
        d_weights = [] if skip_d else self.d_optimizer.param_groups[0]["params"]
        d_gradients, fake_gradient = discriminator_gradients(
            output, self._regularisation(self.d), d_weights, None if skip_g else d_input, self.config.adversarial_weight
        )
        if fake_gradient is not None:
            outputs, gradients = [fake], [fake_gradient]
            if isinstance(other_losses, Tensor):
                outputs, gradients = [*outputs, other_losses], [*gradients, torch.ones_like(other_losses)]
            weights = self.g_optimizer.param_groups[0]["params"]
            self._apply(self.g_optimizer, torch.autograd.grad(outputs, weights, gradients, allow_unused=True))
        if d_gradients:
            self._apply(self.d_optimizer, d_gradients)

    def _skipped_updates(self, d_loss: Tensor, g_loss: Tensor) -> tuple[bool, bool]:
        if not self.config.freezing:
            return False, False
        return skipped_updates(self.group.mean_scalar(d_loss), self.group.mean_scalar(g_loss))

    def save(self, directory: Path) -> None:
        """Write the checkpoint into `directory`."""
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
        group: ProcessGroup | None = None, device: torch.device = CPU,
    ) -> "Trainer":  # fmt: skip
        """Load the run in `directory`, on the same corpus; `changes` such as "max_epoch=9" replace settings.

        `config` replaces all settings (ignore_saved_args). Raise TrainingError for another corpus, or when the weights
        do not fit the configuration.
        """
        content = load_checkpoint(directory / CHECKPOINT_FILE)
        if content["corpus"] != corpus.sha256:
            raise TrainingError("the checkpoint was trained on another corpus, or the corpus has changed since")
        trainer = cls((config or CrnnganConfig.from_dict(content["config"])).changed(changes), corpus, group, device)
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
                f"the checkpoint in {directory} has networks of other sizes: train a new run, or do not change sizes, "
                "layers and tones_per_cell"
            ) from error
        torch.random.set_rng_state(content["torch_random"])
        trainer.random.bit_generator.state = content["numpy_random"]
        return trainer
