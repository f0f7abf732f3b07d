"""The lanes of one network: continuations of pieces, taken one token further at a time."""

from collections.abc import Sequence

import numpy as np
from euterpe_music.tokens import fill_bar_lag_tokens

from euterpe_generator.engine.request import Array
from euterpe_generator.engine.tokens.batch_state import WINDOW, PartTable
from euterpe_generator.engine.tokens.beam_search import BeamSearch
from euterpe_generator.engine.tokens.network import StepNetwork
from euterpe_generator.engine.tokens.plan import Part, Tokens
from euterpe_generator.engine.tokens.sampler import Knobs, draw, penalise


class Lanes:
    """Arrays over the lanes, in the network's order; a row has one, or as many as its search has beams.

    The first token of everything is number 0 of its vocabulary, as euterpe_music.tokens has it. Changes of the set of
    lanes are put together and reach the network with the next step.
    """

    def __init__(self, network: StepNetwork) -> None:
        self._network = network
        self._borders = np.cumsum([0, *network.sizes])
        self._table = PartTable(network.sizes, network.columns)
        self._searches: dict[int, BeamSearch] = {}
        streams = len(network.sizes)
        self._row = np.zeros(0, np.int64)
        self._token = np.zeros((0, streams), np.int64)
        self._position = np.zeros(0, np.int64)
        self._time = np.zeros(0, np.int64)
        self._recent = np.zeros((0, streams, WINDOW), np.int64)
        #: The network's lanes that these continue; -1 for a fresh one.
        self._sources = np.zeros(0, np.int64)
        self._dirty = True

    def __len__(self) -> int:
        return len(self._row)

    def add(self, row: int, number: int, part: Part, before: Sequence[Tokens]) -> None:
        """Gives lanes to a row's part, the `number`-th of its piece; `before` are the tokens of those before."""
        width = part.choosing.beam_width
        self._table.write(row, number, part, before)
        if width > 1:
            self._searches[row] = BeamSearch(part.choosing, len(self._network.sizes), part.begins)
        self._row = np.append(self._row, np.full(width, row))
        self._sources = np.append(self._sources, np.full(width, -1))
        for name in ("_token", "_position", "_time", "_recent"):
            array = getattr(self, name)
            setattr(self, name, np.concatenate([array, np.zeros((width, *array.shape[1:]), array.dtype)]))
        self._dirty = True

    def remove(self, row: int) -> None:
        """Takes a row's lanes away; a no-op for a row without any."""
        if self._table.parts.pop(row, None) is not None:
            self._searches.pop(row, None)
            self._select(np.flatnonzero(self._row != row))
            self._row = self._row[self._row != row]
            self._dirty = True

    def rename(self, source: int, target: int) -> None:
        """The lanes of a row are another row's from now on."""
        if source in self._table.parts:
            self._row[self._row == source] = target
            self._table.move(source, target)
            if source in self._searches:
                self._searches[target] = self._searches.pop(source)
            self._dirty = True

    def composed(self, row: int) -> Tokens:
        """The tokens [steps, streams] of a row's part so far; of a search, those of the beam that is ahead."""
        if row in self._searches:
            return self._searches[row].best
        steps = int(self._position[self._row == row][0])
        return self._table.past[row, :steps].copy()

    def untold(self, row: int) -> Tokens:
        """The tokens [steps, streams] of a row's part so far that were not written into events."""
        search = self._searches.get(row)
        return np.zeros((0, self._token.shape[1]), np.int64) if search is None else search.best[search.told :]

    def step(self, noise: Array, events: Array) -> list[int]:
        """Takes all lanes one step further, with the rows' noise [rows, streams], and writes what is certain into
        `events` [rows, features]. Returns the rows whose part has come to its end.
        """
        if self._dirty:
            self._settle()
        logits = self._network.step(self._token, self._told())
        self._restrict(logits)
        tokens = self._choose(logits, noise)
        self._write(tokens, events)
        for row, search in self._searches.items():
            if (settled := search.tell()) is not None:
                events[row, 0], events[row, 1:] = self._table.parts[row][0], settled
        ended = self._ended()
        if not ended.any():
            return []
        going_on = set(self._row[~ended].tolist())
        return [row for row in dict.fromkeys(self._row[ended].tolist()) if row not in going_on]

    def _told(self) -> Tokens | None:
        """What the network is told beside the last tokens [lanes, columns]; None where it is told nothing."""
        if not self._network.columns:
            return None
        at = np.minimum(self._time // self._unit, self._table.conditions.shape[1] - 1)
        steps: Tokens = self._table.conditions[self._row, at]
        echoes = self._network.echoes
        if not echoes:
            return steps
        told = fill_bar_lag_tokens(steps, echoes, self._table.past[:, :, 0], self._row)
        for row, search in self._searches.items():
            lanes = np.flatnonzero(self._row == row)
            told[lanes] = fill_bar_lag_tokens(steps[lanes], echoes, search.history[:, :, 0])
        return told

    def _ended(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        return (self._time >= self._end) | (self._position >= self._steps)

    def _settle(self) -> None:
        """Brings the network's lanes up to date, and what the table says of each."""
        self._network.select(self._sources)
        self._sources = np.arange(len(self))
        table, row = self._table, self._row
        self._knobs = Knobs.of([table.parts[each][1].choosing for each in row.tolist()])
        self._number, self._end, self._steps = table.number[row], table.end[row], table.steps[row]
        self._unit, self._searched = table.unit[row], table.searched[row]
        self._bias, self._durations = table.bias[row], table.durations[row]
        self._opening = table.opening[row]
        self._opens = bool((self._opening < 0).any())
        self._penalised = np.flatnonzero(table.penalty[row] != 1)
        self._longest, self._shortest = table.longest_duration, table.shortest_duration
        self._dirty = False

    def _restrict(self, logits: Array) -> None:
        """What may not come gets -inf: by the key, at the beginning, and where a duration would go past the end."""
        logits += self._bias
        if self._opens and not self._position.all():
            first = self._position == 0
            logits[first] += self._opening[first]
        left = self._end - self._time
        if self._longest and int(left.min()) < self._longest:
            too_long = self._durations > np.maximum(left, self._shortest)[:, None]
            logits[:, self._borders[-2] :][too_long] = -np.inf

    def _choose(self, logits: Array, noise: Array) -> Tokens:
        tokens = np.zeros_like(self._token)
        for stream in range(tokens.shape[1]):
            part = logits[:, self._borders[stream] : self._borders[stream + 1]]
            if len(self._penalised):
                self._penalise(part, stream)
            if len(self._searches) < len(self._table.parts):
                tokens[:, stream] = draw(part, noise[self._row, stream], self._knobs)
        if self._searches:
            self._search(logits, tokens)
        given = self._table.given
        if int(self._position.min()) < given.shape[1]:
            told = given[self._row, np.minimum(self._position, given.shape[1] - 1)]
            use = (self._position < given.shape[1]) & (told[:, 0] >= 0) & ~self._searched
            tokens[use] = told[use]
        return tokens

    def _penalise(self, part: Array, stream: int) -> None:
        lanes, rows = self._penalised, self._row[self._penalised]
        inside = np.arange(WINDOW) >= WINDOW - self._table.window[rows, None]
        recent = np.where(inside, self._recent[lanes, stream], 0)
        exempt = self._table.exempt[rows, self._borders[stream] : self._borders[stream + 1]]
        changed = part[lanes]
        penalise(changed, recent, self._table.penalty[rows], exempt)
        part[lanes] = changed

    def _search(self, logits: Array, tokens: Tokens) -> None:
        """Extends every search, and has its lanes go on from their parents."""
        sources = np.arange(len(self))
        ended = self._ended()
        for row, search in self._searches.items():
            lanes = np.flatnonzero(self._row == row)
            _, part = self._table.parts[row]
            step = int(self._position[lanes].max())
            if step < len(part.given):
                search.give(part.given[step])
                tokens[lanes] = part.given[step]
                continue
            mine = logits[lanes]
            streams = [mine[:, low:high] for low, high in zip(self._borders, self._borders[1:], strict=False)]
            extension = search.extend(streams, ended[lanes])
            sources[lanes] = lanes[extension.parents]
            tokens[lanes] = extension.tokens
        if not np.array_equal(sources, np.arange(len(self))):
            self._select(sources)
            self._network.select(sources)
            self._sources = np.arange(len(self))

    def _write(self, tokens: Tokens, events: Array) -> None:
        live = ~self._ended()
        told = live & ~self._searched
        rows = self._row[told]
        events[rows, 0] = self._number[told]
        events[rows, 1:] = tokens[told]
        self._table.past[rows, self._position[told]] = tokens[told]
        if len(self._penalised):
            recent = self._recent[self._penalised]
            recent[:, :, :-1] = recent[:, :, 1:]
            recent[:, :, -1] = tokens[self._penalised]
            self._recent[self._penalised] = recent
        self._token = tokens
        self._time += np.where(live, self._durations[np.arange(len(self)), tokens[:, -1]], 0)
        self._position += live

    def _select(self, sources: Tokens) -> None:
        """Lane i goes on from where lane sources[i] is; which rows they belong to stays."""
        for name in ("_token", "_position", "_time", "_recent", "_sources"):
            setattr(self, name, getattr(self, name)[sources])
