"""Train an ensemble network; the same command starts a run and resumes it."""

import itertools
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from euterpe_music.note_events.spec import COLUMNS
from torch import Tensor

from euterpe_training.ensemble.checkpoint import CHECKPOINT_FILE, append_history, load_checkpoint, save_checkpoint
from euterpe_training.ensemble.config import TrainingConfig
from euterpe_training.ensemble.dataset import Dataset, Example
from euterpe_training.ensemble.examples import held_out_examples, training_examples
from euterpe_training.ensemble.loader import Batch, Loader
from euterpe_training.ensemble.losses import column_losses, total_losses
from euterpe_training.ensemble.networks.backbones import detach
from euterpe_training.ensemble.networks.ensemble import EnsembleNetwork
from euterpe_training.ensemble.schedule import learning_rate
from euterpe_training.ensemble.threads import ThreadTuner
from euterpe_training.errors import TrainingError

_SECONDS_BETWEEN_CHECKPOINTS = 600.0
_SECONDS_BETWEEN_REPORTS = 60.0


@dataclass(frozen=True)
class Machine:
    """Where and how a training runs; nothing here changes what is computed but for rounding.

    `threads` 0 means: try and keep the fastest. `workers` processes draw examples. `cpu_seconds` ends the run early.
    `compiled` fuses the network's operations, which needs a C++ compiler (1.17 times the events per second on two cores
    without AMX).
    """

    device: str = "cpu"
    threads: int = 0
    workers: int = 0
    cpu_seconds: float = 0.0
    compiled: bool = False
    evaluate_every: int = 4_000_000
    validation_pieces: int = 3
    seconds_between_checkpoints: float = _SECONDS_BETWEEN_CHECKPOINTS


class Trainer:
    """A training run in a directory: resumes from its checkpoint if there is one.

    A new run begins with `initial_weights` where they are given, as fine-tuning does, and with random ones otherwise.
    """

    def __init__(
        self,
        config: TrainingConfig,
        data: Path,
        run: Path,
        machine: Machine,
        initial_weights: dict[str, Tensor] | None = None,
    ) -> None:
        self.machine, self.run, self._data = machine, run, data
        self.device = torch.device(machine.device)
        dataset = Dataset(data)
        saved = load_checkpoint(run) if (run / CHECKPOINT_FILE).exists() else None
        self.styles = dataset.styles
        self.config = replace(config, network=replace(config.network, style_sizes=self.styles.sizes))
        if saved:
            self._check_same(TrainingConfig.from_dict(saved["config"]))
        torch.manual_seed(self.config.seed)
        self.network = EnsembleNetwork(self.config.network).to(self.device)
        if initial_weights is not None:
            self.network.load_state_dict(initial_weights)
        self.average = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.optimizer = self._optimizer()
        self.state = self.network.initial_state(self.config.batch, self.device)
        self.events = self.steps = self._drawn = 0
        self.seconds = self.cpu_seconds = 0.0
        places: list[tuple[int, int] | None] = []
        if saved:
            places = self._restore(saved)
        self.loader = self._loader(places)
        self._held_out = held_out_examples(
            dataset, "validation", pieces_per_source=machine.validation_pieces, sources=self.config.sources,
            common_key=self.config.mixture.common_key,
        )  # fmt: skip
        if machine.compiled:
            self.network.inputs.compile()
            self.network.backbone.compile()
        self._tuner = ThreadTuner(machine.threads)
        self._stop = False

    def _check_same(self, saved: TrainingConfig) -> None:
        plan = {name: getattr(saved, name) for name in ("total_events", "decay_share", "average_decay")}
        planned = replace(self.config, **plan)
        if saved != planned:
            raise TrainingError(f"{self.run} holds a run with other settings; choose another --run")

    def _optimizer(self) -> torch.optim.Optimizer:
        decayed: list[Tensor] = []
        others: list[Tensor] = []
        for name, weight in self.network.named_parameters():
            is_table = name.startswith(("inputs.", "heads.chosen.", "heads.gates.", "heads.history"))
            is_matrix = weight.ndim == 2 and (not is_table or name == "inputs.echo_layer.weight")
            (decayed if is_matrix else others).append(weight)
        groups = [
            {"params": decayed, "weight_decay": self.config.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=self.config.learning_rate, betas=(0.9, 0.98), eps=1e-9, fused=True)

    def _loader(self, places: list[tuple[int, int] | None]) -> Loader:
        unfinished = [place[0] for place in places if place is not None]
        numbers = itertools.chain(unfinished, self._count())
        config = self.config
        examples = training_examples(
            self._data, config.mixture, config.sources, config.seed, numbers, self.machine.workers
        )
        return Loader(examples, config.batch, config.steps, places, self._drawn)

    def _count(self) -> "itertools.count[int]":
        return itertools.count(self._drawn)

    def train(self, report: Callable[[str], None]) -> bool:
        """Train until the planned events, a signal or the CPU time is reached; return whether the plan is fulfilled."""
        handlers = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            # Tiny numbers in the optimiser's moments would slow products down.
            torch.set_flush_denormal(True)
            self._tuner.start()
            self._loop(report)
        finally:
            torch.set_flush_denormal(False)
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return self.events >= self.config.total_events

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop = True

    def _loop(self, report: Callable[[str], None]) -> None:
        saved_at = reported_at = time.monotonic()
        shown_events, totals = self.events, torch.zeros(2, len(COLUMNS))
        while self.events < self.config.total_events and not self._stop:
            if self.machine.cpu_seconds and self.cpu_seconds > self.machine.cpu_seconds:
                break
            began, began_cpu = time.monotonic(), time.process_time()
            batch = self.loader.next()
            assert batch is not None
            totals += self.step(batch.to(self.device))
            spent = time.monotonic() - began
            self.seconds += spent
            self.cpu_seconds += time.process_time() - began_cpu
            self._tuner.after_step(batch.events, spent)
            before, self.events, self.steps = self.events, self.events + batch.events, self.steps + 1
            now = time.monotonic()
            if now - reported_at >= _SECONDS_BETWEEN_REPORTS:
                rate = (self.events - shown_events) / (now - reported_at)
                report(_progress(self.events, self.config.total_events, rate, totals))
                reported_at, shown_events, totals = now, self.events, torch.zeros_like(totals)
            if self.events // self.machine.evaluate_every > before // self.machine.evaluate_every:
                self._evaluate(report)
            if now - saved_at >= self.machine.seconds_between_checkpoints:
                self.save()
                saved_at = time.monotonic()
        if not self._stop:
            self._evaluate(report)
        self.save()

    def step(self, batch: Batch) -> Tensor:
        """Train on one batch; return sums of losses and counts [2, columns]."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.config, self.events)
        with torch.autocast(self.device.type, torch.bfloat16):
            hidden, state = self.network.hidden(batch.values, batch.echoes, batch.statics, self.state, batch.keep)
            losses = column_losses(self.network, hidden, batch)
        counts = batch.counts.sum(dim=(0, 1))
        (losses.sum() / counts[0].clamp(min=1)).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.gradient_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.state = detach(state)
        self._update_average()
        return torch.stack([losses.detach().float().cpu(), counts.float().cpu()])

    @torch.no_grad()
    def _update_average(self) -> None:
        """Move the averaged weights towards the current ones; early on, faster."""
        step = max(1.0 - self.config.average_decay, 1.0 / (self.steps + 10))
        current = self.network.state_dict()
        torch._foreach_lerp_(list(self.average.values()), [current[name] for name in self.average], step)

    def _evaluate(self, report: Callable[[str], None]) -> None:
        record: dict[str, Any] = {
            "events": self.events,
            "seconds": round(self.seconds, 1),
            "cpu_seconds": round(self.cpu_seconds, 1),
            "learning_rate": learning_rate(self.config, self.events),
            "validation": self.validation_losses(self.average),
        }
        self.run.mkdir(parents=True, exist_ok=True)
        append_history(self.run, record)
        losses = record["validation"]["all"]
        report(
            f"validation at {self.events / 1e6:.2f} M events: " + ", ".join(f"{k} {v:.3f}" for k, v in losses.items())
        )

    @torch.no_grad()
    def validation_losses(self, weights: dict[str, Tensor]) -> dict[str, dict[str, float]]:
        """Return the losses per note of each column and in total, of all held-out pieces and of each source."""
        return self.losses(weights, self._held_out)

    @torch.no_grad()
    def losses(self, weights: dict[str, Tensor], examples: list[tuple[str, Example]]) -> dict[str, dict[str, float]]:
        """Return the same of given examples, each with the name of its source."""

        def of_source(name: str) -> list[Example]:
            return [example for source, example in examples if source == name]

        current = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(weights)
        try:
            # Compiling anew for the shapes of these batches would take longer than it saves.
            with torch.compiler.set_stance("force_eager"):
                totals = {
                    name: total_losses(self.network, of_source(name), self.config.steps, self.device)
                    for name in dict.fromkeys(source for source, _ in examples)
                }
        finally:
            self.network.load_state_dict(current)
        totals["all"] = torch.stack(list(totals.values())).sum(dim=0)
        return {name: _per_note(total) for name, total in totals.items()}

    def save(self) -> None:
        """Write a checkpoint from which the run resumes exactly."""
        places = self.loader.places
        save_checkpoint(
            self.run,
            {
                "config": self.config.to_dict(),
                "styles": asdict(self.styles),
                "network": self.network.state_dict(),
                "average": self.average,
                "optimizer": self.optimizer.state_dict(),
                "state": list(self.state),
                "events": self.events,
                "steps": self.steps,
                "seconds": self.seconds,
                "cpu_seconds": self.cpu_seconds,
                "places": [list(place) if place else None for place in places],
                "drawn": self.loader.drawn,
            },
        )

    def _restore(self, saved: dict[str, Any]) -> list[tuple[int, int] | None]:
        self.network.load_state_dict(saved["network"])
        self.average = {name: value.to(self.device) for name, value in saved["average"].items()}
        self.optimizer.load_state_dict(saved["optimizer"])
        self.state = tuple(part.to(self.device) for part in saved["state"])
        self.events, self.steps = saved["events"], saved["steps"]
        self.seconds, self.cpu_seconds = saved["seconds"], saved.get("cpu_seconds", 0.0)
        self._drawn = saved["drawn"]
        return [tuple(place) if place else None for place in saved["places"]]


def _per_note(total: Tensor) -> dict[str, float]:
    """Return losses per predicted value of each column, and their sum per note."""
    losses, counts = total
    notes = max(float(counts[3]), 1.0)
    means = {name: float(losses[number] / counts[number].clamp(min=1)) for number, name in enumerate(COLUMNS)}
    means["nats_per_note"] = float(losses[:4].sum()) / notes + means["velocity"]
    return {name: round(value, 4) for name, value in means.items()}


def _progress(events: int, total: int, rate: float, totals: Tensor) -> str:
    losses = _per_note(totals)
    hours = (total - events) / max(rate, 1e-9) / 3600
    return (
        f"{events / 1e6:.2f} of {total / 1e6:.0f} M events, {rate:,.0f}/s, {torch.get_num_threads()} threads, "
        f"{hours:.1f} h left; training {losses['nats_per_note']:.3f} nats/note"
    )
