"""A session for note events: one network step per event, whose columns are sampled one after another."""

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from euterpe_music.ensemble_manifest import STATIC_COUNT
from euterpe_music.note_events.arrange import COMPOSED
from euterpe_music.note_events.cursor_batch import CursorBatch, Flags, Integers
from euterpe_music.note_events.figure_memory import FigureMemory
from euterpe_music.note_events.grammar_batch import GrammarBatch
from euterpe_music.note_events.instruments import PART_COUNT
from euterpe_music.note_events.part_history import FIRST_COLUMN, HISTORY_SIZES
from euterpe_music.note_events.spec import BAR, COLUMNS, END, METER_OFFSET, NONE, PART_OFFSET
from numpy.typing import NDArray

from euterpe_generator.engine.ensemble.critic import Critic
from euterpe_generator.engine.ensemble.ending import EndingSearch, add_weights
from euterpe_generator.engine.ensemble.key_balance import KeyBalance
from euterpe_generator.engine.ensemble.network import EnsembleNetwork
from euterpe_generator.engine.ensemble.part_balance import PartBalance
from euterpe_generator.engine.ensemble.plan import Block, EnsemblePlan
from euterpe_generator.engine.request import Array, Mask
from euterpe_generator.engine.tokens.sampler import BatchedSamplingParams, sample

#: What the search for an ending restores, besides the states of the cursor and the network.
_SAVED: Final = (
    "_event", "_role", "_is_echoed", "_bar_events", "_is_free", "_finished", "_weights", "_log_probability",
    "_values", "_empty_bars",
)  # fmt: skip
_PART_COLUMN: Final = COLUMNS.index("part")
_PITCH_COLUMN: Final = COLUMNS.index("pitch")
_END: Final = np.array([END, 0, 0, 0, 0], np.int64)


class _Keeper(Protocol):
    """What keeps a state of each row."""

    def save(self, row: int) -> Any: ...

    def restore(self, row: int, saved: Any) -> None: ...


@dataclass(slots=True)
class _Piece:
    """The piece of a row, and the given events of its current bars, of which `taken` were taken in."""

    plan: EnsemblePlan
    given: Block
    taken: int = 0
    search: EndingSearch | None = None


class EnsembleSession:
    """See Session. An event is the number of its bar, then its five columns; float32 holds them exactly.

    A step feeds the latest event of every row to the network and samples the next one. Where the next one is given,
    the step returns NaN; so do the steps of a search for the ending, whose events follow at the end.
    """

    features = 1 + len(COLUMNS)
    noise_size = len(COLUMNS)
    initial_size = 0

    def __init__(self, network: EnsembleNetwork, *, rows: int, critic: Critic | None = None) -> None:
        self.rows = rows
        self._network = network
        self._critic = critic
        #: Row n + `rows` keeps where the search for the ending of row n begins.
        self._cursors = CursorBatch(2 * rows)
        self._grammar = GrammarBatch(self._cursors, rows)
        self._pieces: list[_Piece | None] = [None] * rows
        self._finished = np.zeros(rows, np.bool_)
        self._statics = np.zeros((rows, STATIC_COUNT), np.int64)
        self._event = np.tile(_END, (rows, 1))
        self._role = np.full(rows, COMPOSED)
        self._is_echoed = np.ones(rows, np.bool_)
        self._bar_events = np.zeros(rows, np.int64)
        #: How many bars without notes a row has had one after another, and the most that it may have.
        self._empty_bars = np.zeros(rows, np.int64)
        self._max_empty_bars = np.zeros(rows, np.int64)
        #: Per row, the log-probability of all sampled values and their number; only where pieces are compared.
        self._log_probability = np.zeros(rows)
        self._values = np.zeros(rows, np.int64)
        self._balance = PartBalance(rows)
        #: How long each pitch class sounds in each piece.
        self._weights = np.zeros((rows, 12))
        self._is_compared = np.zeros(rows, np.bool_)
        #: Rows whose ending is searched for.
        self._is_searched = np.zeros(rows, np.bool_)
        #: Rows whose next event is sampled.
        self._is_free = np.zeros(rows, np.bool_)
        self._keys = KeyBalance(rows)
        self._figures = FigureMemory(rows)
        self._figure_strengths = np.zeros(rows)
        #: What the search for an ending restores, too.
        self._keepers: dict[str, _Keeper] = {
            "network": network, "balance": self._balance, "figures": self._figures
        }  # fmt: skip
        self._temperatures = np.ones((rows, len(COLUMNS)), np.float32)
        self._top_p = np.ones(rows)
        self._line_temperatures = np.ones(rows)

    @property
    def provider(self) -> str:
        """The execution provider in use."""
        return self._network.provider

    def warm_up(self) -> None:
        """See EnsembleNetwork."""
        self._network.warm_up()

    def reset(self, row: int, initial: Array, inputs: Any = None) -> None:  # noqa: ARG002
        """See Session; `inputs` is an EnsemblePlan."""
        plan: EnsemblePlan = inputs
        self._network.reset(row)
        self._cursors.reset(row, plan.total_bars, plan.conditions, plan.gaps, plan.first_bar)
        self._grammar.reset(row, plan.rules)
        self._statics[row] = plan.statics
        self._temperatures[row], self._top_p[row] = plan.temperatures, plan.top_p
        self._line_temperatures[row] = plan.line_temperature
        self._pieces[row] = _Piece(plan, plan.given_from(plan.first_bar))
        self._finished[row] = self._is_searched[row] = False
        self._bar_events[row] = self._values[row] = 0
        self._max_empty_bars[row] = plan.total_bars if plan.max_empty_bars is None else plan.max_empty_bars
        # A piece begins with notes.
        self._empty_bars[row] = self._max_empty_bars[row] if len(plan.blocks) == 1 else 0
        self._log_probability[row] = self._weights[row] = 0.0
        self._is_compared[row] = plan.is_compared and self._critic is None
        self._balance.reset(row, plan.rules.parts or ())
        self._keys.reset(row, plan.keys)
        self._figures.reset(row)
        self._figure_strengths[row] = plan.figure_strength
        self._take_given(row)

    def move(self, source: int, target: int) -> None:
        """See Session."""
        self._network.move(source, target)
        self._cursors.move(source, target)
        if self._is_searched[source]:
            self._cursors.move(self.rows + source, self.rows + target)
        self._grammar.move(source, target)
        for array in (
            self._finished, self._statics, self._event, self._role, self._is_echoed, self._bar_events, self._is_free,
            self._temperatures, self._top_p, self._line_temperatures, self._log_probability, self._values,
            self._is_compared,
            self._weights, self._is_searched, self._empty_bars, self._max_empty_bars, self._figure_strengths,
        ):  # fmt: skip
            array[target] = array[source]
        self._balance.move(source, target)
        self._keys.move(source, target)
        self._figures.move(source, target)
        self._pieces[target] = self._pieces[source]
        self._clear(source)

    def finished(self, width: int) -> Mask:
        """See Session."""
        return self._finished[:width]

    def progress(self, row: int, steps: int, total: int) -> int:
        """See Session: by bars, as a piece has far fewer notes than are allowed."""
        piece = self._pieces[row]
        if piece is None:
            return steps
        bars = self._cursors.bar[row] - piece.plan.first_bar
        return int(total * max(bars, 0) / (piece.plan.stop_bar - piece.plan.first_bar))

    def score(self, row: int, events: Array) -> float:
        """See Session: the critic's score; without a critic, the mean log-probability of what was chosen, per value."""
        piece = self._pieces[row]
        if self._critic is not None and piece is not None:
            return self._critic.score(events, piece.plan) if piece.plan.is_compared else 0.0
        return float(self._log_probability[row] / max(self._values[row], 1))

    def final_events(self, row: int, events: Array) -> Array:
        """See Session: leaves out the steps that took in given events, and adds the ending that was found."""
        piece = self._pieces[row]
        ending = piece.search.rows if piece is not None and piece.search is not None else []
        return np.concatenate([events[~np.isnan(events[:, 0])], *(event[None] for event in ending)])

    def advance(self, noise: Array) -> Array:
        """See Session."""
        steps, width, _ = noise.shape
        events = np.full((steps, width, self.features), np.nan, np.float32)
        for step in range(steps):
            self._advance(noise[step], events[step])
        return events

    def _advance(self, noise: Array, events: Array) -> None:
        width = len(noise)
        cursors = self._cursors
        cursors.push(self._event[:width], self._role[:width], self._is_echoed[:width])
        add_weights(self._weights, self._event[:width])
        self._balance.count(self._event[:width])
        self._figures.add(self._event[:width])
        entries = self._network.step(cursors.values, cursors.echoes, self._statics, width)
        free = self._is_free[:width].copy()
        for row in np.flatnonzero(~free).tolist():
            self._take_given(row)
        if not free.any():
            return
        chosen = self._sample(entries, noise, free)
        events[free, 0] = cursors.bar[:width][free] + (chosen[free, 0] == BAR)
        events[free, 1:] = chosen[free]
        np.copyto(self._event[:width], chosen, where=free[:, None])
        self._role[:width][free] = COMPOSED
        self._is_echoed[:width] |= free
        self._bar_events[:width] += free
        for row in np.flatnonzero(free & (chosen[:, 0] >= BAR)).tolist():
            self._end_bar(row, events[row])
        for row in np.flatnonzero(free & self._is_searched[:width]).tolist():
            self._continue_search(row, events[row])
        for row in np.flatnonzero(free & (chosen[:, 0] == BAR)).tolist():
            self._begin_search(row, float(noise[row, -1]))

    def _sample(self, entries: Array, noise: Array, free: Flags) -> Integers:
        """Return the columns of the next event of every row [width, 5]; they have a meaning where `free` [width]."""
        width = len(noise)
        every_token = np.zeros(width, np.int64)
        chosen = np.zeros((width, len(COLUMNS)), np.int64)
        history = np.zeros((width, len(HISTORY_SIZES)), np.int64)
        for column in range(len(COLUMNS)):
            if column == FIRST_COLUMN:
                history = self._cursors.histories(chosen[:, 0], chosen[:, 1])
            logits = self._network.head(column, entries, np.ascontiguousarray(chosen[:, :column]), history)
            if column == 1:
                # It shall play more often, not more notes at once.
                nudges = self._balance.nudges(width) * self._grammar.begins(chosen[:, 0])
                logits[:, PART_OFFSET : PART_OFFSET + PART_COUNT] += nudges
            mask = self._mask(column, chosen)
            mask[~free] = True
            # A row without a legal value would be undefined; notes without a pitch are left out of the piece.
            mask[~mask.any(axis=1), NONE] = True
            legal = np.where(mask, logits, -np.inf)
            compared = np.flatnonzero(free & self._is_compared[:width])
            if len(compared):
                # Sampling overwrites its logits.
                scored = legal[compared].astype(np.float64)
            temperatures = self._temperatures[:width, column]
            if column in (_PART_COLUMN, _PITCH_COLUMN):
                is_line = chosen[:, 0] == BAR
                factors = np.where(is_line, self._line_temperatures[:width], 1.0)
                temperatures = (factors * temperatures).astype(np.float32)
            if column == _PITCH_COLUMN:
                # In nats of what is drawn from, whatever the temperature.
                legal += temperatures[:, None] * self._pitch_bias(chosen[:, 1])
            params = BatchedSamplingParams(temperatures, every_token, self._top_p[:width])
            chosen[:, column] = sample(legal, noise[:, column], params)
            if len(compared):
                self._log_probability[compared] += _log_probabilities(scored, chosen[compared, column])
                self._values[compared] += 1
        return chosen

    def _pitch_bias(self, parts: Integers) -> Array:
        """Return what makes the pitches of a key and of returning figures likelier [width, pitches]."""
        width = len(parts)
        return self._keys.bias(self._weights[:width]) + self._figures.bias(parts, self._figure_strengths[:width])

    def _mask(self, column: int, chosen: Integers) -> Flags:
        width, slot = len(chosen), chosen[:, 0]
        if column == 0:
            return self._slots(width)
        if column == 1:
            return self._grammar.parts(slot)
        return (
            self._grammar.pitches(slot, chosen[:, 1])
            if column == _PITCH_COLUMN
            else self._grammar.details(column, slot)
        )

    def _slots(self, width: int) -> Flags:
        """Return the slots that may follow; after too many empty bars, a bar does not end without a note."""
        mask = self._grammar.slots(self._bar_events[:width])
        is_silent = (self._empty_bars >= self._max_empty_bars)[:width] & (self._bar_events[:width] == 0)
        mask[is_silent & mask[:, :BAR].any(axis=1), BAR:] = False
        return mask

    def _end_bar(self, row: int, event: Array) -> None:
        """Finish the piece, or begin the next bar with what is given of it."""
        piece = self._pieces[row]
        assert piece is not None
        bar = int(self._cursors.bar[row]) + 1
        # The bar line is one of the events.
        self._empty_bars[row] = self._empty_bars[row] + 1 if self._bar_events[row] <= 1 else 0
        self._bar_events[row] = 0
        if self._event[row, 0] == END or bar >= piece.plan.stop_bar:
            self._finish(row)
        elif bar in piece.plan.blocks:
            piece.given, piece.taken = piece.plan.given_from(bar), 0
            self._take_given(row)
            event[1:] = self._event[row]

    def _take_given(self, row: int) -> None:
        """Make the next given event of a row its latest one; after the last, events are sampled."""
        piece = self._pieces[row]
        if piece is None or self._finished[row]:
            return
        given, taken = piece.given, piece.taken
        self._event[row], self._role[row] = given.events[taken], given.roles[taken]
        self._is_echoed[row] = given.echoed[taken]
        piece.taken += 1
        self._is_free[row] = piece.taken == len(given.events)

    def _finish(self, row: int) -> None:
        self._finished[row] = True
        self._event[row], self._is_free[row] = _END, False

    def _begin_search(self, row: int, draw: float) -> None:
        """Keep the state of a row where the search for its ending begins: before the line of its first bar."""
        piece = self._pieces[row]
        if piece is None or self._finished[row] or piece.plan.ending is None:
            return
        ending = piece.plan.ending
        if self._cursors.bar[row] + 1 != ending.start_bar or self._is_searched[row]:
            return
        self._is_searched[row] = True
        self._cursors.move(row, self.rows + row)
        saved = {name: getattr(self, name)[row].copy() for name in _SAVED}
        for name, keeper in self._keepers.items():
            saved[name] = keeper.save(row)
        meter = int(self._event[row, 1]) - METER_OFFSET
        key = ending.key(self._weights[row])
        piece.search = EndingSearch(ending, meter, saved, key, is_wanted=draw < ending.share)

    def _continue_search(self, row: int, event: Array) -> None:
        """Take the latest event of a row into its ending; after the last one, end the search or begin anew."""
        piece = self._pieces[row]
        assert piece is not None
        search = piece.search
        assert search is not None
        search.current.rows.append(event.copy())
        event[:] = np.nan
        if not self._finished[row]:
            return
        if search.finish_attempt(piece.plan.total_bars):
            return
        self._cursors.move(self.rows + row, row)
        for name in _SAVED:
            getattr(self, name)[row] = search.saved[name]
        for name, keeper in self._keepers.items():
            keeper.restore(row, search.saved[name])
        self._grammar.restrict_last_bar(row, search.begin_attempt())

    def _clear(self, row: int) -> None:
        self._pieces[row] = None
        self._finished[row] = self._is_free[row] = False
        self._event[row], self._role[row] = _END, COMPOSED


def _log_probabilities(logits: NDArray[np.float64], chosen: Integers) -> NDArray[np.float64]:
    """Return the log-probability of a value of each row, at temperature 1 and without top-p."""
    highest = logits.max(axis=1)
    total = np.exp(logits - highest[:, None]).sum(axis=1)
    return np.asarray(logits[np.arange(len(chosen)), chosen] - highest - np.log(total))
