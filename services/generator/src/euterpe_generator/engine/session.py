"""The interface between the scheduler and a network."""

from typing import Any, Protocol

from euterpe_generator.engine.request import Array, Mask


class Session(Protocol):
    """A recurrent network over a fixed number of rows, which keeps its state between calls."""

    @property
    def features(self) -> int:
        """Floats per event."""
        ...

    @property
    def noise_size(self) -> int:
        """Random floats per step."""
        ...

    @property
    def initial_size(self) -> int:
        """Random floats that initialise the state of a piece."""
        ...

    @property
    def rows(self) -> int:
        """Maximum batch size."""
        ...

    def reset(self, row: int, initial: Array, inputs: Any = None) -> None:
        """Start a new piece in a row, from random numbers `initial` [initial_size] and the request's inputs."""
        ...

    def move(self, source: int, target: int) -> None:
        """Move a piece to another row, so that the first rows stay occupied without gaps."""
        ...

    def advance(self, noise: Array) -> Array:
        """Run the first n rows for k steps: noise [k, n, noise_size] → events [k, n, features]."""
        ...

    def finished(self, width: int) -> Mask | None:
        """Return which of the first `width` pieces ended before their last step; None if pieces never end early."""
        ...

    def progress(self, row: int, steps: int, total: int) -> int:
        """Return how many of a piece's `total` steps its progress amounts to, after `steps` of them.

        The two differ where most pieces end long before their last step.
        """
        ...

    def score(self, row: int, events: Array) -> float:
        """Return how good a complete piece is, to select one of several candidates; higher is better.

        `events` are those that `final_events` returned.
        """
        ...

    def final_events(self, row: int, events: Array) -> Array:
        """Return the events of a complete piece, given those returned so far [steps, features].

        The two differ only where the events returned so far were provisional.
        """
        ...
