"""Progress bars on standard error, if it is a terminal, and tables on standard output."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from euterpe_client import ByteStream, models
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from euterpe_cli import terminal

#: Characters per line of a table that does not go to a terminal.
_FILE_WIDTH = 240
_errors = Console(stderr=True, highlight=False)


class Report(Protocol):
    """Takes the share that is done, from 0 to 1, and the name of the activity."""

    def __call__(self, share: float, activity: str) -> None:
        """Show the progress."""


@contextmanager
def composing_progress() -> Iterator[Report]:
    """Show a progress bar while a piece is composed."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_errors, transient=True, disable=not _errors.is_terminal) as progress:
        task = progress.add_task("Waiting", total=1.0)

        def report(share: float, activity: str) -> None:
            progress.update(task, completed=share, description=activity)

        yield report


def download_progress(stream: ByteStream) -> Iterator[bytes]:
    """Yield the chunks of the stream while a progress bar shows how many have arrived."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    with Progress(*columns, console=_errors, transient=True, disable=not _errors.is_terminal) as progress:
        task = progress.add_task("Downloading", total=stream.total_bytes)
        for chunk in stream.chunks:
            progress.advance(task, len(chunk))
            yield chunk


def print_songs(songs: list[models.SongAnswer]) -> None:
    """Print a table with one line per song."""
    table = _table("Title", "Length", "Model", "Composed", "Id")
    for song in songs:
        composed = datetime.fromisoformat(song["created_at"]).astimezone().strftime("%Y-%m-%d %H:%M")
        minutes, seconds = divmod(int(song["duration_seconds"]), 60)
        model = f"{song['model']} {song['model_version']}" if song["model"] else "-"
        # Text, not markup: titles may hold brackets. Ids are copied, so they are never cut.
        table.add_row(
            Text(song["title"]), f"{minutes}:{seconds:02d}", Text(model), composed, Text(song["id"], no_wrap=True)
        )
    _print(table)


def print_comparison(items: list[models.ComparedView]) -> None:
    """Print a table with one line of measures per piece."""
    columns = {
        "Notes": "notes", "Entropy": "pitch_entropy", "Pitches": "unique_pitches", "In scale": "scale_score",
        "Repeated": "repetitions_4", "Loop from bar": "loop_start_bar",
    }  # fmt: skip
    table = _table("Way", *columns)
    for item in items:
        measures = item["generation"].get("measures", {})
        cells = [f"{measures[name]:.3g}" if measures.get(name) else "-" for name in columns.values()]
        table.add_row(Text(item["label"]), *(cells if measures else [item["generation"]["status"]]))
    _print(table)


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, pad_edge=False, header_style="bold")


def _print(table: Table) -> None:
    stdout = terminal.require_stdout()
    Console(file=stdout, highlight=False, width=None if stdout.isatty() else _FILE_WIDTH).print(table)
