"""The history of a run, as the trainers write it: one record of losses per epoch or interval."""

import json
from pathlib import Path
from typing import Any


def read_records(run: Path) -> list[dict[str, Any]]:
    """Return the records of `history.json` (a list) or `history.jsonl` (one per line); none if there is no file."""
    try:
        if (path := run / "history.json").is_file():
            return list(json.loads(path.read_text(encoding="utf-8")))
        if (path := run / "history.jsonl").is_file():
            return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except json.JSONDecodeError:
        # The trainer is writing it.
        return []
    return []


def numbers(record: dict[str, Any]) -> dict[str, float]:
    """Return the numeric values of a record."""
    found = ((name, value) for name, value in record.items() if not isinstance(value, bool))
    return {name: float(value) for name, value in found if isinstance(value, int | float)}


def last_change(run: Path) -> float:
    """Return the time of the last change of any file of a run, in seconds since 1970; 0 without files."""
    times = []
    for path in run.rglob("*"):
        try:
            times.append(path.stat().st_mtime)
        except FileNotFoundError:  # replaced meanwhile
            continue
    return max(times, default=0.0)
