"""Checkpoint files: all state that a run needs to resume exactly where it stopped."""

from pathlib import Path
from typing import Any, Final

import torch

from euterpe_training.errors import TrainingError

CHECKPOINT_FILE: Final = "checkpoint.pt"
_FORMAT: Final = 1


def save_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Write `content` to `path`, replacing an older file only once the new one is complete."""
    partial = path.with_suffix(".partial")
    torch.save({"format": _FORMAT, **content}, partial)
    partial.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Return a checkpoint's content; raise TrainingError when there is none, or it is damaged or of another format.

    Only tensors and plain values are loaded, so a file cannot run code.
    """
    if not path.is_file():
        raise TrainingError(f"there is no checkpoint at {path}")
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch has no common base for what a damaged file raises
        raise TrainingError(f"{path} is not a checkpoint, or is damaged") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise TrainingError(f"{path} is a checkpoint of another format")
    return content
