"""Compare the backbones after equal time of one CPU core, so that other load on the machine does not matter."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from euterpe_training.ensemble.checkpoint import read_history
from euterpe_training.ensemble.config import recipe
from euterpe_training.ensemble.networks.ensemble import weight_count
from euterpe_training.ensemble.trainer import Machine, Trainer

BACKBONES = ("lstm", "retention", "transformer")


def compare_backbones(
    data: Path, runs: Path, cpu_seconds: float, report: Callable[[str], None], backbones: Sequence[str] = BACKBONES
) -> dict[str, Any]:
    """Train each backbone for `cpu_seconds` of one core in a run of its own; finished runs are read, not repeated."""
    results: dict[str, Any] = {"cpu_seconds": cpu_seconds, "backbones": {}}
    for backbone in backbones:
        config = replace(recipe(f"study-{backbone}"), decay_share=0.0)
        run = runs / f"study-{backbone}"
        machine = Machine(threads=1, cpu_seconds=cpu_seconds, evaluate_every=250_000, validation_pieces=8)
        trainer = Trainer(config, data, run, machine)
        if trainer.cpu_seconds < cpu_seconds:
            report(f"{backbone}: training for {cpu_seconds - trainer.cpu_seconds:.0f} more seconds of CPU time")
            trainer.train(report)
        if trainer.cpu_seconds < cpu_seconds:
            break
        results["backbones"][backbone] = _summary(trainer, read_history(run))
    return results


def _summary(trainer: Trainer, history: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "weights": weight_count(trainer.network),
        "events": trainer.events,
        "events_per_cpu_second": round(trainer.events / trainer.cpu_seconds),
        "validation": history[-1]["validation"],
        "curve": [
            {"cpu_seconds": record["cpu_seconds"], "events": record["events"], **record["validation"]["all"]}
            for record in history
        ],
    }


def write_results(results: dict[str, Any], path: Path) -> None:
    """Write a study's results as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def table(results: dict[str, Any]) -> list[str]:
    """Return the results as a Markdown table: losses in nats, per predicted value and per note."""
    lines = [
        f"After {results['cpu_seconds']:.0f} s of one core, held-out losses in nats:",
        "",
        "| backbone | weights | events/s | events | slot | part | pitch | length | velocity | per note |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, result in results["backbones"].items():
        losses = result["validation"]["all"]
        cells = [f"{losses[column]:.3f}" for column in ("slot", "part", "pitch", "length", "velocity", "nats_per_note")]
        size = f"{result['weights'] / 1e6:.1f} M"
        events = f"{result['events'] / 1e6:.2f} M"
        lines.append(f"| {name} | {size} | {result['events_per_cpu_second']:,} | {events} | {' | '.join(cells)} |")
    return lines
