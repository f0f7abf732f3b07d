"""The commands `euterpe-train evaluate` and `euterpe-train evaluation …`."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from euterpe_music.bundle import MANIFEST_FILE, Bundle, BundleError, load_any_bundle
from euterpe_music.manifest import Variant

from euterpe_training.errors import TrainingError
from euterpe_training.terminal import CacheDirectory, console

evaluation_app = typer.Typer(
    help="Print reports of `evaluate` as a table; write them into cards.", no_args_is_help=True
)

ReportDirectory = Annotated[Path, typer.Argument(help="Directory of reports, NAME-VERSION.json each.")]
Measures = Literal["all", "music", "overlap"]


def evaluate(
    source: Annotated[Path, typer.Argument(help="A bundle, models/NAME/VERSION, or a folder of composed MIDI files.")],
    reference: Annotated[Path, typer.Option(help="Directory of real MIDI files: the corpus of the model.")],
    measures: Annotated[
        Measures, typer.Option(help="music: any bundle or folder; overlap: C-RNN-GAN bundles only; all: what applies.")
    ] = "all",
    styles: Annotated[
        list[str] | None, typer.Option("--style", help="Compare this style; repeatable. NAME=FOLDER if names differ.")
    ] = None,
    test_works: Annotated[
        Path | None, typer.Option(help="List of held-out files, JSON or text; by default a fifth, by hash.")
    ] = None,
    composed: Annotated[int, typer.Option(min=10, help="music: pieces composed per style.")] = 400,
    windows: Annotated[int, typer.Option(min=10, help="music: windows of each side.")] = 400,
    notes: Annotated[int, typer.Option(min=32, max=2000, help="music: notes per window.")] = 200,
    rolls: Annotated[bool, typer.Option(help="music: test with a network on piano rolls, too.")] = True,
    seed: Annotated[int, typer.Option(help="music: seed of pieces, windows and folds.")] = 0,
    length: Annotated[int, typer.Option(min=16, max=2000, help="overlap: events per piece.")] = 100,
    pieces: Annotated[int, typer.Option(min=8, help="overlap: pieces per seed, at most half of the test songs.")] = 200,
    seeds: Annotated[int, typer.Option(min=1, help="overlap: number of seeds.")] = 5,
    variant: Annotated[Variant | None, typer.Option(help="overlap: fp32 or int8; the bundle's if not given.")] = None,
    legacy: Annotated[
        bool, typer.Option("--legacy", help="overlap: statistics with the public code's errors.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON to this file.")] = None,
    cache: CacheDirectory = None,
) -> None:
    """Compare composed music with real music: two-sample tests, endings, form, copies; overlap areas of C-RNN-GANs."""
    overlaps = measures != "music" and _is_crnngan(source)
    if measures == "overlap" and not overlaps:
        raise TrainingError(f"{source} is not a C-RNN-GAN bundle, which overlap areas need; use --measures music")
    report: dict[str, Any] = {}
    lines: list[str] = []
    with console.status("Reading the reference") as status:
        if overlaps:
            from euterpe_training.crnngan.evaluation.command import overlap_report

            report, lines = overlap_report(
                source, reference, variant, cache, lambda name: status.update(f"Measured {name}"),
                length=length, pieces=pieces, seeds=seeds, legacy=legacy,
            )  # fmt: skip
        if measures != "overlap":
            from euterpe_training.evaluation.music_table import report_section

            report["music"] = music_report(
                source, reference, styles=styles or (), pieces=composed, test_works=test_works,
                options={"windows": windows, "notes": notes, "seed": seed, "rolls": rolls}, progress=status.update,
            )  # fmt: skip
            lines += ["", *report_section(report["music"])]
    text = json.dumps(report, indent=1)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text + "\n", encoding="utf-8")
    typer.echo(text if as_json else "\n".join(lines))


def _is_crnngan(source: Path) -> bool:
    if not (source / MANIFEST_FILE).is_file():
        return False
    try:
        return isinstance(load_any_bundle(source), Bundle)
    except BundleError as error:
        raise TrainingError(f"the bundle {source} cannot be used: {error}") from error


@evaluation_app.command()
def table(reports: ReportDirectory) -> None:
    """Print one row per model and style."""
    from euterpe_training.evaluation.card_section import read_reports
    from euterpe_training.evaluation.music_table import summary_table

    typer.echo("\n".join(summary_table(read_reports(reports))))


@evaluation_app.command()
def cards(
    reports: ReportDirectory,
    models: Annotated[Path, typer.Option(help="Directory of bundles, NAME/VERSION each.")] = Path("models"),
) -> None:
    """Write each report's measures into the card of its bundle, if that is still released; all else stays as it is."""
    from euterpe_training.evaluation.card_section import parse_report_name, read_reports, write_card_section

    for name, report in read_reports(reports).items():
        model, version, style = parse_report_name(name)
        if not (bundle := models / model / version).is_dir():
            typer.echo(f"{bundle} is not released any more: left out", err=True)
            continue
        typer.echo(write_card_section(bundle, report, style))


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
    """Return the report on a bundle or a folder of composed MIDI files; see music_report.evaluate_music.

    A style may be given as MODEL=CORPUS where the two are called differently.
    """
    from euterpe_training.comparison.composed import composed_scores
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
