"""The commands `euterpe-train adversarial …`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from euterpe_training.errors import TrainingError
from euterpe_training.terminal import CacheDirectory, Device, Threads, console, find_device

adversarial_app = typer.Typer(
    help="Adversarial training of a pretrained categorical generator against a critic.", no_args_is_help=True
)

CorpusDirectory = Annotated[Path, typer.Option("--corpus", help="Directory of MIDI files: that of the pretraining.")]
Settings = Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE: change a setting; repeatable.")]


@adversarial_app.command()
def train(
    start: Annotated[Path, typer.Option(help="Directory of the pretrained run; it is not changed.")],
    corpus: CorpusDirectory,
    out: Annotated[Path, typer.Option(help="Directory of the run: the weights of G, and the critic.")],
    overrides: Settings = None,
    cache: CacheDirectory = None,
    threads: Threads = 1,
    device: Device = "cpu",
) -> None:
    """Train a pretrained generator against a critic; the same command continues a stopped run."""
    place = _configure(device, threads)
    from euterpe_training.crnngan.adversarial.config import AdversarialConfig
    from euterpe_training.crnngan.adversarial.training import STATE_FILE, AdversarialTraining

    songs = _corpus(start, corpus, cache)
    if (out / STATE_FILE).is_file():
        training = AdversarialTraining.resume(out, start, songs, place)
    else:
        training = AdversarialTraining(AdversarialConfig().changed(overrides or ()), start, songs, place)

    def report(row: dict[str, float]) -> None:
        if int(row["step"]) % 10 == 0:
            words = ", ".join(f"{name} {value:.3f}" for name, value in row.items() if name != "step")
            console.print(f"step {row['step']:.0f}/{training.config.steps}: {words}", highlight=False)

    try:
        training.run(out, report)
    except KeyboardInterrupt:
        training.save(out)
        raise


@adversarial_app.command()
def search(
    starts: Annotated[
        list[Path], typer.Option("--start", help="Directory of a pretrained run; repeatable. Trials use the first.")
    ],
    corpus: CorpusDirectory,
    out: Annotated[Path, typer.Option(help="Directory of the report: README.md and results.json.")],
    runs: Annotated[Path, typer.Option(help="Directory of the runs: checkpoints and logs.")]
    = Path("training/runs/adversarial-search"),
    trials: Annotated[int, typer.Option(min=1, help="AdversarialTrainings with different settings.")] = 24,
    budget: Annotated[float, typer.Option(min=0, help="Hours after which to stop, to be continued; 0: no limit.")]
    = 0.0,
    pieces: Annotated[int, typer.Option(min=20, help="Pieces that are composed to evaluate a generator.")] = 400,
    windows: Annotated[int, typer.Option(min=20, help="Windows of each side in the two-sample test.")] = 400,
    notes: Annotated[int, typer.Option(min=32, help="Notes of a window.")] = 200,
    estimate: Annotated[bool, typer.Option("--estimate", help="Measure and print the duration only.")] = False,
    overrides: Settings = None,
    cache: CacheDirectory = None,
    threads: Threads = 1,
    device: Device = "cpu",
) -> None:  # fmt: skip
    """Search for settings on validation songs, and report the best on test songs from every start."""
    place = _configure(device, threads)
    from euterpe_training.crnngan.adversarial.config import AdversarialConfig
    from euterpe_training.crnngan.adversarial.evaluation import EvaluationSize
    from euterpe_training.crnngan.adversarial.report import write_report
    from euterpe_training.crnngan.adversarial.search import Search, SearchPlan

    plan = SearchPlan(
        tuple(starts), trials, AdversarialConfig().changed(overrides or ()), EvaluationSize(pieces, windows, notes)
    )
    found = Search(plan, _corpus(starts[0], corpus, cache), corpus, runs, place, _print, 3600 * budget)
    found.estimate()
    if not estimate:
        found.run()
        _print(f"{write_report(found, out)}")


@adversarial_app.command()
def export(
    run: Annotated[Path, typer.Option(help="The --out of training, or a trial of a search.")],
    corpus: CorpusDirectory,
    out: Annotated[Path, typer.Option(help="Directory of the bundle, e.g. models/NAME/VERSION.")],
    name: Annotated[str, typer.Option(help="Name of the model.")],
    version: Annotated[str, typer.Option(help="Version of the bundle.")],
    title: Annotated[str, typer.Option(help="Title of the model for users.")],
    description: Annotated[str, typer.Option(help="Description in one sentence.")] = "",
    cache: CacheDirectory = None,
) -> None:
    """Export a run's generator with its critic, which selects the best of several candidates."""
    _configure("cpu", 1)
    from euterpe_training.bundle_label import BundleLabel
    from euterpe_training.crnngan.adversarial.card import training_notes
    from euterpe_training.crnngan.adversarial.training import load_critic_graph
    from euterpe_training.crnngan.export.release import release
    from euterpe_training.crnngan.trainer import Trainer

    trainer = Trainer.resume(run, _corpus(run, corpus, cache))
    critic = load_critic_graph(run, trainer)
    bundle = release(trainer, out, BundleLabel(name, version, title, description), training_notes(run), critic=critic)
    _print(f"{bundle.directory}: {bundle.manifest.graph.bytes / 1e6:.1f} MB, critic {len(critic) / 1e6:.1f} MB")


def _corpus(run: Path, directory: Path, cache: Path | None) -> Any:
    from euterpe_training.checkpoints import CHECKPOINT_FILE, load_checkpoint
    from euterpe_training.crnngan.corpora import load_corpus
    from euterpe_training.crnngan.recipes import CrnnganConfig

    config = CrnnganConfig.from_dict(load_checkpoint(run / CHECKPOINT_FILE)["config"])
    if config.outputs != "categorical":
        raise TrainingError(f"adversarial training needs a generator with outputs=categorical; {run} has another one")
    with console.status("Reading the corpus"):
        return load_corpus(directory, config.spec, config.corpus, cache)


def _configure(device: str, threads: int) -> Any:
    place = find_device(device, threads)
    from euterpe_training.machine import configure_process

    configure_process(threads)
    return place


def _print(text: str) -> None:
    console.print(text, highlight=False)
