"""`make bench-engine`: how fast the engine composes, beside the bare graph in the same run.

The network has the reference's size: a C-RNN-GAN generator, 2 × LSTM 150, one tone per cell. Figures are medians over
rounds in which every contender runs once, so that a slow moment of the machine hits all of them.
"""

import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from euterpe_generator.engine.fake import FakeSession
from euterpe_generator.engine.onnx_session import OnnxSession
from euterpe_generator.engine.request import Finished, Request
from euterpe_generator.engine.scheduler import Scheduler
from euterpe_generator.engine.session import Session
from euterpe_music.bundle import Bundle
from networks import crnngan_bundle

STEPS = 100
ROWS = 128
ROUNDS = 7
SONGS = 1536


def raw(sessions: list[OnnxSession]) -> float:
    """Steps per second of the bare graph: full batches of ROWS × STEPS, one thread per session."""
    noise = np.random.default_rng(0).random((STEPS, ROWS, sessions[0].noise_size), np.float32)
    batches = SONGS // ROWS // len(sessions)
    return _steps_per_second(sessions, lambda session: _raw_batches(session, noise, batches))


def _raw_batches(session: OnnxSession, noise: np.ndarray, batches: int) -> int:
    for _ in range(batches):
        session.advance(noise)
    return batches * ROWS * STEPS


def scheduled(sessions: list[OnnxSession], chunk: int | None) -> float:
    """Steps per second that reach a finished song: random lengths of 50 to 200, arriving while others compose.

    `chunk` fixes the steps per call; None leaves it to the scheduler.
    """
    return _steps_per_second(sessions, lambda session: _compose(session, chunk))


def _compose(session: Session, chunk: int | None) -> int:
    fixed = {} if chunk is None else {"chunk_steps": (chunk, chunk)}
    scheduler = Scheduler(session, max_steps=2000, **fixed)
    random = np.random.default_rng(1)
    useful = submitted = 0
    # Ends at saturation: a batch that drains at the end would measure the end, not the engine.
    while useful < SONGS // 2 * STEPS:
        while scheduler.waiting < 32:
            length = int(random.integers(50, 201))
            scheduler.submit(Request(str(submitted), f"listener{submitted % 50}", seed=submitted, steps=length))
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
    """Seconds for one song of STEPS events with nobody beside it, through the scheduler."""
    scheduler = Scheduler(session, max_steps=2000)
    started = time.perf_counter()
    for seed in range(20):
        scheduler.submit(Request(str(seed), "a", seed=seed, steps=STEPS))
        while not scheduler.idle:
            scheduler.step()
    return (time.perf_counter() - started) / 20


def bookkeeping() -> float:
    """Seconds per useful step that the scheduler itself takes, with a session that computes next to nothing."""
    started = time.perf_counter()
    useful = _compose(FakeSession(ROWS), 10)
    return (time.perf_counter() - started) / useful


def measure(bundle: Bundle) -> dict[str, float]:
    """Runs everything and prints the table."""
    graph = bundle.manifest.graph
    two = [OnnxSession(bundle.model, graph, rows=ROWS) for _ in range(2)]
    for session in two:
        session.warm_up()
    chunks = (None, 4, 8, 16, 32)
    rounds: dict[str, list[float]] = {name: [] for name in ("single", "raw1", "raw2", *(f"chunk{n}" for n in chunks))}
    for _ in range(ROUNDS):
        rounds["single"].append(single(two[0]))
        rounds["raw1"].append(raw(two[:1]))
        rounds["raw2"].append(raw(two))
        for chunk in chunks:
            rounds[f"chunk{chunk}"].append(scheduled(two, chunk))
    medians = {name: statistics.median(values) for name, values in rounds.items()}
    print(f"{'':34}{'songs/s (100 events)':>22}{'of the bare graph':>20}")
    print(f"{'bare graph, batch 128, 1 thread':34}{medians['raw1'] / STEPS:>22.0f}")
    print(f"{'bare graph, batch 128, 2 threads':34}{medians['raw2'] / STEPS:>22.0f}{1:>20.0%}")
    for chunk in chunks:
        rate = medians[f"chunk{chunk}"]
        name = "scheduler, chunks by time" if chunk is None else f"scheduler, chunks of {chunk} steps"
        print(f"{name:34}{rate / STEPS:>22.0f}{rate / medians['raw2']:>20.0%}")
    print(f"one song alone: {medians['single'] * 1000:.2f} ms")
    chosen = medians["chunkNone"]
    print(f"bookkeeping per song of 100 events: {bookkeeping() * STEPS * 1e6:.0f} µs")
    return {
        "song_ms": round(medians["single"] * 1000, 3),
        "songs_per_s": round(chosen / STEPS, 1),
        "raw_songs_per_s": round(medians["raw2"] / STEPS, 1),
        "scheduler_overhead": round(1 - chosen / medians["raw2"], 4),
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        print(json.dumps(measure(crnngan_bundle(Path(directory)))))
