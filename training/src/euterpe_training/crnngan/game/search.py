"""A search for the settings of a game: trials within a budget, chosen on validation songs, reported on test songs."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from euterpe_training.crnngan.corpora import Corpus
from euterpe_training.crnngan.game.config import GameConfig
from euterpe_training.crnngan.game.game import GAME_FILE, Game
from euterpe_training.crnngan.game.judge import Judge, JudgeSize, Verdict
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.durations import describe_seconds
from euterpe_training.errors import TrainingError
from euterpe_training.files import write_atomically

RESULT_FILE: Final = "result.json"
_SETTINGS_FILE: Final = "search.json"
#: Trials that are played first: both methods as published, and one change of each setting that decides.
_FIRST: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"method": "relaxed", "rate": 2e-5},
    {"kl": 0.05, "likelihood": 0.0},
    {"kl": 1.0},
    {"rate": 2e-4},
    {"method": "relaxed", "rate": 2e-5, "temperature": 0.5, "kl": 0.5, "likelihood": 0.5},
    {"discount": 0.5},
    {"gradient_penalty": 10.0, "critic_steps": 2},
)
#: Where later trials draw their settings from.
_SPACE: Final[dict[str, tuple[Any, ...]]] = {
    "method": ("policy", "policy", "relaxed"), "rate": (1e-5, 2e-5, 5e-5, 1e-4, 2e-4),
    "critic_rate": (1e-4, 3e-4, 1e-3), "critic_steps": (1, 2, 4), "gradient_penalty": (0.0, 1.0, 10.0),
    "dropout": (0.1, 0.3, 0.5), "kl": (0.02, 0.05, 0.1, 0.2, 0.5, 1.0), "likelihood": (0.0, 0.1, 0.5, 1.0),
    "discount": (0.0, 0.5, 0.9, 0.97), "temperature": (0.5, 1.0, 2.0), "replay": (0.0, 0.25, 0.5),
    "shortest_window": (16, 32, 64),
}  # fmt: skip
#: Seconds of playing that an estimate of the duration measures.
_MEASURED_STEPS: Final = 2


@dataclass(frozen=True)
class SearchPlan:
    """Trials from the first start, each with the steps and sizes of `base`; the best one is played from all starts."""

    starts: tuple[Path, ...]
    trials: int
    base: GameConfig
    judge: JudgeSize

    def configurations(self) -> list[GameConfig]:
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
    """A game that was played: its settings, and verdicts by name (`start`, `end`) on validation or test songs."""

    name: str
    config: dict[str, Any]
    part: str
    start: Verdict
    end: Verdict
    seconds: float
    error: str = ""

    @property
    def broken_limits(self) -> list[str]:
        """Which limits the game broke."""
        return self.end.broken_limits(self.start)

    def to_json(self) -> str:
        """Return the content of its file."""
        return json.dumps({**asdict(self), "start": self.start.to_dict(), "end": self.end.to_dict()}) + "\n"

    @classmethod
    def read(cls, path: Path) -> "Trial":
        """Return the trial in a file."""
        values = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**values, "start": Verdict(**values["start"]), "end": Verdict(**values["end"])})


class Search:
    """A search in `out`, with a directory per trial; a stopped search continues where it was.

    `budget_seconds` 0 is no limit.
    """

    def __init__(
        self, plan: SearchPlan, corpus: Corpus, directory: Path, out: Path, device: torch.device,
        log: Callable[[str], None], budget_seconds: float = 0.0,
    ) -> None:  # fmt: skip
        self.plan, self.corpus, self.out, self.device, self.log = plan, corpus, out, device, log
        self.judge = Judge(directory, corpus, plan.judge)
        self._until = time.monotonic() + budget_seconds if budget_seconds else float("inf")
        settings = json.loads(json.dumps({"base": asdict(plan.base), "judge": asdict(plan.judge)}))
        path = out / _SETTINGS_FILE
        if path.is_file() and json.loads(path.read_text(encoding="utf-8")) != settings:
            raise TrainingError(f"{out} has a search with other settings; choose another --out")
        write_atomically(path, json.dumps(settings) + "\n")

    def estimate(self) -> float:
        """Measure a few steps and one judgement; log and return the seconds of what remains."""
        waiting = [name for name, _, _ in self._planned() if not self._result(name).is_file()]
        if not waiting:
            return 0.0
        game = Game(self.plan.base, self.plan.starts[0], self.corpus, self.device)
        game.step()
        started = time.perf_counter()
        for _ in range(_MEASURED_STEPS):
            game.step()
        step = (time.perf_counter() - started) / _MEASURED_STEPS
        started = time.perf_counter()
        self._start_verdict(0, "validation")
        judging = time.perf_counter() - started
        config = self.plan.base
        # A step of the critic alone takes about a third.
        each = (config.steps + config.critic_warmup / 3) * step + judging
        total = len(waiting) * each
        self.log(f"{len(waiting)} games to play, {describe_seconds(each)} each ({step:.2f} s a step): about "
                 f"{describe_seconds(total)} at the present load")  # fmt: skip
        return total

    def run(self) -> bool:
        """Play all trials, then the best one from every start; return whether all were played within the budget."""
        for number, config in enumerate(self.plan.configurations()):
            if not self._play(_trial_name(number), config, 0, "validation"):
                return False
        best = self.best()
        if best is None:
            self.log("no trial kept to the limits and lowered the accuracy: nothing is played from the other starts")
            return True
        for start in range(len(self.plan.starts)):
            config = replace(GameConfig.from_dict(best.config), seed=start + 1)
            if not self._play(f"{best.name}-start-{start}", config, start, "test"):
                return False
        return True

    def trials(self) -> list[Trial]:
        """Return all games that were played."""
        return [Trial.read(path) for path in sorted(self.out.glob(f"trials/*/{RESULT_FILE}"))]

    def best(self) -> Trial | None:
        """Return the trial with the lowest accuracy on validation songs that kept to the limits; None without one."""
        names = {_trial_name(number) for number in range(self.plan.trials)}
        fitting = [one for one in self.trials() if one.name in names and not one.error and not one.broken_limits
                   and one.end.accuracy < one.start.accuracy]  # fmt: skip
        return min(fitting, key=lambda one: one.end.accuracy, default=None)

    def _planned(self) -> Sequence[tuple[str, GameConfig, int]]:
        trials = [(_trial_name(number), config, 0) for number, config in enumerate(self.plan.configurations())]
        best = self.best()
        name = best.name if best else "best"
        return [*trials, *((f"{name}-start-{start}", self.plan.base, start) for start in range(len(self.plan.starts)))]

    def _play(self, name: str, config: GameConfig, start: int, part: Any) -> bool:
        """Play one game and judge it; return False when the budget is spent before its end."""
        path = self._result(name)
        if path.is_file():
            return True
        if time.monotonic() >= self._until:
            self.log("the budget is spent; the same command continues")
            return False
        directory, run = path.parent, self.plan.starts[start]
        if (directory / GAME_FILE).is_file():
            game = Game.resume(directory, run, self.corpus, self.device)
        else:
            game = Game(config, run, self.corpus, self.device)
        begun, error = time.perf_counter(), ""
        try:
            if not game.run(directory, lambda _: None, self._until):
                self.log(f"{name}: stopped after {game.steps_done} steps; the same command continues")
                return False
        except TrainingError as failure:
            error = str(failure)
        seconds = time.perf_counter() - begun
        before = self._start_verdict(start, part)
        after = before if error else self.judge.judge(game.trainer, directory, part)
        trial = Trial(name, asdict(config), part, before, after, round(seconds, 1), error)
        write_atomically(path, trial.to_json())
        outcome = error or f"accuracy {before.accuracy:.3f} → {after.accuracy:.3f}"
        self.log(f"{name}: {outcome}{', too much: ' + ', '.join(trial.broken_limits) if trial.broken_limits else ''}")
        return True

    def _start_verdict(self, start: int, part: Any) -> Verdict:
        """Return the verdict on a pretrained network, which is stored."""
        path = self.out / "starts" / f"{start}-{part}.json"
        if not path.is_file():
            trainer = Trainer.resume(self.plan.starts[start], self.corpus, device=self.device)
            verdict = self.judge.judge(trainer, path.parent / f"{start}", part)
            write_atomically(path, json.dumps(verdict.to_dict()) + "\n")
        return Verdict(**json.loads(path.read_text(encoding="utf-8")))

    def _result(self, name: str) -> Path:
        return self.out / "trials" / name / RESULT_FILE


def _trial_name(number: int) -> str:
    return f"{number:03}"
