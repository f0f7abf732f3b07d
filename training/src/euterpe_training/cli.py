"""The command `euterpe-train`."""

import json
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from euterpe_music.bundle import Bundle, BundleError, load_bundle
from euterpe_music.manifest import Variant
from rich.console import Console

from euterpe_training.balancing.cli import balance_app, study_app
from euterpe_training.corpora import Corpus, load_corpus
from euterpe_training.ensemble.cli import ensemble_app
from euterpe_training.errors import TrainingError
from euterpe_training.melody.cli import melody_app, study
from euterpe_training.recipes import CrnnganConfig, recipe
from euterpe_training.recipes.settings_text import settings_help, settings_table
from euterpe_training.studies.cli import study_crnngan, study_styles

_INTERRUPTED = 130

app = typer.Typer(help="Train the models behind Euterpe.", no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(balance_app, name="balance")
app.add_typer(melody_app, name="melody")
app.add_typer(ensemble_app, name="ensemble")
app.add_typer(study_app, name="study")
study_app.command("melody")(study)
study_app.command("crnngan")(study_crnngan)
study_app.command("styles")(study_styles)
console = Console(stderr=True)

CorpusDir = Annotated[Path, typer.Option("--corpus", help="Directory of MIDI files, read with its subdirectories.")]
CacheDir = Annotated[Path | None, typer.Option("--cache", help="Keep the encoded corpus in this directory.")]
RunDir = Annotated[Path, typer.Option("--run", help="Directory of the run, as --out of training.")]
BundleDir = Annotated[Path, typer.Option("--out", help="Directory of the bundle, e.g. models/NAME/VERSION.")]


@app.command(epilog=settings_help())
def crnngan(
    corpus: CorpusDir,
    out: Annotated[Path, typer.Option(help="Directory of the run: checkpoint and history.")],
    recipe_name: Annotated[str, typer.Option("--recipe", help="Which settings to train with.")] = "classical",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    cache: CacheDir = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE: a setting instead of the recipe's; repeatable.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads; results are equal only for equal numbers.")] = 1,
) -> None:
    """Train a C-RNN-GAN: pretraining, then the game of generator and discriminator."""
    _torch()
    from euterpe_training.machine import use_machine
    from euterpe_training.trainer import Trainer
    from euterpe_training.trainer.checkpoint import CHECKPOINT_FILE, load_checkpoint
    from euterpe_training.trainer.progress import run_with_progress
    from euterpe_training.trainer.samples import SAMPLES, write_samples
    from euterpe_training.trainer.team import Team

    use_machine(threads)
    team = Team.of_torchrun()
    asked = recipe(recipe_name).changed(changes or ())
    if resume or asked.sample:
        saved = CrnnganConfig.from_dict(load_checkpoint(out / CHECKPOINT_FILE)["config"])
        config = asked if asked.ignore_saved_args else saved.changed(changes or ())
        trainer = Trainer.resume(out, _load(corpus, config, cache), config=config, team=team)
    elif (out / CHECKPOINT_FILE).exists():
        raise TrainingError(f"{out} already holds a run; go on with it by --resume, or choose another --out")
    else:
        config = asked
        trainer = Trainer(config, _load(corpus, config, cache), team)
    if config.sample:
        console.print(f"{len(write_samples(trainer, out))} pieces in {out / SAMPLES}", highlight=False)
    else:
        run_with_progress(trainer, out, console)
    if config.call_after and team.leads:
        # The command is the user's own, given on this command line or in the checkpoint that it wrote.
        subprocess.run(shlex.split(config.call_after), check=False)


@app.command()
def settings() -> None:
    """List every setting of C-RNN-GAN: meaning, range, default."""
    typer.echo("\n".join(settings_table()))


@app.command()
def export(
    run: RunDir,
    corpus: CorpusDir,
    out: BundleDir,
    name: Annotated[str, typer.Option(help="The model's name.")],
    version: Annotated[str, typer.Option(help="The bundle's version.")],
    title: Annotated[str, typer.Option(help="The model's name for people.")],
    description: Annotated[str, typer.Option(help="One sentence about it.")] = "",
    notes: Annotated[str, typer.Option(help="What the settings alone do not tell about the training.")] = "",
    changes: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE, such as pitch_sharpness=1.5.")] = None,
    cache: CacheDir = None,
) -> None:
    """Export a run as a bundle: ONNX graph, manifest, measures against held-out pieces, and the card."""
    _torch()
    from euterpe_training.export.label import Label
    from euterpe_training.export.release import release
    from euterpe_training.trainer import Trainer
    from euterpe_training.trainer.checkpoint import CHECKPOINT_FILE, load_checkpoint

    config = CrnnganConfig.from_dict(load_checkpoint(run / CHECKPOINT_FILE)["config"])
    trainer = Trainer.resume(run, _load(corpus, config, cache), changes or ())
    bundle = release(trainer, out, Label(name, version, title, description), notes)
    console.print(f"{bundle.directory}: {bundle.manifest.graph.bytes / 1e6:.1f} MB, spec {bundle.spec.sha256[:12]}")


@app.command()
def evaluate(
    bundle: Annotated[Path, typer.Argument(help="Directory of the bundle, e.g. models/NAME/VERSION.")],
    reference: Annotated[Path, typer.Option(help="Directory of MIDI files to judge it by: what it was trained on.")],
    length: Annotated[int, typer.Option(min=16, max=2000, help="Events of each piece.")] = 100,
    pieces: Annotated[int, typer.Option(min=8, help="Pieces per seed, at most half of the held-out songs.")] = 200,
    seeds: Annotated[int, typer.Option(min=1, help="How often to draw them.")] = 5,
    variant: Annotated[Variant | None, typer.Option(help="fp32 or int8; the bundle's own by default.")] = None,
    legacy: Annotated[bool, typer.Option("--legacy", help="Statistics with the public code's slips.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the JSON into this file, too.")] = None,
    cache: CacheDir = None,
) -> None:
    """Judge a bundle by held-out music: overlap areas, statistics, copies, loops, beside Markov chains."""
    from euterpe_training.evaluation.reference import load_reference
    from euterpe_training.evaluation.report import evaluate as judge
    from euterpe_training.evaluation.table import feature_table, statistics_table, table

    loaded = _bundle(bundle)
    if variant == "int8" and loaded.int8 is None:
        raise TrainingError(f"the bundle {bundle} has no int8 graph; `euterpe-train int8` adds one")
    if variant is not None:
        loaded = replace(loaded, manifest=loaded.manifest.model_copy(update={"variant": variant}))
    with console.status("Reading the reference") as status:
        music = load_reference(loaded, reference, length, cache)
        report = judge(
            loaded, music, length=length, pieces=pieces, seeds=seeds, legacy=legacy,
            after=lambda name: status.update(f"Measured {name}"),
        )  # fmt: skip
    text = json.dumps(report, indent=1)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text + "\n", encoding="utf-8")
    if as_json:
        typer.echo(text)
    else:
        typer.echo("\n".join([*table(report), "", *feature_table(report), "", *statistics_table(report)]))


@app.command()
def int8(
    bundle: Annotated[Path, typer.Argument(help="Directory of the bundle, e.g. models/NAME/VERSION.")],
    version: Annotated[str, typer.Argument(help="The version of the new bundle, written beside it.")],
    variant: Annotated[Variant, typer.Option(help="What is run unless a deployment says otherwise.")] = "int8",
) -> None:
    """Write a bundle anew, with its LSTM layers in 8-bit integers beside the floats; `evaluate` says what it costs."""
    from euterpe_training.export.bundle import add_int8

    written = add_int8(_bundle(bundle), version, variant)
    sizes = [f"{len(graph or b'') / 1e6:.1f} MB" for graph in (written.model, written.int8)]
    console.print(f"{written.directory}: fp32 {sizes[0]}, int8 {sizes[1]}")


@app.command()
def recipes() -> None:
    """List the recipes."""
    from euterpe_training.recipes import RECIPES

    for name, make in sorted(RECIPES.items()):
        typer.echo(f"{name}: {(make.__doc__ or '').strip().splitlines()[0]}")


def _bundle(directory: Path) -> Bundle:
    try:
        return load_bundle(directory)
    except BundleError as error:
        raise TrainingError(f"the bundle {directory} cannot be used: {error}") from error


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise TrainingError("training needs PyTorch, which is not installed: see docs/guides/training.md") from error
    return torch


def _load(directory: Path, config: CrnnganConfig, cache: Path | None) -> Corpus:
    with console.status("Reading the corpus") as status:
        corpus = load_corpus(
            directory, config.spec, config.corpus, cache,
            lambda done, total: status.update(f"Reading the corpus: {done} of {total} files"),
        )  # fmt: skip
    console.print(f"{len(corpus)} songs, {len(corpus.events):,} events; {len(corpus.skipped)} files skipped")
    return corpus


def main() -> None:
    """Runs the command; what a user can mend becomes one sentence and exit status 2."""
    try:
        app()
    except TrainingError as error:
        console.print(f"[red]error:[/red] {error}", highlight=False)
        sys.exit(2)
    except SystemExit as leaving:
        # Typer turns Ctrl-C into this status, and says nothing.
        if leaving.code == _INTERRUPTED:
            console.print("stopped; runs go on with --resume, studies and searches when they are started again")
        raise


if __name__ == "__main__":
    main()
