"""A search for the settings of adversarial training: chosen on validation songs, reported on test songs."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from euterpe_training.crnngan.adversarial.config import AdversarialConfig
from euterpe_training.crnngan.adversarial.evaluation import EvaluationSize, Evaluator, Measures
from euterpe_training.crnngan.adversarial.training import STATE_FILE, AdversarialTraining
from euterpe_training.crnngan.corpora import Corpus
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.durations import describe_seconds
from euterpe_training.errors import TrainingError
from euterpe_training.files import write_atomically

RESULT_FILE: Final = "result.json"
_SETTINGS_FILE: Final = "search.json"
#: The first trials: both methods as published, and one change of each setting that decides.
_FIRST: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"method": "relaxed", "rate": 2e-5},
    {"kl": 0.05, "likelihood": 0.0},
    {"kl": 1.0},
    {"rate": 2e-4},
    {"method": "relaxed", "rate": 2e-5, "temperature": 0.5, "kl": 0.5, "likelihood": 0.5},
    {"discount": 0.5},
    {"gradient_penalty": 1.0, "critic_steps": 2},
)
#: Where later trials draw their settings from.
_SPACE: Final[dict[str, tuple[Any, ...]]] = {
    "method": ("policy", "policy", "relaxed"), "rate": (1e-5, 2e-5, 5e-5, 1e-4, 2e-4),
    "critic_rate": (3e-4, 1e-3, 3e-3), "critic_steps": (1, 2, 4), "gradient_penalty": (0.0, 0.1, 1.0),
    "dropout": (0.1, 0.3, 0.5), "kl": (0.02, 0.05, 0.1, 0.2, 0.5, 1.0), "likelihood": (0.0, 0.1, 0.5, 1.0),
    "discount": (0.0, 0.5, 0.9, 0.97), "temperature": (0.5, 1.0, 2.0), "replay": (0.0, 0.25, 0.5),
    "shortest_window": (16, 32, 64),
}  # fmt: skip
#: Steps that an estimate of the duration measures.
_MEASURED_STEPS: Final = 2


@dataclass(frozen=True)
class SearchPlan:
    """Trials from the first start with the steps and sizes of `base`; the best one is repeated from all starts."""

    starts: tuple[Path, ...]
    trials: int
    base: AdversarialConfig
    evaluation: EvaluationSize

    def configurations(self) -> list[AdversarialConfig]:
        """Return the settings of all trials; more trials only append to them."""
        random = np.random.default_rng(self.base.seed)
        found = [replace(self.base, **self._fitting(changes)) for changes in _FIRST[: self.trials]]
        while len(found) < self.trials:
            drawn = {name: values[int(random.integers(len(values)))] for name, values in _SPACE.items()}
            found.append(replace(self.base, **self._fitting(drawn)))
        return found

    def _fitting(self, changes: dict[str, Any]) -> dict[str, Any]:
        fits = min(changes.get("shortest_window", self.base.shortest_window), self.base.events)
        return {**changes, "shortest_window": fits}


@dataclass(frozen=True)
class Trial:
    """A complete run: its settings, and measures on validation or test songs before (`start`) and after it (`end`)."""

    name: str
    config: dict[str, Any]
    part: str
    start: Measures
    end: Measures
    seconds: float
    error: str = ""

    @property
    def broken_limits(self) -> list[str]:
        """Which limits the run broke."""
        return self.end.broken_limits(self.start)

    def to_json(self) -> str:
        """Return the content of its file."""
        return json.dumps({**asdict(self), "start": self.start.to_dict(), "end": self.end.to_dict()}) + "\n"

    @classmethod
    def read(cls, path: Path) -> "Trial":
        """Return the trial in a file."""
        values = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**values, "start": Measures(**values["start"]), "end": Measures(**values["end"])})


class Search:
    """A search in `out`, with a directory per trial; a stopped search continues where it was.

    `budget_seconds` 0 is no limit.
    """

    def __init__(
        self, plan: SearchPlan, corpus: Corpus, directory: Path, out: Path, device: torch.device,
        log: Callable[[str], None], budget_seconds: float = 0.0,
    ) -> None:  # fmt: skip
        self.plan, self.corpus, self.out, self.device, self.log = plan, corpus, out, device, log
        self.evaluator = Evaluator(directory, corpus, plan.evaluation)
        self._until = time.monotonic() + budget_seconds if budget_seconds else float("inf")
        settings = json.loads(json.dumps({"base": asdict(plan.base), "evaluation": asdict(plan.evaluation)}))
        path = out / _SETTINGS_FILE
        if path.is_file() and json.loads(path.read_text(encoding="utf-8")) != settings:
            raise TrainingError(f"{out} has a search with other settings; choose another --out")
        write_atomically(path, json.dumps(settings) + "\n")

    def estimate(self) -> float:
        """Measure a few steps and one evaluation; log and return the seconds of what remains."""
        waiting = [name for name, _, _ in self._planned() if not self._result(name).is_file()]
        if not waiting:
            return 0.0
        training = AdversarialTraining(self.plan.base, self.plan.starts[0], self.corpus, self.device)
        training.step()
        started = time.perf_counter()
        for _ in range(_MEASURED_STEPS):
            training.step()
        step = (time.perf_counter() - started) / _MEASURED_STEPS
        started = time.perf_counter()
        self._start_measures(0, "validation")
        evaluation = time.perf_counter() - started
        config = self.plan.base
        # A step of the critic alone takes about a third.
        each = (config.steps + config.critic_warmup / 3) * step + evaluation
        total = len(waiting) * each
        self.log(f"{len(waiting)} runs to train, {describe_seconds(each)} each ({step:.2f} s a step): about "
                 f"{describe_seconds(total)} at the present load")  # fmt: skip
        return total

    def run(self) -> bool:
        """Train all trials, then the best one from every start; return whether the budget sufficed."""
        for number, config in enumerate(self.plan.configurations()):
            if not self._train(_trial_name(number), config, 0, "validation"):
                return False
        best = self.best()
        if best is None:
            self.log("no trial kept to the limits and lowered the accuracy: nothing is repeated from the other starts")
            return True
        for start in range(len(self.plan.starts)):
            config = replace(AdversarialConfig.from_dict(best.config), seed=start + 1)
            if not self._train(f"{best.name}-start-{start}", config, start, "test"):
                return False
        return True

    def trials(self) -> list[Trial]:
        """Return all complete trials."""
        return [Trial.read(path) for path in sorted(self.out.glob(f"trials/*/{RESULT_FILE}"))]

    def best(self) -> Trial | None:
        """Return the trial with the lowest accuracy on validation songs that kept to the limits; None without one."""
        names = {_trial_name(number) for number in range(self.plan.trials)}
        fitting = [one for one in self.trials() if one.name in names and not one.error and not one.broken_limits
                   and one.end.accuracy < one.start.accuracy]  # fmt: skip
        return min(fitting, key=lambda one: one.end.accuracy, default=None)

    def _planned(self) -> Sequence[tuple[str, AdversarialConfig, int]]:
        trials = [(_trial_name(number), config, 0) for number, config in enumerate(self.plan.configurations())]
        best = self.best()
        name = best.name if best else "best"
        return [*trials, *((f"{name}-start-{start}", self.plan.base, start) for start in range(len(self.plan.starts)))]

    def _train(self, name: str, config: AdversarialConfig, start: int, part: Any) -> bool:
        """Train and evaluate one trial; return False when the budget is spent before its end."""
        path = self._result(name)
        if path.is_file():
            return True
        if time.monotonic() >= self._until:
            self.log("the budget is spent; the same command continues")
            return False
        directory, run = path.parent, self.plan.starts[start]
        if (directory / STATE_FILE).is_file():
            training = AdversarialTraining.resume(directory, run, self.corpus, self.device)
        else:
            training = AdversarialTraining(config, run, self.corpus, self.device)
        begun, error = time.perf_counter(), ""
        try:
            if not training.run(directory, lambda _: None, self._until):
                self.log(f"{name}: stopped after {training.steps_done} steps; the same command continues")
                return False
        except TrainingError as failure:
            error = str(failure)
        seconds = time.perf_counter() - begun
        before = self._start_measures(start, part)
        after = before if error else self.evaluator.evaluate(training.trainer, directory, part)
        trial = Trial(name, asdict(config), part, before, after, round(seconds, 1), error)
        write_atomically(path, trial.to_json())
        outcome = error or f"accuracy {before.accuracy:.3f} → {after.accuracy:.3f}"
        self.log(f"{name}: {outcome}{', too much: ' + ', '.join(trial.broken_limits) if trial.broken_limits else ''}")
        return True

    def _start_measures(self, start: int, part: Any) -> Measures:
        """Return the measures on a pretrained network, which is stored."""
        path = self.out / "starts" / f"{start}-{part}.json"
        if not path.is_file():
            trainer = Trainer.resume(self.plan.starts[start], self.corpus, device=self.device)
            measures = self.evaluator.evaluate(trainer, path.parent / f"{start}", part)
            write_atomically(path, json.dumps(measures.to_dict()) + "\n")
        return Measures(**json.loads(path.read_text(encoding="utf-8")))

    def _result(self, name: str) -> Path:
        return self.out / "trials" / name / RESULT_FILE


def _trial_name(number: int) -> str:
    return f"{number:03}"
