"""The commands `euterpe-train ensemble …`."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from euterpe_training.terminal import require_torch

ensemble_app = typer.Typer(
    help="Train the ensemble model: many instruments, bars, form and endings.", no_args_is_help=True
)
console = Console(stderr=True, soft_wrap=True)


def data_directory() -> Path:
    """Return the directory of corpora, data sets and runs: `EUTERPE_DATA_DIR`, or /var/lib/euterpe-training."""
    return Path(os.environ.get("EUTERPE_DATA_DIR", "/var/lib/euterpe-training"))


DataDir = Annotated[
    Path, typer.Option("--data", help="Directory of corpora, data sets and runs.", default_factory=data_directory)
]


@ensemble_app.command("convert-music21")
def convert_music21(
    wheel: Annotated[Path, typer.Argument(help="music21's wheel, as `pip download --no-deps music21` fetches it.")],
    data: DataDir,
) -> None:
    """Convert the corpora inside music21's wheel to MIDI (needs verovio)."""
    from euterpe_training.ensemble.corpora.music21_wheel import convert_wheel

    convert_wheel(wheel, data / "corpora" / "music21", _report)


@ensemble_app.command()
def prepare(
    data: DataDir,
    renew_split: Annotated[bool, typer.Option("--renew-split", help="Draw the held-out works anew.")] = False,
) -> None:
    """Read all corpora below DATA/corpora into the data set that training reads."""
    from euterpe_training.ensemble.corpora.prepare import prepare as prepare_all

    prepare_all(data / "corpora", data / "ensemble" / "dataset", _report, renew_split=renew_split)


@ensemble_app.command("round-trip")
def round_trip(
    data: DataDir,
    every: Annotated[int, typer.Option(min=1, help="Read every n-th file of each source.")] = 1,
) -> None:
    """Report what the event representation loses of each source, as a Markdown table."""
    from euterpe_training.ensemble.corpora.round_trip import measure, table

    typer.echo("\n".join(table(measure(data / "corpora", _report, every))))


@ensemble_app.command()
def train(
    data: DataDir,
    recipe_name: Annotated[str, typer.Option("--recipe", help="Which settings to train with.")] = "ensemble",
    run: Annotated[Path | None, typer.Option(help="Directory of the run; by default named after the recipe.")] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 tries and keeps the fastest number.")] = 0,
    workers: Annotated[int, typer.Option(min=0, help="Processes that draw examples; on a GPU one per core.")] = 0,
    total_events: Annotated[int, typer.Option(min=0, help="Events to train for; 0 leaves the recipe's.")] = 0,
    decay_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the events with a falling rate; 0 leaves the recipe's.")
    ] = 0,
    average_decay: Annotated[
        float, typer.Option(min=0, max=0.9999, help="Decay of the averaged weights per step; 0 leaves the recipe's.")
    ] = 0,
    compiled: Annotated[bool, typer.Option("--compile", help="Fuse operations; needs a C++ compiler.")] = False,
    base: Annotated[
        Path | None, typer.Option("--from", help="Run or bundle whose weights a new run begins with.")
    ] = None,
) -> None:
    """Start or resume a training run. SIGTERM and Ctrl-C save a checkpoint and exit with status 0."""
    require_torch()
    from dataclasses import replace

    from euterpe_training.ensemble.checkpoint import PID_FILE
    from euterpe_training.ensemble.config import recipe
    from euterpe_training.ensemble.starting_point import load_starting_point
    from euterpe_training.ensemble.trainer import Machine, Trainer

    config = recipe(recipe_name)
    start = load_starting_point(base) if base else None
    if start:
        config = replace(config, network=start.config.network, earlier_events=start.events)
    config = replace(
        config,
        total_events=total_events or config.total_events,
        decay_share=decay_share or config.decay_share,
        average_decay=average_decay or config.average_decay,
    )
    directory = run or data / "ensemble" / recipe_name
    directory.mkdir(parents=True, exist_ok=True)
    (directory / PID_FILE).write_text(f"{os.getpid()}\n", encoding="utf-8")
    machine = Machine(device, threads, workers, compiled=compiled)
    trainer = Trainer(config, data / "ensemble" / "dataset", directory, machine, start.weights if start else None)
    is_finished = trainer.train(_report)
    console.print("training finished" if is_finished else "stopped; run the same command to resume")


@ensemble_app.command("fine-tune")
def fine_tune(
    folder: Annotated[Path, typer.Argument(help="Folder of MIDI files, with its subfolders.")],
    style: Annotated[str, typer.Option(help="Name of the style that the files become.")],
    run: Annotated[Path, typer.Option(help="Directory of the new run, for its data set and checkpoint.")],
    base: Annotated[
        Path | None,
        typer.Option("--from", help="Run or bundle to start from; by default models/ensemble's newest."),
    ] = None,
    genre: Annotated[str, typer.Option(help="Genre of the style, one that the network knows.")] = "",
    total_events: Annotated[
        int, typer.Option(min=0, help="Events to train for; 0: twelve times the corpus, 100,000 to 5 million.")
    ] = 0,
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 tries and keeps the fastest number.")] = 0,
) -> None:
    """Train a network further on your MIDI files, or resume; print test losses before and after."""
    require_torch()
    from euterpe_training.ensemble.fine_tuning import FineTuning, table
    from euterpe_training.ensemble.fine_tuning import fine_tune as tune
    from euterpe_training.ensemble.starting_point import newest_bundle
    from euterpe_training.ensemble.trainer import Machine

    plan = FineTuning(folder, style, base or newest_bundle(Path("models/ensemble")), genre, total_events)
    result = tune(plan, run, Machine(threads=threads, evaluate_every=200_000, validation_pieces=50), _report)
    if result is None:
        _report("stopped; run the same command to resume")
    else:
        _report(f"test pieces: {result.pieces}")
        typer.echo("\n".join(table(result)))


@ensemble_app.command()
def sample(
    run: Annotated[Path, typer.Argument(help="Directory of a run or bundle.")],
    out: Annotated[Path, typer.Argument(help="Directory for the MIDI files.")],
    genre: Annotated[str, typer.Option(help="Genre, such as classical, folk, pop.")] = "",
    kind: Annotated[str, typer.Option(help="Period or form, such as baroque, reel, string quartet.")] = "",
    composer: Annotated[str, typer.Option(help="Composer, by surname.")] = "",
    parts: Annotated[str, typer.Option(help="Parts, separated by commas: piano,violin 1.")] = "",
    bars: Annotated[int, typer.Option(min=1, help="Length in bars.")] = 32,
    meter: Annotated[str, typer.Option(help="Meter, such as 3/4; empty: any.")] = "4/4",
    tempo: Annotated[float, typer.Option(min=16, max=320, help="Quarters a minute at the start.")] = 120,
    count: Annotated[int, typer.Option(min=1, max=64, help="Pieces.")] = 4,
    seed: Annotated[int, typer.Option(help="Seed of the first piece; the others count on.")] = 0,
    temperature: Annotated[float, typer.Option(min=0.1, max=2.0, help="Sampling temperature.")] = 1.0,
    top_p: Annotated[float, typer.Option(min=0.1, max=1.0, help="Share of probability to draw from.")] = 0.98,
) -> None:
    """Compose MIDI files with a run's latest checkpoint."""
    require_torch()
    from euterpe_training.ensemble.sampling import Sampling, write_samples

    written = write_samples(
        run, out, names=(genre, kind, composer), parts=parts, bars=bars, meter=meter, tempo=tempo, count=count,
        seed=seed, sampling=Sampling(temperature, top_p),
    )  # fmt: skip
    _report(f"{written} pieces in {out}")


@ensemble_app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Directory of a run.")],
    out: Annotated[Path, typer.Argument(help="Directory of models; the bundle is written to OUT/NAME/VERSION.")],
    data: DataDir,
    variant: Annotated[
        list[str] | None, typer.Option(help="int8 or fp32; repeatable, the first is run by default. int8 by default.")
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the bundle.")] = "ensemble",
    version: Annotated[str, typer.Option(help="Version of the bundle.")] = "0.0.1",
    title: Annotated[str, typer.Option(help="Title for users.")] = "Ensemble",
    description: Annotated[str, typer.Option(help="Description for users.")] = "",
    temperature: Annotated[float, typer.Option(min=0.5, max=1.5, help="Default temperature.")] = 1.0,
    top_p: Annotated[float, typer.Option(min=0.1, max=1.0, help="Default share of probability to draw from.")] = 0.98,
    style: Annotated[str, typer.Option(help="Default style, a path such as folk/jig.")] = "any",
) -> None:
    """Write a run's network as a model bundle for the generator."""
    require_torch()
    from euterpe_training.bundle_label import BundleLabel
    from euterpe_training.ensemble.export.bundle import ExportSettings, export_run
    from euterpe_training.ensemble.export.graphs import checked_variants

    label = BundleLabel(name, version, title, description)
    settings = ExportSettings(checked_variants(variant or ["int8"]), temperature, top_p, style)
    bundle = export_run(run, data / "ensemble" / "dataset", out, label, settings)
    size = sum(info.bytes for info in bundle.manifest.files) / 1e6
    _report(f"{bundle.directory}: {size:.1f} MB, {len(bundle.manifest.styles)} styles")


@ensemble_app.command("compose-typical")
def compose_typical(
    run: Annotated[Path, typer.Argument(help="Directory of a run or bundle.")],
    out: Annotated[Path, typer.Argument(help="Directory for the MIDI files and requests.json.")],
    data: DataDir,
    genre: Annotated[str, typer.Option(help="Genre, such as classical, folk, pop.")],
    kind: Annotated[str, typer.Option(help="Period or form, such as reel; empty: all of the genre.")] = "",
    source: Annotated[list[str] | None, typer.Option(help="Source of the training pieces; repeatable.")] = None,
    label: Annotated[str, typer.Option(help="Name of the style in requests.json; by default the genre.")] = "",
    count: Annotated[int, typer.Option(min=1, help="Pieces.")] = 400,
    seed: Annotated[int, typer.Option(help="Seed of requests and pieces.")] = 0,
    temperature: Annotated[float, typer.Option(min=0.1, max=2.0, help="Sampling temperature.")] = 1.0,
    top_p: Annotated[float, typer.Option(min=0.1, max=1.0, help="Share of probability to draw from.")] = 0.98,
) -> None:
    """Compose pieces with the settings of training pieces, for `euterpe-train evaluate`."""
    require_torch()
    from euterpe_training.ensemble.sampling import Sampling
    from euterpe_training.ensemble.typical_requests import Selection
    from euterpe_training.ensemble.typical_requests import compose_typical as compose

    selection = Selection(genre, kind, tuple(source or ()), label)
    compose(run, data / "ensemble" / "dataset", out, count, seed, Sampling(temperature, top_p), _report, selection)


@ensemble_app.command()
def calibrate(
    bundle: Annotated[Path, typer.Argument(help="Directory of a bundle: MODELS/NAME/VERSION.")],
    data: DataDir,
    version: Annotated[str, typer.Option(help="Version of the new bundle.")],
    pieces: Annotated[int, typer.Option(min=8, help="Validation pieces of each genre, and composed ones.")] = 48,
    rounds: Annotated[int, typer.Option(min=1, help="Changes of the temperatures that are tried.")] = 5,
    chosen: Annotated[
        list[str] | None,
        typer.Option("--set", help="GENRE=five temperatures and the strength of figures, not calibrated; repeatable."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the choice of pieces and of the composed ones.")] = 0,
) -> None:
    """Calibrate temperatures and figures of each genre on validation pieces; write the bundle as a new version."""
    require_torch()
    from euterpe_training.ensemble.calibration import CalibrationSettings, calibrate_bundle, read_chosen

    settings = CalibrationSettings(pieces=pieces, rounds=rounds, chosen=read_chosen(chosen or ()), seed=seed)
    written, _ = calibrate_bundle(bundle, version, data / "ensemble" / "dataset", settings, _report)
    _report(f"{written.directory}")


@ensemble_app.command("add-critic")
def add_critic(
    bundle: Annotated[Path, typer.Argument(help="Directory of a bundle: MODELS/NAME/VERSION.")],
    composed: Annotated[list[Path], typer.Argument(help="Folders of pieces that it composed like training pieces.")],
    data: DataDir,
    version: Annotated[str, typer.Option(help="Version of the new bundle.")],
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = 800,
    seed: Annotated[int, typer.Option(help="Seed of weights and windows.")] = 0,
) -> None:
    """Train a critic that picks the best of several candidates; write the bundle with it as a new version."""
    require_torch()
    from euterpe_training.ensemble.critic.bundle import add_critic as add
    from euterpe_training.ensemble.critic.training import CriticSettings

    settings = CriticSettings(steps=steps, seed=seed)
    written, found = add(bundle, version, composed, data / "ensemble" / "dataset", settings, _report)
    _report(f"{written.directory}: a critic that tells {found.accuracy:.1%} of {found.windows} held-out windows apart")


@ensemble_app.command()
def study(
    data: DataDir,
    out: Annotated[Path, typer.Option(help="Where to write the results.")] = Path("docs/studies/ensemble/results.json"),
    cpu_seconds: Annotated[float, typer.Option(min=1, help="Seconds of one core for each backbone.")] = 900,
    only: Annotated[list[str] | None, typer.Option(help="A backbone to train; repeatable. All by default.")] = None,
) -> None:
    """Compare LSTM, retention and windowed transformer after equal CPU time."""
    require_torch()
    from euterpe_training.ensemble.study import BACKBONES, compare_backbones, table, write_results

    folder = data / "ensemble"
    results = compare_backbones(folder / "dataset", folder, cpu_seconds, _report, only or BACKBONES)
    write_results(results, out)
    typer.echo("\n".join(table(results)))


def _report(message: str) -> None:
    console.print(message, highlight=False, markup=False)
