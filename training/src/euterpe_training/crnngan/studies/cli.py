"""The commands `euterpe-train study crnngan` and `euterpe-train study styles`."""

from pathlib import Path
from typing import Annotated

import typer

from euterpe_training.errors import TrainingError
from euterpe_training.terminal import CacheDirectory, Device, Threads, console, find_device, require_torch


def study_crnngan(
    corpus: Annotated[Path, typer.Option(help="Directory of MIDI files for every model but 10′.")],
    out: Annotated[Path, typer.Option(help="Directory of the report: pages, pictures, CSV and JSON.")],
    runs: Annotated[Path, typer.Option(help="Directory of the runs: checkpoints, which are large.")]
    = Path("training/runs/study-crnngan"),
    jazz: Annotated[Path | None, typer.Option(help="Directory of MIDI files for Model 10′.")] = None,
    budget: Annotated[
        float, typer.Option(min=0, help="Hours after which to stop, to be continued; 0: no limit.")
    ] = 0.0,
    estimate: Annotated[bool, typer.Option("--estimate", help="Measure and print the duration only.")] = False,
    report: Annotated[bool, typer.Option("--report", help="Write the report from the stored runs only.")] = False,
    recipes: Annotated[
        str, typer.Option(help="Recipes, comma-separated; by default all of the thesis and the paper, and all changes.")
    ] = "",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of Models 10 and 10′.")] = 3,
    songs: Annotated[int, typer.Option(min=0, help="Songs of each corpus; 0 for all.")] = 0,
    epochs: Annotated[int, typer.Option(min=1, help="Adversarial epochs; up to 500 in the thesis.")] = 25,
    windows: Annotated[int, typer.Option(min=8, help="Windows of validation and of test songs to evaluate.")] = 96,
    cache: CacheDirectory = None,
    threads: Threads = 1,
    device: Device = "cpu",
) -> None:  # fmt: skip
    """Compare the thesis' models, seeds and changes epoch by epoch; the same command continues a stopped study."""
    _configure(threads)
    from euterpe_training.crnngan.studies.model_plan import plan
    from euterpe_training.crnngan.studies.model_report import write_study
    from euterpe_training.crnngan.studies.model_study import Scale, Study

    planned = plan(recipes.split(",") if recipes else (), seeds, jazz=jazz is not None)
    scale = Scale(songs, epochs, windows)
    corpora = {"classical": corpus, "jazz": jazz}
    study = Study(corpora, runs, scale, console, cache, find_device(device, threads))
    if not report:
        study.estimate(planned, again=estimate)
        if estimate:
            return
        study.run(
            planned, 60 * budget or float("inf"), lambda done: _print_path(write_study(done, planned, scale, out))
        )
    outcomes = study.outcomes(planned)
    _print_path(write_study(outcomes, planned, scale, out))
    remaining = len(planned) - sum(outcome.is_complete for outcome in outcomes)
    if remaining:
        console.print(f"{remaining} of {len(planned)} runs are not complete; the same command continues with them")


def study_styles(
    corpus: Annotated[Path, typer.Option(help="Directory of MIDI files whose folders are named after styles.")],
    out: Annotated[Path, typer.Option(help="Directory of the study: runs, report, pictures, JSON.")],
    classifier: Annotated[Path, typer.Option(help="Bundle of the style classifier that tags generated pieces.")],
    ratios: Annotated[str, typer.Option(help="Values of style_ratio to compare, comma-separated.")] = "0,1",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each.")] = 3,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of each run.")] = 30,
    pieces: Annotated[int, typer.Option(min=8, help="Generated pieces and real windows of each style.")] = 64,
    length: Annotated[int, typer.Option(min=16, help="Events per piece.")] = 128,
    recipe: Annotated[str, typer.Option(help="euterpe or jazz.")] = "euterpe",
    cache: CacheDirectory = None,
    threads: Threads = 1,
) -> None:
    """Compare oversampling of rare styles: held-out loss and style recognition, by style."""
    _configure(threads)
    from euterpe_training.crnngan.studies.style_recognition import StyleRecogniser
    from euterpe_training.crnngan.studies.style_report import write_styles
    from euterpe_training.crnngan.studies.style_study import StyleScale, StyleStudy

    try:
        values = tuple(float(ratio) for ratio in ratios.split(","))
    except ValueError:
        raise TrainingError(f"--ratios must be numbers from 0 to 1, comma-separated, got {ratios!r}") from None
    scale = StyleScale(values, seeds, epochs, pieces, length, recipe)
    study = StyleStudy(corpus, out, scale, StyleRecogniser.load(classifier), console, cache)
    study.run()
    _print_path(write_styles(study))


def _print_path(path: Path) -> None:
    console.print(f"{path}", highlight=False)


def _configure(threads: int) -> None:
    require_torch()
    from euterpe_training.machine import configure_process

    configure_process(threads)
