"""Training of the ensemble network on the CPU and on the device: the same losses, and events per second."""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import require_torch, run

_CPU_STEPS, _DEVICE_STEPS = 3, 60


def check(given: argparse.Namespace) -> dict[str, Any]:
    """Train the shipped size on both devices with equal data, and the recipe for GPUs on the device."""
    require_torch(given.device)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        from random_pieces import write_random_dataset

        write_random_dataset(Path(scratch) / "data", 40 if given.tiny else 400, 16 if given.tiny else 64)
        shipped, large = ("tiny", "tiny") if given.tiny else ("ensemble", "ensemble-cuda")
        rows.append(_measure(shipped, "cpu", 2 if given.tiny else _CPU_STEPS, Path(scratch)))
        steps = 2 if given.tiny else _DEVICE_STEPS
        rows += [_measure(one, given.device, steps, Path(scratch)) for one in dict.fromkeys((shipped, large))]
    first = [row["first loss"] for row in rows[:2]]
    return {"rows": rows, "relative_difference_of_first_loss": round(abs(first[1] / first[0] - 1), 5)}


def _measure(recipe_name: str, device: str, steps: int, scratch: Path) -> dict[str, Any]:
    """Return losses per note and events per second of `steps` steps, the first of which is not timed."""
    import torch
    from euterpe_training.ensemble.config import recipe
    from euterpe_training.ensemble.trainer import Machine, Trainer

    config = replace(recipe(recipe_name), sources=("pop909",))
    trainer = Trainer(config, scratch / "data", scratch / f"{recipe_name}-{device}", Machine(device, threads=2))
    losses, events, started = [], 0, 0.0
    for step in range(steps + 1):
        batch = trainer.loader.next()
        assert batch is not None
        # Reading the loss waits for the device, so that the time is that of the finished step.
        totals = trainer.step(batch.to(trainer.device))
        losses.append(float(totals[0].sum() / totals[1, 0].clamp(min=1)))
        events += batch.events if step else 0
        started = started if step else time.perf_counter()
    row: dict[str, Any] = {"recipe": recipe_name, "device": device, "first loss": round(losses[0], 4)}
    row |= {"last loss": round(losses[-1], 4), "events/s": round(events / (time.perf_counter() - started))}
    if device == "cuda":
        row["memory, GiB"] = round(torch.cuda.max_memory_allocated() / 2**30, 1)
    return row


if __name__ == "__main__":
    run(check)
