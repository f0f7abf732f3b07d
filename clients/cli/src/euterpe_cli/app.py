"""The commands, their options, and the exit status: 0 done, 1 not done, 2 not understood, 130 interrupted."""

import json
import os
import re
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from euterpe_cli import display, events, files, wishes
from euterpe_cli.api import Api
from euterpe_cli.credentials import CredentialStore
from euterpe_cli.errors import CliError
from euterpe_cli.files import Format

app = typer.Typer(
    help="Compose, hear and keep pieces of music with Euterpe.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _server(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{value!r} is no address; it must begin with http:// or https://")
    return value.rstrip("/")


Server = Annotated[
    str, typer.Option(envvar="EUTERPE_SERVER", callback=_server, help="Where Euterpe is.", metavar="URL")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from the standard input.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Where to write; - is the standard output.")]
Wanted = Annotated[Format | None, typer.Option("--format", "-f", help="By default what --out ends in, else mid.")]
Username = Annotated[str, typer.Argument(help="Letters, digits, dots, underscores and hyphens.")]

Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the model; repeat it for more.")
]
Prompt = Annotated[str | None, typer.Option(help="What to begin with: a MIDI file, or a song's id.", metavar="FILE|ID")]
PromptBars = Annotated[int | None, typer.Option(help="How many bars of it.", min=1)]

_DEFAULT_SERVER = "http://localhost:8080"


@contextmanager
def _api(server: str) -> Iterator[Api]:
    api = Api(server, CredentialStore())
    try:
        yield api
    finally:
        api.close()


@app.command()
def register(username: Username, password_stdin: PasswordStdin = False, server: Server = _DEFAULT_SERVER) -> None:
    """Make an account and log in."""
    password = _password(password_stdin, confirm=True)
    with _api(server) as api:
        api.register(username, password)
        api.log_in(username, password)
    typer.echo(f"Welcome, {username}. You are logged in at {server}.", err=True)


@app.command()
def login(username: Username, password_stdin: PasswordStdin = False, server: Server = _DEFAULT_SERVER) -> None:
    """Log in; the login is kept for the commands that follow."""
    password = _password(password_stdin, confirm=False)
    with _api(server) as api:
        api.log_in(username, password)
    typer.echo(f"You are logged in at {server} as {username}.", err=True)


@app.command()
def logout(server: Server = _DEFAULT_SERVER) -> None:
    """Log out and forget the login."""
    with _api(server) as api:
        username = api.log_out()
    typer.echo(f"{username} is logged out." if username else "Nobody was logged in.", err=True)


@app.command()
def compose(
    model: Annotated[str | None, typer.Option(help="Name or name@version of a model.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same piece.")] = None,
    length: Annotated[int | None, typer.Option(help="How many events the piece has.")] = None,
    title: Annotated[str | None, typer.Option(help="What the piece is called.")] = None,
    settings: Settings = None,
    prompt: Prompt = None,
    prompt_bars: PromptBars = None,
    wanted: Wanted = None,
    out: Out = None,
    as_json: AsJson = False,
    server: Server = _DEFAULT_SERVER,
) -> None:
    """Compose a piece and save it; whoever is logged in finds it in their library, too."""
    if out is not None:
        files.require_writable(out)
    chosen = files.chosen_format(wanted, out)
    wish: dict[str, Any] = {"model": model, "seed": seed, "length": length, "title": title}
    wish |= {"parameters": wishes.parameters(settings) or None, "prompt": wishes.prompt(prompt, prompt_bars)}
    with _api(server) as api:
        generation = _composed(api, {name: value for name, value in wish.items() if value is not None})
        path = out or files.default_name(generation["title"], chosen)
        _save_generation(api, generation, chosen, path)
    if as_json:
        # A piece that goes to the standard output leaves no room there for anything else.
        typer.echo(json.dumps(generation | {"file": str(path)}), err=path == Path("-"))
    else:
        seconds = generation.get("duration_seconds") or 0
        typer.echo(f"{generation['title']}: {seconds:.0f} s, seed {generation['seed']}, saved as {path}", err=True)


@app.command()
def compare(
    out: Annotated[Path, typer.Option("--out", "-o", help="A directory for pieces and pictures; made when absent.")],
    ways: Annotated[
        list[str] | None,
        typer.Option("--way", help="A strategy, or e.g. strategy=top_k,top_k=5; repeat it. By default every strategy."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Name or name@version of a model.")] = None,
    seed: Annotated[int | None, typer.Option(help="All pieces have the same one.")] = None,
    title: Annotated[str | None, typer.Option(help="What the pieces are called.")] = None,
    settings: Settings = None,
    prompt: Prompt = None,
    prompt_bars: PromptBars = None,
    as_json: AsJson = False,
    server: Server = _DEFAULT_SERVER,
) -> None:
    """Compose one beginning in several ways, side by side: measures, MIDI files and piano rolls."""
    files.require_directory(out)
    wish: dict[str, Any] = {"model": model, "seed": seed, "title": title, "variants": wishes.variants(ways) or None}
    wish |= {"parameters": wishes.parameters(settings) or None, "prompt": wishes.prompt(prompt, prompt_bars)}
    with _api(server) as api:
        compared = api.compare({name: value for name, value in wish.items() if value is not None})
        for item in compared["items"]:
            _save_compared(api, item, out)
    if as_json:
        typer.echo(json.dumps(compared))
    else:
        display.comparison_table(compared["items"])


@app.command()
def songs(
    search: Annotated[str, typer.Option(help="Only songs whose title contains this.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 20,
    as_json: AsJson = False,
    server: Server = _DEFAULT_SERVER,
) -> None:
    """List your songs, newest first."""
    with _api(server) as api:
        found = api.songs(search, limit)
    if as_json:
        typer.echo(json.dumps(found))
    elif found:
        display.song_table(found)
    else:
        typer.echo("There are no such songs." if search else "There are no songs yet.", err=True)


@app.command()
def download(
    song_id: Annotated[uuid.UUID, typer.Argument(help="The id, from `euterpe songs`.")],
    wanted: Wanted = None,
    out: Out = None,
    server: Server = _DEFAULT_SERVER,
) -> None:
    """Save a song as MIDI or audio."""
    if out is not None:
        files.require_writable(out)
    chosen = files.chosen_format(wanted, out)
    with _api(server) as api:
        path = out or files.default_name(api.song(song_id)["title"], chosen)
        _save_song(api, str(song_id), chosen, path)
    typer.echo(f"Saved as {path}", err=True)


def _password(from_stdin: bool, *, confirm: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=confirm, err=True)
    return password


def _composed(api: Api, wish: dict[str, Any]) -> dict[str, Any]:
    """Orders a piece and follows it to its end; Ctrl-C cancels it."""
    ordered = ended = api.compose(wish)
    try:
        with display.composing() as report:
            for state in events.follow(api, ordered["id"]):
                report(state["progress"], "Waiting" if state["status"] == "queued" else "Composing")
                ended = state
    except KeyboardInterrupt:
        api.cancel(ordered["id"])
        typer.echo("Cancelled.", err=True)
        raise typer.Exit(130) from None
    if ended["status"] != "succeeded":
        raise CliError(ended.get("failure") or f"The piece was not composed: it is {ended['status']}.")
    return ended


def _save_compared(api: Api, item: dict[str, Any], directory: Path) -> None:
    if item["picture_url"] is None:
        return
    place = f"/generations/{item['generation']['id']}"
    for path, ending in ((f"{place}/midi", "mid"), (f"{place}/pianoroll", "svg")):
        with api.stream("GET", path) as answer:
            name = re.sub(r"[^A-Za-z0-9.]+", "-", item["label"]).strip("-")
            files.write(directory / f"{name}.{ending}", [answer.read()])


def _save_generation(api: Api, generation: dict[str, Any], wanted: Format, path: Path) -> None:
    if generation.get("song_id") and wanted is not Format.mid:
        _save_song(api, generation["song_id"], wanted, path)
        return
    with api.stream("GET", f"/generations/{generation['id']}/midi") as answer:
        midi = answer.read()
    if wanted is Format.mid:
        files.write(path, [midi])
        return
    with api.convert(midi, wanted.value) as answer:
        files.write(path, display.chunks(answer, "Fetching"))


def _save_song(api: Api, song_id: str, wanted: Format, path: Path) -> None:
    where = f"/songs/{song_id}/midi" if wanted is Format.mid else f"/audio/{song_id}.{wanted}"
    with api.render(where) as answer:
        files.write(path, display.chunks(answer, "Fetching"))


def main() -> None:
    """The command itself."""
    try:
        app(prog_name="euterpe")
    except CliError as error:
        typer.echo(f"euterpe: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing more may be written at the exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
