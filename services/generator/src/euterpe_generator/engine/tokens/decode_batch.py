"""The decode batch of one network: sequences of tokens, extended by one token per step."""

from collections.abc import Sequence

import numpy as np
from euterpe_music.tokens import fill_bar_lag_tokens

from euterpe_generator.engine.request import Array, Mask
from euterpe_generator.engine.tokens.batch_state import MAX_REPETITION_WINDOW, NEVER, BatchState
from euterpe_generator.engine.tokens.beam_search import BeamSearch, log_softmax
from euterpe_generator.engine.tokens.ending_search import EndingSearch
from euterpe_generator.engine.tokens.network import StepNetwork
from euterpe_generator.engine.tokens.plan import Part, Tokens
from euterpe_generator.engine.tokens.repeated_ngrams import exclude_repeated_ngrams
from euterpe_generator.engine.tokens.sampler import (
    BatchedSamplingParams,
    apply_repetition_penalty,
    balanced_bias,
    sample,
)

#: Arrays over the sequences that follow a sequence when the batch is reordered.
_PER_SEQUENCE = ("_token", "_position", "_time", "_recent", "_noise_offset", "_after_steps", "_after_likelihood")


class DecodeBatch:
    """Arrays over the sequences, in the network's order. A row has one sequence, or one per beam or sampled ending.

    The first input token is number 0 of its vocabulary (euterpe_music.tokens.BEGIN). Changes of the set of sequences
    are collected and passed to the network at the next step.
    """

    def __init__(self, network: StepNetwork) -> None:
        self._network = network
        self._borders = np.cumsum([0, *network.vocabulary_sizes])
        self._state = BatchState(network.vocabulary_sizes, network.features)
        self._searches: dict[int, BeamSearch] = {}
        self._endings: dict[int, EndingSearch] = {}
        streams = len(network.vocabulary_sizes)
        self._row = np.zeros(0, np.int64)
        self._token = np.zeros((0, streams), np.int64)
        self._position = np.zeros(0, np.int64)
        self._time = np.zeros(0, np.int64)
        self._recent = np.zeros((0, streams, MAX_REPETITION_WINDOW), np.int64)
        #: What the endings of a row add to its random numbers; 0 for all other sequences.
        self._noise_offset = np.zeros(0, np.float32)
        #: Steps of the tokens that follow a part (Part.after), and their log-likelihood.
        self._after_steps = np.zeros(0, np.int64)
        self._after_likelihood = np.zeros(0, np.float64)
        #: The network's sequence that each one continues; -1 for a new one.
        self._sources = np.zeros(0, np.int64)
        self._is_stale = True

    def __len__(self) -> int:
        return len(self._row)

    def add(self, row: int, number: int, part: Part, previous: Sequence[Tokens]) -> None:
        """Add the sequences of a row's part, the `number`-th of its piece; `previous` are the parts before it."""
        width = part.sampling.beam_width
        self._state.write(row, number, part, previous)
        if width > 1:
            self._searches[row] = BeamSearch(part.sampling, len(self._network.vocabulary_sizes), part.onset_tokens)
        elif part.ending is not None:
            self._endings[row] = EndingSearch(part.ending, previous)
        self._row = np.append(self._row, np.full(width, row))
        self._sources = np.append(self._sources, np.full(width, -1))
        for name in _PER_SEQUENCE:
            array = getattr(self, name)
            setattr(self, name, np.concatenate([array, np.zeros((width, *array.shape[1:]), array.dtype)]))
        self._is_stale = True

    def remove(self, row: int) -> None:
        """Remove a row's sequences, if it has any."""
        if self._state.parts.pop(row, None) is not None:
            self._searches.pop(row, None)
            self._endings.pop(row, None)
            self._reorder(np.flatnonzero(self._row != row))
            self._row = self._row[self._row != row]
            self._is_stale = True

    def rename(self, source: int, target: int) -> None:
        """Assign the sequences of row `source` to row `target`."""
        if source in self._state.parts:
            self._row[self._row == source] = target
            self._state.move(source, target)
            if source in self._searches:
                self._searches[target] = self._searches.pop(source)
            if source in self._endings:
                self._endings[target] = self._endings.pop(source)
            self._is_stale = True

    def tokens_of(self, row: int) -> Tokens:
        """Return the tokens [steps, streams] of a row's part so far; of several sequences, those of the best one."""
        if (search := self._search_of(row)) is not None:
            return search.best
        steps = int(self._position[self._row == row][0])
        return self._state.generated[row, :steps].copy()

    def after_likelihood_of(self, row: int) -> float:
        """Return the log-likelihood of the tokens that follow a row's part; 0 if none do."""
        return float(self._after_likelihood[self._row == row][0])

    def unemitted_tokens_of(self, row: int) -> Tokens:
        """Return the tokens [steps, streams] of a row's part that `step` has not written into events."""
        search = self._search_of(row)
        return np.zeros((0, self._token.shape[1]), np.int64) if search is None else search.best[search.emitted_steps :]

    def step(self, noise: Array, events: Array) -> list[int]:
        """Extend all sequences by one token, using the rows' noise [rows, streams].

        Writes settled tokens into `events` [rows, features]. Returns the rows whose part has ended.
        """
        if self._is_stale:
            self._refresh()
        if (self._time >= self._ending_start).any():
            self._begin_endings(noise)
            self._refresh()
        is_after = (self._time >= self._after_start) & ~self._ended()
        # The shortest token may have been longer than what remained before them.
        self._time = np.where(is_after & (self._after_steps == 0), self._after_start, self._time)
        logits = self._network.step(self._token, self._conditioning())
        unmasked = logits.copy() if is_after.any() else logits
        self._mask(logits)
        if len(self._without_repeats):
            self._exclude_repeats(logits)
        tokens = self._select_tokens(logits, noise)
        if is_after.any():
            self._follow(np.flatnonzero(is_after), tokens, unmasked)
        self._append(tokens, events)
        for row, search in self._searches.items():
            if (settled := search.pop_settled()) is not None:
                events[row, 0], events[row, 1:] = self._state.parts[row][0], settled
        ended = self._ended()
        if not ended.any():
            return []
        unfinished = set(self._row[~ended].tolist())
        return [row for row in dict.fromkeys(self._row[ended].tolist()) if row not in unfinished]

    def _search_of(self, row: int) -> BeamSearch | EndingSearch | None:
        """Return the search among the sequences of a row; None while it has one sequence."""
        if row in self._begun_endings:
            return self._endings[row]
        return self._searches.get(row)

    @property
    def _begun_endings(self) -> dict[int, EndingSearch]:
        return {row: search for row, search in self._endings.items() if search.has_begun}

    def _begin_endings(self, noise: Array) -> None:
        """Continue with several sequences those that have reached the start of their search for an ending."""
        copies = np.ones(len(self), np.int64)
        for at in np.flatnonzero(self._time >= self._ending_start).tolist():
            row = int(self._row[at])
            search = self._endings[row]
            search.begin(self.tokens_of(row), float(noise[row, 0]))
            copies[at] = search.candidates
        sources = np.repeat(np.arange(len(self)), copies)
        self._reorder(sources)
        self._row = self._row[sources]
        for row, search in self._begun_endings.items():
            self._noise_offset[self._row == row] = search.offsets

    def _conditioning(self) -> Tokens | None:
        """Return the conditioning features of the next step [sequences, features]; None for a network without any."""
        if not self._network.features:
            return None
        at = np.minimum(self._time // self._units_per_grid_step, self._state.conditioning.shape[1] - 1)
        features: Tokens = self._state.conditioning[self._row, at]
        lagged = self._network.bar_lag_features
        if not lagged:
            return features
        filled = fill_bar_lag_tokens(features, lagged, self._state.generated[:, :, 0], self._row)
        for row, search in (self._searches | self._begun_endings).items():
            own = np.flatnonzero(self._row == row)
            filled[own] = fill_bar_lag_tokens(features[own], lagged, search.history[:, :, 0])
        return filled

    def _ended(self) -> Mask:
        is_over = (self._time >= self._end) | (self._position >= self._steps)
        return is_over | (self._after_steps >= self._after_count)

    def _refresh(self) -> None:
        """Pass the new set of sequences to the network, and look up the parameters of each sequence."""
        self._network.select(self._sources)
        self._sources = np.arange(len(self))
        state, row = self._state, self._row
        self._params = BatchedSamplingParams.stack([state.parts[each][1].sampling for each in row.tolist()])
        self._part_number, self._end, self._steps = state.part_number[row], state.end[row], state.steps[row]
        self._units_per_grid_step = state.units_per_grid_step[row]
        self._uses_beam_search = state.uses_beam_search[row]
        is_ending = np.isin(row, list(self._begun_endings))
        self._is_searching = self._uses_beam_search | is_ending
        self._ending_start = np.where(is_ending | self._uses_beam_search, NEVER, state.ending_start[row])
        self._after_start, self._after_count = state.after_start[row], state.after_count[row]
        self._allowed, self._durations = state.allowed[row], state.durations[row]
        self._biased = np.flatnonzero(state.bias[row].any(axis=1))
        self._bias = state.bias[row[self._biased]]
        self._first_bias = state.first_bias[row]
        self._has_first_bias = bool((self._first_bias < 0).any())
        self._penalised = np.flatnonzero(state.penalty[row] != 1)
        self._without_repeats = np.flatnonzero(state.no_repeat_ngram[row])
        self._longest_duration, self._shortest_duration = state.longest_duration, state.shortest_duration
        self._is_stale = False

    def _mask(self, logits: Array) -> None:
        """Set the logits of tokens that are not allowed, or that would last past the end of the part, to -inf."""
        logits += self._allowed
        if len(self._biased):
            logits[self._biased] += balanced_bias(logits[self._biased], self._bias)
        if self._has_first_bias and not self._position.all():
            first = self._position == 0
            logits[first] += self._first_bias[first]
        is_before = self._time < self._after_start
        remaining = np.where(is_before, np.minimum(self._end, self._after_start), self._end) - self._time
        if self._longest_duration and int(remaining.min()) < self._longest_duration:
            too_long = self._durations > np.maximum(remaining, self._shortest_duration)[:, None]
            logits[:, self._borders[-2] :][too_long] = -np.inf

    def _exclude_repeats(self, logits: Array) -> None:
        """Set the logits of tokens that would repeat an n-gram of their sequence to -inf."""
        for at in self._without_repeats.tolist():
            row, steps = int(self._row[at]), int(self._position[at])
            part = self._state.parts[row][1]
            search = self._search_of(row)
            number = int(np.count_nonzero(self._row[:at] == row))
            history = self._state.generated[row] if search is None else search.history[number]
            exclude_repeated_ngrams(
                logits[at, : self._borders[1]], history[:steps, 0], part.sampling.no_repeat_ngram, part.onset_tokens
            )

    def _select_tokens(self, logits: Array, noise: Array) -> Tokens:
        tokens = np.zeros_like(self._token)
        unguided = logits
        if self._begun_endings:
            logits = logits.copy()
            for row, search in self._begun_endings.items():
                own = np.flatnonzero(self._row == row)
                guided = logits[own]
                search.apply_guide(guided, self._time[own])
                logits[own] = guided
        for stream in range(tokens.shape[1]):
            stream_logits = logits[:, self._borders[stream] : self._borders[stream + 1]]
            if len(self._penalised):
                self._penalise(stream_logits, stream)
            if len(self._searches) < len(self._state.parts):
                uniform = (noise[self._row, stream] + self._noise_offset) % 1
                tokens[:, stream] = sample(stream_logits, uniform, self._params)
        if self._searches:
            self._extend_beams(logits, tokens)
        prompt = self._state.prompt
        if int(self._position.min()) < prompt.shape[1]:
            given = prompt[self._row, np.minimum(self._position, prompt.shape[1] - 1)]
            is_given = (self._position < prompt.shape[1]) & (given[:, 0] >= 0) & ~self._uses_beam_search
            tokens[is_given] = given[is_given]
        for row, search in self._begun_endings.items():
            own = np.flatnonzero(self._row == row)
            search.append(tokens[own], self._streams(unguided[own]), ~self._ended()[own])
        return tokens

    def _follow(self, sequences: Tokens, tokens: Tokens, logits: Array) -> None:
        """Set the tokens of sequences after their part to the given ones, and add up their log-likelihoods."""
        for at in sequences.tolist():
            after = self._state.parts[int(self._row[at])][1].after
            assert after is not None
            tokens[at] = after[self._after_steps[at]]
            streams = zip(self._streams(logits[at : at + 1]), tokens[at].tolist(), strict=True)
            self._after_likelihood[at] += sum(float(log_softmax(stream)[0, token]) for stream, token in streams)
            self._after_steps[at] += 1

    def _penalise(self, logits: Array, stream: int) -> None:
        sequences, rows = self._penalised, self._row[self._penalised]
        in_window = np.arange(MAX_REPETITION_WINDOW) >= MAX_REPETITION_WINDOW - self._state.window[rows, None]
        recent = np.where(in_window, self._recent[sequences, stream], 0)
        exempt = self._state.penalty_exempt[rows, self._borders[stream] : self._borders[stream + 1]]
        penalised = logits[sequences]
        apply_repetition_penalty(penalised, recent, self._state.penalty[rows], exempt)
        logits[sequences] = penalised

    def _extend_beams(self, logits: Array, tokens: Tokens) -> None:
        """Extend every beam search, and reorder its sequences to continue their parents."""
        sources = np.arange(len(self))
        ended = self._ended()
        for row, search in self._searches.items():
            beams = np.flatnonzero(self._row == row)
            _, part = self._state.parts[row]
            step = int(self._position[beams].max())
            if step < len(part.prompt):
                search.force(part.prompt[step])
                tokens[beams] = part.prompt[step]
                continue
            extension = search.extend(self._streams(logits[beams]), ended[beams])
            sources[beams] = beams[extension.parents]
            tokens[beams] = extension.tokens
        if not np.array_equal(sources, np.arange(len(self))):
            self._reorder(sources)
            self._network.select(sources)
            self._sources = np.arange(len(self))

    def _streams(self, logits: Array) -> list[Array]:
        """Return the logits of each stream."""
        return [logits[:, low:high] for low, high in zip(self._borders, self._borders[1:], strict=False)]

    def _append(self, tokens: Tokens, events: Array) -> None:
        is_running = ~self._ended()
        is_settled = is_running & ~self._is_searching
        rows = self._row[is_settled]
        events[rows, 0] = self._part_number[is_settled]
        events[rows, 1:] = tokens[is_settled]
        self._state.generated[rows, self._position[is_settled]] = tokens[is_settled]
        if len(self._penalised):
            recent = self._recent[self._penalised]
            recent[:, :, :-1] = recent[:, :, 1:]
            recent[:, :, -1] = tokens[self._penalised]
            self._recent[self._penalised] = recent
        self._token = tokens
        self._time += np.where(is_running, self._durations[np.arange(len(self)), tokens[:, -1]], 0)
        self._position += is_running

    def _reorder(self, sources: Tokens) -> None:
        """Make sequence i continue sequence sources[i]; the rows of the sequences are unchanged."""
        for name in (*_PER_SEQUENCE, "_sources"):
            setattr(self, name, getattr(self, name)[sources])
