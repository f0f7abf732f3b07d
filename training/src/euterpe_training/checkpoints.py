"""Checkpoints: everything that a run needs to go on as if it had never stopped."""

from pathlib import Path
from typing import Any, Final

import torch

from euterpe_training.errors import TrainingError

CHECKPOINT_FILE: Final = "checkpoint.pt"
_FORMAT: Final = 1


def save_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Writes beside the old file first, so that a crash leaves one of the two whole."""
    partial = path.with_suffix(".partial")
    torch.save({"format": _FORMAT, **content}, partial)
    partial.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The content of a checkpoint; TrainingError when there is none, or none of ours."""
    if not path.is_file():
        raise TrainingError(f"there is no checkpoint at {path}")
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch has no common base for what a broken file raises
        raise TrainingError(f"{path} is no checkpoint, or is damaged") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise TrainingError(f"{path} is a checkpoint of another version")
    return content
