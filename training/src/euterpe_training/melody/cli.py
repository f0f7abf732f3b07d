"""`euterpe-train melody …` and `euterpe-train study melody`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from euterpe_training.errors import TrainingError
from euterpe_training.melody.recipes import RECIPES, melody_recipe

melody_app = typer.Typer(help="Melody networks: train, export, look at a corpus.", no_args_is_help=True)
console = Console(stderr=True)

CorpusDir = Annotated[Path, typer.Option("--corpus", help="Nottingham, POP909, or any directory of MIDI files.")]
Threads = Annotated[int, typer.Option(min=1, help="CPU threads.")]


@melody_app.command()
def train(
    corpus: CorpusDir,
    out: Annotated[Path, typer.Option(help="Directory of the run; melody and accompaniment share it.")],
    recipe: Annotated[str, typer.Option(help=f"One of {', '.join(RECIPES)}.")] = "folk",
    part: Annotated[str, typer.Option(help="melody or accompaniment.")] = "melody",
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE: a setting instead of the recipe's; repeatable.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    threads: Threads = 1,
) -> None:
    """Train one network of one part."""
    trainer_type = _torch(threads)
    config = melody_recipe(recipe).changed([f"part={part}", *(changes or ())])
    path = out / f"{part}.pt"
    if path.exists() and not resume:
        raise TrainingError(f"{path} already holds a run; go on with it by --resume, or choose another --out")
    music = _corpus(corpus, config)
    trainer = trainer_type.load(path, music) if resume else trainer_type(config, music)
    console.print(f"{trainer.parameters:,} parameters, words {trainer.language.sizes}")

    def after(done: Any) -> None:
        last = done.history[-1]
        right = " / ".join(f"{each:.3f}" for each in last.validation.accuracy)
        console.print(
            f"epoch {last.number + 1}: training loss {last.train.loss:.4f}, validation loss "
            f"{last.validation.loss:.4f}, accuracy {right}, {last.seconds:.0f} s"
        )
        done.save(out)

    trainer.train(after)
    trainer.save(out)


@melody_app.command()
def export(
    corpus: CorpusDir,
    run: Annotated[Path, typer.Option(help="Directory of the run, as --out of training.")],
    out: Annotated[Path, typer.Option(help="Directory of the bundle, e.g. models/NAME/VERSION.")],
    name: Annotated[str, typer.Option(help="The model's name.")],
    version: Annotated[str, typer.Option(help="The bundle's version.")],
    title: Annotated[str, typer.Option(help="The model's name for people.")],
    description: Annotated[str, typer.Option(help="One sentence about it.")] = "",
    notes: Annotated[str, typer.Option(help="What the settings alone do not tell about the training.")] = "",
    bpm: Annotated[float, typer.Option(min=40, max=240, help="Tempo unless a listener sets one.")] = 120.0,
    instruments: Annotated[tuple[str, str], typer.Option(help="Of melody and accompaniment, by General MIDI's names.")]
    = ("acoustic grand piano", "acoustic grand piano"),
    pieces: Annotated[int, typer.Option(min=8, help="Pieces that are composed to judge it.")] = 96,
) -> None:  # fmt: skip
    """Export a run as a bundle: graphs of one step in fp32 and int8, held-out figures, pictures, and the card."""
    trainer_type = _torch(1)
    from euterpe_training.melody.export.release import MelodyLabel, release_melody

    music = _corpus(corpus, _config(run / "melody.pt"))
    melody = trainer_type.load(run / "melody.pt", music)
    path = run / "accompaniment.pt"
    accompaniment = trainer_type.load(path, music) if path.is_file() else None
    label = MelodyLabel(name, version, title, description, bpm=bpm, instruments=instruments, notes=notes)
    bundle = release_melody(melody, accompaniment, out, label, pieces)
    size = sum(info.bytes for info in bundle.manifest.files)
    console.print(f"{bundle.directory}: {size / 1e6:.1f} MB, runs {bundle.manifest.variant}")


@melody_app.command()
def corpus(
    directory: Annotated[Path, typer.Argument(help="Nottingham, POP909, or any directory of MIDI files.")],
    fine: Annotated[bool, typer.Option("--fine", help="The grid of encoding 2 instead of sixteenths.")] = False,
) -> None:
    """Say what a corpus holds, what the grid loses, and which files do not fit and why, as JSON."""
    from euterpe_training.melody.corpus import load_melody_corpus

    found = load_melody_corpus(directory, 24 if fine else 4, white_keys=False)
    meters = [str(song.meter) for song in found.songs]
    styles = [song.style for song in found.songs]
    typer.echo(json.dumps({
        "songs": len(found.songs),
        "meters": {meter: meters.count(meter) for meter in sorted(set(meters))},
        "styles": {style: styles.count(style) for style in sorted(set(styles))},
        **found.report.to_dict(),
    }, indent=1))  # fmt: skip


@melody_app.command()
def recipes() -> None:
    """List the recipes."""
    for name, make in RECIPES.items():
        typer.echo(f"{name}: {(make.__doc__ or '').strip().splitlines()[0]}")


def study(
    out: Annotated[Path, typer.Option(help="Directory of the report.")],
    corpora: Annotated[list[Path], typer.Option("--corpus", help="Repeatable: a table for each.")],
    scale: Annotated[float, typer.Option(min=0.01, max=4, help="Of the thesis' units.")] = 1.0,
    epochs: Annotated[int, typer.Option(min=1, help="Of every run.")] = 50,
    songs: Annotated[int, typer.Option(min=0, help="Of each corpus, evenly spread; 0: all. The thesis had 62.")] = 0,
    seed: Annotated[int, typer.Option(help="Of weights and order.")] = 0,
    rate: Annotated[float, typer.Option(min=1e-6, max=1, help="Learning rate of every run.")] = 1e-3,
    batch: Annotated[int, typer.Option(min=1, help="Windows per batch.")] = 64,
    threads: Threads = 1,
) -> None:
    """The thesis' tables and more: run1 to run4 of both models, both parts, held-out figures beside training ones.

    A study that was stopped goes on by the same command; another corpus may join it at a scale of its own.
    """
    _torch(threads)
    from euterpe_training.melody.study import Scale, run_study

    run_study(corpora, out, Scale(scale, epochs, songs, seed, rate, batch), console.print)


def _torch(threads: int) -> Any:
    try:
        import torch
    except ImportError as error:
        raise TrainingError("training needs PyTorch, which is not installed: see docs/guides/training.md") from error
    torch.set_num_threads(threads)
    from euterpe_training.melody.trainer import MelodyTrainer

    return MelodyTrainer


def _config(path: Path) -> Any:
    from euterpe_training.melody.trainer import read_config

    return read_config(path)


def _corpus(directory: Path, config: Any) -> Any:
    from euterpe_training.melody.corpus import corpus_for

    with console.status("Reading the corpus"):
        found = corpus_for(directory, config)
    report = found.report
    console.print(f"{report.used} of {report.files} files; {len(report.skipped)} do not fit")
    return found
