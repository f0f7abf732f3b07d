"""The commands `euterpe-train melody …` and `euterpe-train study melody`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from euterpe_training.errors import TrainingError
from euterpe_training.melody.recipes import RECIPES, melody_recipe
from euterpe_training.terminal import Overrides, Threads, console, require_torch

melody_app = typer.Typer(help="Melody networks: train, export, describe a corpus.", no_args_is_help=True)

BudgetMinutes = Annotated[
    float, typer.Option("--budget", min=0, help="Minutes after which to stop, to be continued; 0: no limit.")
]
CorpusDir = Annotated[Path, typer.Option("--corpus", help="Nottingham, POP909, or any directory of MIDI files.")]


@melody_app.command()
def train(
    corpus: CorpusDir,
    out: Annotated[Path, typer.Option(help="Directory of the run, shared by melody and accompaniment.")],
    recipe: Annotated[str, typer.Option(help=f"One of {', '.join(RECIPES)}.")] = "folk",
    part: Annotated[str, typer.Option(help="melody or accompaniment.")] = "melody",
    overrides: Overrides = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --out.")] = False,
    threads: Threads = 1,
) -> None:
    """Train the network of one part."""
    trainer_type = _trainer_type(threads)
    config = melody_recipe(recipe).changed([f"part={part}", *(overrides or ())])
    path = out / f"{part}.pt"
    if path.exists() and not resume:
        raise TrainingError(f"{path} already has a run; continue it with --resume, or choose another --out")
    music = _corpus(corpus, config)
    trainer = trainer_type.load(path, music) if resume else trainer_type(config, music)
    console.print(f"{trainer.parameters:,} parameters, vocabulary sizes {trainer.token_format.sizes}")

    def after(done: Any) -> None:
        last = done.history[-1]
        accuracy = " / ".join(f"{each:.3f}" for each in last.validation.accuracy)
        console.print(
            f"epoch {last.number + 1}: training loss {last.train.loss:.4f}, validation loss "
            f"{last.validation.loss:.4f}, accuracy {accuracy}, {last.seconds:.0f} s"
        )
        done.save(out)

    trainer.train(after)
    trainer.save(out)


@melody_app.command()
def export(
    corpus: CorpusDir,
    run: Annotated[Path, typer.Option(help="Directory of the run: the --out of training.")],
    out: Annotated[Path, typer.Option(help="Directory of the bundle, e.g. models/NAME/VERSION.")],
    name: Annotated[str, typer.Option(help="Name of the model.")],
    version: Annotated[str, typer.Option(help="Version of the bundle.")],
    title: Annotated[str, typer.Option(help="Title of the model for users.")],
    description: Annotated[str, typer.Option(help="Description in one sentence.")] = "",
    notes: Annotated[str, typer.Option(help="Notes on the training for the card.")] = "",
    bpm: Annotated[float, typer.Option(min=40, max=240, help="Default tempo, in quarters per minute.")] = 120.0,
    instruments: Annotated[
        tuple[str, str], typer.Option(help="Default instruments of melody and accompaniment, by General MIDI names.")
    ] = ("acoustic grand piano", "acoustic grand piano"),
    pieces: Annotated[int, typer.Option(min=8, help="Pieces to generate for the evaluation.")] = 96,
) -> None:
    """Export a run as a bundle: graphs of one step in fp32 and int8, held-out figures, pictures, and the card."""
    trainer_type = _trainer_type(1)
    from euterpe_training.melody.export.release import MelodyLabel, release_melody

    music = _corpus(corpus, _config(run / "melody.pt"))
    melody = trainer_type.load(run / "melody.pt", music)
    path = run / "accompaniment.pt"
    accompaniment = trainer_type.load(path, music) if path.is_file() else None
    label = MelodyLabel(name, version, title, description, bpm=bpm, instruments=instruments, notes=notes)
    bundle = release_melody(melody, accompaniment, out, label, pieces)
    size = sum(info.bytes for info in bundle.manifest.files)
    console.print(f"{bundle.directory}: {size / 1e6:.1f} MB, default variant {bundle.manifest.variant}")


@melody_app.command()
def corpus(
    directory: Annotated[Path, typer.Argument(help="Nottingham, POP909, or any directory of MIDI files.")],
    fine: Annotated[bool, typer.Option("--fine", help="Use the grid of encoding 2 instead of sixteenths.")] = False,
) -> None:
    """Describe a corpus as JSON: songs, quantization losses, and skipped files with reasons."""
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
def accompaniments(
    directory: Annotated[Path, typer.Argument(help="Nottingham, POP909, or any directory of MIDI files.")],
) -> None:
    """Measure as JSON what encodings keep of a corpus' accompaniments: chord tones, notes, their lengths, the bass."""
    from euterpe_training.melody.accompaniment_encodings import compare_encodings
    from euterpe_training.melody.layouts import read_tunes

    typer.echo(json.dumps(compare_encodings(read_tunes(directory)), indent=1))


@melody_app.command()
def search(
    out: Annotated[Path, typer.Option(help="Directory of the report and of the trials' results.")],
    corpus: Annotated[str, typer.Option(help="DIR, or DIR=STYLE for one style of the corpus.")],
    around: Annotated[str, typer.Option(help="Recipe whose settings are varied.")] = "run2",
    model: Annotated[int, typer.Option(min=1, max=2, help="Model of the thesis: 1 or 2.")] = 1,
    part: Annotated[str, typer.Option(help="melody or accompaniment.")] = "melody",
    values: Annotated[
        list[str] | None, typer.Option("--try", help="NAME=A,B,C: values of a setting; repeatable. Else table 1's.")
    ] = None,
    order: Annotated[str, typer.Option(help="single: one setting at a time; grid: all combinations.")] = "single",
    trials: Annotated[int, typer.Option(min=0, help="Maximum number of trials; 0: all.")] = 0,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of every trial.")] = 50,
    songs: Annotated[int, typer.Option(min=0, help="Songs of the corpus, evenly spread; 0: all.")] = 62,
    budget: BudgetMinutes = 0.0,
    estimate: Annotated[bool, typer.Option("--estimate", help="Only print how long the search takes.")] = False,
    threads: Threads = 1,
) -> None:
    """Explore settings as the thesis' table 1 does; the same command continues a stopped search."""
    _trainer_type(threads)
    from euterpe_training.melody.run_queue import CorpusChoice
    from euterpe_training.melody.search import TABLE_1, SearchPlan, parse_values, run_search

    choice: Any = {"model": model, "part": part, "order": order}
    plan = SearchPlan(
        CorpusChoice.parse(corpus), around, values=parse_values(values or ()) or TABLE_1, trials=trials, epochs=epochs,
        songs=songs, **choice,
    )  # fmt: skip
    run_search(plan, out, _log, budget_minutes=budget, estimate_only=estimate)


@melody_app.command()
def recipes() -> None:
    """List the recipes."""
    for name, make in RECIPES.items():
        typer.echo(f"{name}: {(make.__doc__ or '').strip().splitlines()[0]}")


def study_melody(
    out: Annotated[Path, typer.Option(help="Directory of the report and of the runs' results.")],
    corpora: Annotated[
        list[str], typer.Option("--corpus", help="DIR, or DIR=STYLE for one style of the corpus; repeatable.")
    ],
    scale: Annotated[float, typer.Option(min=0.01, max=4, help="Units, as a share of the thesis'.")] = 1.0,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of every run.")] = 50,
    songs: Annotated[int, typer.Option(min=0, help="Songs of each corpus, evenly spread; 0: all.")] = 62,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds of every run of the thesis.")] = 3,
    rate: Annotated[float, typer.Option(min=1e-6, max=1, help="Learning rate of every run.")] = 1e-3,
    batch: Annotated[int, typer.Option(min=1, help="Windows per batch.")] = 64,
    budget: BudgetMinutes = 0.0,
    variants: Annotated[bool, typer.Option("--variants", help="Also train variants beyond the thesis.")] = False,
    estimate: Annotated[bool, typer.Option("--estimate", help="Only print how long the study takes.")] = False,
    threads: Threads = 1,
) -> None:
    """Repeat the thesis' runs of both models with held-out figures.

    An estimate of the time comes first. The same command continues a stopped study, and other corpora and seeds can be
    added; once all runs are complete it only writes the report again.
    """
    _trainer_type(threads)
    from euterpe_training.melody.run_queue import CorpusChoice
    from euterpe_training.melody.study import Scale, run_study

    run_study(
        [CorpusChoice.parse(each) for each in corpora], out, Scale(scale, epochs, songs, seeds, rate, batch),
        _log, budget_minutes=budget, variants=variants, estimate_only=estimate,
    )  # fmt: skip


def _log(text: str) -> None:
    console.print(text, highlight=False)


def _trainer_type(threads: int) -> Any:
    require_torch().set_num_threads(threads)
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
    console.print(f"{report.used} of {report.files} files used; {len(report.skipped)} skipped")
    return found
