"""Per-row data of the parts that are being generated, indexed by the sequences of a decode batch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from euterpe_generator.engine.tokens.plan import Part, Tokens

#: The longest window of the repetition penalty, in steps.
MAX_REPETITION_WINDOW = 64
#: A time that no part reaches.
NEVER = np.iinfo(np.int64).max


class BatchState:
    """Arrays over rows, written when a part starts. Arrays over time grow with the longest part so far."""

    def __init__(self, vocabulary_sizes: tuple[int, ...], features: int) -> None:
        streams, total = len(vocabulary_sizes), sum(vocabulary_sizes)
        self._streams = streams
        #: Row → the part's number within its piece, and the part.
        self.parts: dict[int, tuple[int, Part]] = {}
        self.part_number = np.zeros(0, np.int64)
        self.end = np.zeros(0, np.int64)
        self.steps = np.zeros(0, np.int64)
        #: Time at which the search for an ending starts.
        self.ending_start = np.full(0, NEVER)
        #: Time at which given tokens follow, and their number.
        self.after_start = np.full(0, NEVER)
        self.after_count = np.full(0, NEVER)
        self.units_per_grid_step = np.ones(0, np.int64)
        self.penalty = np.ones(0, np.float32)
        self.window = np.zeros(0, np.int64)
        self.no_repeat_ngram = np.zeros(0, np.int64)
        self.uses_beam_search = np.zeros(0, np.bool_)
        #: Added to the logits: 0 for allowed tokens, else -inf.
        self.allowed = np.zeros((0, total), np.float32)
        #: See `balanced_bias`.
        self.bias = np.zeros((0, total), np.float32)
        self.first_bias = np.zeros((0, total), np.float32)
        self.penalty_exempt = np.zeros((0, total), np.bool_)
        self.durations = np.ones((0, vocabulary_sizes[-1]), np.int64)
        self.prompt = np.full((0, 0, streams), -1, np.int64)
        self.conditioning = np.zeros((0, 1, features), np.int64)
        self.generated = np.zeros((0, 0, streams), np.int64)

    def write(self, row: int, number: int, part: Part, previous: Sequence[Tokens]) -> None:
        """Set a row to the `number`-th part of its piece; `previous` are the tokens of the parts before."""
        self.parts[row] = (number, part)
        features = self.conditioning.shape[2]
        conditioning = np.zeros((1, features), np.int64) if part.conditioning is None else part.conditioning(previous)
        self._put("part_number", row, number)
        self._put("end", row, part.end)
        self._put("steps", row, part.steps)
        self._put("ending_start", row, NEVER if part.ending is None else part.ending.start)
        self._put("after_start", row, NEVER if part.after is None else part.after_start)
        self._put("after_count", row, NEVER if part.after is None else len(part.after))
        self._put("units_per_grid_step", row, part.units_per_grid_step)
        self._put("penalty", row, part.sampling.repetition_penalty)
        self._put("window", row, min(part.sampling.repetition_window, MAX_REPETITION_WINDOW))
        self._put("no_repeat_ngram", row, part.sampling.no_repeat_ngram)
        self._put("uses_beam_search", row, part.sampling.beam_width > 1)
        self._put("allowed", row, np.where(part.allowed, 0, -np.inf))
        self._put("bias", row, 0 if part.logit_bias is None else part.logit_bias)
        self._put("first_bias", row, np.where(part.allowed_first, 0, -np.inf))
        self._put("penalty_exempt", row, part.penalty_exempt)
        self._put("durations", row, 1 if part.durations is None else part.durations)
        self._put("prompt", row, part.prompt.reshape(-1, self._streams))
        # After its end a part keeps the features of its last grid step.
        self._put("conditioning", row, conditioning, fill=conditioning[-1])
        self._put("generated", row, np.zeros((part.steps, self._streams), np.int64))

    def move(self, source: int, target: int) -> None:
        """Copy a row over another."""
        self.parts[target] = self.parts.pop(source)
        for name, array in vars(self).items():
            if isinstance(array, np.ndarray):
                self._put(name, target, array[source].copy())

    @property
    def longest_duration(self) -> int:
        """Time units of the longest token of any part; 0 if all tokens last one unit."""
        timed = [part.durations for _, part in self.parts.values() if part.durations is not None]
        return max((int(durations.max()) for durations in timed), default=0)

    @property
    def shortest_duration(self) -> int:
        """Time units of the shortest token of any part."""
        timed = [part.durations for _, part in self.parts.values() if part.durations is not None]
        return min((int(durations[durations > 0].min()) for durations in timed), default=1)

    def _put(self, name: str, row: int, value: Any, fill: Any = -1) -> None:
        array: NDArray[Any] = getattr(self, name)
        value = np.asarray(value)
        shape = [max(row + 1, array.shape[0]), *array.shape[1:]]
        if array.ndim == 3:
            shape[1] = max(array.shape[1], len(value))
        if tuple(shape) != array.shape:
            grown = np.zeros(shape, array.dtype)
            if name == "prompt":
                grown[:] = -1
            grown[tuple(slice(size) for size in array.shape)] = array
            setattr(self, name, grown)
            array = grown
        if array.ndim == 3:
            array[row, : len(value)] = value
            array[row, len(value) :] = fill
        else:
            array[row] = value
