"""`make bench-melody`: tokens per second of the engine with 3 × LSTM 512, by sampling strategy.

Weights are random, as speed does not depend on them. Every case runs once per round and results are medians, so that
other load affects all cases. ARGS="--threads 2" uses two threads.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from euterpe_generator.engine.request import Finished, Request
from euterpe_generator.engine.scheduler import Scheduler
from euterpe_generator.engine.tokens.network import StepNetwork
from euterpe_generator.engine.tokens.plan import Plan
from euterpe_generator.engine.tokens.session import TokenSession
from euterpe_generator.models.melody_adapter import PARTS, MelodyAdapter
from euterpe_music.bundle import MelodyBundle
from euterpe_music.midi import write_midi
from euterpe_test_kit.melodies import melody_bundle
from melody_training import measure as training_speed
from report import report

ROUNDS = 3
TOP_K = {"strategy": "top_k", "top_k": 40, "temperature": 1.0}


class Bench:
    """One bundle with one session."""

    def __init__(self, bundle: MelodyBundle, rows: int, threads: int) -> None:
        self.adapter = MelodyAdapter(bundle)
        graphs = bundle.manifest.graphs
        self.networks = [
            StepNetwork(bundle.graph(name, "fp32"), graphs[name], max_sequences=rows, threads=threads) for name in PARTS
        ]
        self.session = TokenSession(self.networks, rows=rows)
        self.session.warm_up()

    def plan(self, bars: int, accompaniment: str = "off", **settings: object) -> Plan:
        """Return the plan of a piece."""
        given = {"bars": bars, "accompaniment": accompaniment, **settings}
        return self.adapter.session_inputs(self.adapter.manifest.sampling.check(given), None)

    def compose(self, pieces: int, plan: Plan) -> float:
        """Return the seconds that `count` concurrent pieces take."""
        scheduler = Scheduler(self.session, max_steps=self.adapter.max_steps)
        for seed in range(pieces):
            scheduler.submit(Request(str(seed), "a", seed=seed, steps=plan.steps, inputs=plan))
        started = time.perf_counter()
        done = 0
        while not scheduler.idle:
            done += sum(isinstance(update, Finished) for update in scheduler.step())
        assert done == pieces
        return time.perf_counter() - started

    def bare(self, width: int, steps: int) -> float:
        """Return the seconds of the melody graph's steps alone."""
        network = self.networks[0]
        network.select(np.full(width, -1))
        token, condition = np.full((width, 1), 5), np.zeros((width, network.features), np.int64)
        started = time.perf_counter()
        for _ in range(steps):
            network.step(token, condition)
        seconds = time.perf_counter() - started
        network.select(np.zeros(0, np.int64))
        return seconds

    def whole(self) -> float:
        """Return the seconds from a plan to a MIDI file of 32 bars with accompaniment."""
        settings = self.adapter.manifest.sampling.check({"bars": 32, **TOP_K})
        started = time.perf_counter()
        plan = self.adapter.session_inputs(settings, None)
        scheduler = Scheduler(self.session, max_steps=self.adapter.max_steps)
        scheduler.submit(Request("a", "a", seed=1, steps=plan.steps, inputs=plan))
        events = None
        while not scheduler.idle:
            for update in scheduler.step():
                events = getattr(update, "events", events)
        assert events is not None
        write_midi(self.adapter.decode(events, settings, None))
        return time.perf_counter() - started


def main(threads: int) -> None:
    """Measure and print the results."""
    with tempfile.TemporaryDirectory() as directory:
        bundle = melody_bundle(Path(directory), name="large", hidden=512, layers=3, words=500)
        one, many = Bench(bundle, 1, threads), Bench(bundle, 128, threads)
        small = {name: one.plan(4, **how) for name, how in _ways().items()}
        contenders: dict[str, Callable[[], float]] = {
            **{f"b1 {name}": lambda plan=plan: one.compose(1, plan) for name, plan in small.items()},
            "b1 bare": lambda: one.bare(1, 64),
            "b128 top-k 40": lambda: many.compose(128, small["top-k 40"]),
            "b128 greedy": lambda: many.compose(128, small["greedy"]),
            "b128 bare": lambda: many.bare(128, 64),
            "32 bars, two parts": one.whole,
        }
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(ROUNDS):
            for name, contender in contenders.items():
                seconds[name].append(contender())
        medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, value in medians.items():
        tokens = 64 * (128 if name.startswith("b128") else 1)
        rate = f"{tokens / value:>10.0f} tokens/s" if name[0] == "b" else ""
        print(f"{name:24}{value * 1000:>10.1f} ms{rate}")
    share = 1 - medians["b128 bare"] / medians["b128 top-k 40"]
    print(f"share outside the graph at batch 128: {share:.0%}; {one.session.provider}, {threads} thread(s)")
    report("melody", {
        "tokens_per_s_b1": round(64 / medians["b1 top-k 40"], 1),
        "tokens_per_s_b128": round(128 * 64 / medians["b128 top-k 40"], 1),
        "melody_p50_ms": round(medians["32 bars, two parts"] * 1000, 1),
        "beam5_cost_ratio": round(medians["b1 beam 5"] / medians["b1 greedy"], 2),
        "sampling_share_b128": round(share, 3),
        **training_speed(),
    })  # fmt: skip


def _ways() -> dict[str, dict[str, object]]:
    return {
        "greedy": {"strategy": "greedy"},
        "top-k 40": TOP_K,
        "top-p 0.95": {"strategy": "top_p", "top_p": 0.95},
        "penalty 1.3": {"strategy": "temperature", "repetition_penalty": 1.3},
        "beam 5": {"strategy": "beam", "beam_width": 5},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    main(parser.parse_args().threads)
