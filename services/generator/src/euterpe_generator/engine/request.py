"""What goes into the engine, and what comes out of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Request:
    """One piece to compose: `steps` events from `seed`, for the listener who waits for it.

    `given` is what the session wants to know at its start; its form is between the session and whoever asks.
    """

    id: str
    listener: str
    seed: int
    steps: int
    given: Any = None


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
