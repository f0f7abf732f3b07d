"""What the scheduler drives: a network that takes a batch of rows some steps further."""

from typing import Any, Protocol

from euterpe_generator.engine.request import Array, Mask


class Session(Protocol):
    """A recurrent network over a fixed number of rows, whose state it keeps between calls."""

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
        """Random floats with which a piece starts."""
        ...

    @property
    def rows(self) -> int:
        """How many requests can be in the batch."""
        ...

    def reset(self, row: int, initial: Array, given: Any = None) -> None:
        """Gives a row to a new piece: its random start `initial` [initial_size], and what its request brought."""
        ...

    def move(self, source: int, target: int) -> None:
        """Moves a piece to another row, so that the occupied rows stay the first ones."""
        ...

    def advance(self, noise: Array) -> Array:
        """Takes the first n rows k steps further: noise [k, n, noise_size] → events [k, n, features]."""
        ...

    def finished(self, used: int) -> Mask | None:
        """Which of the first rows' pieces have ended before their last step; None where pieces never do."""
        ...

    def piece(self, row: int, events: Array) -> Array:
        """The row's piece, of which `events` [steps, features] were given out: these, unless some were provisional."""
        ...
