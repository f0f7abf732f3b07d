"""Training with a progress bar, a line per epoch, and checkpoints."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from euterpe_training.crnngan.trainer.history import Epoch
from euterpe_training.crnngan.trainer.trainer import Trainer

HISTORY_FILE = "history.json"
PROFILE_FILE = "profile.json"
TENSORBOARD = "tensorboard"


def run_with_progress(
    trainer: Trainer, out: Path, console: Console, after_epoch: Callable[[Epoch], None] = lambda _: None
) -> None:
    """Train to the end, or until `exit_after` minutes have passed; call `after_epoch` with every epoch.

    Save a checkpoint every `epochs_per_checkpoint` epochs and on a regular end; write `tensorboard` under `out`.
    """
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("batches"),
        TimeElapsedColumn(), TextColumn("remaining"), TimeRemainingColumn(),
    )  # fmt: skip
    config, started = trainer.config, time.monotonic()
    console = console if trainer.group.is_leader else Console(quiet=True)
    if config.log_device_placement:
        for name, weight in [*trainer.g.named_parameters(prefix="g"), *trainer.d.named_parameters(prefix="d")]:
            console.print(f"{name} {list(weight.shape)}: {weight.device}", highlight=False)
    total = trainer.total_epochs * trainer.batches_per_epoch
    out.mkdir(parents=True, exist_ok=True)
    done = len(trainer.history)
    with (
        Progress(*columns, console=console) as bar, _profiler(config.profiling) as profiler,
        epoch_log(trainer, out) as log,
    ):  # fmt: skip
        task = bar.add_task("training", total=total, completed=done * trainer.batches_per_epoch)
        for epoch in trainer.epochs(after_batch=lambda: bar.advance(task)):
            bar.console.print(describe(epoch, trainer.total_epochs), highlight=False)
            log(epoch)
            after_epoch(epoch)
            if profiler and epoch.number == done:
                profiler.stop()
                profiler.export_chrome_trace(str(out / PROFILE_FILE))
            if (epoch.number + 1) % config.epochs_per_checkpoint == 0:
                save_run(trainer, out)
            late = trainer.group.any(time.monotonic() - started > 60 * config.exit_after)
            if late and epoch.number + 1 < trainer.total_epochs:
                bar.console.print(
                    f"stopped after {config.exit_after:g} minutes; continue with --resume", highlight=False
                )
                break
    save_run(trainer, out)


@contextmanager
def epoch_log(trainer: Trainer, out: Path) -> Iterator[Callable[[Epoch], None]]:
    """Yield what writes an epoch's values for TensorBoard; those of epochs that are repeated are replaced."""
    if not trainer.group.is_leader:
        yield lambda _: None
        return
    # The import takes a second.
    from torch.utils.tensorboard import SummaryWriter

    def write(epoch: Epoch) -> None:
        for name, value in epoch.to_dict().items():
            if isinstance(value, float):
                board.add_scalar(f"{name}/train", value, epoch.number)

    with SummaryWriter(str(out / TENSORBOARD), purge_step=len(trainer.history)) as board:
        yield write


@contextmanager
def _profiler(enabled: bool) -> Iterator[Any]:
    if not enabled:
        yield None
        return
    from torch.profiler import ProfilerActivity, profile

    profiler = profile(activities=[ProfilerActivity.CPU])
    profiler.start()
    yield profiler


def describe(epoch: Epoch, total: int) -> str:
    """Return one line about an epoch."""
    line = (
        f"epoch {epoch.number + 1}/{total} {epoch.phase}, {epoch.length} events: "
        f"loss {epoch.g_loss:.4f}, validation {epoch.validation_loss:.4f}"
    )
    if epoch.d_real is not None:
        line += f", D {epoch.d_loss:.3f} (real {epoch.d_real:.2f}, generated {epoch.d_fake:.2f})"
    return f"{line}, {epoch.seconds:.1f} s"


def save_run(trainer: Trainer, out: Path) -> None:
    """Write checkpoint and history into `out`, in the leading process only."""
    if not trainer.group.is_leader:
        return
    trainer.save(out)
    history = [epoch.to_dict() for epoch in trainer.history]
    (out / HISTORY_FILE).write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")
