"""Reading prompts from MIDI files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from euterpe_music.key_signature import KeySignature, pitch_class
from euterpe_music.measures import SCALES
from euterpe_music.meter import COMMON_TIME, Meter, MeterChange
from euterpe_music.midi import MidiError, read_midi
from euterpe_music.midi.read import MidiLimits
from euterpe_music.piece import NoteArray, Piece
from euterpe_music.tokens import Parts, PartsError, QuantizedTrack, encode_steps, encode_streams, quantize, split_parts
from euterpe_music.tokens.quantized_track import FINE
from euterpe_music.tokens.tonality import white_key_shift
from euterpe_music.tokens.vocabulary import Vocabulary

from euterpe_generator.domain.prompt import Given, Prompt
from euterpe_generator.errors import InvalidParameters

#: Limits of a prompt's file, and of the notes that are used of it.
LIMITS = MidiLimits(max_bytes=700_000, max_notes=100_000, max_seconds=3600.0)
MAX_GIVEN_NOTES: Final = 20_000
#: A stated key counts unless so much less of the sounding time is on its scale than on the best one's.
_KEY_TOLERANCE: Final = 0.05


@dataclass(frozen=True, slots=True)
class PromptReading:
    """How a prompt is read: at most `bars` bars.

    `meter` and `key` replace those that the file states. `melody_only` leaves out everything but the melody;
    `whole_bars` ends the last note at the last bar line. `white_keys` says that the networks compose on white keys.
    """

    bars: int
    meter: Meter | None = None
    key: str | None = None
    melody_only: bool = False
    whole_bars: bool = False
    white_keys: bool = False


def read_prompt(midi: bytes, reading: PromptReading, vocabularies: Mapping[str, Sequence[Vocabulary]]) -> Prompt:
    """Read the first bars of a file, from the bar of its first note, as notes and as tokens.

    Melody and accompaniment are told apart by the names of the tracks, if a composed piece is read, else by
    euterpe_music.tokens.split_parts. For the networks they are quantised to 24ths of a quarter; tokens that are not in
    the vocabularies are replaced by the nearest ones (Vocabulary.nearest), and those of the melody are counted. Raises
    InvalidParameters for a file that cannot be read or has no melody.
    """
    try:
        piece = read_midi(midi, LIMITS)
        parts = _named_parts(piece) or split_parts(piece)
    except (MidiError, PartsError) as error:
        raise InvalidParameters.for_field("body.prompt", str(error)) from error
    if reading.meter is not None:
        piece = replace(piece, meters=(MeterChange(0, reading.meter),))
    excerpt = _Excerpt.of(piece, parts, reading)
    melody = excerpt.rows(excerpt.melody)
    has_accompaniment = len(parts.accompaniment) > 0 and not reading.melody_only
    key = stated_key(piece, excerpt.melody, excerpt.start, reading.key)
    shift = white_shift(excerpt.melody, key) if reading.white_keys else 0
    tokens = prompt_tokens(QuantizedTrack.from_rows(melody, FINE).transposed(shift), vocabularies["melody"])
    unknown = sum(one.encode(each)[1] for one, each in zip(vocabularies["melody"], tokens, strict=True))
    return Prompt(
        rows=melody,
        bars=excerpt.bars,
        meter=str(excerpt.meter),
        shift=shift,
        unknown=unknown,
        accompaniment=excerpt.rows(excerpt.cut(parts.accompaniment)) if has_accompaniment else (),
        key=None if key is None else str(key),
        settings={"tempo": round(piece.tempos[0].bpm, 3)},
        given=excerpt.given(parts, melody_only=reading.melody_only),
    )


def prompt_tokens(track: QuantizedTrack, vocabularies: Sequence[Vocabulary]) -> list[list[str]]:
    """Encode a part on the grid of 24ths as tokens, for each stream."""
    return [encode_steps(track.to_sixteenths())] if len(vocabularies) == 1 else list(encode_streams(track))


@dataclass(frozen=True, slots=True)
class _Excerpt:
    """Whole bars of a piece, from tick `start` to `stop`; notes may be held until `latest`."""

    piece: Piece
    meter: Meter
    bars: int
    start: int
    stop: int
    latest: int
    #: Notes in ticks from `start`.
    melody: NoteArray

    @classmethod
    def of(cls, piece: Piece, parts: Parts, reading: PromptReading) -> "_Excerpt":
        # Human players are a little early at bar lines.
        early = piece.ticks_per_quarter // FINE // 2
        lines = piece.bar_starts
        first_melody = _bar_of(lines, int(parts.melody["onset"].min()) + early)
        first = first_melody
        if not reading.melody_only and len(parts.accompaniment):
            first = min(first, _bar_of(lines, int(parts.accompaniment["onset"].min()) + early))
        meter, bars = equal_bars(piece, first, reading.bars)
        if first + bars <= first_melody:
            first = first_melody
            meter, bars = equal_bars(piece, first, reading.bars)
        if meter.bar < 1:
            message = f"bars of its meter {meter} must last at least a sixteenth"
            raise InvalidParameters.for_field("body.prompt", message)
        start, stop = int(lines[first]), int(lines[first + bars])
        excerpt = cls(piece, meter, bars, start, stop, stop if reading.whole_bars else piece.end_tick, parts.melody)
        return replace(excerpt, melody=excerpt.cut(parts.melody))

    def cut(self, notes: NoteArray) -> NoteArray:
        """Return the notes that begin within the bars."""
        early = self.piece.ticks_per_quarter // FINE // 2
        onsets = notes["onset"] + early
        kept = notes[(onsets >= self.start) & (onsets < self.stop)].copy()
        ends = np.minimum(kept["onset"] + kept["duration"], self.latest) - self.start
        kept["onset"] = np.maximum(kept["onset"] - self.start, 0)
        kept["duration"] = np.maximum(ends - kept["onset"], 1)
        return kept

    def rows(self, notes: NoteArray) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Return notes and rests on the grid of 24ths of a quarter."""
        end = self.bars * self.meter.bar * FINE // 4
        track, _ = quantize(notes, self.piece.ticks_per_quarter, FINE, end)
        return tuple(track.with_rests())

    def given(self, parts: Parts, *, melody_only: bool) -> Given:
        """Return the notes as they are, those of the melody on tracks of their own."""
        everything = self.cut(self.piece.notes)
        is_melody = np.isin(_identity(everything), _identity(self.melody))
        if melody_only:
            everything, is_melody = everything[is_melody], is_melody[is_melody]
        if len(everything) > MAX_GIVEN_NOTES:
            message = f"must have at most {MAX_GIVEN_NOTES} notes, got {len(everything)}; use fewer bars"
            raise InvalidParameters.for_field("body.prompt", message)
        owners = list(zip(is_melody.tolist(), everything["track"].tolist(), strict=True))
        sizes = {owner: owners.count(owner) for owner in dict.fromkeys(owners)}

        def rank(owner: tuple[bool, int]) -> tuple[bool, bool, int, int]:
            melodic, track = owner
            return not melodic, self.piece.tracks[track].is_drum, -sizes[owner], track

        ranked = sorted(sizes, key=rank)
        main = next((owner for owner in ranked if not owner[0] and not self.piece.tracks[owner[1]].is_drum), None)
        if main is None and len(parts.accompaniment) and not melody_only:
            # The accompaniment begins after these bars.
            main = False, int(np.bincount(parts.accompaniment["track"]).argmax())
        order = [ranked[0], *([main] if main else []), *(owner for owner in ranked[1:] if owner != main)]
        tracks = [(self.piece.tracks[track], melodic) for melodic, track in order]
        columns = [everything[name].tolist() for name in ("onset", "duration", "pitch", "velocity")]
        places = [order.index(owner) for owner in owners]
        return Given(
            notes=tuple(zip(*columns, places, strict=True)),
            tracks=tuple((track.program, track.is_drum, track.name, melodic) for track, melodic in tracks),
            ticks_per_quarter=self.piece.ticks_per_quarter,
            has_accompaniment=main is not None,
        )


def _identity(notes: NoteArray) -> Any:
    """Return one number per note: its track, onset and pitch, which no other note of a played piece shares."""
    return (notes["track"].astype(np.int64) << 40) | (notes["onset"] << 7) | notes["pitch"]


def _named_parts(piece: Piece) -> Parts | None:
    """Return the parts of a piece whose tracks are called as those of composed pieces; None for all others."""
    names = [piece.tracks[number].name for number in np.unique(piece.notes["track"])]
    if "Melody" not in names or not set(names) <= {"Melody", "Accompaniment"}:
        return None
    is_melody = np.array([track.name == "Melody" for track in piece.tracks])[piece.notes["track"]]
    return Parts(piece.notes[is_melody], piece.notes[~is_melody], "names")


def _bar_of(lines: Any, tick: int) -> int:
    return max(int(np.searchsorted(lines, tick, side="right")) - 1, 0)


def equal_bars(piece: Piece, first: int, at_most: int) -> tuple[Meter, int]:
    """Return the meter of bar `first`, and how many bars in it follow each other from there, up to `at_most`."""
    lines = piece.bar_starts
    meter = COMMON_TIME
    for change in piece.meters:
        if change.tick <= lines[first]:
            meter = change.meter
    lengths = np.diff(lines[first : first + at_most + 1])
    expected = meter.bar_quarters * piece.ticks_per_quarter
    changes = {change.tick for change in piece.meters if change.meter != meter}
    count = 0
    for line, length in zip(lines[first:].tolist(), lengths.tolist(), strict=False):
        if abs(length - expected) > 1 or line in changes:
            break
        count += 1
    return meter, max(count, 1)


def stated_key(piece: Piece, melody: NoteArray, tick: int, key: str | None) -> KeySignature | None:
    """Return `key` or the file's key signature at a tick; None where the notes of the melody contradict a signature."""
    if key is not None:
        return KeySignature.parse(key)
    stated = [change.key for change in piece.keys if change.tick <= tick] or [each.key for each in piece.keys]
    if not stated:
        return None
    # Many programs write C major whatever the key is.
    pitches, lengths = melody["pitch"], melody["duration"]
    best = white_key_shift(pitches, lengths)
    shares = [_on_white_keys(pitches, lengths, shift) for shift in (_white_shift(stated[-1]), best)]
    return stated[-1] if shares[0] >= shares[1] - _KEY_TOLERANCE else None


def white_shift(melody: NoteArray, key: KeySignature | None) -> int:
    """Return the semitones from a melody's key to the white keys; without a key, those that fit its notes best."""
    return white_key_shift(melody["pitch"], melody["duration"]) if key is None else _white_shift(key)


def _white_shift(key: KeySignature) -> int:
    """Return the shift, -6..5 semitones, from a key to the white keys."""
    return (6 - pitch_class(key.tonic) + (9 if key.is_minor else 0)) % 12 - 6


def _on_white_keys(pitches: Any, lengths: Any, shift: int) -> float:
    return float(lengths[np.isin((pitches.astype(np.int64) + shift) % 12, SCALES["major"])].sum() / lengths.sum())
