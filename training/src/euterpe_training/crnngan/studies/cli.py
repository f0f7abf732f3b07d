"""The commands `euterpe-train study crnngan` and `euterpe-train study styles`."""

from pathlib import Path
from typing import Annotated

import typer

from euterpe_training.errors import TrainingError
from euterpe_training.terminal import CacheDirectory, Threads, console, require_torch


def study_crnngan(
    corpus: Annotated[Path, typer.Option(help="Directory of MIDI files for every model but 10′.")],
    out: Annotated[Path, typer.Option(help="Directory of the study: runs, report, pictures, CSV and JSON.")],
    jazz: Annotated[Path | None, typer.Option(help="Directory of MIDI files for Model 10′.")] = None,
    recipes: Annotated[
        str, typer.Option(help="Recipes, comma-separated; by default those of the thesis and the paper.")
    ] = "",
    songs: Annotated[int, typer.Option(min=0, help="Songs of each corpus; 0 for all.")] = 0,
    epochs: Annotated[int, typer.Option(min=1, help="Adversarial epochs; 500 in the thesis.")] = 500,
    windows: Annotated[int, typer.Option(min=8, help="Windows of validation and of test songs to evaluate.")] = 96,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every run.")] = 0,
    exit_after: Annotated[float, typer.Option(min=0, help="Minutes after which the study stops, to be continued.")]
    = 1440,
    cache: CacheDirectory = None,
    threads: Threads = 1,
) -> None:  # fmt: skip
    """Compare the thesis' models epoch by epoch; the same command continues a stopped study."""
    _configure(threads)
    from euterpe_training.crnngan.recipes import recipe
    from euterpe_training.crnngan.studies.model_report import write_study
    from euterpe_training.crnngan.studies.model_study import THESIS, Scale, Study

    names = recipes.split(",") if recipes else [name for name in THESIS if jazz or name != "model10-jazz"]
    for name in names:
        recipe(name)
    scale = Scale(songs, epochs, windows, seed)
    study = Study({"classical": corpus, "jazz": jazz}, out, scale, console, cache)
    outcomes = study.run(names, exit_after, lambda done: _print_path(write_study(done, scale, out)))
    remaining = [name for name in names if name not in {one.config.recipe for one in outcomes if one.done}]
    if remaining:
        console.print(f"stopped after {exit_after:g} minutes; the same command continues with {', '.join(remaining)}")


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
