"""`euterpe-train study crnngan` and `euterpe-train study styles`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from euterpe_training.errors import TrainingError

console = Console(stderr=True)


def study_crnngan(
    corpus: Annotated[Path, typer.Option(help="Directory of MIDI files for every model but 10′.")],
    out: Annotated[Path, typer.Option(help="Directory of the study: runs, report, pictures, CSV and JSON.")],
    jazz: Annotated[Path | None, typer.Option(help="Directory of MIDI files for Model 10′.")] = None,
    recipes: Annotated[str, typer.Option(help="Names with commas; empty: the thesis' and the paper's models.")] = "",
    songs: Annotated[int, typer.Option(min=0, help="Songs of each corpus; 0 for all.")] = 0,
    epochs: Annotated[int, typer.Option(min=1, help="Adversarial epochs; 500 in the thesis.")] = 500,
    windows: Annotated[int, typer.Option(min=8, help="Windows of validation and of test songs examined.")] = 96,
    seed: Annotated[int, typer.Option(min=0, help="Of every run.")] = 0,
    exit_after: Annotated[float, typer.Option(min=0, help="Minutes after which it stops in order, to go on later.")]
    = 1440,
    cache: Annotated[Path | None, typer.Option(help="Keep encoded corpora in this directory.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads; results are equal only for equal numbers.")] = 1,
) -> None:  # fmt: skip
    """Compare the thesis' models epoch by epoch, with an HTML report; a study that was stopped goes on."""
    _use(threads)
    from euterpe_training.crnngan.recipes import recipe
    from euterpe_training.crnngan.studies.model_report import write_study
    from euterpe_training.crnngan.studies.model_study import THESIS, Scale, Study

    names = recipes.split(",") if recipes else [name for name in THESIS if jazz or name != "model10-jazz"]
    for name in names:
        recipe(name)
    scale = Scale(songs, epochs, windows, seed)
    study = Study({"classical": corpus, "jazz": jazz}, out, scale, console, cache)
    outcomes = study.run(names, exit_after, lambda done: _write(write_study(done, scale, out)))
    left = [name for name in names if name not in {one.config.recipe for one in outcomes if one.done}]
    if left:
        console.print(f"stopped after {exit_after:g} minutes; the same command goes on with {', '.join(left)}")


def _write(path: Path) -> None:
    console.print(f"{path}", highlight=False)


def study_styles(
    corpus: Annotated[Path, typer.Option(help="Directory of MIDI files whose folders name styles.")],
    out: Annotated[Path, typer.Option(help="Directory of the study: runs, report, pictures, JSON.")],
    classifier: Annotated[Path, typer.Option(help="Bundle that says what composed pieces sound like.")],
    ratios: Annotated[str, typer.Option(help="Values of style_ratio to compare, with commas.")] = "0,1",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each.")] = 3,
    epochs: Annotated[int, typer.Option(min=1, help="Of each run.")] = 30,
    pieces: Annotated[int, typer.Option(min=8, help="Composed in each style, and as many real windows.")] = 64,
    length: Annotated[int, typer.Option(min=16, help="Events of each.")] = 128,
    recipe: Annotated[str, typer.Option(help="euterpe or jazz.")] = "euterpe",
    cache: Annotated[Path | None, typer.Option(help="Keep encoded corpora in this directory.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads; results are equal only for equal numbers.")] = 1,
) -> None:
    """Train the style-conditioned network on filled-up styles and not, and hear whether rare ones come out better."""
    _use(threads)
    from euterpe_training.crnngan.studies.style_recognition import Recogniser
    from euterpe_training.crnngan.studies.style_report import write_styles
    from euterpe_training.crnngan.studies.style_study import StyleScale, StyleStudy

    try:
        tried = tuple(float(ratio) for ratio in ratios.split(","))
    except ValueError:
        raise TrainingError(f"ratios are {ratios!r}; give numbers from 0 to 1 with commas") from None
    scale = StyleScale(tried, seeds, epochs, pieces, length, recipe)
    study = StyleStudy(corpus, out, scale, Recogniser.load(classifier), console, cache)
    study.run()
    _write(write_styles(study))


def _use(threads: int) -> None:
    try:
        from euterpe_training.machine import use_machine
    except ImportError as error:
        raise TrainingError("training needs PyTorch, which is not installed: see docs/guides/training.md") from error
    use_machine(threads)
