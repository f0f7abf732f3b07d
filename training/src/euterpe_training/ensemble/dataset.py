"""The prepared data set, and the examples made from it: transposed, thinned out, with conditions and given material."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from euterpe_music.note_events.arrange import COMPOSED, MAX_FUTURE_BARS, Gap, arrange
from euterpe_music.note_events.common_key import common_key_shift
from euterpe_music.note_events.features import BAR_CONDITIONS, Known, features, part_set
from euterpe_music.note_events.instruments import DRUM_PART
from euterpe_music.note_events.part_history import part_histories
from euterpe_music.note_events.piece import NotePiece
from euterpe_music.note_events.spec import BAR, FORMAT

from euterpe_training.ensemble.corpora.prepare import BARS_FILE, INDEX_FILE, NOTES_FILE, Entry
from euterpe_training.ensemble.corpora.sources import SOURCES
from euterpe_training.ensemble.orchestration import DrumBars, find_drum_bars, orchestrated
from euterpe_training.ensemble.styles import Styles
from euterpe_training.errors import TrainingError

_LOWEST, _HIGHEST = 21, 108
_DEFAULT_VELOCITY = 20


@dataclass(frozen=True)
class Mixture:
    """How examples are drawn: the shares of modes and of known conditions.

    `common_key` moves every piece to C major or A minor, by the key of most of its bars: a network learns tonality from
    fewer notes. Otherwise `transpose` moves it by a random interval. `orchestrate` is the share of pieces that other
    instruments play than those of the corpus.
    """

    accompany: float = 0.2
    infill: float = 0.2
    part_dropout: float = 0.25
    orchestrate: float = 0.45
    common_key: bool = True
    transpose: bool = True
    max_events: int = 3072
    unconditional: float = 0.1
    style_known: float = 0.8
    composer_known: float = 0.6
    parts_known: float = 0.85
    left_known: float = 0.6
    key_known: float = 0.6
    bar_conditions: float = 0.3
    from_start: float = 0.6


@dataclass(frozen=True)
class Example:
    """One sequence: inputs of each row, the event that follows, and which of its columns count.

    `values` [n, features], `echoes` [n, candidates, 4], `statics` [style and part indices], `history` of the target's
    part, `targets` and `counts` [n, 5].
    """

    values: np.ndarray
    echoes: np.ndarray
    statics: np.ndarray
    history: np.ndarray
    targets: np.ndarray
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.values)


class Dataset:
    """The pieces of a prepared data set, read from memory-mapped arrays."""

    def __init__(self, directory: Path) -> None:
        if not (directory / INDEX_FILE).exists():
            raise TrainingError(f"{directory} holds no data set; make it with `euterpe-train ensemble prepare`")
        index = json.loads((directory / INDEX_FILE).read_text(encoding="utf-8"))
        if index["format"] != FORMAT:
            raise TrainingError(f"the data set in {directory} has format {index['format']}, expected {FORMAT}")
        self.entries = [Entry(**entry) for entry in index["entries"]]
        self._styles = Styles.from_dict(index["styles"]) if "styles" in index else None
        self._notes = np.load(directory / NOTES_FILE, mmap_mode="r")
        self._bars = np.load(directory / BARS_FILE, mmap_mode="r")

    def piece(self, number: int) -> NotePiece:
        """Return a piece by its number."""
        entry = self.entries[number]
        notes = self._notes[entry.first_note : entry.first_note + entry.note_count]
        bars = self._bars[entry.first_bar : entry.first_bar + entry.bar_count]
        return NotePiece(np.array(notes), np.array(bars), entry.has_dynamics)

    def numbers(self, side: str, sources: Sequence[str] | None = None) -> np.ndarray:
        """Return the numbers of the pieces on one side of the split, of all or some sources."""
        return np.array(
            [
                n
                for n, entry in enumerate(self.entries)
                if entry.side == side and (not sources or entry.source in sources)
            ]
        )

    @cached_property
    def drum_bars(self) -> list[DrumBars]:
        """The drums of the training pieces that have some."""
        firsts = np.array([entry.first_note for entry in self.entries])
        numbers = np.unique(np.searchsorted(firsts, np.flatnonzero(self._notes["part"] == DRUM_PART), side="right") - 1)
        pieces = (self.piece(number) for number in numbers.tolist() if self.entries[number].side == "train")
        return [found for piece in pieces if (found := find_drum_bars(piece)) is not None]

    @cached_property
    def styles(self) -> Styles:
        """The styles that the data set states, as those for fine-tuning do, else those of its training pieces."""
        return self._styles or Styles.of_entries(self.entries)


class Drawer:
    """Draws training examples; equal generators draw equal examples."""

    def __init__(self, dataset: Dataset, mixture: Mixture, sources: Sequence[str] | None = None) -> None:
        self.dataset = dataset
        self.mixture = mixture
        known = [source.name for source in SOURCES]
        own = sorted({entry.source for entry in dataset.entries} - set(known))
        names = [name for name in (*known, *own) if not sources or name in sources]
        shares = dict.fromkeys(own, 1.0) | {source.name: source.share for source in SOURCES}
        self._pools = [dataset.numbers("train", [name]) for name in names]
        weights = np.array([shares[name] if len(pool) else 0.0 for name, pool in zip(names, self._pools, strict=True)])
        if not weights.sum():
            raise TrainingError("the data set holds no training pieces of the chosen sources")
        # Shares are of events, and long pieces are cut: what counts is the mean length of an example.
        lengths = np.array([self._mean_length(pool) for pool in self._pools])
        self._weights = weights / lengths / (weights / lengths).sum()
        self._sizes = [self._piece_weights(pool) for pool in self._pools]

    def _lengths(self, pool: np.ndarray) -> np.ndarray:
        return np.array([self.dataset.entries[number].note_count for number in pool] or [1], dtype=np.float64)

    def _mean_length(self, pool: np.ndarray) -> float:
        lengths = self._lengths(pool)
        weights = self._visits(lengths)
        return float((np.minimum(lengths, self.mixture.max_events) * weights).sum() / weights.sum())

    def _piece_weights(self, pool: np.ndarray) -> np.ndarray:
        weights = self._visits(self._lengths(pool))
        return np.asarray(weights / weights.sum())

    def _visits(self, lengths: np.ndarray) -> np.ndarray:
        return np.maximum(1.0, lengths / self.mixture.max_events)

    def draw(self, generator: np.random.Generator) -> Example:
        """Draw one example."""
        source = generator.choice(len(self._pools), p=self._weights)
        number = int(generator.choice(self._pools[source], p=self._sizes[source]))
        return make_example(self.dataset, number, self.mixture, generator)


def make_example(
    dataset: Dataset, number: int, mixture: Mixture, generator: np.random.Generator, piece: NotePiece | None = None
) -> Example:
    """Make an example of a piece: augment it, choose an excerpt, what is given and which conditions are known.

    `piece` replaces the data set's piece of that number, whose style it has.
    """
    entry = dataset.entries[number]
    piece = dataset.piece(number) if piece is None else piece
    if mixture.orchestrate and generator.random() < mixture.orchestrate:
        piece = orchestrated(piece, entry.genre, dataset.drum_bars, generator)
    piece = _augmented(piece, mixture, generator)
    start, stop = _excerpt(piece, mixture, generator)
    mode = generator.random()
    given = np.zeros(len(piece.notes), dtype=bool)
    pool = np.ones(len(piece.notes), dtype=bool)
    gaps: tuple[Gap, ...] = ()
    if mode < mixture.accompany:
        given = _given_notes(piece, generator)
        pool = ~given
    elif mode < mixture.accompany + mixture.infill:
        gaps = _gaps(start, stop, generator)
        if generator.random() < 0.5:
            fixed = _given_notes(piece, generator)
            pool = ~fixed
            given = fixed & _in_gaps(piece, gaps)
    rows = arrange(piece, start, stop, given=given, gaps=gaps)
    known = _known(mixture, generator)
    inputs = features(piece, rows, known=known[0], pool=pool, gaps=gaps, composed=~given)
    targets = np.zeros((len(rows), 5), dtype=np.int16)
    targets[:-1] = rows.columns[1:]
    counts = np.zeros((len(rows), 5), dtype=bool)
    is_target = rows.roles[1:] == COMPOSED
    is_note = is_target & (rows.notes[1:] >= 0)
    is_line = is_target & (rows.columns[1:, 0] == BAR)
    counts[:-1, 0] = is_target
    counts[:-1, 1] = counts[:-1, 2] = is_note | is_line
    counts[:-1, 3] = is_note
    counts[:-1, 4] = is_note & entry.has_dynamics
    statics = np.concatenate(
        [_style(dataset, entry, mixture, known[1], generator), _parts(piece, mixture, known[1], generator)]
    )
    return Example(inputs.values, inputs.echoes, statics.astype(np.int16), part_histories(rows), targets, counts)


def _augmented(piece: NotePiece, mixture: Mixture, generator: np.random.Generator) -> NotePiece:
    if mixture.part_dropout and len(piece.parts) > 1 and generator.random() < mixture.part_dropout:
        kept = generator.permutation(piece.parts)[: generator.integers(1, len(piece.parts))]
        notes = piece.notes[np.isin(piece.notes["part"], kept)]
        if len(notes) >= 16:
            piece = piece.with_notes(notes)
    if not piece.has_dynamics:
        piece = piece.with_notes(piece.notes.copy())
        level = generator.integers(14, 27) if mixture.transpose else _DEFAULT_VELOCITY
        piece.notes["velocity"] = level
    pitches = piece.notes["pitch"][piece.notes["part"] != DRUM_PART].astype(np.int64)
    if mixture.common_key:
        piece = piece.transposed(common_key_shift(piece, _LOWEST, _HIGHEST))
    elif mixture.transpose and len(pitches):
        low, high = int(pitches.min()), int(pitches.max())
        room = range(min(_LOWEST, low) - low, max(_HIGHEST, high) - high + 1)
        piece = piece.transposed(int(generator.choice([shift for shift in range(-6, 6) if shift in room])))
    return piece


def _excerpt(piece: NotePiece, mixture: Mixture, generator: np.random.Generator) -> tuple[int, int]:
    """Choose bars: from the start more often than from elsewhere, as many as hold the longest allowed example."""
    total = len(piece.bars)
    sizes = np.bincount(piece.notes["bar"], minlength=total) + 1
    ends = np.cumsum(sizes)
    if ends[-1] <= mixture.max_events:
        return 0, total
    start = 0
    if generator.random() >= mixture.from_start:
        last = int(np.searchsorted(ends, ends[-1] - mixture.max_events // 2))
        start = int(generator.integers(0, max(last, 1)))
    before = ends[start - 1] if start else 0
    stop = int(np.searchsorted(ends, before + mixture.max_events, side="right"))
    return start, max(start + 1, min(stop, total))


def _given_notes(piece: NotePiece, generator: np.random.Generator) -> np.ndarray:
    """Choose the notes of some parts, but not all; of a single part its melody, its bass or one side of a pitch."""
    parts = piece.parts
    if len(parts) > 1:
        chosen = generator.permutation(parts)[: generator.integers(1, len(parts))]
        return np.asarray(np.isin(piece.notes["part"], chosen))
    notes, onsets = piece.notes, piece.onsets
    kind = generator.integers(0, 3)
    if kind == 2:
        split = generator.integers(52, 68)
        above = notes["pitch"] >= split
        return np.asarray(above if generator.random() < 0.5 else ~above)
    moments, index = np.unique(onsets, return_inverse=True)
    edge = np.full(len(moments), 0 if kind == 0 else 128, dtype=np.int64)
    (np.maximum if kind == 0 else np.minimum).at(edge, index, notes["pitch"])
    return np.asarray(notes["pitch"] == edge[index])


def _gaps(start: int, stop: int, generator: np.random.Generator) -> tuple[Gap, ...]:
    gaps = []
    now = start + int(generator.integers(0, 9))
    while now < stop - 1:
        length = min(1 + int(generator.geometric(0.3)), 16, stop - now)
        ahead = min(int(generator.integers(0, MAX_FUTURE_BARS + 1)), stop - now - length)
        gaps.append(Gap(now, now + length, ahead))
        now += length + ahead + int(generator.integers(2, 13))
    return tuple(gaps)


def _in_gaps(piece: NotePiece, gaps: tuple[Gap, ...]) -> np.ndarray:
    inside = np.zeros(len(piece.notes), dtype=bool)
    for gap in gaps:
        inside |= (piece.notes["bar"] >= gap.start) & (piece.notes["bar"] < gap.stop)
    return inside


def _known(mixture: Mixture, generator: np.random.Generator) -> tuple[Known, bool]:
    """Choose the known conditions; the second value is whether any is known at all."""
    if generator.random() < mixture.unconditional:
        return Known(left=False), False
    names = {"key"} if generator.random() < mixture.key_known else set()
    if generator.random() < mixture.bar_conditions:
        groups = (("density",), ("polyphony",), ("low", "high"), ("chord_1", "chord_2"), ("chord_1", "chord_2"))
        for group in groups:
            if generator.random() < 0.4:
                names.update(group)
    assert names <= set(BAR_CONDITIONS)
    return Known(bool(generator.random() < mixture.left_known), frozenset(names)), True


def _style(
    dataset: Dataset, entry: Entry, mixture: Mixture, is_known: bool, generator: np.random.Generator
) -> np.ndarray:
    numbers = np.array(dataset.styles.numbers(entry.genre, entry.kind, entry.composer))
    keep = generator.random(3)
    if not is_known or keep[0] >= mixture.style_known:
        numbers[:] = 0
    if keep[1] >= mixture.style_known:
        numbers[1] = 0
    if keep[2] >= mixture.composer_known:
        numbers[2] = 0
    return numbers


def _parts(piece: NotePiece, mixture: Mixture, is_known: bool, generator: np.random.Generator) -> np.ndarray:
    parts = piece.parts if is_known and generator.random() < mixture.parts_known else np.zeros(0, dtype=np.int64)
    return part_set(parts)


PLAIN = replace(
    Mixture(), accompany=0.0, infill=0.0, part_dropout=0.0, orchestrate=0.0, transpose=False, unconditional=0.0,
    style_known=1.0, composer_known=1.0, parts_known=1.0, left_known=1.0, key_known=1.0, bar_conditions=0.0,
    from_start=1.0,
)  # fmt: skip
