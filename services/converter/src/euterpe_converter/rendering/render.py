"""Plays one job: synthesis on one thread, encoding on another, bytes out as they come."""

import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from euterpe_converter.domain.audio import AudioFormat
from euterpe_converter.rendering.encoders import Encoder, Samples, encoder_for
from euterpe_converter.rendering.job import RenderJob
from euterpe_converter.rendering.limiter import CEILING, Limiter
from euterpe_converter.rendering.loudness import LoudnessMeter
from euterpe_converter.rendering.native.fluidsynth import FluidSynth, Voicing
from euterpe_converter.rendering.parallel_synthesis import play_alone, play_together

#: Formats whose encoding takes far less than the synthesis, which two processes share then.
_QUICK_FORMATS = (AudioFormat.WAV, AudioFormat.FLAC)
#: Chunks that may wait for the encoder: 6 MB.
_WAITING_CHUNKS = 48
#: Bytes that are written at once, save for the beginning: each write costs the service and the listener some work.
_WRITE_BYTES = 64 * 1024
_BEGINNING_BYTES = 256 * 1024
_AUDIBLE = 10 ** (-60 / 20)
_KEPT_SILENCE_SECONDS = 0.1
_MOST_GAIN = 10 ** (30 / 20)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an analysis decided: how many frames, and a factor for all of them."""

    frames: int
    factor: float = 1.0


def perform(job: RenderJob, fluidsynth: FluidSynth, out: BinaryIO, ffmpeg: str) -> None:
    """Writes a line of JSON with the number of frames, then the body.

    Raises SynthesisFailed, LibraryMissing, BrokenPipeError when nobody listens any more.
    """
    plan = analyse(job, fluidsynth) if job.synthesis.needs_analysis else Plan(job.frames)
    encoder = encoder_for(job.encoding, plan.frames, job.tags, ffmpeg)
    out.write(json.dumps({"frames": plan.frames}).encode() + b"\n")
    out.flush()
    for data in _gathered(_encoded(job, plan, fluidsynth, encoder)):
        out.write(data)
        out.flush()


def analyse(job: RenderJob, fluidsynth: FluidSynth) -> Plan:
    """Hears the piece once without encoding it. Twice the synthesis, but no piece in memory."""
    meter = LoudnessMeter(job.encoding.sample_rate)
    audible = position = 0
    for samples in _synthesised(job, job.frames, fluidsynth, together=True):
        if job.synthesis.loudness is not None:
            meter.add(samples)
        loud = np.flatnonzero(np.abs(samples).max(axis=1) > _AUDIBLE)
        audible = position + int(loud[-1]) + 1 if len(loud) else audible
        position += len(samples)
    frames = job.frames
    if job.synthesis.trim:
        frames = max(1, min(frames, audible + round(_KEPT_SILENCE_SECONDS * job.encoding.sample_rate)))
    return Plan(frames, _factor(job.synthesis.loudness, meter))


def _factor(target: float | None, meter: LoudnessMeter) -> float:
    loudness = meter.integrated()
    if target is None or loudness == float("-inf"):
        return 1.0
    # Louder than the peak allows would be clipped; R128 asks for a peak of -1 dB at most.
    return min(float(10 ** ((target - loudness) / 20)), CEILING / max(meter.peak, 1e-9), _MOST_GAIN)


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes: as they come in the beginning, because somebody waits for them, then in larger portions."""
    held, written = bytearray(), 0
    for piece in pieces:
        held += piece
        if len(held) >= _WRITE_BYTES or (held and written < _BEGINNING_BYTES):
            written += len(held)
            yield bytes(held)
            held.clear()
    yield bytes(held)


def _encoded(job: RenderJob, plan: Plan, fluidsynth: FluidSynth, encoder: Encoder) -> Iterator[bytes]:
    position, together = 0, job.encoding.format in _QUICK_FORMATS
    source = _synthesised(job, plan.frames, fluidsynth, together=together)
    for samples in _mastered(_beside(source), plan.factor):
        yield encoder.encode(_finished(samples, position, job, plan))
        position += len(samples)
    yield encoder.finish()


def _beside(source: Iterator[Samples]) -> Iterator[Samples]:
    """The same samples, made on a thread of their own while the last ones are encoded."""
    chunks: queue.Queue[Samples | BaseException | None] = queue.Queue(_WAITING_CHUNKS)

    def synthesise() -> None:
        try:
            for samples in source:
                chunks.put(samples)
            chunks.put(None)
        except BaseException as error:  # noqa: BLE001 - raised again on the other thread
            chunks.put(error)

    threading.Thread(target=synthesise, daemon=True).start()
    while (samples := chunks.get()) is not None:
        if isinstance(samples, BaseException):
            raise samples
        yield samples


def _mastered(source: Iterator[Samples], factor: float) -> Iterator[Samples]:
    """With the factor, and nowhere too loud."""
    limiter = Limiter()
    for samples in source:
        if factor != 1.0:
            samples *= np.float32(factor)
        yield limiter.process(samples)
    yield limiter.finish()


def _synthesised(job: RenderJob, frames: int, fluidsynth: FluidSynth, *, together: bool) -> Iterator[Samples]:
    synthesis = job.synthesis
    voicing = Voicing(
        job.encoding.sample_rate, synthesis.gain, synthesis.reverb, synthesis.chorus, dict(synthesis.programs)
    )
    play = play_together if together else play_alone
    return play(fluidsynth, job.midi, voicing, frames)


def _finished(samples: Samples, position: int, job: RenderJob, plan: Plan) -> Samples:
    """With the fade at the end, and the channels that are wanted."""
    fade = min(plan.frames, round(job.synthesis.fade_seconds * job.encoding.sample_rate))
    begin = plan.frames - fade - position
    if fade and begin < len(samples):
        first = max(begin, 0)
        steps = np.arange(first - begin, len(samples) - begin, dtype=np.float32)
        samples[first:] *= (1 - steps / np.float32(fade))[:, None]
    if job.encoding.channels == 1:
        return np.asarray(samples.mean(axis=1, keepdims=True), np.float32)
    return samples
