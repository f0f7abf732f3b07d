"""Renders one job inside the render process: synthesis on one thread, encoding on another, bytes out as they come."""

import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from euterpe_converter.rendering.encoders import Encoder, EncoderInput, Samples, create_encoder
from euterpe_converter.rendering.job import RenderJob
from euterpe_converter.rendering.limiter import CEILING, Limiter
from euterpe_converter.rendering.loudness import LoudnessMeter
from euterpe_converter.rendering.native.fluidsynth import FluidSynth, SynthSettings
from euterpe_converter.rendering.parallel_synthesis import synthesise, synthesise_in_parallel

#: Chunks that may wait for the encoder: 6 MB.
_QUEUED_CHUNKS = 48
#: Minimum bytes per write after the first ones: every write costs the service and the client some work.
_WRITE_BYTES = 64 * 1024
_UNBUFFERED_BYTES = 256 * 1024
_AUDIBLE = 10 ** (-60 / 20)
_KEPT_SILENCE_SECONDS = 0.1
_MAX_GAIN = 10 ** (30 / 20)


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """The result of an analysis: the number of frames, and the gain for all of them."""

    frames: int
    gain: float = 1.0


def render(job: RenderJob, fluidsynth: FluidSynth, out: BinaryIO, ffmpeg: str) -> None:
    """Write a line of JSON with the number of frames, then the body.

    Raises SynthesisFailed, LibraryMissing, and BrokenPipeError when the reader has gone.
    """
    plan = analyse(job, fluidsynth) if job.synthesis.needs_analysis else RenderPlan(job.frames)
    encoder = create_encoder(EncoderInput(job.encoding, plan.frames, job.tags, ffmpeg))
    out.write(json.dumps({"frames": plan.frames}).encode() + b"\n")
    out.flush()
    for data in _batched(_encoded(job, plan, fluidsynth, encoder)):
        out.write(data)
        out.flush()


def analyse(job: RenderJob, fluidsynth: FluidSynth) -> RenderPlan:
    """Synthesise the piece once without encoding it. Doubles the synthesis, but holds no piece in memory."""
    meter = LoudnessMeter(job.encoding.sample_rate)
    audible_until = position = 0
    for samples in _synthesised(job, job.frames, fluidsynth, parallel=True):
        if job.synthesis.loudness is not None:
            meter.add(samples)
        audible = np.flatnonzero(np.abs(samples).max(axis=1) > _AUDIBLE)
        audible_until = position + int(audible[-1]) + 1 if len(audible) else audible_until
        position += len(samples)
    frames = job.frames
    if job.synthesis.trim:
        frames = max(1, min(frames, audible_until + round(_KEPT_SILENCE_SECONDS * job.encoding.sample_rate)))
    return RenderPlan(frames, _gain(job.synthesis.loudness, meter))


def _gain(target: float | None, meter: LoudnessMeter) -> float:
    loudness = meter.integrated()
    if target is None or loudness == float("-inf"):
        return 1.0
    # A higher gain would clip the peak; R128 recommends a peak of at most -1 dB.
    return min(float(10 ** ((target - loudness) / 20)), CEILING / max(meter.peak, 1e-9), _MAX_GAIN)


def _batched(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same bytes: as they come at first, to reduce the time to the first byte, then in larger chunks."""
    pending, written = bytearray(), 0
    for chunk in chunks:
        pending += chunk
        if len(pending) >= _WRITE_BYTES or (pending and written < _UNBUFFERED_BYTES):
            written += len(pending)
            yield bytes(pending)
            pending.clear()
    yield bytes(pending)


def _encoded(job: RenderJob, plan: RenderPlan, fluidsynth: FluidSynth, encoder: Encoder) -> Iterator[bytes]:
    position, parallel = 0, job.encoding.format.spec.parallel_synthesis
    source = _synthesised(job, plan.frames, fluidsynth, parallel=parallel)
    for samples in _limited(_on_thread(source), plan.gain):
        yield encoder.encode(_faded(samples, position, job, plan))
        position += len(samples)
    yield encoder.finish()


def _on_thread(source: Iterator[Samples]) -> Iterator[Samples]:
    """Yield the same samples, produced by a second thread while the previous ones are encoded."""
    chunks: queue.Queue[Samples | BaseException | None] = queue.Queue(_QUEUED_CHUNKS)

    def produce() -> None:
        try:
            for samples in source:
                chunks.put(samples)
            chunks.put(None)
        except BaseException as error:  # noqa: BLE001 - raised again on the consuming thread
            chunks.put(error)

    threading.Thread(target=produce, daemon=True).start()
    while (samples := chunks.get()) is not None:
        if isinstance(samples, BaseException):
            raise samples
        yield samples


def _limited(source: Iterator[Samples], gain: float) -> Iterator[Samples]:
    """Apply the gain and the limiter."""
    limiter = Limiter()
    for samples in source:
        if gain != 1.0:
            samples *= np.float32(gain)
        yield limiter.process(samples)
    yield limiter.finish()


def _synthesised(job: RenderJob, frames: int, fluidsynth: FluidSynth, *, parallel: bool) -> Iterator[Samples]:
    synthesis = job.synthesis
    settings = SynthSettings(job.encoding.sample_rate, synthesis.gain, synthesis.reverb, synthesis.chorus)
    run = synthesise_in_parallel if parallel else synthesise
    return run(fluidsynth, job.midi, settings, frames)


def _faded(samples: Samples, position: int, job: RenderJob, plan: RenderPlan) -> Samples:
    """Apply the fade-out, and mix down to mono if requested."""
    fade = min(plan.frames, round(job.synthesis.fade_seconds * job.encoding.sample_rate))
    begin = plan.frames - fade - position
    if fade and begin < len(samples):
        first = max(begin, 0)
        steps = np.arange(first - begin, len(samples) - begin, dtype=np.float32)
        samples[first:] *= (1 - steps / np.float32(fade))[:, None]
    if job.encoding.channels == 1:
        return np.asarray(samples.mean(axis=1, keepdims=True), np.float32)
    return samples
