"""The commands `euterpe-train crnngan`, `settings`, `export`, `int8` and `recipes`."""

import shlex
import subprocess
from pathlib import Path
from typing import Annotated

import typer
from euterpe_music.bundle import Bundle, BundleError, load_bundle
from euterpe_music.manifest import Variant

from euterpe_training.crnngan.corpora import Corpus, load_corpus
from euterpe_training.crnngan.recipes import RECIPES, CrnnganConfig, recipe
from euterpe_training.crnngan.recipes.settings_table import settings_table
from euterpe_training.errors import TrainingError
from euterpe_training.terminal import (
    CacheDirectory,
    Device,
    Overrides,
    Threads,
    console,
    find_device,
    require_torch,
)

CorpusDirectory = Annotated[Path, typer.Option("--corpus", help="Directory of MIDI files, read recursively.")]
RunDirectory = Annotated[Path, typer.Option("--run", help="Directory of the run: the --out of training.")]
BundleOut = Annotated[Path, typer.Option("--out", help="Directory of the bundle, e.g. models/NAME/VERSION.")]
BundleArgument = Annotated[Path, typer.Argument(help="Directory of the bundle, e.g. models/NAME/VERSION.")]


def crnngan(
    corpus: CorpusDirectory,
    out: Annotated[Path, typer.Option(help="Directory of the run: checkpoint and history.")],
    recipe_name: Annotated[str, typer.Option("--recipe", help="Recipe to train; see `euterpe-train recipes`.")]
    = "classical",
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --out.")] = False,
    cache: CacheDirectory = None,
    overrides: Overrides = None,
    threads: Threads = 1,
    device: Device = "cpu",
) -> None:  # fmt: skip
    """Train a C-RNN-GAN: pretraining, then adversarial training."""
    require_torch()
    from euterpe_training.checkpoints import CHECKPOINT_FILE, load_checkpoint
    from euterpe_training.crnngan.trainer import Trainer
    from euterpe_training.crnngan.trainer.process_group import ProcessGroup
    from euterpe_training.crnngan.trainer.progress import run_with_progress
    from euterpe_training.crnngan.trainer.samples import SAMPLES, write_samples
    from euterpe_training.machine import configure_process

    configure_process(threads)
    place = find_device(device, threads)
    group = ProcessGroup.from_torchrun()
    given = recipe(recipe_name).changed(overrides or ())
    if resume or given.sample:
        saved = CrnnganConfig.from_dict(load_checkpoint(out / CHECKPOINT_FILE)["config"])
        config = given if given.ignore_saved_args else saved.changed(overrides or ())
        trainer = Trainer.resume(out, _load(corpus, config, cache), config=config, group=group, device=place)
    elif (out / CHECKPOINT_FILE).exists():
        raise TrainingError(f"{out} already has a run; continue it with --resume, or choose another --out")
    else:
        config = given
        trainer = Trainer(config, _load(corpus, config, cache), group, place)
    if config.sample:
        console.print(f"{len(write_samples(trainer, out))} pieces in {out / SAMPLES}", highlight=False)
    else:
        run_with_progress(trainer, out, console)
    if config.call_after and group.is_leader:
        # The user gave this command, here or in the run that wrote the checkpoint.
        subprocess.run(shlex.split(config.call_after), check=False)


def settings() -> None:
    """List every setting of C-RNN-GAN: default, range, meaning."""
    typer.echo("\n".join(settings_table()))


def export(
    run: RunDirectory,
    corpus: CorpusDirectory,
    out: BundleOut,
    name: Annotated[str, typer.Option(help="Name of the model.")],
    version: Annotated[str, typer.Option(help="Version of the bundle.")],
    title: Annotated[str, typer.Option(help="Title of the model for users.")],
    description: Annotated[str, typer.Option(help="Description in one sentence.")] = "",
    notes: Annotated[str, typer.Option(help="Notes on the training for the card.")] = "",
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE, such as pitch_sharpness=1.5; repeatable.")
    ] = None,
    cache: CacheDirectory = None,
) -> None:
    """Export a run as a bundle: ONNX graph, manifest, measures against held-out pieces, and the card."""
    require_torch()
    from euterpe_training.bundle_label import BundleLabel
    from euterpe_training.checkpoints import CHECKPOINT_FILE, load_checkpoint
    from euterpe_training.crnngan.export.release import release
    from euterpe_training.crnngan.trainer import Trainer

    config = CrnnganConfig.from_dict(load_checkpoint(run / CHECKPOINT_FILE)["config"])
    trainer = Trainer.resume(run, _load(corpus, config, cache), overrides or ())
    bundle = release(trainer, out, BundleLabel(name, version, title, description), notes)
    console.print(f"{bundle.directory}: {bundle.manifest.graph.bytes / 1e6:.1f} MB, spec {bundle.spec.sha256[:12]}")


def int8(
    bundle: BundleArgument,
    version: Annotated[str, typer.Argument(help="Version of the new bundle, written next to the old one.")],
    variant: Annotated[Variant, typer.Option(help="The graph that is run by default.")] = "int8",
) -> None:
    """Write a new version of a bundle with a second graph whose LSTM layers use 8-bit integers."""
    from euterpe_training.crnngan.export.bundle import add_int8

    written = add_int8(_bundle(bundle), version, variant)
    sizes = [f"{len(graph or b'') / 1e6:.1f} MB" for graph in (written.model, written.int8)]
    console.print(f"{written.directory}: fp32 {sizes[0]}, int8 {sizes[1]}")


def recipes() -> None:
    """List the recipes."""
    for name, make in sorted(RECIPES.items()):
        typer.echo(f"{name}: {(make.__doc__ or '').strip().splitlines()[0]}")


def _bundle(directory: Path) -> Bundle:
    try:
        return load_bundle(directory)
    except BundleError as error:
        raise TrainingError(f"the bundle {directory} cannot be used: {error}") from error


def _load(directory: Path, config: CrnnganConfig, cache: Path | None) -> Corpus:
    with console.status("Reading the corpus") as status:
        corpus = load_corpus(
            directory, config.spec, config.corpus, cache,
            lambda done, total: status.update(f"Reading the corpus: {done} of {total} files"),
        )  # fmt: skip
    console.print(f"{len(corpus)} songs, {len(corpus.events):,} events; {len(corpus.skipped)} files skipped")
    return corpus
