"""What goes into the engine, and what comes out of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Request:
    """One piece to compose: `steps` events from `seed`, for the listener who waits for it."""

    id: str
    listener: str
    seed: int
    steps: int


@dataclass(frozen=True, slots=True)
class Started:
    """The request has been given a slot."""

    id: str


@dataclass(frozen=True, slots=True)
class Advanced:
    """A watched request has come further: `events` [new steps, features] follow the first `start` ones."""

    id: str
    start: int
    events: Array


@dataclass(frozen=True, slots=True)
class Finished:
    """The request has ended with its piece: `events` has shape [steps, features]."""

    id: str
    events: Array


@dataclass(frozen=True, slots=True)
class Stopped:
    """The request was cancelled; `events` holds what had been composed, [steps so far, features]."""

    id: str
    events: Array


@dataclass(frozen=True, slots=True)
class Broken:
    """The session failed under the request."""

    id: str
    reason: str


Update = Started | Advanced | Finished | Stopped | Broken
