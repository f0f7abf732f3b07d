"""`euterpe-admin listening`: export the answers of the listening test, and summarise them."""

import csv
import io
import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from euterpe_cli import terminal
from euterpe_cli.admin_api import AdminApi

app = typer.Typer(help="Export the answers of the listening test, and summarise them.", no_args_is_help=True)

_PER_REQUEST: Final = 1000
#: The columns of the export.
_COLUMNS: Final = (
    "answered_at", "style", "source", "model", "model_version", "seed", "person", "preferred", "guessed", "browser",
)  # fmt: skip


class Format(StrEnum):
    """Format of an export."""

    CSV = "csv"
    JSON = "json"


@app.command("export")
def export(
    context: typer.Context,
    output_format: Annotated[Format, typer.Option("--format", help="Format of the output.")] = Format.CSV,
) -> None:
    """Print all answers, oldest first, with style, source, model, seed, and the side of the piece by a person."""
    rows = ({name: row[name] for name in _COLUMNS} for row in _answers(context.obj))
    if output_format is Format.JSON:
        terminal.print_line(json.dumps(list(rows)))
        return
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    terminal.print_line(buffer.getvalue().rstrip("\n"))


@app.command("summary")
def summary(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False
) -> None:
    """Print per style and model how often the composed piece was preferred and the guess was right, with 95 %
    intervals."""
    found = context.obj.get("generator", "/listening/summary")["items"]
    if as_json:
        terminal.print_line(json.dumps(found))
        return
    terminal.print_line(f"{'style':28}{'model':20}{'answers':>8}  {'prefer composed':24}{'guess right':24}")
    for each in found:
        model = f"{each['model']} {each['model_version']}"
        shares = f"{_share(each['preferred_composed']):24}{_share(each['right_guesses']):24}"
        terminal.print_line(f"{each['style']:28}{model:20}{each['answers']:8}  {shares}".rstrip())


def _answers(api: AdminApi) -> Iterator[dict[str, Any]]:
    query: dict[str, Any] = {"limit": _PER_REQUEST}
    while True:
        items = api.get("generator", "/listening/answers", query)["items"]
        yield from items
        if len(items) < _PER_REQUEST:
            return
        query["after"] = items[-1]["id"]


def _share(share: dict[str, Any]) -> str:
    if share["share"] is None:
        return "-"
    return f"{share['share']:.0%} of {share['total']} ({share['low']:.0%} to {share['high']:.0%})"
