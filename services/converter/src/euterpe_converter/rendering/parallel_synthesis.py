"""Synthesis of one piece by two processes: the first synthesises the beginning, the second, meanwhile, the end.

Synthesis uses one thread and dominates the time of WAV and FLAC. FluidSynth's voices, reverb and chorus are linear, so
the audio of a piece is the sum of the audio of its notes. The first process plays the notes before a cut until they
have decayed, the second process those after it, and their samples are added. The second process fast-forwards to the
cut without notes or effects, which takes milliseconds and leaves channels and clock in the right state.

The delays of reverb and chorus are modulated at 1 and 0.3 Hz. In the second process each effect starts at the last
moment before the cut at which its modulation has the initial phase. The sum still differs from one synthesiser's
samples, because a note's volume ramps, for its first 64 frames, from that of the note that had its voice before. The
energy of the difference is about 60 dB below the music's (tests/rendering/test_parallel_synthesis.py).
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
from euterpe_service_kit import sandbox
from numpy.typing import NDArray

from euterpe_converter.rendering.native.fluidsynth import (
    BLOCK_FRAMES,
    FluidSynth,
    NoteMode,
    Playback,
    SynthesisFailed,
    SynthSettings,
)

Samples = NDArray[np.float32]

#: Frames per FluidSynth call, and per chunk.
CALL_FRAMES = 1024
CHUNK_FRAMES = 16 * CALL_FRAMES
# The first chunk is small, to reduce the time to the first byte.
_FIRST_CHUNK_FRAMES = 4 * CALL_FRAMES
#: Share of the first process: less than half, because it also encodes.
_FIRST_SHARE = 0.42
_MIN_SECONDS = 16
#: Limits what the second process synthesises ahead and the first holds in memory: 26 MB at 44.1 kHz.
_MAX_SECOND_HALF_SECONDS = 75
_SILENCE = 10 ** (-100 / 20)
#: Time during which later percussion may still cut off earlier percussion.
_PERCUSSION_SECONDS = 3
#: Before the cut, the second process plays notes for the first duration and is silent for the second. Otherwise its
#: voices would have no previous note, and the first notes would start softly. Reverb decays within the silence.
_WARM_UP_SECONDS, _SILENT_SECONDS = 3, 3
#: Room for eight chunks: each time one process waits for the other costs both a little.
_PIPE_BYTES = 1024 * 1024
_SPLIT, _NO_SPLIT = b"2", b"1"


def cut_frame(frames: int, sample_rate: int) -> int:
    """Return where to split a piece of this length, in whole blocks of FluidSynth; 0 when it is too short."""
    if frames < _MIN_SECONDS * sample_rate:
        return 0
    cut = max(round(_FIRST_SHARE * frames), frames - _MAX_SECOND_HALF_SECONDS * sample_rate)
    return cut // BLOCK_FRAMES * BLOCK_FRAMES


def synthesise(fluidsynth: FluidSynth, midi: bytes, settings: SynthSettings, frames: int) -> Iterator[Samples]:
    """Yield the samples of a piece in chunks of shape (n, 2). Raises SynthesisFailed."""
    playback = Playback(fluidsynth, midi, settings)
    yield from _read(playback, 0, frames)
    playback.close()


def synthesise_in_parallel(
    fluidsynth: FluidSynth, midi: bytes, settings: SynthSettings, frames: int
) -> Iterator[Samples]:
    """Yield the same samples, synthesised by two processes if the piece is long enough.

    It forks, so this process must have a single thread when it is called. Raises SynthesisFailed.
    """
    cut = cut_frame(frames, settings.sample_rate)
    if not cut:
        return synthesise(fluidsynth, midi, settings, frames)
    second = _SecondHalf(fluidsynth, midi, settings, cut, frames)
    return _joined(Playback(fluidsynth, midi, settings), second, cut, frames, settings.sample_rate)


def _joined(playback: Playback, second: "_SecondHalf", cut: int, frames: int, sample_rate: int) -> Iterator[Samples]:
    yield from _read(playback, 0, cut)
    if second.can_split():
        playback.set_note_mode(NoteMode.REPLACE)
        yield from _overlapped(playback, second, cut + _PERCUSSION_SECONDS * sample_rate)
    else:
        yield from _read(playback, cut, frames)
    playback.close()
    second.close()


def _overlapped(playback: Playback, second: "_SecondHalf", percussion_until: int) -> Iterator[Samples]:
    """Yield the second half's samples, plus what still sounds of the first half."""
    is_sounding = True
    for position, samples in second.chunks():
        if is_sounding:
            if position >= percussion_until:
                playback.set_note_mode(NoteMode.RELEASE)
            decay = playback.read(len(samples), CALL_FRAMES)
            samples += decay
            is_sounding = playback.voices > 0 or float(np.abs(decay).max()) > _SILENCE
        yield samples


def _chunk_sizes(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield positions and sizes of chunks."""
    size = CHUNK_FRAMES if first else _FIRST_CHUNK_FRAMES
    while first < last:
        yield first, min(size, last - first)
        first += size
        size = CHUNK_FRAMES


def _read(playback: Playback, first: int, last: int) -> Iterator[Samples]:
    for _, size in _chunk_sizes(first, last):
        yield playback.read(size, CALL_FRAMES)


class _SecondHalf:
    """The piece from the cut on, synthesised by a second process."""

    def __init__(self, fluidsynth: FluidSynth, midi: bytes, settings: SynthSettings, cut: int, frames: int) -> None:
        self._sizes = list(_chunk_sizes(cut, frames))
        reading, writing = os.pipe()
        with contextlib.suppress(OSError):
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._pid = os.fork()
        if self._pid == 0:
            _run_second_process(fluidsynth, midi, settings, cut, frames, writing)
        os.close(writing)
        self._source = os.fdopen(reading, "rb", buffering=0)
        # Whether the piece can be split, then samples; None when the process ended early.
        self._received: queue.SimpleQueue[Samples | bytes | None] = queue.SimpleQueue()
        # Drains the pipe at once, so that the second process never waits.
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def can_split(self) -> bool:
        """Wait until the second process is at the cut; whether its notes are independent of those before the cut."""
        return self._next() == _SPLIT

    def chunks(self) -> Iterator[tuple[int, Samples]]:
        """Yield positions and samples. Raises SynthesisFailed when the second process ended early."""
        for position, _ in self._sizes:
            samples = self._next()
            assert isinstance(samples, np.ndarray)
            yield position, samples

    def close(self) -> None:
        """Wait for the thread and the process, and close the pipe."""
        self._thread.join()
        self._source.close()
        os.waitpid(self._pid, 0)

    def _next(self) -> Samples | bytes:
        item = self._received.get()
        if item is None:
            raise SynthesisFailed("the process that synthesised the second half failed")
        return item

    def _collect(self) -> None:
        answer = self._source.read(1)
        self._received.put(answer or None)
        for _, size in self._sizes if answer == _SPLIT else ():
            samples = np.empty((size, 2), np.float32)
            missing = samples.data.cast("B")
            while len(missing) and (count := self._source.readinto(missing)):
                missing = missing[count:]
            self._received.put(None if len(missing) else samples)


def _run_second_process(
    fluidsynth: FluidSynth, midi: bytes, settings: SynthSettings, cut: int, frames: int, writing: int
) -> Never:
    """Run in the second process, and end it."""
    status = 1
    try:
        sandbox.close_all_but({0, 1, 2, writing})
        sandbox.drop_privileges()
        with open(writing, "wb", buffering=0) as sink:
            playback = Playback(fluidsynth, midi, settings)
            _fast_forward(playback, cut, settings.sample_rate)
            sink.write(_NO_SPLIT if playback.has_joined_notes else _SPLIT)
            if not playback.has_joined_notes:
                for samples in _read(playback, cut, frames):
                    _write(sink, samples)
        status = 0
    finally:
        os._exit(status)


def _fast_forward(playback: Playback, cut: int, sample_rate: int) -> None:
    """Advance a new playback to the cut, where it is silent and has the right state."""
    steps: list[tuple[int, Callable[[], None]]] = [
        (_last_period_start(cut, sample_rate), lambda: playback.set_reverb(on=True)),
        (_last_period_start(cut, *divmod(sample_rate * 10, 3)), lambda: playback.set_chorus(on=True)),
        (
            _frames_before(cut, _WARM_UP_SECONDS + _SILENT_SECONDS, sample_rate),
            lambda: playback.set_note_mode(NoteMode.PLAY),
        ),
        (_frames_before(cut, _SILENT_SECONDS, sample_rate), lambda: _mute(playback)),
        (cut, lambda: playback.set_note_mode(NoteMode.PLAY)),
    ]
    playback.set_reverb(on=False)
    playback.set_chorus(on=False)
    playback.set_note_mode(NoteMode.SKIP)
    position = 0
    for frame, step in sorted(steps, key=lambda pair: pair[0]):
        for _ in _read(playback, position, frame):
            pass
        position = frame
        step()


def _last_period_start(cut: int, period: int, thirds: int = 0) -> int:
    """Return the last block before the cut at which a modulation of this period (plus thirds of a frame) restarts."""
    whole = math.lcm(3 * period + thirds, 3 * BLOCK_FRAMES) // 3
    return cut // whole * whole


def _frames_before(cut: int, seconds: int, sample_rate: int) -> int:
    return max(0, cut - seconds * sample_rate // BLOCK_FRAMES * BLOCK_FRAMES)


def _mute(playback: Playback) -> None:
    playback.silence()
    playback.set_note_mode(NoteMode.SKIP)


def _write(sink: FileIO, samples: Samples) -> None:
    remaining = samples.data.cast("B")
    while len(remaining):
        remaining = remaining[sink.write(remaining) :]
