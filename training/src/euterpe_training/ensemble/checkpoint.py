"""Checkpoints of a training run: written whole or not at all."""

import json
import os
from pathlib import Path
from typing import Any

import torch

from euterpe_training.errors import TrainingError

CHECKPOINT_FILE = "checkpoint.pt"
HISTORY_FILE = "history.jsonl"
PID_FILE = "train.pid"


def save_checkpoint(run: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint to a temporary file, then replace the old one."""
    run.mkdir(parents=True, exist_ok=True)
    temporary = run / f"{CHECKPOINT_FILE}.new"
    torch.save(state, temporary)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(run / CHECKPOINT_FILE)


def load_checkpoint(run: Path) -> dict[str, Any]:
    """Read a run's checkpoint. Raises `TrainingError` where there is none or another format."""
    path = run / CHECKPOINT_FILE
    if not path.exists():
        raise TrainingError(f"{run} holds no checkpoint")
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def append_history(run: Path, record: dict[str, Any]) -> None:
    """Add a line to the run's history."""
    with (run / HISTORY_FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def read_history(run: Path) -> list[dict[str, Any]]:
    """Return the records of the run's history."""
    path = run / HISTORY_FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]
