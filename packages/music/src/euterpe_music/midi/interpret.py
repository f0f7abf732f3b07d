"""From the events of a file to a piece: channels, ports, programs, drum parts, note pairs, maps and names."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from euterpe_music.controls import EXPRESSION, PITCH_BEND, VOLUME, make_controls
from euterpe_music.general_midi import DRUM_CHANNEL
from euterpe_music.key_signature import MAX_SHARPS, KeyChange, KeySignature
from euterpe_music.meter import MAX_BEATS, MAX_UNIT, Meter, MeterChange
from euterpe_music.midi.container import MAX_TRACKS
from euterpe_music.midi.errors import MidiError
from euterpe_music.midi.parse import TrackEvents
from euterpe_music.midi.text import clean_text
from euterpe_music.piece import DEFAULT_BPM, Piece, Tempo, Track, make_notes

#: Instruments of a piece: one track of the written file is the conductor's.
MAX_INSTRUMENTS: Final = MAX_TRACKS - 1
#: Controllers of all instruments together; those of a channel count for each of its instruments.
MAX_CONTROLS: Final = 1_000_000

#: A channel of a port: what a synthesizer would call one instrument.
Part = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """The piece in a file, and the port and channel (0 to 15) in the file of each of its tracks."""

    piece: Piece
    parts: tuple[Part, ...]


_BANK: Final = 0
_BANK_LSB: Final = 32
#: Bank numbers that name drum kits: XG's SFX and drum kits, General MIDI 2's percussion.
_DRUM_BANKS: Final = (126, 127, 120)
_MELODIC_BANK_GM2: Final = 121
#: All sound off, all notes off, and the mode messages that imply it.
_NOTES_OFF: Final = (120, 123, 124, 125, 126, 127)
_FIRST_MODE_MESSAGE: Final = 120
_TRACK_NAME, _INSTRUMENT_NAME, _TEXT = 0x03, 0x04, 0x01
_PORT, _TEMPO, _METER, _KEY = 0x21, 0x51, 0x58, 0x59
#: Roland's "use for rhythm part": F0 41 device 42 12 40 1n 15 value checksum F7.
_GS_PREFIX: Final = (0x41, 0x42, 0x12, 0x40)


@dataclass(slots=True)
class _Note:
    onset: int
    end: int
    pitch: int
    velocity: int
    part: Part
    source: int


@dataclass(slots=True)
class _Changes:
    """Values over time, each from its tick on; the last of several at one tick holds."""

    ticks: list[int] = field(default_factory=list)
    values: list[int] = field(default_factory=list)

    def at(self, tick: int, default: int) -> int:
        index = bisect_right(self.ticks, tick)
        return self.values[index - 1] if index else default

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int]]) -> "_Changes":
        ordered = sorted(rows, key=lambda row: row[0])
        return cls([tick for tick, _ in ordered], [value for _, value in ordered])


@dataclass(slots=True)
class _Channels:
    """What holds for whole channels: controllers of all tracks, programs by track, banks, drum parts."""

    controls: dict[Part, list[tuple[int, int, int]]] = field(default_factory=lambda: defaultdict(list))
    programs: dict[tuple[int, Part], list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    banks: dict[Part, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    rhythm: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, source: int, part: Part, tick: int, message: tuple[int, int, int]) -> None:
        """Record a program, controller or bend; banks apart, and no mode messages."""
        kind, first, second = message
        if kind == 0xC0:
            self.programs[source, part].append((tick, first))
        elif kind == 0xE0:
            self.controls[part].append((tick, PITCH_BEND, (second << 7 | first) - 8192))
        elif kind == 0xB0 and first == _BANK:
            self.banks[part].append((tick, second))
        elif kind == 0xB0 and first != _BANK_LSB and first < _FIRST_MODE_MESSAGE:
            self.controls[part].append((tick, first, second))


def interpret(tracks: Sequence[TrackEvents], ticks_per_quarter: int, *, is_smpte: bool = False) -> Reading:
    """Return the piece that a file's tracks mean, and where each of its tracks comes from.

    The rules, which hold wherever the product reads MIDI:

    - A track of the piece is one program of one channel of one port of one track of the file. A program change in the
      file's own track counts before those of other tracks on the same channel.
    - A note ends at the first release of its pitch on its channel in its own track, the earliest note first; else at
      one in another track; else at an all-notes-off; a note that is never released lasts a quarter.
    - Channel 10 of every port is a drum kit unless General MIDI 2 or GS make it melodic; other channels are drum kits
      where an XG, General MIDI 2 or GS message makes them so.
    - Volume and expression of 0 under a note are ignored, so that every note can be heard.
    - Of tempos, meters and keys at one tick the last one in the file holds; impossible ones are ignored. With SMPTE
      timing tempos mean nothing.

    Raises:
        MidiError: `no-notes` when no note remains, `too-many-tracks` and `too-large` beyond the limits above.
    """
    channels = _Channels()
    notes: list[_Note] = []
    open_notes: list[_Note] = []
    unmatched: dict[tuple[Part, int], list[int]] = defaultdict(list)
    for number, track in enumerate(tracks):
        _read_track(number, track, channels, notes, open_notes, unmatched)
    _close(open_notes, unmatched, ticks_per_quarter)
    notes += open_notes
    if not notes:
        raise MidiError("no-notes", "the file holds no notes")
    return _piece(tracks, channels, notes, ticks_per_quarter, is_smpte)


def _read_track(
    number: int,
    track: TrackEvents,
    channels: _Channels,
    notes: list[_Note],
    left_open: list[_Note],
    unmatched: dict[tuple[Part, int], list[int]],
) -> None:
    port = next((payload[0] for _, kind, payload in track.meta if kind == _PORT and payload), 0)
    sounding: dict[tuple[int, int], list[_Note]] = defaultdict(list)
    for tick, status, first, second in track.channel:
        kind, channel = status & 0xF0, status & 0x0F
        if kind == 0x90 and second:
            sounding[channel, first].append(_Note(tick, -1, first, second, (port, channel), number))
        elif kind in (0x80, 0x90):
            started = sounding.get((channel, first))
            if started:
                note = started.pop(0)
                note.end = tick
                notes.append(note)
            else:
                unmatched[(port, channel), first].append(tick)
        elif kind == 0xB0 and first in _NOTES_OFF:
            _end_all(channel, tick, sounding, notes)
        else:
            channels.add(number, (port, channel), tick, (kind, first, second))
    for started in sounding.values():
        left_open += started
    for tick, payload in track.sysex:
        _read_sysex(tick, payload, channels)


def _end_all(channel: int, tick: int, sounding: dict[tuple[int, int], list[_Note]], notes: list[_Note]) -> None:
    for (owner, _), started in sounding.items():
        if owner == channel:
            for note in started:
                note.end = tick
            notes += started
            started.clear()


def _read_sysex(tick: int, payload: bytes, channels: _Channels) -> None:
    if len(payload) >= 8 and (payload[0], *payload[2:5]) == _GS_PREFIX and payload[5] >> 4 == 1 and payload[6] == 0x15:
        block = payload[5] & 0x0F
        channel = DRUM_CHANNEL if block == 0 else block - 1 if block <= DRUM_CHANNEL else block
        channels.rhythm[channel].append((tick, payload[7]))


def _close(open_notes: list[_Note], unmatched: dict[tuple[Part, int], list[int]], quarter: int) -> None:
    for ticks in unmatched.values():
        ticks.sort()
    for note in sorted(open_notes, key=lambda each: each.onset):
        releases = unmatched.get((note.part, note.pitch), [])
        index = bisect_right(releases, note.onset)
        note.end = releases.pop(index) if index < len(releases) else note.onset + quarter


def _piece(
    tracks: Sequence[TrackEvents],
    channels: _Channels,
    notes: list[_Note],
    ticks_per_quarter: int,
    is_smpte: bool,
) -> Reading:
    names = [_name(track) for track in tracks]
    single = len(tracks) == 1
    finder = _InstrumentFinder(channels, names if not single else [""])
    instruments: dict[tuple[int, Part, int, bool], list[_Note]] = defaultdict(list)
    for note in sorted(notes, key=lambda each: (each.source, each.part, each.onset)):
        instruments[(note.source, note.part, *finder.of(note))].append(note)
    _check_size(instruments, channels)
    found: list[Track] = []
    controls: list[tuple[int, int, int, int]] = []
    columns: list[tuple[int, int, int, int, int]] = []
    for index, ((source, part, program, is_drum), own) in enumerate(instruments.items()):
        found.append(Track(program, is_drum, finder.names[source]))
        columns += [(n.onset, max(n.end - n.onset, 1), n.pitch, n.velocity, index) for n in own]
        controls += [(tick, index, number, value) for tick, number, value in _audible(channels.controls[part], own)]
    metas = [meta for track in tracks for meta in track.meta]
    piece = Piece(
        ticks_per_quarter,
        make_notes(*np.array(columns, np.int64).T),
        tuple(found),
        (Tempo(0, DEFAULT_BPM),) if is_smpte else _tempos(metas),
        _meters(metas),
        _keys(metas),
        make_controls(controls),
        _title(tracks, names),
    )
    return Reading(piece, tuple(part for _, part, _, _ in instruments))


def _check_size(instruments: Iterable[tuple[int, Part, int, bool]], channels: _Channels) -> None:
    parts = [part for _, part, _, _ in instruments]
    if len(parts) > MAX_INSTRUMENTS:
        words = f"the file has {len(parts)} instruments; the limit is {MAX_INSTRUMENTS}"
        raise MidiError("too-many-tracks", words)
    controls = sum(len(channels.controls[part]) for part in parts)
    if controls > MAX_CONTROLS:
        words = f"the file's instruments have {controls} controllers; the limit is {MAX_CONTROLS}"
        raise MidiError("too-large", words)


class _InstrumentFinder:
    """Finds a note's program and whether it is a drum kit's."""

    def __init__(self, channels: _Channels, names: list[str]) -> None:
        self.names = names
        self._own = {key: _Changes.of(rows) for key, rows in channels.programs.items()}
        shared: dict[Part, list[tuple[int, int]]] = defaultdict(list)
        for (_, part), rows in channels.programs.items():
            shared[part] += rows
        self._shared = {part: _Changes.of(rows) for part, rows in shared.items()}
        self._banks = {part: _Changes.of(rows) for part, rows in channels.banks.items()}
        self._rhythm = {channel: _Changes.of(rows) for channel, rows in channels.rhythm.items()}

    def of(self, note: _Note) -> tuple[int, bool]:
        programs = self._own.get((note.source, note.part)) or self._shared.get(note.part)
        return (programs.at(note.onset, 0) if programs else 0), self._is_drum(note)

    def _is_drum(self, note: _Note) -> bool:
        _, channel = note.part
        if (rhythm := self._rhythm.get(channel)) is not None and (value := rhythm.at(note.onset, -1)) >= 0:
            return value > 0
        bank = self._banks[note.part].at(note.onset, -1) if note.part in self._banks else -1
        if channel == DRUM_CHANNEL:
            return bank != _MELODIC_BANK_GM2
        return bank in _DRUM_BANKS


def _audible(controls: list[tuple[int, int, int]], notes: list[_Note]) -> list[tuple[int, int, int]]:
    """Leave out volumes and expressions of 0 that hold where a note begins."""
    kept = controls
    for number in (VOLUME, EXPRESSION):
        rows = [(tick, value) for tick, each, value in controls if each == number]
        if any(value == 0 for _, value in rows):
            levels = _Changes.of(rows)
            if any(levels.at(note.onset, 127) == 0 for note in notes):
                kept = [row for row in kept if row[1] != number or row[2] > 0]
    return kept


def _tempos(metas: list[tuple[int, int, bytes]]) -> tuple[Tempo, ...]:
    found = [(tick, int.from_bytes(payload)) for tick, kind, payload in metas if kind == _TEMPO and len(payload) == 3]
    return tuple(Tempo(tick, 6e7 / micros) for tick, micros in found if micros > 0)


def _meters(metas: list[tuple[int, int, bytes]]) -> tuple[MeterChange, ...]:
    signs = ((tick, payload[0], payload[1]) for tick, kind, payload in metas if kind == _METER and len(payload) == 4)
    return tuple(
        MeterChange(tick, Meter(beats, 1 << power))
        for tick, beats, power in signs
        if 1 <= beats <= MAX_BEATS and 1 << min(power, 8) <= MAX_UNIT
    )


def _keys(metas: list[tuple[int, int, bytes]]) -> tuple[KeyChange, ...]:
    signs = ((tick, payload) for tick, kind, payload in metas if kind == _KEY and len(payload) == 2)
    keys = ((tick, int.from_bytes(payload[:1], signed=True), payload[1]) for tick, payload in signs)
    return tuple(
        KeyChange(tick, KeySignature(sharps, minor == 1))
        for tick, sharps, minor in keys
        if -MAX_SHARPS <= sharps <= MAX_SHARPS and minor in (0, 1)
    )


def _name(track: TrackEvents) -> str:
    for wanted in (_TRACK_NAME, _INSTRUMENT_NAME):
        for _, kind, payload in track.meta:
            if kind == wanted and (name := clean_text(payload)):
                return name
    return ""


def _title(tracks: Sequence[TrackEvents], names: list[str]) -> str:
    """Return the title: a karaoke file's `@T`, or the name of a single or first track that plays nothing itself."""
    for track in tracks:
        for _, kind, payload in track.meta:
            if kind == _TEXT and payload.startswith(b"@T") and (title := clean_text(payload[2:])):
                return title
    has_notes = any(status & 0xF0 == 0x90 for _, status, _, _ in tracks[0].channel)
    return names[0] if len(tracks) == 1 or not has_notes else ""
