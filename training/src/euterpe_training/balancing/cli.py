"""`euterpe-train balance …` and `euterpe-train study balancing`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from euterpe_training.errors import TrainingError

if TYPE_CHECKING:
    from euterpe_training.balancing.counts import Unbalanced
    from euterpe_training.balancing.images import ImageSet

balance_app = typer.Typer(help="Balance image sets: classical ways, DeepSMOTE, BAGAN-GP.", no_args_is_help=True)
study_app = typer.Typer(help="Comparisons with reports.", no_args_is_help=True)
console = Console(stderr=True)

Place = Annotated[str, typer.Option("--source", help="Directory, archive or URL: idx, CIFAR, image or MIDI folders.")]
Sha256 = Annotated[str, typer.Option("--sha256", help="Of a URL: the digest that its archive must have.")]
Cache = Annotated[Path, typer.Option("--cache", file_okay=False, help="Where archives are kept and unpacked.")]
Size = Annotated[
    int | None, typer.Option("--size", min=1, help="Scale images of folders to squares of so many pixels.")
]
Level = Annotated[
    int, typer.Option("--level", help="Of MIDI files: which folder names the class (1: genre, 2: composer).")
]
Counts = Annotated[
    str, typer.Option("--counts", help="Images per class: all, mnist, fashion, cifar10, mnist/4, or a list.")
]
Ratio = Annotated[float, typer.Option("--ratio", help="How full classes become, as a share of the largest.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of cutting images, splitting them, and sampling.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
Threads = Annotated[
    int, typer.Option("--threads", min=1, help="CPU threads; results are equal only for equal numbers.")
]
Changes = Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE: another setting; repeatable.")]
Out = Annotated[Path, typer.Option("--out", file_okay=False, help="Directory that is made.")]
Kind = Annotated[str, typer.Option("--method", help="deepsmote or bagan-gp.")]
Recipe = Annotated[str, typer.Option("--recipe", help="mnist, fashion, cifar10, compact, quick or smoke.")]


@balance_app.command()
def report(
    source: Place, out: Out, counts: Counts = "all", size: Size = None, level: Level = 1, sha256: Sha256 = "",
    cache: Cache = Path(".data/images"), seed: Seed = 0,
) -> None:  # fmt: skip
    """Counts and pictures of every class, as HTML."""
    from euterpe_training.reports.html import data_section, write_report

    task = _task(source, counts, size, level, sha256, cache, seed)
    write_report(out / "report.html", f"The images of {task.train.name}", [], [data_section(task.train, task.test)])
    console.print(f"{out / 'report.html'}: {len(task.train)} images in {len(task.train.classes)} classes")


@balance_app.command()
def train(
    source: Place, out: Out, method: Kind = "deepsmote", recipe: Recipe = "mnist", counts: Counts = "all",
    size: Size = None, level: Level = 1, sha256: Sha256 = "", cache: Cache = Path(".data/images"), seed: Seed = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    changes: Changes = None, device: Device = "auto", threads: Threads = 1,
) -> None:  # fmt: skip
    """Train a network that makes images of rare classes."""
    from euterpe_training.balancing.run import Run

    place = _device(device, threads)
    config = _config(method, recipe, None if resume else changes)
    images = _task(source, counts, size, level, sha256, cache, seed).train
    run = Run.resume(images, out, place, changes or ()) if resume else Run.start(images, config, out, place)
    run.train(console)


@balance_app.command()
def generate(
    source: Place, run: Annotated[Path, typer.Option(file_okay=False, help="Directory of the run.")], out: Out,
    counts: Counts = "all",
    ratio: Ratio = 1.0, size: Size = None, level: Level = 1, sha256: Sha256 = "",
    cache: Cache = Path(".data/images"), seed: Seed = 0,
    draw: Annotated[int, typer.Option(min=0, help="Other numbers make other images; --seed is that of training.")] = 0,
    device: Device = "auto", threads: Threads = 1,
) -> None:  # fmt: skip
    """Write the set filled up by a trained network: train/ and test/, with a folder of PNG files per class."""
    from euterpe_training.balancing.run import Run

    place = _device(device, threads)
    task = _task(source, counts, size, level, sha256, cache, seed)
    method = Run.resume(task.train, run, place).method
    if len(method.history) < method.epochs:
        console.print(f"[yellow]unfinished:[/yellow] {len(method.history)} of {method.epochs} epochs", highlight=False)
    _write(task, method.balance(ratio, draw), out)


@balance_app.command()
def resample(
    source: Place, out: Out, method: Annotated[str, typer.Option(help="smote, random-over, tomek, …")] = "smote",
    counts: Counts = "all", ratio: Ratio = 1.0, size: Size = None, level: Level = 1, sha256: Sha256 = "",
    cache: Cache = Path(".data/images"), seed: Seed = 0,
) -> None:  # fmt: skip
    """Write the set balanced in a classical way: train/ and test/, with a folder of PNG files per class."""
    from euterpe_training.balancing.classical import UNDER
    from euterpe_training.balancing.classical import resample as balanced

    if method in UNDER and ratio != 1.0:
        raise TrainingError(f"{method} takes images away; --ratio is for the methods that add some")
    task = _task(source, counts, size, level, sha256, cache, seed)
    _write(task, balanced(task.train, method, ratio, seed), out)


@balance_app.command()
def search(
    source: Place, out: Out, method: Kind = "deepsmote", recipe: Recipe = "quick", counts: Counts = "all",
    sampler: Annotated[str, typer.Option(help="grid, as the thesis searched, or optuna.")] = "grid",
    trials: Annotated[int, typer.Option(min=1, help="Of optuna: how many settings to try in all.")] = 20,
    values: Annotated[list[str] | None, typer.Option("--try", help="NAME=A,B,C: what to try; repeatable.")] = None,
    size: Size = None, level: Level = 1, sha256: Sha256 = "", cache: Cache = Path(".data/images"), seed: Seed = 0,
    changes: Changes = None, device: Device = "auto", threads: Threads = 1,
) -> None:  # fmt: skip
    """Look for better settings; a search that was stopped goes on where it was."""
    from euterpe_training.balancing.search import Search

    place = _device(device, threads)
    images = _task(source, counts, size, level, sha256, cache, seed).train
    Search(images, _config(method, recipe, changes), values or [], sampler, trials, out, place, console).run()


@balance_app.command()
def styles(
    corpus: Annotated[Path, typer.Option(help="Directory with crnngan-corpus, nottingham, pop909, or some of them.")],
    run: Annotated[Path, typer.Option(help="Where trained networks are kept; what is there is not trained again.")],
    out: Annotated[Path, typer.Option(help="Directory of the bundle: models/style-classifier/VERSION.")],
    version: Annotated[str, typer.Option(help="The bundle's version.")],
    methods: Annotated[str, typer.Option(help="Ways of balancing, with commas; the best on validation is released.")]
    = "unbalanced,random-over,smote,loss:weighted,deepsmote,bagan-gp",
    at_least: Annotated[int, typer.Option(min=5, help="Styles with fewer pieces are left out.")] = 10,
    epochs: Annotated[int, typer.Option(min=1, help="Most rounds.")] = 40,
    steps: Annotated[int, typer.Option(min=1, help="Steps per round.")] = 250,
    seeds: Annotated[int, typer.Option(min=1, help="Networks for each way of balancing.")] = 3,
    device: Device = "auto", threads: Threads = 1,
) -> None:  # fmt: skip
    """Train the classifier of styles, and release it for the generator."""
    place = _device(device, threads)
    from euterpe_training.style_classifier.training import release

    release(corpus, run, out, version, methods.split(","), at_least, (epochs, steps), seeds, place, console)


@study_app.command()
def balancing(
    source: Place, out: Out, counts: Counts = "all",
    methods: Annotated[str, typer.Option(help="Names with commas; `all` for every one.")]
    = "unbalanced,random-over,smote,loss:weighted,loss:focal,deepsmote,bagan-gp",
    networks: Annotated[
        str, typer.Option(help="resnet18, -34, -50, squeezenet1_1, efficientnet_b0; of small images resnet8, small.")
    ] = "resnet18,squeezenet1_1,efficientnet_b0",
    seeds: Annotated[int, typer.Option(min=1, help="Classifiers per method and network.")] = 3,
    recipe: Recipe = "mnist", ratio: Ratio = 1.0,
    epochs: Annotated[int, typer.Option(min=1, help="Most rounds of a classifier.")] = 50,
    patience: Annotated[int, typer.Option(min=1, help="Rounds without a better score before it stops.")] = 5,
    batch_size: Annotated[int, typer.Option(min=2, help="Of the classifiers; 8 in the thesis.")] = 64,
    steps: Annotated[int, typer.Option(min=0, help="Steps per round; 0 goes through the set once.")] = 0,
    jitter: Annotated[int, typer.Option(min=0, help="Move training images at random by up to so many pixels.")] = 0,
    mirror: Annotated[bool, typer.Option("--mirror", help="Mirror them at random, and judge both ways.")] = False,
    rate: Annotated[float, typer.Option(min=1e-6, max=1, help="Learning rate of the classifiers.")] = 1e-3,
    weight_decay: Annotated[float, typer.Option(min=0, max=1, help="Of the classifiers (AdamW).")] = 0.0,
    anneal: Annotated[
        bool, typer.Option("--anneal", help="Let the rate rise and fall over all rounds, and take the last weights.")
    ] = False,
    precision: Annotated[str, typer.Option(help="Of the classifiers' products: float32, or bfloat16.")] = "float32",
    pieces: Annotated[bool, typer.Option("--pieces", help="Of MIDI files: judge pieces, not windows.")] = False,
    size: Size = None, level: Level = 1, sha256: Sha256 = "", cache: Cache = Path(".data/images"), seed: Seed = 0,
    changes: Changes = None, device: Device = "auto", threads: Threads = 1,
) -> None:  # fmt: skip
    """Compare ways of balancing on real images, with an HTML report; a study that was stopped goes on."""
    from euterpe_training.balancing.classifier import FitOptions
    from euterpe_training.balancing.networks import check_networks
    from euterpe_training.balancing.study import Study, StudyOptions
    from euterpe_training.balancing.study_report import study_report
    from euterpe_training.balancing.treatments import arm_names

    place = _device(device, threads)
    chosen = networks.split(",")
    check_networks(chosen)
    options = StudyOptions(
        arm_names() if methods == "all" else methods.split(","), chosen, seeds, ratio,
        FitOptions(
            epochs=epochs, patience=patience, batch_size=batch_size, steps_per_round=steps, shift=jitter,
            sideways=jitter, mirror=mirror, learning_rate=rate, weight_decay=weight_decay, anneal=anneal,
            precision=precision,  # type: ignore[arg-type]
        ),
        _config("deepsmote", recipe, _own("deepsmote", changes)),
        _config("bagan-gp", recipe, _own("bagan-gp", changes)), pieces,
    )  # fmt: skip
    study = Study(_task(source, counts, size, level, sha256, cache, seed), options, out, place, console)
    study.run()
    console.print(f"{study_report(study)}")


def _task(
    source: str, counts: str, size: int | None, level: int, sha256: str, cache: Path, seed: int
) -> "Unbalanced":  # fmt: skip
    from euterpe_training.balancing.counts import parse_counts, unbalance
    from euterpe_training.balancing.sources import SourceOptions, load_source

    with console.status("Reading the images"):
        found = load_source(source, SourceOptions(sha256, cache, size, level, seed=seed))
    for note in found.notes:
        console.print(f"[yellow]note:[/yellow] {note}", highlight=False)
    train, test = found.train, found.test
    if counts == "all":
        from euterpe_training.balancing.counts import Unbalanced

        return Unbalanced(train, test, train)
    return unbalance(train, test, parse_counts(counts, train), seed)


def _config(method: str, recipe: str, changes: list[str] | None) -> Any:
    from euterpe_training.balancing.config import BAGAN_RECIPES, DEEPSMOTE_RECIPES, find_recipe

    recipes: dict[str, Any] = {"deepsmote": DEEPSMOTE_RECIPES, "bagan-gp": BAGAN_RECIPES}
    if method not in recipes:
        raise TrainingError(f"there is no network {method!r} that makes images; there are: {', '.join(recipes)}")
    return find_recipe(recipes[method], recipe).changed(changes or ())


def _own(method: str, changes: list[str] | None) -> list[str]:
    """Of a study's changes those for one network: `deepsmote.epochs=5` is for one, `seed=1` for both."""
    from euterpe_training.balancing.treatments import GENERATIVE

    found = []
    for change in changes or ():
        whose, dot, _ = change.partition("=")[0].rpartition(".")
        if dot and whose not in GENERATIVE:
            raise TrainingError(
                f"--set {change} is for {whose!r}, which has no settings; there are: {', '.join(GENERATIVE)}"
            )
        if not dot or whose == method:
            found.append(change.removeprefix(f"{method}."))
    return found


def _device(name: str, threads: int) -> Any:
    try:
        import torch
    except ImportError as error:
        raise TrainingError("training needs PyTorch, which is not installed: see docs/guides/training.md") from error
    from euterpe_training.balancing.pixels import device_for

    torch.set_num_threads(threads)
    if name not in ("auto", "cpu", "cuda") or (name == "cuda" and not torch.cuda.is_available()):
        raise TrainingError(f"there is no device {name!r} here; give cpu, or auto for what there is")
    return device_for(name)


def _write(task: "Unbalanced", balanced: "ImageSet", out: Path) -> None:
    """The balanced set to train with, and beside it the real images to test with: none of them is ever made."""
    from euterpe_training.balancing.sources.folder import save_folders

    save_folders({"train": balanced, "test": task.test}, out)
    before, after = task.train.counts, balanced.counts
    for name, there, now in zip(balanced.classes, before, after, strict=True):
        console.print(f"{name}: {there} → {now}", highlight=False)
    console.print(
        f"{len(balanced)} images to train with and {len(task.test)} real ones to test in {out}", highlight=False
    )
