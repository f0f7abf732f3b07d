"""`make bench-engine`: throughput of the engine, compared with the graph alone in the same run.

The network is a C-RNN-GAN generator of the released size: 2 × LSTM 150, one tone per cell, in both variants. Results
without a suffix are for int8, the released variant. They are medians over rounds in which every case runs once, so that
other load affects all cases.
"""

import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from euterpe_generator.engine.fake import FakeSession
from euterpe_generator.engine.onnx_session import OnnxSession
from euterpe_generator.engine.request import Finished, Request
from euterpe_generator.engine.scheduler import Scheduler
from euterpe_generator.engine.session import Session
from euterpe_music.bundle import Bundle
from euterpe_music.manifest import Variant
from networks import crnngan_bundle
from report import report

STEPS = 100
ROWS = 128
ROUNDS = 5
CHUNKS = (None, 4, 8, 16, 32)
SONGS = 1536


def raw(sessions: list[OnnxSession]) -> float:
    """Return steps per second of the graph alone: full batches of ROWS × STEPS, one thread per session."""
    noise = np.random.default_rng(0).random((STEPS, ROWS, sessions[0].noise_size), np.float32)
    batches = SONGS // ROWS // len(sessions)
    return _steps_per_second(sessions, lambda session: _raw_batches(session, noise, batches))


def _raw_batches(session: OnnxSession, noise: np.ndarray, batches: int) -> int:
    for _ in range(batches):
        session.advance(noise)
    return batches * ROWS * STEPS


def scheduled(sessions: list[OnnxSession], chunk: int | None) -> float:
    """Return steps per second of completed songs of random lengths from 50 to 200, which arrive continuously.

    `chunk` fixes the steps per call; None leaves it to the scheduler.
    """
    return _steps_per_second(sessions, lambda session: _compose(session, chunk))


def _compose(session: Session, chunk: int | None) -> int:
    fixed = {} if chunk is None else {"chunk_steps": (chunk, chunk)}
    scheduler = Scheduler(session, max_steps=2000, **fixed)
    random = np.random.default_rng(1)
    useful = submitted = 0
    # The measurement ends under full load, as a batch that empties would lower the result.
    while useful < SONGS // 2 * STEPS:
        while scheduler.waiting < 32:
            length = int(random.integers(50, 201))
            scheduler.submit(Request(str(submitted), f"user{submitted % 50}", seed=submitted, steps=length))
            submitted += 1
        useful += sum(len(update.events) for update in scheduler.step() if isinstance(update, Finished))
    return useful + sum(scheduler.progress().values())


def _steps_per_second(sessions: list[OnnxSession], work: Callable[[OnnxSession], int]) -> float:
    done: list[int] = []
    threads = [threading.Thread(target=lambda s=session: done.append(work(s))) for session in sessions]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - started)


def single(session: OnnxSession) -> float:
    """Return seconds for a single song of STEPS events through the scheduler."""
    scheduler = Scheduler(session, max_steps=2000)
    started = time.perf_counter()
    for seed in range(20):
        scheduler.submit(Request(str(seed), "a", seed=seed, steps=STEPS))
        while not scheduler.idle:
            scheduler.step()
    return (time.perf_counter() - started) / 20


def bookkeeping() -> float:
    """Return the scheduler's own seconds per step, with a session that computes almost nothing."""
    started = time.perf_counter()
    useful = _compose(FakeSession(ROWS), 10)
    return (time.perf_counter() - started) / useful


def measure(bundle: Bundle) -> dict[str, float]:
    """Run all measurements and print the table."""
    variants: tuple[Variant, ...] = ("int8", "fp32")
    sessions = {
        name: [OnnxSession(bundle.graph(name), bundle.manifest.graph, rows=ROWS) for _ in "ab"] for name in variants
    }
    for session in (one for two in sessions.values() for one in two):
        session.warm_up()
    rounds: dict[tuple[Variant, str], list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for name, two in sessions.items():
            rounds[name, "single"].append(single(two[0]))
            rounds[name, "raw1"].append(raw(two[:1]))
            rounds[name, "raw2"].append(raw(two))
            for chunk in CHUNKS:
                rounds[name, f"chunk{chunk}"].append(scheduled(two, chunk))
    medians = {contender: statistics.median(values) for contender, values in rounds.items()}
    figures: dict[str, float] = {}
    for name, suffix in zip(variants, ("", "_fp32"), strict=True):
        figures |= {key + suffix: value for key, value in _report(name, medians).items()}
    print(f"scheduler time per song of 100 events: {bookkeeping() * STEPS * 1e6:.0f} µs")
    return figures


def _report(variant: Variant, medians: dict[tuple[Variant, str], float]) -> dict[str, float]:
    bare, chosen = medians[variant, "raw2"], medians[variant, "chunkNone"]
    print(f"{variant:34}{'songs/s (100 events)':>22}{'of the graph alone':>20}")
    print(f"{'graph alone, batch 128, 1 thread':34}{medians[variant, 'raw1'] / STEPS:>22.0f}")
    print(f"{'graph alone, batch 128, 2 threads':34}{bare / STEPS:>22.0f}{1:>20.0%}")
    for chunk in CHUNKS:
        rate = medians[variant, f"chunk{chunk}"]
        label = "scheduler, chunks by time" if chunk is None else f"scheduler, chunks of {chunk} steps"
        print(f"{label:34}{rate / STEPS:>22.0f}{rate / bare:>20.0%}")
    print(f"a single song: {medians[variant, 'single'] * 1000:.2f} ms\n")
    return {
        "song_ms": round(medians[variant, "single"] * 1000, 3),
        "songs_per_s": round(chosen / STEPS, 1),
        "raw_songs_per_s": round(bare / STEPS, 1),
        "scheduler_overhead": round(1 - chosen / bare, 4),
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        report("engine", measure(crnngan_bundle(Path(directory))))
