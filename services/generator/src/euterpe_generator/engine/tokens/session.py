"""A session for token networks: several networks, one step per call, with sampling between the steps."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from euterpe_generator.engine.request import Array, Mask
from euterpe_generator.engine.tokens.decode_batch import DecodeBatch
from euterpe_generator.engine.tokens.network import StepNetwork
from euterpe_generator.engine.tokens.plan import Plan, Tokens


@dataclass(slots=True)
class _Piece:
    """The piece of a row: its plan, the index of the current part, and the tokens of the complete parts."""

    plan: Plan
    part: int = 0
    complete: list[Tokens] = field(default_factory=list)
    #: Log-likelihood of the tokens that follow complete parts.
    score: float = 0.0
    #: Whether a part is the result of a search, which settles many steps at its end.
    is_searched: bool = False
    #: Events of complete parts that are still to be returned, one per step.
    pending: deque[Array] = field(default_factory=deque)


class TokenSession:
    """See Session. An event is the number of the part, then one token per stream; float32 holds both exactly.

    A piece uses one sequence of its part's network, or one per beam or sampled ending. Rows whose piece ends before its
    last step, and steps at which a search settles nothing, return NaN.
    """

    initial_size = 0

    def __init__(self, networks: Sequence[StepNetwork], *, rows: int) -> None:
        self.rows = rows
        self._networks = networks
        streams = len(networks[0].vocabulary_sizes)
        self.noise_size = streams
        self.features = 1 + streams
        self._batches = [DecodeBatch(network) for network in networks]
        self._pieces: list[_Piece | None] = [None] * rows
        self._finished = np.zeros(rows, np.bool_)

    @property
    def provider(self) -> str:
        """The execution provider in use."""
        return self._networks[0].provider

    def warm_up(self) -> None:
        """See StepNetwork."""
        for network in self._networks:
            network.warm_up()

    def reset(self, row: int, initial: Array, inputs: Any = None) -> None:  # noqa: ARG002
        """See Session; `inputs` is a Plan."""
        plan: Plan = inputs
        self._clear(row)
        piece = _Piece(plan, complete=list(plan.known_parts))
        self._pieces[row] = piece
        self._start_part(row, piece)

    def move(self, source: int, target: int) -> None:
        """See Session."""
        self._clear(target)
        for batch in self._batches:
            batch.rename(source, target)
        self._pieces[target], self._pieces[source] = self._pieces[source], None
        self._finished[target], self._finished[source] = self._finished[source], False

    def finished(self, width: int) -> Mask:
        """See Session."""
        return self._finished[:width]

    def progress(self, row: int, steps: int, total: int) -> int:  # noqa: ARG002 - part of the protocol
        """See Session."""
        return steps

    def score(self, row: int, events: Array) -> float:  # noqa: ARG002 - part of the protocol
        """See Session: the log-likelihood of the tokens that follow the composed ones (Part.after)."""
        piece = self._pieces[row]
        return 0.0 if piece is None else piece.score

    def final_events(self, row: int, events: Array) -> Array:
        """See Session: includes the tokens that a search settled at its end."""
        piece = self._pieces[row]
        if piece is None or not piece.is_searched:
            return events[~np.isnan(events[:, 0])]
        first = len(piece.plan.known_parts)
        parts = piece.complete[first:]
        if not self._finished[row]:
            network = piece.plan.parts[piece.part].network
            parts = [*parts, self._batches[network].tokens_of(row)]
        return np.concatenate([_events(first + number, part) for number, part in enumerate(parts)])

    def advance(self, noise: Array) -> Array:
        """See Session."""
        steps, width, _ = noise.shape
        for row in range(width, self.rows):
            if self._pieces[row] is not None:
                self._clear(row)
        events = np.full((steps, width, self.features), np.nan, np.float32)
        for step in range(steps):
            ended = [(batch, batch.step(noise[step], events[step])) for batch in self._batches if len(batch)]
            self._insert_pending(events[step])
            # Only after all batches have taken the step: a part must not start within the step that ended another.
            for batch, rows in ended:
                for row in rows:
                    self._end_part(row, batch)
        return events

    def _insert_pending(self, events: Array) -> None:
        """Keep the events of a row in order: a new event follows the pending ones."""
        for row, piece in enumerate(self._pieces[: len(events)]):
            if piece is not None and piece.pending:
                if not np.isnan(events[row, 0]):
                    piece.pending.append(events[row].copy())
                events[row] = piece.pending.popleft()

    def _end_part(self, row: int, batch: DecodeBatch) -> None:
        piece = self._pieces[row]
        assert piece is not None
        piece.pending.extend(_events(len(piece.complete), batch.unemitted_tokens_of(row)))
        piece.complete.append(batch.tokens_of(row))
        piece.score += batch.after_likelihood_of(row)
        batch.remove(row)
        piece.part += 1
        self._start_part(row, piece)

    def _start_part(self, row: int, piece: _Piece) -> None:
        if piece.part == len(piece.plan.parts):
            self._finished[row] = True
            return
        part = piece.plan.parts[piece.part]
        piece.is_searched |= part.sampling.beam_width > 1 or part.ending is not None
        self._batches[part.network].add(row, len(piece.complete), part, piece.complete)

    def _clear(self, row: int) -> None:
        for batch in self._batches:
            batch.remove(row)
        self._pieces[row] = None
        self._finished[row] = False


def _events(part: int, tokens: Tokens) -> Array:
    return np.concatenate([np.full((len(tokens), 1), part), tokens], axis=1).astype(np.float32)
