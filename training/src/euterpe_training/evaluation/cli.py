"""`euterpe-train evaluation …`, and the part of `euterpe-train evaluate` that suits every family of models."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from euterpe_training.errors import TrainingError

evaluation_app = typer.Typer(help="Reports of `evaluate`: print them as a table, write them into cards.")

ReportDir = Annotated[Path, typer.Argument(help="Directory of reports, NAME-VERSION.json each.")]


@evaluation_app.command()
def table(reports: ReportDir) -> None:
    """Print one row per model and style."""
    from euterpe_training.evaluation.card_section import read_reports
    from euterpe_training.evaluation.music_table import summary_table

    typer.echo("\n".join(summary_table(read_reports(reports))))


@evaluation_app.command()
def cards(
    reports: ReportDir,
    models: Annotated[Path, typer.Option(help="Directory of bundles, NAME/VERSION each.")] = Path("models"),
) -> None:
    """Write each report's measures into the card of its bundle; graphs, manifest and digests stay as they are."""
    from euterpe_training.evaluation.card_section import read_reports, write_card_section

    for name, report in read_reports(reports).items():
        model, _, version = name.rpartition("-")
        command = f"euterpe-train evaluate models/{model}/{version} --measures music"
        typer.echo(write_card_section(models / model / version, report, command))


def music_report(
    source: Path,
    reference: Path,
    *,
    styles: Sequence[str],
    pieces: int,
    test_works: Path | None,
    options: dict[str, Any],
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """The report on a bundle or a folder of composed MIDI files; see music_report.evaluate_music.

    A style may be given as MODEL=CORPUS where the two are called differently.
    """
    from euterpe_training.evaluation.composed import composed_scores
    from euterpe_training.evaluation.held_out_works import list_corpus, load_works, read_works
    from euterpe_training.evaluation.music_report import Options, evaluate_music

    progress("Composing")
    renamed = dict(style.partition("=")[::2] for style in styles)
    composed = composed_scores(source, pieces, tuple(renamed), options.get("seed", 0))
    composed = [replace(score, style=renamed.get(score.style) or score.style) for score in composed]
    wanted = {score.style for score in composed}
    files = list_corpus(reference)
    listed = read_works(test_works, reference) if test_works else None
    available = {file.style for file in (listed or files)}
    if styles and not wanted <= available:
        raise TrainingError(f"{reference} has no works of {', '.join(sorted(wanted - available))}; it has "
                            f"{', '.join(sorted(available))}")  # fmt: skip
    if wanted & available:
        files = [file for file in files if file.style in wanted]
        listed = listed and [file for file in listed if file.style in wanted]
    works = load_works(files, listed, lambda count: progress(f"Reading the reference: {count} of {len(files)} files"))
    return evaluate_music(composed, works, Options(**options), progress)
