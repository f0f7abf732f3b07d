"""Compose pieces with a checkpoint in PyTorch, to inspect a training; the service has an engine of its own."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from euterpe_music.note_events.common_key import moved_pitches
from euterpe_music.note_events.cursor import Cursor, Event, note_of
from euterpe_music.note_events.decode import decode
from euterpe_music.note_events.features import part_set
from euterpe_music.note_events.grammar import Grammar, Rules
from euterpe_music.note_events.instruments import PART_COUNT, part_name
from euterpe_music.note_events.part_history import FIRST_COLUMN, HISTORY_SIZES, NO_HISTORY
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece
from euterpe_music.note_events.spec import (
    BAR,
    COLUMNS,
    END,
    METER_OFFSET,
    METERS,
    NO_CHORD,
    PART_OFFSET,
    TEMPO_OFFSET,
    UNKNOWN_KEY,
    tempo_class,
)
from torch import Tensor

from euterpe_training.ensemble.networks.ensemble import EnsembleNetwork
from euterpe_training.ensemble.starting_point import load_starting_point
from euterpe_training.ensemble.styles import Styles
from euterpe_training.errors import TrainingError


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
    """How values are drawn: temperature, nucleus, and the most events of a piece."""

    temperature: float = 1.0
    top_p: float = 0.98
    max_events: int = 4096


def load_network(directory: Path) -> tuple[EnsembleNetwork, Styles]:
    """Load the network of a run, with averaged weights, or of a bundle."""
    start = load_starting_point(directory)
    return start.network(), start.styles


class _Stream:
    """One piece in the making."""

    def __init__(self, request: Request, styles: Styles) -> None:
        self.request = request
        self.cursor = Cursor(request.bars, request.conditions)
        self.grammar = Grammar(replace(request.rules, parts=request.parts or request.rules.parts))
        self.generator = np.random.default_rng(request.seed)
        style = styles.numbers(request.genre, request.kind, request.composer)
        self.statics = np.concatenate([style, part_set(np.array(request.parts, dtype=np.int64))]).astype(np.int64)
        self.events: list[Event] = []
        self.bar_events = 0
        self.is_finished = False

    def take(self, event: Event, role: int = 0) -> None:
        """Add an event."""
        self.events.append(event)
        self.cursor.push(event, role)
        self.bar_events = 0 if event[0] == BAR else self.bar_events + 1
        self.is_finished = event[0] == END


@torch.inference_mode()
def compose(network: EnsembleNetwork, styles: Styles, requests: list[Request], sampling: Sampling) -> list[NotePiece]:
    """Compose one piece per request, all in one batch."""
    streams = [_Stream(request, styles) for request in requests]
    statics = torch.from_numpy(np.stack([stream.statics for stream in streams]))
    state = network.initial_state(len(streams))
    for stream in streams:
        stream.take(_first_line(stream))
    while not all(stream.is_finished for stream in streams):
        values = torch.from_numpy(np.stack([stream.cursor.values() for stream in streams]).astype(np.int64))
        echoes = torch.from_numpy(np.stack([stream.cursor.echoes() for stream in streams]).astype(np.int64))
        hidden, state = network.step(values, echoes, statics, state)
        events = _draw_events(network, hidden, streams, sampling)
        for stream, event in zip(streams, events, strict=True):
            if not stream.is_finished:
                stream.take(event)
                if len(stream.events) >= sampling.max_events:
                    stream.is_finished = True
    pieces = [piece_of(stream.events) for stream in streams]
    return [
        replace(piece, notes=moved_pitches(piece.notes, request.transposition))
        for piece, request in zip(pieces, requests, strict=True)
    ]


def _first_line(stream: _Stream) -> Event:
    """Return the bar line that opens a piece: the rules' meter, or 4/4, and the asked tempo."""
    rules = stream.request.rules
    meter = METERS.index((4, 4)) if rules.meter is None else rules.meter
    tempo = stream.request.tempo
    return BAR, METER_OFFSET + meter, TEMPO_OFFSET + tempo, 0, 0


def _draw_events(network: EnsembleNetwork, hidden: Tensor, streams: list[_Stream], sampling: Sampling) -> list[Event]:
    chosen = np.zeros((len(streams), len(COLUMNS)), dtype=np.int64)
    history = np.zeros((len(streams), len(HISTORY_SIZES)), dtype=np.int64)
    for column in range(len(COLUMNS)):
        if column == FIRST_COLUMN:
            history[:] = [_history(stream, row) for stream, row in zip(streams, chosen.tolist(), strict=True)]
        logits = network.heads.column(
            column, hidden, torch.from_numpy(chosen[:, :column]), torch.from_numpy(history)
        ).float().numpy()  # fmt: skip
        for row, stream in enumerate(streams):
            if not stream.is_finished:
                mask = _mask(stream, column, chosen[row])
                chosen[row, column] = draw(logits[row], mask, sampling, stream.generator)
    return [(row[0], row[1], row[2], row[3], row[4]) for row in chosen.tolist()]


def _history(stream: _Stream, chosen: list[int]) -> tuple[int, int, int, int, int]:
    is_note = chosen[0] not in (BAR, END)
    return stream.cursor.history(chosen[1] - PART_OFFSET, chosen[0]) if is_note else NO_HISTORY


def _mask(stream: _Stream, column: int, chosen: np.ndarray) -> np.ndarray:
    slot = int(chosen[0])
    if column == 0:
        return stream.grammar.slots(stream.cursor, stream.bar_events)
    if column == 1:
        return stream.grammar.parts(stream.cursor, slot)
    if column == 2:
        return stream.grammar.pitches(stream.cursor, slot, int(chosen[1]))
    return stream.grammar.details(column, slot)


def draw(logits: np.ndarray, mask: np.ndarray, sampling: Sampling, generator: np.random.Generator) -> int:
    """Draw a legal value from the smallest set that holds `top_p` of the probability."""
    scaled = np.where(mask, logits / max(sampling.temperature, 1e-4), -np.inf)
    weights = np.exp(scaled - scaled.max())
    weights /= weights.sum()
    order = np.argsort(-weights)
    count = int(np.searchsorted(np.cumsum(weights[order]), sampling.top_p)) + 1
    kept = weights[order[:count]]
    return int(order[generator.choice(len(kept), p=kept / kept.sum())])


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
