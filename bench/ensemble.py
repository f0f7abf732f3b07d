"""`make bench-ensemble ARGS=BUNDLE`: events per second of the engine with an ensemble bundle, at 1, 8 and 64 pieces.

A piece has 64 bars for four strings. CPU seconds and wall-clock seconds are reported, because
other work on the machine slows the wall clock down. The best of the rounds counts.
"""

import argparse
import time
from pathlib import Path

from euterpe_generator.engine.ensemble.network import EnsembleNetwork
from euterpe_generator.engine.ensemble.plan import EnsemblePlan
from euterpe_generator.engine.ensemble.session import EnsembleSession
from euterpe_generator.engine.request import Advanced, Finished, Request
from euterpe_generator.engine.scheduler import Scheduler
from euterpe_generator.models.ensemble_adapter import EnsembleAdapter
from euterpe_music.bundle import EnsembleBundle, load_any_bundle
from report import report

ROWS = (1, 8, 64)
SETTINGS = {"bars": 64, "parts": "violin, violin, viola, cello", "meter": "4/4", "tempo": 110}


def compose(session: EnsembleSession, plan: EnsemblePlan, max_steps: int, pieces: int) -> dict[str, float]:
    """Compose pieces together; return seconds, events and the seconds until the first notes of the first one."""
    scheduler = Scheduler(session, max_steps=max_steps)
    for seed in range(pieces):
        scheduler.submit(Request(str(seed), "a", seed=seed, steps=plan.steps, inputs=plan))
    scheduler.watch("0")
    started, started_cpu, first, events = time.perf_counter(), time.process_time(), 0.0, 0
    while not scheduler.idle:
        for update in scheduler.step():
            if isinstance(update, Advanced) and not first:
                first = time.perf_counter() - started
            events += len(update.events) if isinstance(update, Finished) else 0
    cpu, wall = time.process_time() - started_cpu, time.perf_counter() - started
    return {"cpu": cpu, "wall": wall, "events": events, "first": first}


def measure(bundle: EnsembleBundle, rows: int, rounds: int, threads: int) -> dict[str, float]:
    """Return the best of several rounds with `rows` pieces at once."""
    network = EnsembleNetwork(bundle, bundle.manifest.variant, rows=rows, threads=threads)
    session = EnsembleSession(network, rows=rows)
    session.warm_up()
    adapter = EnsembleAdapter(bundle)
    plan = adapter.session_inputs(adapter.manifest.sampling.check(SETTINGS), None)
    made = [compose(session, plan, adapter.max_steps, rows) for _ in range(rounds)]
    return {
        "events": round(made[0]["events"] / rows),
        "events_per_cpu_second": round(max(one["events"] / one["cpu"] for one in made)),
        "events_per_second": round(max(one["events"] / one["wall"] for one in made)),
        "cpu_seconds_per_piece": round(min(one["cpu"] for one in made) / rows, 3),
        "first_notes_seconds": round(min(one["first"] for one in made), 3),
    }


def main() -> None:
    """Print one line per number of pieces."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path, help="directory of an ensemble bundle")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    bundle = load_any_bundle(options.bundle)
    if not isinstance(bundle, EnsembleBundle):
        parser.error(f"{options.bundle} is not an ensemble bundle")
    figures = {}
    for rows in ROWS:
        figures[f"pieces_{rows}"] = measure(bundle, rows, options.rounds, options.threads)
        print(rows, figures[f"pieces_{rows}"], flush=True)
    report("ensemble", figures)


if __name__ == "__main__":
    main()
