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
Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
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


def find_device(name: str, threads: int) -> Any:
    """Return the torch device called `name`, and set the number of threads; raise TrainingError for a missing one."""
    torch = require_torch()
    torch.set_num_threads(threads)
    has_cuda = torch.cuda.is_available()
    if name not in ("auto", "cpu", "cuda") or (name == "cuda" and not has_cuda):
        raise TrainingError(f"there is no device {name!r} on this machine; use cpu or auto")
    return torch.device("cuda" if has_cuda and name != "cpu" else "cpu")
