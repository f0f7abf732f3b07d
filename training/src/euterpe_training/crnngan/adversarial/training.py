"""Adversarial training of a pretrained categorical generator, step by step, with checkpoints."""

import copy
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from euterpe_training.checkpoints import CHECKPOINT_FILE, load_checkpoint, save_checkpoint
from euterpe_training.crnngan.adversarial.config import AdversarialConfig
from euterpe_training.crnngan.adversarial.critic import critic_graph, critic_loss, make_critic
from euterpe_training.crnngan.adversarial.updates import (
    Policy,
    advantages,
    divergence,
    one_hot,
    policy_loss,
    relaxed_loss,
)
from euterpe_training.crnngan.corpora import Corpus
from euterpe_training.crnngan.models.categorical import CategoricalGenerator, CategoricalState
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.crnngan.trainer.pretraining import Likelihood
from euterpe_training.errors import TrainingError

STATE_FILE: Final = "adversarial.pt"
LOG_FILE: Final = "steps.jsonl"
#: Share of pieces that are composed without style and density, as users do by default.
_UNCONDITIONED: Final = 0.5
#: Batches of generated pieces that are kept for the critic.
_KEPT: Final = 20


class AdversarialTraining:
    """Training from the run in `start`, whose directory is not changed. `trainer.g` is the generator."""

    def __init__(self, config: AdversarialConfig, start: Path, corpus: Corpus, device: torch.device) -> None:
        self.config, self.start = config, start
        self.trainer = Trainer.resume(start, corpus, device=device)
        g = self.trainer.g
        if not isinstance(g, CategoricalGenerator) or not isinstance(self.trainer.pretraining, Likelihood):
            raise TrainingError(
                f"adversarial training needs a generator with outputs=categorical; {start} has another one"
            )
        self.pretraining = self.trainer.pretraining
        sharpness = self.trainer.config.pitch_sharpness
        self.policy, self.reference = Policy(g, sharpness), Policy(copy.deepcopy(g).requires_grad_(False), sharpness)
        torch.manual_seed(config.seed)
        self.random = np.random.default_rng(config.seed)
        self.critic = make_critic(g.classes, config.dropout).to(device)
        self.g_optimizer = torch.optim.Adam(g.parameters(), config.rate, betas=(0.5, 0.99))
        self.critic_optimizer = torch.optim.AdamW(
            self.critic.parameters(), config.critic_rate, betas=(0.5, 0.99), weight_decay=0.05
        )
        self.kept: list[Tensor] = []
        self._segment = 0
        self._controls = torch.zeros(0)
        #: States of G and of the reference before the current events of the pieces, and of G after them.
        self._states: list[CategoricalState] = []
        self.steps_done = 0
        songs, corpus = self.trainer.songs["train"], self.trainer.corpus
        self.songs = songs[np.diff(corpus.offsets)[songs] >= config.events]
        if not len(self.songs):
            raise TrainingError(f"no training song has {config.events} events: choose fewer events")

    def run(self, directory: Path, report: Callable[[dict[str, float]], None], until: float = float("inf")) -> bool:
        """Train until `steps` or the time `until` of `time.monotonic`; return whether all steps are done.

        Write a checkpoint of the run with the critic into `directory`, and a line per step. Raise TrainingError when a
        loss is not finite.
        """
        directory.mkdir(parents=True, exist_ok=True)
        for _ in range(0 if self.steps_done else self.config.critic_warmup):
            is_full = len(self.kept) == _KEPT
            self._train_critic(self.kept[int(self.random.integers(_KEPT))] if is_full else self._compose())
        if not self.steps_done:
            # G begins with new pieces: the reference has no state of those that the critic was trained on.
            self._segment = 0
        with (directory / LOG_FILE).open("a", encoding="utf-8") as log:
            while self.steps_done < self.config.steps and time.monotonic() < until:
                row = self.step()
                if not all(np.isfinite(value) for value in row.values()):
                    raise TrainingError(f"a loss is not a number in step {self.steps_done}: choose a smaller rate")
                log.write(json.dumps(row) + "\n")
                report(row)
        self.save(directory)
        return self.steps_done >= self.config.steps

    def step(self) -> dict[str, float]:
        """Update the critic and G once each (the critic `critic_steps` times); return losses and rewards."""
        started, config = time.perf_counter(), self.config
        codes = self._compose()
        losses = [self._train_critic(codes) for _ in range(config.critic_steps)]
        self.critic.eval()
        loss, divergence_now, anchor = self._generator_loss(codes)
        self.g_optimizer.zero_grad()
        (loss + config.kl * divergence_now + config.likelihood * anchor).backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.policy.g.parameters(), 1.0)
        self.g_optimizer.step()
        self.steps_done += 1
        with torch.no_grad():
            fake = self.critic(codes.transpose(0, 1)).mean()
            real = self.critic(self._real_windows(config.events)).mean()
        return {
            "step": self.steps_done, "critic_loss": losses[-1], "g_loss": float(loss.detach()),
            "kl": float(divergence_now.detach()), "likelihood": float(anchor.detach()), "gradient_norm": float(norm),
            "logit_real": float(real), "logit_generated": float(fake), "seconds": time.perf_counter() - started,
        }  # fmt: skip

    def _generator_loss(self, codes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        config, controls = self.config, self._controls
        before, reference_before, _ = self._states
        nothing = torch.zeros((), device=codes.device)
        if config.method == "policy":
            found, _ = self.policy.log_probabilities(codes, controls, before)
            loss = policy_loss(found, codes, advantages(self.critic, codes, config.discount))
        else:
            samples = self.policy.compose_relaxed(self._noise(), controls, config.temperature, before)
            length, start = self._draw_window()
            windows = [part[start : start + length].transpose(0, 1) for part in samples]
            loss = relaxed_loss(self.critic, windows, one_hot(self._real_windows(length), self._sizes))
            found = self.policy.log_probabilities(codes, controls, before)[0] if config.kl else ()
        with torch.no_grad():
            reference, self._states[1] = self.reference.log_probabilities(codes, controls, reference_before)
        distance = divergence(found, reference) if config.kl else nothing
        songs, length = self.trainer.songs["train"], self.trainer.config.songlength
        anchor = self.pretraining.loss(songs, length, self.random) if config.likelihood else nothing
        return loss, distance, anchor

    def _train_critic(self, codes: Tensor) -> float:
        """Update the critic once on windows of one length."""
        config = self.config
        if self.kept and self.random.random() < config.replay:
            codes = self.kept[int(self.random.integers(len(self.kept)))]
        length, start = self._draw_window()
        fake = codes[start : start + length].transpose(0, 1)
        self.critic.train()
        loss = critic_loss(
            self.critic, one_hot(self._real_windows(length), self._sizes), one_hot(fake, self._sizes),
            penalty=config.gradient_penalty, real_label=config.real_label, relativistic=config.method == "relaxed",
        )  # fmt: skip
        self.critic_optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.critic.parameters(), 1.0)
        self.critic_optimizer.step()
        return float(loss.detach())

    @property
    def _sizes(self) -> tuple[int, ...]:
        return self.policy.g.classes.sizes

    def _compose(self) -> Tensor:
        """Compose the next events of the pieces, or the first ones of new pieces, and keep them for the critic."""
        if self._segment % self.config.segments == 0:
            self._controls = self._draw_controls()
            first = self.policy.g.initial_state(self.config.batch)
            self._states = [first, first, first]
        self._states[0] = self._states[2]
        codes, self._states[2] = self.policy.compose(self._noise(), self._controls, self._states[0])
        self._segment += 1
        self.kept = [*self.kept[-_KEPT + 1 :], codes]
        return codes

    def _noise(self) -> Tensor:
        return torch.rand(self.config.events, self.config.batch, 4).to(self.trainer.device)

    def _draw_controls(self) -> Tensor:
        source, rows = self.pretraining.source, []
        for song in self.random.choice(self.songs, self.config.batch):
            is_free = self.random.random() < _UNCONDITIONED
            rows.append(source.controls.vector() if is_free else source.draw_controls(int(song), self.random))
        return torch.from_numpy(np.stack(rows)).to(self.trainer.device)

    def _draw_window(self) -> tuple[int, int]:
        """Return the length of a window and where it begins in a composed piece."""
        length = int(self.random.choice(self.config.windows))
        return length, int(self.random.integers(self.config.events - length + 1))

    def _real_windows(self, length: int) -> Tensor:
        """Return classes [batch, length, 4] of windows of training songs."""
        offsets = self.trainer.corpus.offsets
        songs = self.random.choice(self.songs, self.config.batch)
        starts = self.random.integers(offsets[songs], offsets[songs + 1] - length + 1)
        return self.pretraining.source.window(starts, length).transpose(0, 1).to(self.trainer.device)

    def save(self, directory: Path) -> None:
        """Write the run's checkpoint with the weights of G, and the state of adversarial training."""
        self.trainer.save(directory)
        content: dict[str, Any] = {
            "config": asdict(self.config), "steps_done": self.steps_done, "critic": self.critic.state_dict(),
            "g_optimizer": self.g_optimizer.state_dict(), "critic_optimizer": self.critic_optimizer.state_dict(),
            "torch_random": torch.random.get_rng_state(), "numpy_random": self.random.bit_generator.state,
            "kept": self.kept, "segment": self._segment, "controls": self._controls,
            "states": [tuple(state) for state in self._states],
        }  # fmt: skip
        save_checkpoint(directory / STATE_FILE, content)

    @classmethod
    def resume(cls, directory: Path, start: Path, corpus: Corpus, device: torch.device) -> "AdversarialTraining":
        """Return the training in `directory`, which was begun from the run in `start`."""
        content = load_checkpoint(directory / STATE_FILE)
        training = cls(AdversarialConfig.from_dict(content["config"]), start, corpus, device)
        run = load_checkpoint(directory / CHECKPOINT_FILE)
        training.policy.g.load_state_dict(run["g"])
        training.pretraining.restore(run["pretraining"])
        training.critic.load_state_dict(content["critic"])
        training.g_optimizer.load_state_dict(content["g_optimizer"])
        training.critic_optimizer.load_state_dict(content["critic_optimizer"])
        training.kept = [codes.to(device) for codes in content["kept"]]
        training.steps_done, training._segment = content["steps_done"], content["segment"]
        training._controls = content["controls"].to(device)
        training._states = [CategoricalState(*(part.to(device) for part in state)) for state in content["states"]]
        torch.random.set_rng_state(content["torch_random"])
        training.random.bit_generator.state = content["numpy_random"]
        return training


def load_critic_graph(directory: Path, trainer: Trainer) -> bytes:
    """Return the graph of the critic in `directory`, whose run is `trainer`."""
    content = load_checkpoint(directory / STATE_FILE)
    g = trainer.g
    if not isinstance(g, CategoricalGenerator):
        raise TrainingError(f"{directory} has no categorical generator")
    critic = make_critic(g.classes, 0.0)
    critic.load_state_dict(content["critic"])
    return critic_graph(critic.eval(), g.classes)
