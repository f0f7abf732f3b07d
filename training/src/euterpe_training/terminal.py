"""What the commands of all families share: the console, options, and the check for PyTorch."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from euterpe_training.errors import TrainingError

console: Final = Console(stderr=True)

CacheDirectory = Annotated[Path | None, typer.Option("--cache", help="Cache encoded corpora in this directory.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="NAME=VALUE: override a setting of the recipe; repeatable.")
]
Threads = Annotated[
    int, typer.Option("--threads", min=1, help="CPU threads; results are equal only for equal numbers.")
]


def require_torch() -> Any:
    """Return the module torch; raise TrainingError when it is not installed."""
    try:
        import torch
    except ImportError as error:
        raise TrainingError("training needs PyTorch, which is not installed: see docs/guides/training.md") from error
    return torch
