"""Choose the number of CPU threads by measuring: two that wait for each other are slower than one alone."""

import os
import time
from dataclasses import dataclass, field

import torch

_TRIAL_STEPS = 3
_SECONDS_BETWEEN_TRIALS = 300.0


@dataclass
class ThreadTuner:
    """Tries every number of threads for a few steps now and then, and keeps the fastest.

    `fixed` threads are never changed.
    """

    fixed: int = 0
    _rates: dict[int, list[float]] = field(default_factory=dict)
    _plan: list[int] = field(default_factory=list)
    _next_trial: float = 0.0

    def start(self) -> None:
        """Set the threads for the first step."""
        torch.set_num_threads(self.fixed or 1)

    def after_step(self, events: int, seconds: float) -> None:
        """Take note of a step's speed, and set the threads of the next one."""
        counts = range(1, (os.cpu_count() or 1) + 1)
        if self.fixed or len(counts) == 1:
            return
        if self._plan:
            self._rates.setdefault(self._plan.pop(0), []).append(events / max(seconds, 1e-9))
            if not self._plan:
                best = max(self._rates, key=lambda count: sorted(self._rates[count])[len(self._rates[count]) // 2])
                torch.set_num_threads(best)
                self._next_trial = time.monotonic() + _SECONDS_BETWEEN_TRIALS
        elif time.monotonic() >= self._next_trial:
            self._rates = {}
            self._plan = [count for _ in range(_TRIAL_STEPS) for count in counts]
        if self._plan:
            torch.set_num_threads(self._plan[0])
