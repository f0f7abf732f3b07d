"""A session for networks of tokens: several networks, one step at a time, and a sampler between the steps."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from euterpe_generator.engine.request import Array, Mask
from euterpe_generator.engine.tokens.decode_batch import Lanes
from euterpe_generator.engine.tokens.network import StepNetwork
from euterpe_generator.engine.tokens.plan import Plan, Tokens


@dataclass(slots=True)
class _Piece:
    """A row's piece: its plan, the part that is being composed, and the parts that are complete."""

    plan: Plan
    part: int = 0
    done: list[Tokens] = field(default_factory=list)
    searched: bool = False
    #: Events of complete parts that are still to be given out, one in a step: a search decides much at its end.
    behind: deque[Array] = field(default_factory=deque)


class TokenSession:
    """See Session. An event is the number of the part, then one token per stream; float32 holds both exactly.

    A piece holds a lane of its part's network, or several if it is searched with beams. Rows whose piece ends before
    its last step, and steps at which a search has nothing new that is certain, give NaN.
    """

    initial_size = 0

    def __init__(self, networks: Sequence[StepNetwork], *, rows: int) -> None:
        self.rows = rows
        self._networks = networks
        streams = len(networks[0].sizes)
        self.noise_size = streams
        self.features = 1 + streams
        self._lanes = [Lanes(network) for network in networks]
        self._pieces: list[_Piece | None] = [None] * rows
        self._done = np.zeros(rows, np.bool_)

    @property
    def provider(self) -> str:
        """The execution provider in use."""
        return self._networks[0].provider

    def warm_up(self) -> None:
        """See StepNetwork."""
        for network in self._networks:
            network.warm_up()

    def reset(self, row: int, initial: Array, given: Any = None) -> None:  # noqa: ARG002
        """See Session; `given` is a Plan."""
        plan: Plan = given
        self._clear(row)
        piece = _Piece(plan, done=list(plan.done))
        self._pieces[row] = piece
        self._begin(row, piece)

    def move(self, source: int, target: int) -> None:
        """See Session."""
        self._clear(target)
        for lanes in self._lanes:
            lanes.rename(source, target)
        self._pieces[target], self._pieces[source] = self._pieces[source], None
        self._done[target], self._done[source] = self._done[source], False

    def finished(self, used: int) -> Mask:
        """See Session."""
        return self._done[:used]

    def piece(self, row: int, events: Array) -> Array:
        """See Session: what was decided only at the end comes in here."""
        piece = self._pieces[row]
        if piece is None or not piece.searched:
            return events[~np.isnan(events[:, 0])]
        first = len(piece.plan.done)
        parts = piece.done[first:]
        if not self._done[row]:
            network = piece.plan.parts[piece.part].network
            parts = [*parts, self._lanes[network].composed(row)]
        return np.concatenate([_events(first + number, part) for number, part in enumerate(parts)])

    def advance(self, noise: Array) -> Array:
        """See Session."""
        steps, used, _ = noise.shape
        for row in range(used, self.rows):
            if self._pieces[row] is not None:
                self._clear(row)
        events = np.full((steps, used, self.features), np.nan, np.float32)
        for step in range(steps):
            ended = [(lanes, lanes.step(noise[step], events[step])) for lanes in self._lanes if len(lanes)]
            self._catch_up(events[step])
            # Not before all have taken the step: who ends here must not begin there within the same one.
            for lanes, rows in ended:
                for row in rows:
                    self._end_part(row, lanes)
        return events

    def _catch_up(self, events: Array) -> None:
        """Events keep their order: one that is new comes after those that are behind."""
        for row, piece in enumerate(self._pieces[: len(events)]):
            if piece is not None and piece.behind:
                if not np.isnan(events[row, 0]):
                    piece.behind.append(events[row].copy())
                events[row] = piece.behind.popleft()

    def _end_part(self, row: int, lanes: Lanes) -> None:
        piece = self._pieces[row]
        assert piece is not None
        piece.behind.extend(_events(len(piece.done), lanes.untold(row)))
        piece.done.append(lanes.composed(row))
        lanes.remove(row)
        piece.part += 1
        self._begin(row, piece)

    def _begin(self, row: int, piece: _Piece) -> None:
        if piece.part == len(piece.plan.parts):
            self._done[row] = True
            return
        part = piece.plan.parts[piece.part]
        piece.searched |= part.choosing.beam_width > 1
        self._lanes[part.network].add(row, len(piece.done), part, piece.done)

    def _clear(self, row: int) -> None:
        for lanes in self._lanes:
            lanes.remove(row)
        self._pieces[row] = None
        self._done[row] = False


def _events(part: int, tokens: Tokens) -> Array:
    return np.concatenate([np.full((len(tokens), 1), part), tokens], axis=1).astype(np.float32)
