"""Plans of pieces for ensemble networks: what is given, what may be composed, and how values are sampled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from euterpe_music.note_events.arrange import COMPOSED, Gap
from euterpe_music.note_events.cursor_batch import Flags, Integers
from euterpe_music.note_events.rules import Rules
from euterpe_music.note_events.spec import BAR, COLUMNS, METER_OFFSET, NONE, TEMPO_OFFSET

from euterpe_generator.engine.ensemble.ending import ATTEMPTS, EndingPlan


@dataclass(frozen=True, eq=False)
class Block:
    """The events with which a bar begins, the bar line first: events [n, 5], roles [n], and which are echoed [n].

    In an open bar, the network composes after them; a closed one is complete.
    """

    events: Integers
    roles: Integers
    echoed: Flags
    is_open: bool = True

    @classmethod
    def of_line(cls, meter: int, tempo: int, *, is_open: bool = True) -> "Block":
        """Return a bar of which only the bar line is given, by the classes of its meter and tempo."""
        line = np.array([[BAR, METER_OFFSET + meter, TEMPO_OFFSET + tempo, NONE, NONE]], np.int64)
        return cls(line, np.array([COMPOSED], np.int64), np.ones(1, np.bool_), is_open)

    @property
    def meter(self) -> int:
        """The class of the bar's meter."""
        return int(self.events[0, 1]) - METER_OFFSET

    @property
    def tempo(self) -> int:
        """The class of the bar's tempo."""
        return int(self.events[0, 2]) - TEMPO_OFFSET


@dataclass(frozen=True, eq=False)
class EnsemblePlan:
    """A piece of `total_bars` bars, composed from bar `first_bar` on until bar `stop_bar` would begin.

    Composed notes are moved by `transposition` semitones: from the key in which the network composes to the piece's.

    `blocks` are the given beginnings of bars; the first bar and every bar after a closed one have one. `statics` are
    numbers of the style and of the parts; `conditions` describe bars, see `CursorBatch`.
    """

    statics: Integers
    total_bars: int
    stop_bar: int
    blocks: Mapping[int, Block]
    rules: Rules
    first_bar: int = 0
    conditions: Mapping[str, Sequence[int]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    #: Of each column.
    temperatures: tuple[float, ...] = (1.0,) * len(COLUMNS)
    #: The factor of the temperatures of meter and tempo.
    line_temperature: float = 1.0
    top_p: float = 1.0
    #: By how many nats a pitch becomes likelier that completes a figure of its part.
    figure_strength: float = 0.0
    #: Whether the piece is scored, because it is one of several candidates.
    is_compared: bool = False
    transposition: int = 0
    #: How many bars without notes may follow one another; None: any number, where other notes are given.
    max_empty_bars: int | None = None
    #: The search for an ending; its bars have no given notes.
    ending: EndingPlan | None = None
    #: The key in which the network composes, by its number in `euterpe_music.key.KEYS`, or two in one of which it does.
    keys: tuple[int, ...] = ()

    def beginning_at(self, position: int) -> "EnsemblePlan":
        """Return the plan of a piece whose first bar is a pickup from a position on."""
        return replace(self, rules=replace(self.rules, first_position=position))

    def given_from(self, bar: int) -> Block:
        """Return the given events from a bar that has a block on, up to where events are composed."""
        blocks = [self.blocks[bar]]
        while not blocks[-1].is_open and bar + len(blocks) < self.stop_bar:
            blocks.append(self.blocks[bar + len(blocks)])
        events, roles, echoed = (
            np.concatenate([getattr(block, name) for block in blocks]) for name in ("events", "roles", "echoed")
        )
        return Block(events, roles, echoed)

    @property
    def steps(self) -> int:
        """Maximum number of steps of the piece."""
        given = sum(len(block.events) for block in self.blocks.values())
        again = 0 if self.ending is None else (ATTEMPTS - 1) * (self.stop_bar - self.ending.start_bar)
        return given + (self.open_bars + again) * (self.rules.max_bar_events + 1)

    @property
    def open_bars(self) -> int:
        """The number of bars in which notes are composed."""
        closed = sum(not block.is_open for block in self.blocks.values())
        return self.stop_bar - self.first_bar - closed
