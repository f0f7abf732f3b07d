"""Training as one sees it: a bar with the time that is left, a line per epoch, and checkpoints."""

import json
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from euterpe_training.trainer.history import Epoch
from euterpe_training.trainer.trainer import Trainer

HISTORY_FILE = "history.json"


def run_with_progress(trainer: Trainer, out: Path, console: Console) -> None:
    """Trains to the end; saves every `epochs_per_checkpoint` epochs, and whenever it ends in order."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("batches"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    total = trainer.total_epochs * trainer.batches_per_epoch
    with Progress(*columns, console=console) as bar:
        done = len(trainer.history)
        task = bar.add_task("training", total=total, completed=done * trainer.batches_per_epoch)
        for epoch in trainer.epochs(after_batch=lambda: bar.advance(task)):
            bar.console.print(describe(epoch, trainer.total_epochs), highlight=False)
            if (epoch.number + 1) % trainer.config.epochs_per_checkpoint == 0:
                _keep(trainer, out)
    _keep(trainer, out)


def describe(epoch: Epoch, total: int) -> str:
    """One line about an epoch."""
    line = (
        f"epoch {epoch.number + 1}/{total} {epoch.phase}, {epoch.length} events: "
        f"loss {epoch.g_loss:.4f}, validation {epoch.validation_loss:.4f}"
    )
    if epoch.d_loss is not None:
        line += f", D {epoch.d_loss:.3f} (real {epoch.d_real:.2f}, generated {epoch.d_fake:.2f})"
    return f"{line}, {epoch.seconds:.1f} s"


def _keep(trainer: Trainer, out: Path) -> None:
    trainer.save(out)
    history = [epoch.to_dict() for epoch in trainer.history]
    (out / HISTORY_FILE).write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")
