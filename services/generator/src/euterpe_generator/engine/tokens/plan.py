"""What a token session is told at the start of a piece: its parts, and how its tokens are chosen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from euterpe_generator.engine.request import Mask

Tokens = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Choosing:
    """How the next token is chosen; see token_sampling for drawing and beams for beam search.

    `temperature` divides the logits. `top_k` (0: all) and `top_p` (1: all) leave only the likeliest tokens; a `top_k`
    of 1 is greedy. `repetition_penalty` (1: none) makes tokens of the last `repetition_window` steps less likely
    (Keskar et al., CTRL, 2019). With `beam_width` > 1 nothing is drawn: that many continuations are kept at every
    step, ranked by log-probability ÷ events^`length_penalty`, in `beam_groups` of which each avoids what the ones
    before it took by `beam_diversity` (Vijayakumar et al., Diverse beam search, 2018).
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    repetition_window: int = 32
    beam_width: int = 1
    length_penalty: float = 1.0
    beam_groups: int = 1
    beam_diversity: float = 0.0


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a piece, composed by one network: the melody, or what accompanies it.

    A step takes as much time as its token says: one unit where `durations` is None, else `durations[token]` of the
    last stream. The part ends at the time `end`, or after `steps` steps. It begins with the tokens `given` [n,
    streams]; those are fed to the network, too. `conditions`, called with the tokens of the parts before [steps,
    streams], tells what the network is told at each grid step [times ÷ unit, columns]. `legal` [sum of vocabulary
    sizes] are the tokens that may come at all, `opening` those that may come first, and `exempt` is what the
    repetition penalty leaves alone.
    """

    network: int
    steps: int
    end: int
    legal: Mask
    opening: Mask
    exempt: Mask
    given: Tokens
    choosing: Choosing
    conditions: Callable[[Sequence[Tokens]], Tokens] | None = None
    durations: Tokens | None = None
    #: Time units per row of the conditions.
    unit: int = 1
    #: Tokens of the first stream that begin an event, rather than hold it [size]; None: all. See BeamSearch.
    begins: Mask | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """The parts of a piece in the order in which they are composed; `done` parts are known before."""

    parts: tuple[Part, ...]
    done: tuple[Tokens, ...] = ()

    @property
    def steps(self) -> int:
        """The most steps that the piece takes."""
        return sum(part.steps for part in self.parts)
