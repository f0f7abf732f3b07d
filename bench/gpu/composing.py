"""Compose pieces with a loaded model, without the service around it."""

import time
from dataclasses import dataclass

from euterpe_generator.engine.request import Array, Finished, Request
from euterpe_generator.models.catalogue import Model


@dataclass(frozen=True)
class Composed:
    """Events of the pieces by seed, and the seconds from the first step to the last."""

    pieces: list[Array]
    seconds: float

    @property
    def events_per_second(self) -> float:
        """Events of all pieces per second."""
        return sum(map(len, self.pieces)) / self.seconds


def compose(model: Model, pieces: int, steps: int, bars: int) -> Composed:
    """Compose `pieces` pieces at once, seeds from 0: of `steps` events, or of `bars` bars where a model counts them."""
    asked = {"bars": bars} if any(one.name == "bars" for one in model.sampling.parameters) else {}
    parameters = model.sampling.check(asked)
    length = None if model.length is None else min(max(steps, model.length.min), model.length.max)
    count = model.adapter.count_steps(length, parameters, None)
    for seed in range(pieces):
        inputs = model.adapter.session_inputs(parameters, None)
        model.scheduler.submit(Request(str(seed), str(seed), seed=seed, steps=count, inputs=inputs))
    found: dict[str, Array] = {}
    started = time.perf_counter()
    while not model.scheduler.idle:
        for update in model.scheduler.step():
            if isinstance(update, Finished):
                found[update.id] = update.events
    seconds = time.perf_counter() - started
    if len(found) < pieces:
        raise RuntimeError(f"{model.key}: {pieces - len(found)} of {pieces} pieces failed")
    return Composed([found[str(seed)] for seed in range(pieces)], seconds)
