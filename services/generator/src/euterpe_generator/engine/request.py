"""Requests to the engine and its updates on them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Request:
    """One piece to compose: `steps` events from `seed`. Requests with the same `owner` share one place in the queue.

    `inputs` are passed to the session when the piece starts; their type depends on the session. Of several
    `candidates`, the one with the highest score is kept.
    """

    id: str
    owner: str
    seed: int
    steps: int
    inputs: Any = None
    candidates: int = 1


@dataclass(frozen=True, slots=True)
class Started:
    """The request was assigned a slot."""

    id: str


@dataclass(frozen=True, slots=True)
class Advanced:
    """New `events` [new steps, features] of a watched request, which follow its first `start` ones."""

    id: str
    start: int
    events: Array


@dataclass(frozen=True, slots=True)
class Finished:
    """The piece is complete: `events` has shape [steps, features]. See Session.score for its `score`."""

    id: str
    events: Array
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The request was cancelled; `events` [steps so far, features] were composed before."""

    id: str
    events: Array


@dataclass(frozen=True, slots=True)
class Failed:
    """The session raised an exception while it ran the request."""

    id: str
    reason: str


Update = Started | Advanced | Finished | Cancelled | Failed
