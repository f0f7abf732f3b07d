"""Compose pieces with a checkpoint in PyTorch, to inspect a training; the service has an engine of its own."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from euterpe_music.note_events.arrange import COMPOSED
from euterpe_music.note_events.common_key import moved_pitches
from euterpe_music.note_events.cursor_batch import CursorBatch
from euterpe_music.note_events.decode import decode
from euterpe_music.note_events.event import Event, note_of
from euterpe_music.note_events.features import CANDIDATE_COLUMNS, ECHO_COUNT, MAX_PARTS, part_set
from euterpe_music.note_events.figure_memory import FigureMemory
from euterpe_music.note_events.grammar_batch import GrammarBatch
from euterpe_music.note_events.instruments import PART_COUNT, part_name
from euterpe_music.note_events.part_history import FIRST_COLUMN, HISTORY_SIZES
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece
from euterpe_music.note_events.rules import Rules
from euterpe_music.note_events.spec import (
    BAR,
    COLUMNS,
    END,
    METER_OFFSET,
    METERS,
    NO_CHORD,
    TEMPO_OFFSET,
    UNKNOWN_KEY,
    tempo_class,
)
from torch import Tensor

from euterpe_training.ensemble.networks.ensemble import EnsembleNetwork
from euterpe_training.ensemble.starting_point import load_starting_point
from euterpe_training.ensemble.styles import Styles
from euterpe_training.errors import TrainingError

_PITCH_COLUMN = COLUMNS.index("pitch")


@dataclass(frozen=True)
class Request:
    """What to compose: style names ("" leaves open), bars (None: until it ends), key, parts and rules, and the seed.

    The piece is moved by `transposition` semitones once it is composed.
    """

    genre: str = ""
    kind: str = ""
    composer: str = ""
    bars: int | None = 32
    conditions: dict[str, list[int]] = field(default_factory=dict)
    parts: tuple[int, ...] = ()
    rules: Rules = field(default_factory=Rules)
    tempo: int = 32
    transposition: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Sampling:
    """How values are drawn: temperature and its factor for each column, nucleus, and the most events of a piece.

    `figure_strength` is by how many nats a pitch becomes likelier that completes a figure of its part.
    """

    temperature: float = 1.0
    top_p: float = 0.98
    max_events: int = 4096
    column_temperatures: tuple[float, ...] = (1.0,) * len(COLUMNS)
    figure_strength: float = 0.0

    def of_column(self, column: int) -> "Sampling":
        """Return how the values of a column are drawn."""
        return replace(self, temperature=self.temperature * self.column_temperatures[column])


def load_network(directory: Path) -> tuple[EnsembleNetwork, Styles]:
    """Load the network of a run, with averaged weights, or of a bundle."""
    start = load_starting_point(directory)
    return start.network(), start.styles


class _Rows:
    """The pieces that are being composed, one a row; the rows of finished ones are filled with the last ones."""

    def __init__(self, requests: list[Request], styles: Styles) -> None:
        count = len(requests)
        self.pieces = np.arange(count)
        self.events: list[list[Event]] = [[_first_line(request)] for request in requests]
        self.latest = np.array([events[0] for events in self.events], dtype=np.int64)
        self.bar_events = np.zeros(count, dtype=np.int64)
        self.cursors = CursorBatch(count)
        self.grammar = GrammarBatch(self.cursors, count)
        self.figures = FigureMemory(count)
        self.statics = np.zeros((count, len(styles.sizes) + MAX_PARTS), dtype=np.int64)
        self._generators = [np.random.default_rng(request.seed) for request in requests]
        for row, request in enumerate(requests):
            self.cursors.reset(row, request.bars, request.conditions)
            self.grammar.reset(row, replace(request.rules, parts=request.parts or request.rules.parts))
            style = styles.numbers(request.genre, request.kind, request.composer)
            self.statics[row] = [*style, *part_set(np.array(request.parts, dtype=np.int64))]

    def __len__(self) -> int:
        return len(self.pieces)

    def push(self) -> None:
        """Take in the latest events."""
        count = len(self)
        self.cursors.push(self.latest, np.full(count, COMPOSED), np.ones(count, dtype=np.bool_))
        self.figures.add(self.latest)

    def inputs(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return values, echoes and statics, as `EnsembleNetwork.step` takes them."""
        count = len(self)
        echoes = self.cursors.echoes[:count].reshape(count, ECHO_COUNT, CANDIDATE_COLUMNS)
        return torch.from_numpy(self.cursors.values[:count]), torch.from_numpy(echoes), torch.from_numpy(self.statics)

    def mask(self, column: int, chosen: np.ndarray) -> np.ndarray:
        """Return which values of a column are legal after those chosen before it."""
        if column == 0:
            return self.grammar.slots(self.bar_events)
        if column == 1:
            return self.grammar.parts(chosen[:, 0])
        if column == 2:
            return self.grammar.pitches(chosen[:, 0], chosen[:, 1])
        return self.grammar.details(column, chosen[:, 0])

    def uniforms(self) -> np.ndarray:
        """Return a random number for each row, which depends on nothing but its piece's seed and events."""
        return np.array([self._generators[piece].random() for piece in self.pieces])

    def take(self, events: np.ndarray, max_events: int) -> np.ndarray:
        """Add an event to each piece; return the numbers of the rows that stay."""
        for piece, event in zip(self.pieces.tolist(), events.tolist(), strict=True):
            self.events[piece].append(tuple(event))
        self.latest = events
        self.bar_events = np.where(events[:, 0] == BAR, 0, self.bar_events + 1)
        lengths = np.array([len(self.events[piece]) for piece in self.pieces])
        is_open = (events[:, 0] != END) & (lengths < max_events)
        kept = np.flatnonzero(is_open)
        count = len(kept)
        # Free rows among the first are filled with open ones from behind.
        order = np.concatenate([kept[kept < count], kept[kept >= count]])
        places = np.concatenate([kept[kept < count], np.flatnonzero(~is_open[:count])])
        for source, target in zip(order.tolist(), places.tolist(), strict=True):
            if source != target:
                self.cursors.move(source, target)
                self.grammar.move(source, target)
                self.figures.move(source, target)
        order = order[np.argsort(places)]
        self.pieces, self.latest = self.pieces[order], self.latest[order]
        self.bar_events, self.statics = self.bar_events[order], self.statics[order]
        return order


@torch.inference_mode()
def compose(network: EnsembleNetwork, styles: Styles, requests: list[Request], sampling: Sampling) -> list[NotePiece]:
    """Compose one piece per request, all in one batch."""
    rows = _Rows(requests, styles)
    state = network.initial_state(len(rows))
    while len(rows):
        rows.push()
        hidden, state = network.step(*rows.inputs(), state)
        kept = rows.take(_draw_events(network, hidden, rows, sampling), sampling.max_events)
        if len(kept) < len(hidden):
            state = tuple(part[torch.from_numpy(kept)] for part in state)
    return [
        replace(piece, notes=moved_pitches(piece.notes, request.transposition))
        for piece, request in zip(map(piece_of, rows.events), requests, strict=True)
    ]


def _first_line(request: Request) -> Event:
    """Return the bar line that opens a piece: the rules' meter, or 4/4, and the asked tempo."""
    meter = METERS.index((4, 4)) if request.rules.meter is None else request.rules.meter
    return BAR, METER_OFFSET + meter, TEMPO_OFFSET + request.tempo, 0, 0


def _draw_events(network: EnsembleNetwork, hidden: Tensor, rows: _Rows, sampling: Sampling) -> np.ndarray:
    chosen = np.zeros((len(rows), len(COLUMNS)), dtype=np.int64)
    history = np.zeros((len(rows), len(HISTORY_SIZES)), dtype=np.int64)
    for column in range(len(COLUMNS)):
        if column == FIRST_COLUMN:
            history = rows.cursors.histories(chosen[:, 0], chosen[:, 1])
        logits = network.heads.column(
            column, hidden, torch.from_numpy(chosen[:, :column]), torch.from_numpy(history)
        ).float().numpy()  # fmt: skip
        drawn_with = sampling.of_column(column)
        if column == _PITCH_COLUMN and sampling.figure_strength:
            strengths = np.full(len(rows), sampling.figure_strength)
            logits = logits + drawn_with.temperature * rows.figures.bias(chosen[:, 1], strengths)
        chosen[:, column] = draw(logits, rows.mask(column, chosen), drawn_with, rows.uniforms())
    return chosen


def draw(logits: np.ndarray, mask: np.ndarray, sampling: Sampling, uniforms: np.ndarray) -> np.ndarray:
    """Draw a legal value of each row [n, values] from the smallest set that holds `top_p` of the probability.

    `uniforms` [n] are random numbers from 0 to 1.
    """
    scaled = np.where(mask, logits / max(sampling.temperature, 1e-4), -np.inf)
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    order = np.argsort(-weights, axis=1)
    ranked = np.take_along_axis(weights, order, axis=1)
    ranked /= ranked.sum(axis=1, keepdims=True)
    before = np.cumsum(ranked, axis=1) - ranked
    sums = np.cumsum(np.where(before < sampling.top_p, ranked, 0.0), axis=1)
    places = (sums < uniforms[:, None] * sums[:, -1:]).sum(axis=1)
    return np.asarray(np.take_along_axis(order, places[:, None], axis=1)[:, 0])


def piece_of(events: list[Event]) -> NotePiece:
    """Collect composed events in a piece."""
    bars, notes = [], []
    for event in events:
        if event[0] == BAR:
            bars.append((event[1] - METER_OFFSET, event[2] - TEMPO_OFFSET, UNKNOWN_KEY, (NO_CHORD, NO_CHORD)))
        elif event[0] != END:
            notes.append((len(bars) - 1, *note_of(event), event[3] - 1, event[4] - 1))
    return NotePiece(np.array(notes, dtype=NOTE), np.array(bars, dtype=BAR_INFO))


def write_samples(
    run: Path, out: Path, *, names: tuple[str, str, str], parts: str, bars: int, meter: str, tempo: float, count: int,
    seed: int, sampling: Sampling,
) -> int:  # fmt: skip
    """Compose pieces of one kind and write them as MIDI files; return how many."""
    network, styles = load_network(run)
    numbers = tuple(sorted(_part_of(name.strip()) for name in parts.split(",") if name.strip()))
    signature = tuple(int(number) for number in meter.split("/")) if meter else None
    if signature is not None and signature not in METERS:
        raise TrainingError(f"unknown meter {meter}; known are {', '.join(f'{a}/{b}' for a, b in METERS)}")
    rules = Rules(meter=METERS.index(signature) if signature else None)
    start = int(tempo_class(np.array([tempo]))[0])
    requests = [
        Request(*names, bars=bars, parts=numbers, rules=rules, seed=seed + number, tempo=start)
        for number in range(count)
    ]
    out.mkdir(parents=True, exist_ok=True)
    for number, piece in enumerate(compose(network, styles, requests, sampling)):
        decode(piece).dump_midi(out / f"{seed + number:04d}.mid")
    return count


def _part_of(name: str) -> int:
    known = [part_name(part) for part in range(PART_COUNT)]
    for candidate in (name, f"{name} 1"):
        if candidate in known:
            return known.index(candidate)
    raise TrainingError(f"unknown part {name!r}; known are {', '.join(known)}")
