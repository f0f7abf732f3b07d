"""What the commands do at the server: compose, compare, download and save."""

import time
import uuid
from pathlib import Path
from typing import Any, cast, get_args

import typer
from euterpe_client import Euterpe, EuterpeError, models

from euterpe_cli import display, output, terminal
from euterpe_cli.errors import CliError
from euterpe_cli.files import Format, ScoreFormat, StemFormat

_COMPARISON_WAIT_SECONDS = 20
_POLL_SECONDS = 1.0


def compose(client: Euterpe, body: models.GenerationRequest) -> models.GenerationView:
    """Compose a piece and show its progress; Ctrl-C cancels it."""
    generation: models.GenerationView = client.create_generation(body, idempotency_key=str(uuid.uuid4()))
    try:
        with display.composing_progress() as report:
            for state in client.watch_states(generation["id"]):
                report(state["progress"], "Waiting" if state["status"] == "queued" else "Composing")
                generation = state
    except KeyboardInterrupt:
        _cancel(client, generation["id"])
        raise typer.Exit(130) from None
    if generation["status"] != "succeeded":
        raise CliError(generation.get("failure") or f"No piece was composed; the generation is {generation['status']}.")
    return generation


def describe(client: Euterpe, description: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the request that fits a description; the options of the command line win. Shows what was understood."""
    question: models.DescriptionRequest = {"text": description}
    if "model" in options:
        question["model"] = options["model"]
    found = client.interpret_piece_description(question)
    for part in found["applied"]:
        settings = ", ".join(f"{name} {value}" for name, value in part["fields"].items())
        terminal.notify(f"{part['text']}: {settings}")
    if found["unsupported"]:
        terminal.notify(f"{found['model']} cannot follow: {', '.join(found['unsupported'])}")
    if found["unknown"]:
        terminal.notify(f"Not understood: {', '.join(found['unknown'])}")
    length = {} if found["length"] is None else {"length": found["length"]}
    parameters = {**found["parameters"], **options.get("parameters", {})}
    return {"model": found["model"], **length, **options, "parameters": parameters}


def compare(client: Euterpe, body: models.ComparisonRequest) -> models.ComparisonView:
    """Create a comparison and wait until all of its pieces have ended."""
    comparison = client.create_comparison(
        body, prefer=f"wait={_COMPARISON_WAIT_SECONDS}", idempotency_key=str(uuid.uuid4())
    )
    while not comparison["ended"]:
        time.sleep(_POLL_SECONDS)
        comparison = client.get_comparison(comparison["id"])
    return comparison


def save_generation(client: Euterpe, generation: models.GenerationView, file_format: Format, path: Path) -> None:
    """Download a generation and write it to `path`; without a song in a library, its MIDI file is converted."""
    song_id = generation.get("song_id")
    if file_format == "mid":
        output.write(path, [client.get_generation_midi(generation["id"])])
    elif song_id:
        save_song(client, song_id, file_format, path)
    elif file_format in get_args(ScoreFormat):
        raise CliError(f"A {file_format} file needs a song in a library: log in first, or save as mid.")
    else:
        midi = client.get_generation_midi(generation["id"])
        with client.convert_midi_stream(
            midi, {"format": cast(models.AudioFormat, file_format), "title": generation["title"]}
        ) as stream:
            output.write(path, display.download_progress(stream))


def save_song(client: Euterpe, song_id: str, file_format: Format, path: Path) -> None:
    """Download a song and write it to `path`."""
    if file_format in get_args(ScoreFormat):
        score = client.get_song_score(song_id, cast(ScoreFormat, file_format))
        output.write(path, [score])
        return
    opened = (
        client.download_midi_stream(song_id)
        if file_format == "mid"
        else client.get_song_audio_stream(song_id, cast(models.AudioFormat, file_format))
    )
    with opened as stream:
        output.write(path, display.download_progress(stream))


def save_stems(client: Euterpe, song_id: str, stem_format: StemFormat, path: Path) -> None:
    """Download an archive of a song's tracks and write it to `path`."""
    with client.download_song_stems_stream(song_id, format_=stem_format) as stream:
        output.write(path, display.download_progress(stream))


def _cancel(client: Euterpe, generation_id: str) -> None:
    try:
        client.cancel_generation(generation_id)
        terminal.notify("Cancelled.")
    except EuterpeError as error:
        terminal.notify(f"Interrupted; the server still composes the piece, because cancelling it failed: {error}.")
