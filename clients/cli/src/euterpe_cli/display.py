"""Progress bars and tables; on a terminal only, and never on the standard output's way to a script."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

import httpx
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

# Whoever reads a pipe has room; a terminal says itself how wide it is.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 240)
err = Console(stderr=True, highlight=False)


class Report(Protocol):
    """Takes the share that is done, and what is being done."""

    def __call__(self, share: float, what: str) -> None:
        """Shows it."""


@contextmanager
def composing() -> Iterator[Report]:
    """A bar that fills while a piece is composed."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("Waiting", total=1.0)

        def report(share: float, what: str) -> None:
            progress.update(task, completed=share, description=what)

        yield report


def chunks(answer: httpx.Response, what: str) -> Iterator[bytes]:
    """The body of an answer in pieces, with a bar."""
    total = answer.headers.get("content-length")
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(what, total=int(total) if total and total.isdecimal() else None)
        for chunk in answer.iter_bytes(65_536):
            progress.advance(task, len(chunk))
            yield chunk


def song_table(songs: list[dict[str, Any]]) -> None:
    """One line per song."""
    table = Table("Title", "Length", "Model", "Composed", "Id", box=None, pad_edge=False, header_style="bold")
    for song in songs:
        composed = datetime.fromisoformat(song["created_at"]).astimezone().strftime("%Y-%m-%d %H:%M")
        length = f"{int(song['duration_seconds']) // 60}:{int(song['duration_seconds']) % 60:02d}"
        model = f"{song['model']} {song['model_version']}"
        # Text, not markup: titles may hold brackets. The id is what one copies, so it is never cut.
        table.add_row(Text(song["title"]), length, Text(model), composed, Text(song["id"], no_wrap=True))
    out.print(table)


def comparison_table(items: list[dict[str, Any]]) -> None:
    """One line per way: the measures that tell them apart."""
    columns = {
        "Notes": "notes", "Entropy": "pitch_entropy", "Pitches": "unique_pitches", "In scale": "scale_score",
        "Repeated": "repetitions_4", "Loop from bar": "loop_start_bar",
    }  # fmt: skip
    table = Table("Way", *columns, box=None, pad_edge=False, header_style="bold")
    for item in items:
        measures = item["generation"]["measures"]
        shown = [f"{measures[name]:.3g}" if measures.get(name) else "-" for name in columns.values()]
        table.add_row(Text(item["label"]), *(shown if measures else [item["generation"]["status"]]))
    out.print(table)
