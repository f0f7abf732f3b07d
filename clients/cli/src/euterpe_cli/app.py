"""The commands and their options.

Exit status: 0 success, 1 failure, 2 invalid arguments or settings, 130 interrupted.
"""

import json
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer
from euterpe_client import EuterpeError, models

from euterpe_cli import actions, display, errors, files, output, terminal
from euterpe_cli.credentials import CredentialStore
from euterpe_cli.errors import CliError, SecondFactorRequired
from euterpe_cli.files import Format, StemFormat
from euterpe_cli.output import STDOUT
from euterpe_cli.request_options import locale_language, parse_change, parse_parameters, parse_prompt, parse_variants
from euterpe_cli.session import Session

app = typer.Typer(
    help="Compose, download and list pieces of music with Euterpe.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _server(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{value!r} is not a URL; it must begin with http:// or https://")
    return value.rstrip("/")


Server = Annotated[
    str, typer.Option(envvar="EUTERPE_SERVER", callback=_server, help="URL of the server.", metavar="URL")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="File to write; - is standard output.")]
FormatOption = Annotated[
    Format | None, typer.Option("--format", "-f", help="File format; by default the suffix of --out, else mid.")
]
Username = Annotated[str, typer.Argument(help="Letters, digits, dots, underscores and hyphens.")]
Model = Annotated[str | None, typer.Option(help="Name or name@version of a model.")]
Title = Annotated[str | None, typer.Option(help="Title of the piece.")]
TitleLanguage = Annotated[
    Literal["en", "es"] | None, typer.Option("--language", help="Language of the title; by default that of the locale.")
]
Seed = Annotated[int | None, typer.Option(help="Random seed; the same seed gives the same piece.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter of the model; repeatable.")
]
Prompt = Annotated[str | None, typer.Option(help="Music to continue: a MIDI file or a song id.", metavar="FILE|ID")]
PromptBars = Annotated[int | None, typer.Option(help="Bars of the prompt to use; by default all.", min=1)]

_DEFAULT_SERVER = "http://localhost:8080"


@app.command()
def register(username: Username, password_stdin: PasswordStdin = False, server: Server = _DEFAULT_SERVER) -> None:
    """Create an account and log in."""
    password = _read_password(password_stdin, confirm=True)
    with _session(server) as session:
        codes = session.register(username, password)
    terminal.notify(f"Welcome, {username}. You are logged in at {server}.")
    if codes:
        terminal.notify("Keep these recovery codes. Each one recovers a lost password once:\n  " + "\n  ".join(codes))


@app.command()
def login(
    username: Username,
    password_stdin: PasswordStdin = False,
    code: Annotated[str | None, typer.Option(help="Code of the second factor; by default asked for.")] = None,
    server: Server = _DEFAULT_SERVER,
) -> None:
    """Log in and store the login for later commands."""
    password = _read_password(password_stdin, confirm=False)
    with _session(server) as session:
        try:
            session.log_in(username, password, code)
        except SecondFactorRequired:
            if password_stdin or code is not None:
                raise
            session.log_in(username, password, typer.prompt("Code of your authenticator app", err=True))
    terminal.notify(f"You are logged in at {server} as {username}.")


@app.command()
def logout(server: Server = _DEFAULT_SERVER) -> None:
    """Log out and delete the stored login."""
    with _session(server) as session:
        username = session.log_out()
    terminal.notify(f"{username} is logged out." if username else "No login is stored.")


@app.command()
def compose(
    description: Annotated[
        str | None, typer.Argument(help='The piece in words, such as "a sad waltz in D minor, 40 seconds".')
    ] = None,
    model: Model = None,
    seed: Seed = None,
    length: Annotated[int | None, typer.Option(help="Number of events of the piece.")] = None,
    title: Title = None,
    language: TitleLanguage = None,
    settings: Settings = None,
    prompt: Prompt = None,
    prompt_bars: PromptBars = None,
    accompany: Annotated[
        bool, typer.Option("--accompany", help="Keep the prompt, and add the instruments of --set parts=NAMES to it.")
    ] = False,
    replace: Annotated[
        str | None, typer.Option(metavar="BARS", help="Compose only these bars of the prompt anew, such as 5-8.")
    ] = None,
    tracks: Annotated[
        str | None,
        typer.Option(metavar="TRACKS", help="Tracks to --replace, such as 1,3; by default all."),
    ] = None,
    file_format: FormatOption = None,
    out: Out = None,
    as_json: AsJson = False,
    server: Server = _DEFAULT_SERVER,
) -> None:
    """Compose a piece and save it; if you are logged in, it is also added to your library."""
    _require_destination(out, as_json)
    chosen = files.choose_format(file_format, out)
    body = _request(model, seed, title, language, settings, prompt, prompt_bars)
    if length is not None:
        body["length"] = length
    if changed := parse_change(body.get("prompt"), accompany=accompany, replace=replace, tracks=tracks):
        body["prompt"] = changed
    with _session(server) as session:
        if description is not None:
            body = actions.describe(session.client, description, body)
        generation = actions.compose(session.client, cast(models.GenerationRequest, body))
        path = out or files.unused_path(generation["title"], chosen)
        actions.save_generation(session.client, generation, chosen, path)
    if not as_json:
        seconds = generation.get("duration_seconds") or 0
        terminal.notify(f"{generation['title']}: {seconds:.0f} s, seed {generation['seed']}, saved as {path}")
        return
    # Standard output may hold the piece itself.
    (terminal.notify if path == STDOUT else terminal.print_line)(json.dumps(generation | {"file": str(path)}))


@app.command()
def compare(
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory for pieces and piano rolls; created if missing.")],
    ways: Annotated[
        list[str] | None,
        typer.Option("--way", help="Strategy, or e.g. strategy=top_k,top_k=5; repeatable. By default every strategy."),
    ] = None,
    model: Model = None,
    seed: Annotated[int | None, typer.Option(help="Random seed of all pieces.")] = None,
    title: Title = None,
    language: TitleLanguage = None,
    settings: Settings = None,
    prompt: Prompt = None,
    prompt_bars: PromptBars = None,
    as_json: AsJson = False,
    server: Server = _DEFAULT_SERVER,
) -> None:
    """Compose a piece with several strategies and compare them: measures, MIDI files and piano rolls."""
    output.require_directory(out)
    body = _request(model, seed, title, language, settings, prompt, prompt_bars)
    if variants := parse_variants(ways):
        body["variants"] = variants
    with _session(server) as session:
        comparison = actions.compare(session.client, cast(models.ComparisonRequest, body))
        stems = files.stems(item["label"] for item in comparison["items"])
        for item, stem in zip(comparison["items"], stems, strict=True):
            if item.get("picture_url"):
                generation_id = item["generation"]["id"]
                output.write(out / f"{stem}.mid", [session.client.get_generation_midi(generation_id)])
                output.write(out / f"{stem}.svg", [session.client.get_generation_pianoroll(generation_id)])
    if as_json:
        terminal.print_line(json.dumps(comparison))
    else:
        display.print_comparison(comparison["items"])


@app.command()
def songs(
    search: Annotated[str, typer.Option(help="List only songs whose title contains this text.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of songs.")] = 20,
    as_json: AsJson = False,
    server: Server = _DEFAULT_SERVER,
) -> None:
    """List your songs, newest first."""
    with _session(server) as session:
        found = session.list_songs(search, limit)
    if as_json:
        terminal.print_line(json.dumps(found))
    elif found:
        display.print_songs(found)
    else:
        terminal.notify("No song matches." if search else "Your library is empty.")


@app.command()
def download(
    song_id: Annotated[uuid.UUID, typer.Argument(help="Id of the song, from `euterpe songs`.")],
    file_format: FormatOption = None,
    stems: Annotated[
        StemFormat | None, typer.Option(help="Save each track as a file of this format, in a ZIP archive.")
    ] = None,
    out: Out = None,
    server: Server = _DEFAULT_SERVER,
) -> None:
    """Save a song as MIDI, audio or sheet music, or its tracks."""
    _require_destination(out, as_json=False)
    if stems is not None and file_format is not None:
        raise CliError("Use either --format or --stems.")
    chosen = files.choose_format(file_format, out)
    with _session(server) as session:
        if stems is not None:
            path = out or files.unused_path(session.client.get_song(str(song_id))["title"], "zip")
            actions.save_stems(session.client, str(song_id), stems, path)
            terminal.notify(f"Saved as {path}")
            return
        path = out or files.unused_path(session.client.get_song(str(song_id))["title"], chosen)
        actions.save_song(session.client, str(song_id), chosen, path)
    terminal.notify(f"Saved as {path}")


@contextmanager
def _session(server: str) -> Iterator[Session]:
    try:
        with Session(server, CredentialStore()) as session:
            yield session
    except EuterpeError as error:
        raise errors.from_client(error, server) from error


def _read_password(from_stdin: bool, *, confirm: bool) -> str:
    if from_stdin:
        return terminal.read_line()
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=confirm, err=True)
    return password


def _require_destination(out: Path | None, as_json: bool) -> None:
    """Raise CliError before the server is used if the result could not be written."""
    if as_json and out != STDOUT:
        terminal.require_stdout()
    if out is None:
        output.require_directory(Path())
    else:
        output.require_writable(out)


def _request(
    model: str | None,
    seed: int | None,
    title: str | None,
    language: str | None,
    settings: list[str] | None,
    prompt: str | None,
    prompt_bars: int | None,
) -> dict[str, Any]:
    """Return the fields that compositions and comparisons have in common, without those that are not given."""
    chosen = language or (locale_language() if title is None else None)
    fields: dict[str, Any] = {"model": model, "seed": seed, "title": title, "language": chosen}
    fields |= {"parameters": parse_parameters(settings) or None, "prompt": parse_prompt(prompt, prompt_bars)}
    return {name: value for name, value in fields.items() if value is not None}


def main() -> None:
    """Run the command and exit with its status."""
    terminal.allow_all_characters()
    sys.exit(_run())


def _run() -> int:
    try:
        app(prog_name="euterpe")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    except CliError as error:
        terminal.notify(f"euterpe: {error}")
        return error.status
    except UnicodeEncodeError as error:
        # Arguments that are not valid in the locale's encoding become characters that cannot be encoded again.
        invalid = error.object[error.start : error.end]
        terminal.notify(f"euterpe: An argument holds {invalid!r}, which is not valid text.")
        return 2
    except BrokenPipeError:
        terminal.discard_stdout()
        return 1
    except OSError as error:
        terminal.notify(f"euterpe: The standard output cannot be written: {error.strerror or error}.")
        terminal.discard_stdout()
        return 1
    return 0
