"""Two processes that play one piece: the first its beginning, the second, at the same time, its end.

Synthesis takes one thread, and is what WAV and FLAC wait for. FluidSynth's voices, reverb and chorus are linear, so the
sound of a piece is the sum of the sounds of its notes: the first process plays the notes before a cut until they have
died away, the second those after it, and their samples are added. The second hurries through what lies before the cut
without a note and without effects, which takes milliseconds and leaves the channels and the clock as they must be.

The delays of reverb and chorus are modulated at 1 and 0.3 Hz; in the second process each begins at the last moment
before the cut when its modulation was as in the beginning. The sum still differs from a single synthesiser's samples,
because the volume of a note glides, for its first 64 frames, from that of the note which had its voice before. The
energy of the difference is some 60 dB below the music's (tests/rendering/test_duo.py).
"""

import contextlib
import fcntl
import math
import os
import queue
import threading
from collections.abc import Callable, Iterator
from io import FileIO
from typing import Never

import numpy as np
from numpy.typing import NDArray

from euterpe_converter.rendering import sandbox
from euterpe_converter.rendering.native.fluidsynth import (
    BLOCK_FRAMES,
    FluidSynth,
    NewNotes,
    Performance,
    SynthesisFailed,
    Voicing,
)

Samples = NDArray[np.float32]

#: Frames that are asked of FluidSynth in one call, and that are handed on.
CALL_FRAMES = 1024
CHUNK_FRAMES = 16 * CALL_FRAMES
# The first chunk is small, because somebody waits for it.
_FIRST_FRAMES = 4 * CALL_FRAMES
#: Of a piece, the first process plays somewhat less than half, because it encodes, too.
_BEGINNING = 0.42
_SHORTEST_SECONDS = 16
#: At most so much is played ahead, and waits in memory: 26 MB at 44.1 kHz.
_LONGEST_END_SECONDS = 75
_SILENT = 10 ** (-100 / 20)
#: So long percussion may still be cut short by later percussion.
_PERCUSSION_SECONDS = 3
#: For so long, and until so long before the cut, the second process plays, but nobody hears it: its voices would
#: otherwise have no note before, and the first ones begin softly. Reverb has died away in this time.
_REHEARSED_SECONDS, _QUIET_SECONDS = 3, 3
#: Eight portions: every wait of one process for the other costs both a little.
_PIPE_BYTES = 1024 * 1024
_DIVISIBLE, _INDIVISIBLE = b"2", b"1"


def cut_frame(frames: int, sample_rate: int) -> int:
    """Where a piece of this length is divided, in whole blocks of FluidSynth; 0 when it is too short."""
    if frames < _SHORTEST_SECONDS * sample_rate:
        return 0
    cut = max(round(_BEGINNING * frames), frames - _LONGEST_END_SECONDS * sample_rate)
    return cut // BLOCK_FRAMES * BLOCK_FRAMES


def play_alone(fluidsynth: FluidSynth, midi: bytes, voicing: Voicing, frames: int) -> Iterator[Samples]:
    """The samples of a piece in portions of shape (n, 2). Raises SynthesisFailed."""
    performance = Performance(fluidsynth, midi, voicing)
    yield from _read(performance, 0, frames)
    performance.close()


def play_together(fluidsynth: FluidSynth, midi: bytes, voicing: Voicing, frames: int) -> Iterator[Samples]:
    """The same by two processes, if the piece is long enough. Must be called while this one has a single thread.

    Raises SynthesisFailed.
    """
    cut = cut_frame(frames, voicing.sample_rate)
    if not cut:
        return play_alone(fluidsynth, midi, voicing, frames)
    end = _End(fluidsynth, midi, voicing, cut, frames)
    return _with_end(Performance(fluidsynth, midi, voicing), end, cut, frames, voicing.sample_rate)


def _with_end(performance: Performance, end: "_End", cut: int, frames: int, sample_rate: int) -> Iterator[Samples]:
    yield from _read(performance, 0, cut)
    if end.divisible():
        performance.new_notes(NewNotes.REPLACE)
        yield from _added(performance, end, cut + _PERCUSSION_SECONDS * sample_rate)
    else:
        yield from _read(performance, cut, frames)
    performance.close()
    end.close()


def _added(performance: Performance, end: "_End", percussion_until: int) -> Iterator[Samples]:
    sounding = True
    for position, samples in end.portions():
        if sounding:
            if position >= percussion_until:
                performance.new_notes(NewNotes.RELEASE)
            own = performance.read(len(samples), CALL_FRAMES)
            samples += own
            sounding = performance.voices > 0 or float(np.abs(own).max()) > _SILENT
        yield samples


def _sizes(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Positions and sizes of portions."""
    size = CHUNK_FRAMES if first else _FIRST_FRAMES
    while first < last:
        yield first, min(size, last - first)
        first += size
        size = CHUNK_FRAMES


def _read(performance: Performance, first: int, last: int) -> Iterator[Samples]:
    for _, size in _sizes(first, last):
        yield performance.read(size, CALL_FRAMES)


class _End:
    """The end of a piece from the cut on, played by a process of its own."""

    def __init__(self, fluidsynth: FluidSynth, midi: bytes, voicing: Voicing, cut: int, frames: int) -> None:
        self._sizes = list(_sizes(cut, frames))
        reading, writing = os.pipe()
        with contextlib.suppress(OSError):
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._pid = os.fork()
        if self._pid == 0:
            _play_end(fluidsynth, midi, voicing, cut, frames, writing)
        os.close(writing)
        self._source = os.fdopen(reading, "rb", buffering=0)
        # Whether it is divisible, then samples; None when the process has ended before its time.
        self._received: queue.SimpleQueue[Samples | bytes | None] = queue.SimpleQueue()
        # Reads at once what comes, or the other process would have to wait.
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def divisible(self) -> bool:
        """Waits until the other process is at the cut; whether it can play on without knowing the notes before."""
        return self._next() == _DIVISIBLE

    def portions(self) -> Iterator[tuple[int, Samples]]:
        """Positions and samples. Raises SynthesisFailed when the other process has not come to the end."""
        for position, _ in self._sizes:
            samples = self._next()
            assert isinstance(samples, np.ndarray)
            yield position, samples

    def close(self) -> None:
        """Nothing of it is left."""
        self._thread.join()
        self._source.close()
        os.waitpid(self._pid, 0)

    def _next(self) -> Samples | bytes:
        item = self._received.get()
        if item is None:
            raise SynthesisFailed("the process that played the end has failed")
        return item

    def _collect(self) -> None:
        answer = self._source.read(1)
        self._received.put(answer or None)
        for _, size in self._sizes if answer == _DIVISIBLE else ():
            samples = np.empty((size, 2), np.float32)
            waiting = samples.data.cast("B")
            while len(waiting) and (count := self._source.readinto(waiting)):
                waiting = waiting[count:]
            self._received.put(None if len(waiting) else samples)


def _play_end(fluidsynth: FluidSynth, midi: bytes, voicing: Voicing, cut: int, frames: int, writing: int) -> Never:
    """Runs in the second process, and ends it."""
    status = 1
    try:
        sandbox.close_all_but({0, 1, 2, writing})
        sandbox.renounce()
        with open(writing, "wb", buffering=0) as sink:
            performance = Performance(fluidsynth, midi, voicing)
            _hurry(performance, cut, voicing.sample_rate)
            sink.write(_INDIVISIBLE if performance.joined else _DIVISIBLE)
            if not performance.joined:
                for samples in _read(performance, cut, frames):
                    _write(sink, samples)
        status = 0
    finally:
        os._exit(status)


def _hurry(performance: Performance, cut: int, sample_rate: int) -> None:
    """Brings a new performance to the cut, with nothing to be heard yet."""
    steps: list[tuple[int, Callable[[], None]]] = [
        (_last_beginning(cut, sample_rate), lambda: performance.reverb(on=True)),
        (_last_beginning(cut, *divmod(sample_rate * 10, 3)), lambda: performance.chorus(on=True)),
        (_before(cut, _REHEARSED_SECONDS + _QUIET_SECONDS, sample_rate), lambda: performance.new_notes(NewNotes.PLAY)),
        (_before(cut, _QUIET_SECONDS, sample_rate), lambda: _hush(performance)),
        (cut, lambda: performance.new_notes(NewNotes.PLAY)),
    ]
    performance.reverb(on=False)
    performance.chorus(on=False)
    performance.new_notes(NewNotes.SKIP)
    position = 0
    for place, step in sorted(steps, key=lambda pair: pair[0]):
        for _ in _read(performance, position, place):
            pass
        position = place
        step()


def _last_beginning(cut: int, period: int, thirds: int = 0) -> int:
    """The last block before the cut at which a modulation of this period (and thirds of a frame) begins anew."""
    whole = math.lcm(3 * period + thirds, 3 * BLOCK_FRAMES) // 3
    return cut // whole * whole


def _before(cut: int, seconds: int, sample_rate: int) -> int:
    return max(0, cut - seconds * sample_rate // BLOCK_FRAMES * BLOCK_FRAMES)


def _hush(performance: Performance) -> None:
    performance.silence()
    performance.new_notes(NewNotes.SKIP)


def _write(sink: FileIO, samples: Samples) -> None:
    waiting = samples.data.cast("B")
    while len(waiting):
        waiting = waiting[sink.write(waiting) :]
