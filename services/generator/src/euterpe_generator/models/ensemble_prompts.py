"""Prompts of ensemble networks: reading files, and what is given of them to the network."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from euterpe_music.midi import MidiError, read_midi, write_midi
from euterpe_music.note_events.arrange import MAX_FUTURE_BARS, Gap, Rows, arrange
from euterpe_music.note_events.bars import BarGrid, bar_grid
from euterpe_music.note_events.common_key import common_key_shift
from euterpe_music.note_events.encode import encode_tracks, place_onsets, track_parts
from euterpe_music.note_events.harmony import keys_of_bars
from euterpe_music.note_events.piece import NotePiece
from euterpe_music.note_events.spec import END, METERS, TICKS_PER_QUARTER
from euterpe_music.parameters import Value
from euterpe_music.piece import Piece
from numpy.typing import NDArray
from symusic.core import NoteTickList, ScoreTick, TempoTick, TimeSignatureTick, TrackTick

from euterpe_generator.domain.prompt import Material, Prompt
from euterpe_generator.domain.requests import PromptSource
from euterpe_generator.engine.ensemble.plan import Block
from euterpe_generator.errors import InvalidParameters
from euterpe_generator.models.prompts import LIMITS

#: Most events that are given to the network, and of those before a gap.
MAX_GIVEN_EVENTS: Final = 6_000
_MAX_EVENTS_BEFORE_GAP: Final = 2_000
_MAX_REPLACED_BARS: Final = 64
_CACHED_PROMPTS: Final = 32


@dataclass(frozen=True, eq=False)
class PromptMusic:
    """A prompt's file as it is (`piece`), and quantised (`quantized`, with the track of each of its notes).

    `shift` are the semitones by which the quantised notes were moved to the network's key. `parts` are those of the
    tracks that the network knows; `bar_of` is the bar of each note of the file, and
    `bar_starts` [bars + 1] are the ticks of its bar lines.
    """

    material: Material
    piece: Piece
    quantized: NotePiece
    note_tracks: NDArray[np.int64]
    parts: dict[int, int]
    grid: BarGrid
    bar_of: NDArray[np.int64]
    shift: int = 0

    @property
    def bars(self) -> int:
        """The number of bars, up to that of the last note."""
        return len(self.grid.starts)

    @property
    def first_position(self) -> int:
        """The position of bar 0 at which the file begins, in 1/24 quarter: not 0 for a pickup."""
        return int(np.ceil(self.grid.offsets[0]))

    @property
    def bar_starts(self) -> NDArray[np.float64]:
        """The ticks of the bar lines, and of the last bar's end."""
        ends = np.append(self.grid.starts, self.grid.starts[-1] + self.grid.lengths[-1])
        return np.asarray(ends * self.piece.ticks_per_quarter / TICKS_PER_QUARTER)

    @property
    def gap(self) -> Gap | None:
        """The bars that are replaced; None for other uses."""
        if self.material.use != "replace":
            return None
        start, stop = self.material.first_bar - 1, self.material.last_bar
        return Gap(start, stop, min(MAX_FUTURE_BARS, self.bars - stop))

    @property
    def replaced_tracks(self) -> list[int]:
        """The tracks, from 0, of which bars are replaced."""
        chosen = [number - 1 for number in self.material.tracks]
        return chosen or sorted(self.parts)

    @property
    def is_replaced(self) -> NDArray[np.bool_]:
        """Which notes of the file are replaced."""
        gap = self.gap
        if gap is None:
            return np.zeros(len(self.piece.notes), np.bool_)
        inside = (self.bar_of >= gap.start) & (self.bar_of < gap.stop)
        return np.asarray(inside & np.isin(self.piece.notes["track"], self.replaced_tracks))


def read_ensemble_prompt(midi: bytes, source: PromptSource, max_bars: int, *, has_common_key: bool) -> Prompt:
    """Read a prompt from a file. Raises InvalidParameters for a file, bars or tracks that cannot be used."""
    try:
        piece = read_midi(midi, LIMITS)
        music = _music(Material("", source.use), piece, has_common_key=has_common_key)
    except (MidiError, ValueError) as error:
        raise InvalidParameters.for_field("body.prompt", str(error)) from error
    bars = music.bars
    if source.use == "continue":
        bars = _continued_bars(source, music, max_bars - 1)
        piece = piece.with_notes(piece.notes[music.bar_of < bars])
    elif source.use == "accompany" and bars > max_bars:
        message = f"must have at most {max_bars} bars to be accompanied, got {bars}"
        raise InvalidParameters.for_field("body.prompt", message, maximum=max_bars)
    first, last = _replaced_bars(source, bars) if source.use == "replace" else (0, 0)
    _check_tracks(source, music)
    encoded = base64.b64encode(write_midi(piece)).decode()
    material = Material(encoded, source.use, first, last, tuple(dict.fromkeys(source.tracks)), len(piece.notes))
    try:
        # Read from the shortened file, in which notes next to a bar line may be placed differently.
        used = prompt_music(material, has_common_key=has_common_key)
    except ValueError as error:
        raise InvalidParameters.for_field("body.prompt", str(error)) from error
    count = sum(len(block.events) for block in given_blocks(used, bars)[1].values())
    if count > MAX_GIVEN_EVENTS:
        message = f"must have at most {MAX_GIVEN_EVENTS} notes and bar lines, got {count}; use fewer bars"
        raise InvalidParameters.for_field("body.prompt", message, maximum=MAX_GIVEN_EVENTS)
    meter = "{}/{}".format(*METERS[used.quantized.bars["meter"][-1]])
    key = str(piece.keys[0].key) if piece.keys else None
    return Prompt(rows=(), bars=bars, meter=meter, key=key, material=material)


def _continued_bars(source: PromptSource, music: PromptMusic, maximum: int) -> int:
    """Return how many bars are continued; they hold a note of a part that the network knows."""
    minimum = int(music.quantized.notes["bar"].min()) + 1
    if minimum > maximum:
        message = f"must have a note that the model can continue in its first {maximum} bars, got one in bar {minimum}"
        raise InvalidParameters.for_field("body.prompt", message, maximum=maximum)
    if source.bars is not None and not minimum <= source.bars <= maximum:
        message = f"must be between {minimum} and {maximum}, got {source.bars}"
        if minimum > 1:
            message += f"; the first note that the model can continue is in bar {minimum}"
        raise InvalidParameters.for_field("body.prompt.bars", message, minimum=minimum, maximum=maximum)
    return min(source.bars or maximum, music.bars)


def _replaced_bars(source: PromptSource, bars: int) -> tuple[int, int]:
    if source.first_bar is None:
        raise InvalidParameters.for_field("body.prompt.first_bar", "is needed: it is the first bar to replace")
    first, last = source.first_bar, source.last_bar or source.first_bar
    if first > bars:
        message = f"must be between 1 and {bars}, the last bar of the prompt, got {first}"
        raise InvalidParameters.for_field("body.prompt.first_bar", message, minimum=1, maximum=bars)
    highest = min(bars, first + _MAX_REPLACED_BARS - 1)
    if not first <= last <= highest:
        message = f"must be between {first} and {highest}, got {last}"
        raise InvalidParameters.for_field("body.prompt.last_bar", message, minimum=first, maximum=highest)
    return first, last


def _check_tracks(source: PromptSource, music: PromptMusic) -> None:
    known = [number + 1 for number in sorted(music.parts)]
    if wrong := [number for number in source.tracks if number not in known]:
        message = f"must be among {', '.join(map(str, known))}, the tracks with notes to compose, got {wrong[0]}"
        raise InvalidParameters.for_field("body.prompt.tracks", message, tracks=known)


@lru_cache(maxsize=_CACHED_PROMPTS)
def prompt_music(material: Material, *, has_common_key: bool) -> PromptMusic:
    """Return the music of a prompt; cached, because it is needed for every update while a piece is composed."""
    return _music(material, read_midi(base64.b64decode(material.midi), LIMITS), has_common_key=has_common_key)


def _music(material: Material, piece: Piece, *, has_common_key: bool) -> PromptMusic:
    score = _score_of(piece)
    quantized, tracks = encode_tracks(score)
    shift = _common_key_shift(quantized, piece) if has_common_key else 0
    quantized = quantized.transposed(shift)
    grid = bar_grid(score)
    onsets = piece.notes["onset"] * (TICKS_PER_QUARTER / piece.ticks_per_quarter)
    return PromptMusic(
        material,
        piece,
        quantized,
        tracks.astype(np.int64),
        track_parts(score),
        grid,
        place_onsets(onsets, grid)[0],
        shift,
    )


def _common_key_shift(quantized: NotePiece, piece: Piece) -> int:
    """Return the shift of a file to the common key, from its key signatures where its notes agree with them."""
    scale = TICKS_PER_QUARTER / piece.ticks_per_quarter
    signatures = [(round(change.tick * scale), change.key.sharps) for change in piece.keys]
    bars = quantized.bars.copy()
    bars["key"] = keys_of_bars(quantized, signatures)
    return common_key_shift(replace(quantized, bars=bars))


def _score_of(piece: Piece) -> ScoreTick:
    """Return a score with the same tracks."""
    score = ScoreTick(piece.ticks_per_quarter)
    for change in piece.meters:
        score.time_signatures.append(TimeSignatureTick(change.tick, change.meter.beats, change.meter.unit))
    for tempo in piece.tempos:
        score.tempos.append(TempoTick(tempo.tick, tempo.bpm))
    for number, track in enumerate(piece.tracks):
        notes = piece.notes[piece.notes["track"] == number]
        made = TrackTick(track.name, track.program, track.is_drum)
        made.notes = NoteTickList.from_numpy(
            notes["onset"].astype(np.int32), notes["duration"].astype(np.int32), notes["pitch"].astype(np.int8),
            notes["velocity"].astype(np.int8),
        )  # fmt: skip
        score.tracks.append(made)
    return score


def constant_settings(music: PromptMusic, bars: int) -> dict[str, Value]:
    """Return the meter and the tempo, in quarters per minute, of the first `bars` bars; without those that change."""
    end = music.bar_starts[bars]
    meters = set(music.grid.meters[:bars].tolist())
    tempos = {round(change.bpm, 2) for change in music.piece.tempos if change.tick < end}
    settings: dict[str, Value] = {}
    if len(meters) == 1:
        settings["meter"] = "{}/{}".format(*METERS[meters.pop()])
    if len(tempos) == 1:
        settings["tempo"] = tempos.pop()
    return settings


@lru_cache(maxsize=_CACHED_PROMPTS)
def given_blocks(music: PromptMusic, total_bars: int) -> tuple[int, Mapping[int, Block]]:
    """Return the first bar that is fed to the network, and what is given of each bar; see EnsemblePlan. Cached."""
    quantized, gap = music.quantized, music.gap
    notes = quantized.notes
    use = music.material.use
    if use == "continue":
        # The bar line after the prompt, at which composing begins.
        bars = np.concatenate([quantized.bars, np.repeat(quantized.bars[-1:], total_bars + 1 - len(quantized.bars))])
        rows = arrange(replace(quantized, bars=bars), 0, total_bars + 1)
        return 0, _blocks(rows, {total_bars}, np.ones(len(notes), np.bool_), rows.notes >= 0)
    if gap is None:
        rows = arrange(quantized, given=np.ones(len(notes), np.bool_))
        return 0, _blocks(rows, set(range(music.bars)), np.zeros(len(notes), np.bool_), rows.notes >= 0)
    is_fixed = ~np.isin(music.note_tracks, music.replaced_tracks)
    inside = (notes["bar"] >= gap.start) & (notes["bar"] < gap.stop)
    # With all tracks replaced, all notes may be echoed; else those of the replaced ones.
    is_kept = is_fixed | ~inside
    first = _first_fed_bar(quantized, gap)
    rows = arrange(quantized, first, gap.stop, given=is_fixed & inside, gaps=(gap,))
    shown = (rows.notes < 0) | is_kept[np.maximum(rows.notes, 0)]
    return first, _blocks(rows, set(range(gap.start, gap.stop)), ~is_fixed, shown)


def _first_fed_bar(quantized: NotePiece, gap: Gap) -> int:
    """Return the first of the bars before a gap that are given to the network, as far as their events are few."""
    before = np.bincount(quantized.notes["bar"], minlength=len(quantized.bars))[: gap.start] + 1
    return gap.start - int((np.cumsum(before[::-1]) <= _MAX_EVENTS_BEFORE_GAP).sum())


def _blocks(
    rows: Rows, open_bars: set[int], is_echoed: NDArray[np.bool_], is_shown: NDArray[np.bool_]
) -> dict[int, Block]:
    """Return the rows that are shown, by bar; bar lines and bars shown ahead always are."""
    columns = rows.columns.astype(np.int64)
    shown = (is_shown | (rows.notes < 0)) & (columns[:, 0] != END)
    echoed = np.where(rows.notes >= 0, is_echoed[np.maximum(rows.notes, 0)], True) if len(is_echoed) else rows.notes < 0
    blocks = {}
    for bar in np.unique(rows.bars[shown]).tolist():
        chosen = shown & (rows.bars == bar)
        blocks[bar] = Block(columns[chosen], rows.roles[chosen].astype(np.int64), echoed[chosen], bar in open_bars)
    return blocks
