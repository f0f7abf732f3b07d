"""The commands `euterpe-train balance …` and `euterpe-train study balancing`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from euterpe_training.balancing.task_source import TaskSource
from euterpe_training.errors import TrainingError
from euterpe_training.terminal import Device, Overrides, Threads, console, find_device

if TYPE_CHECKING:
    from euterpe_training.balancing.counts import Unbalanced
    from euterpe_training.balancing.images import ImageSet

balance_app = typer.Typer(help="Balance image sets: resampling, DeepSMOTE, BAGAN-GP.", no_args_is_help=True)

Place = Annotated[
    str, typer.Option("--source", help="Directory, archive or URL: idx, CIFAR, folders of images or of MIDI files.")
]
Sha256 = Annotated[str, typer.Option("--sha256", help="Required digest of an archive, for URLs.")]
Cache = Annotated[Path, typer.Option("--cache", file_okay=False, help="Directory for archives and their content.")]
Size = Annotated[
    int | None, typer.Option("--size", min=1, help="Scale images of folders to squares of this many pixels.")
]
Level = Annotated[
    int, typer.Option("--level", help="Depth of the folder that names the class of MIDI files (1: genre, 2: composer).")
]
Counts = Annotated[
    str, typer.Option("--counts", help="Images per class: all, mnist, fashion, cifar10, mnist/4, or a list.")
]
Ratio = Annotated[float, typer.Option("--ratio", help="Target size of classes, as a share of the largest.")]
TestShare = Annotated[
    float | None,
    typer.Option("--test-share", help="Share of the images for tests, where the source has none: 0.2; 0 for none."),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of subsets, splits and sampling.")]
Out = Annotated[Path, typer.Option("--out", file_okay=False, help="Directory of the output.")]
Kind = Annotated[str, typer.Option("--method", help="deepsmote or bagan-gp.")]
Recipe = Annotated[str, typer.Option("--recipe", help="mnist, fashion, cifar10, compact, quick or smoke.")]


@balance_app.command()
def report(
    source: Place, out: Out, counts: Counts = "all", size: Size = None, level: Level = 1, sha256: Sha256 = "",
    cache: Cache = Path(".data/images"), seed: Seed = 0, test_share: TestShare = None,
) -> None:  # fmt: skip
    """Write counts and pictures of every class, as HTML."""
    from euterpe_training.balancing.data_section import data_section
    from euterpe_training.reports.html import write_report

    task = _load(TaskSource(source, counts, size, level, sha256, str(cache), seed, test_share))
    write_report(out / "report.html", f"The images of {task.train.name}", [], [data_section(task.train, task.test)])
    console.print(f"{out / 'report.html'}: {len(task.train)} images in {len(task.train.classes)} classes")


@balance_app.command()
def train(
    out: Out, source: Annotated[str, typer.Option("--source", help="As for the other commands; not with --resume.")]
    = "", method: Kind = "deepsmote", recipe: Recipe = "quick", counts: Counts = "all",
    size: Size = None, level: Level = 1, sha256: Sha256 = "", cache: Cache = Path(".data/images"), seed: Seed = 0,
    test_share: TestShare = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --out with its images.")] = False,
    overrides: Overrides = None, device: Device = "auto", threads: Threads = 1,
) -> None:  # fmt: skip
    """Train a network that generates images of rare classes."""
    from euterpe_training.balancing.estimate import seconds_of_training
    from euterpe_training.balancing.run import Run
    from euterpe_training.durations import describe_seconds

    found = find_device(device, threads)
    if resume:
        stored = TaskSource.read(out, source)
        run = Run.resume(_load(stored).real_train, out, found, overrides or ())
    else:
        if not source:
            raise TrainingError("a new run needs --source; --resume continues the one in --out")
        stored = TaskSource(source, counts, size, level, sha256, str(cache), seed, test_share).absolute()
        config = _config(method, recipe, overrides)
        run = Run.start(_load(stored).real_train, config, out, found)
    seconds, rate = seconds_of_training(run.method.data, run.config, found, len(run.method.history))
    if seconds:
        console.print(
            f"{rate:,.0f} images/s, measured: about {describe_seconds(seconds)} for "
            f"{run.method.epochs - len(run.method.history)} epochs", highlight=False,
        )  # fmt: skip
    stored.write(out)
    run.train(console)


@balance_app.command()
def generate(
    run: Annotated[Path, typer.Option(file_okay=False, help="Directory of the run; its source is stored in it.")],
    out: Out,
    source: Annotated[str, typer.Option("--source", help="Where the images are now, if they were moved.")] = "",
    ratio: Ratio = 1.0,
    draw: Annotated[int, typer.Option(min=0, help="Seed of the images.")] = 0,
    device: Device = "auto", threads: Threads = 1,
) -> None:  # fmt: skip
    """Write the set balanced by a trained network: train/ and test/, with a folder of images per class."""
    from euterpe_training.balancing.run import Run, model_digest

    found = find_device(device, threads)
    task = _load(TaskSource.read(run, source))
    method = Run.resume(task.real_train, run, found).method
    if len(method.history) < method.epochs:
        console.print(f"[yellow]unfinished:[/yellow] {len(method.history)} of {method.epochs} epochs", highlight=False)
    _write(task, method.balance(ratio, draw, model_digest(run)), out)


@balance_app.command()
def resample(
    source: Place, out: Out, method: Annotated[str, typer.Option(help="smote, random-over, tomek, …")] = "smote",
    counts: Counts = "all", ratio: Ratio = 1.0, size: Size = None, level: Level = 1, sha256: Sha256 = "",
    cache: Cache = Path(".data/images"), seed: Seed = 0, test_share: TestShare = None,
) -> None:  # fmt: skip
    """Write the set balanced by resampling: train/ and test/, with a folder of images per class."""
    from euterpe_training.balancing.classical import UNDER
    from euterpe_training.balancing.classical import resample as resample_images

    if method in UNDER and ratio != 1.0:
        raise TrainingError(f"--ratio applies to oversampling only, and {method} removes images")
    task = _load(TaskSource(source, counts, size, level, sha256, str(cache), seed, test_share))
    _write(task, resample_images(task.real_train, method, ratio, seed), out)


@balance_app.command()
def auto(
    directory: Annotated[str, typer.Argument(help="Directory with a folder of images per class.")], out: Out,
    size: Size = None, seeds: Annotated[int, typer.Option(min=2, help="Repetitions of the comparison.")] = 5,
    level: Level = 1, seed: Seed = 0, device: Device = "auto", threads: Threads = 1,
) -> None:  # fmt: skip
    """Recommend a way to balance a folder, or to leave it, by its own validation images."""
    from euterpe_training.balancing.auto import LEAVE_IT, recommend, rows

    found = find_device(device, threads)
    images = _load(TaskSource(directory, size=size, level=level, seed=seed)).train
    recommended = recommend(images, out, seeds, found, console)
    for method, score, gain in rows(recommended):
        console.print(f"{method}: {score} {gain}", highlight=False)
    console.print(f"[bold]{recommended.text}[/bold]", highlight=False)
    if recommended.method != LEAVE_IT:
        console.print(_next_command(recommended.method, directory, size), highlight=False)


def _next_command(method: str, directory: str, size: int | None) -> str:
    scaled = f" --size {size}" if size else ""
    if method.startswith("loss:"):
        return f"euterpe-train study balancing --source {directory}{scaled} --methods {method} --save --out study"
    if method == "deepsmote":
        return f"euterpe-train balance train --source {directory}{scaled} --method {method} --out run"
    return f"euterpe-train balance resample --source {directory}{scaled} --method {method} --out balanced"


@balance_app.command()
def search(
    source: Place, out: Out, method: Kind = "deepsmote", recipe: Recipe = "quick", counts: Counts = "all",
    sampler: Annotated[str, typer.Option(help="grid, as in the thesis, or optuna.")] = "grid",
    trials: Annotated[int, typer.Option(min=1, help="Total number of trials with optuna.")] = 20,
    values: Annotated[list[str] | None, typer.Option("--try", help="NAME=A,B,C: values to try; repeatable.")] = None,
    size: Size = None, level: Level = 1, sha256: Sha256 = "", cache: Cache = Path(".data/images"), seed: Seed = 0,
    overrides: Overrides = None, device: Device = "auto", threads: Threads = 1,
) -> None:  # fmt: skip
    """Search for better settings; the same command continues a stopped search."""
    from euterpe_training.balancing.search import Search

    found = find_device(device, threads)
    images = _load(TaskSource(source, counts, size, level, sha256, str(cache), seed)).real_train
    Search(images, _config(method, recipe, overrides), values or [], sampler, trials, out, found, console).run()


def study_balancing(
    source: Place, out: Out, counts: Counts = "all",
    methods: Annotated[str, typer.Option(help="Balancing methods, comma-separated; `all` for every one.")]
    = "unbalanced,random-over,smote,loss:weighted,loss:focal,deepsmote,bagan-gp",
    networks: Annotated[
        str, typer.Option(help="resnet18, -34, -50, squeezenet1_1, efficientnet_b0; for small images resnet8, small.")
    ] = "resnet18,squeezenet1_1,efficientnet_b0",
    seeds: Annotated[
        int, typer.Option(min=1, help="Whole repetitions: selection, division, generator, resampling and classifier.")
    ] = 3,
    recipe: Recipe = "quick", ratio: Ratio = 1.0,
    epochs: Annotated[int, typer.Option(min=1, help="Maximum number of rounds of a classifier.")] = 50,
    patience: Annotated[int, typer.Option(min=1, help="Rounds without improvement before it stops.")] = 5,
    batch_size: Annotated[int, typer.Option(min=2, help="Batch size of the classifiers; 8 in the thesis.")] = 64,
    steps: Annotated[int, typer.Option(min=0, help="Steps per round; 0: one pass over the set.")] = 0,
    jitter: Annotated[
        int, typer.Option(min=0, help="Shift training images at random by at most this many pixels.")
    ] = 0,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Mirror training images at random; evaluate both orientations.")
    ] = False,
    rate: Annotated[float, typer.Option(min=1e-6, max=1, help="Learning rate of the classifiers.")] = 1e-3,
    weight_decay: Annotated[float, typer.Option(min=0, max=1, help="Weight decay of the classifiers (AdamW).")] = 0.0,
    anneal: Annotated[
        bool, typer.Option("--anneal", help="Use one cycle of the learning rate, and the last weights.")
    ] = False,
    precision: Annotated[
        str, typer.Option(help="Precision of the classifiers' products: float32 or bfloat16.")
    ] = "float32",
    costs: Annotated[
        Path | None,
        typer.Option(help="CSV of the cost of classifying row's class as column's, for the bilinear losses."),
    ] = None,
    pieces: Annotated[bool, typer.Option("--pieces", help="Evaluate pieces instead of windows, for MIDI files.")]
    = False,
    save: Annotated[
        bool, typer.Option("--save", help="Save the best classifier of each method and network as ONNX.")
    ] = False,
    size: Size = None, level: Level = 1, sha256: Sha256 = "", cache: Cache = Path(".data/images"), seed: Seed = 0,
    test_share: TestShare = None,
    overrides: Overrides = None, device: Device = "auto", threads: Threads = 1,
) -> None:  # fmt: skip
    """Compare balancing methods on real images, with an HTML report; the same command continues a stopped study."""
    from euterpe_training.balancing.classifier import FitOptions
    from euterpe_training.balancing.losses import read_costs
    from euterpe_training.balancing.networks import check_networks
    from euterpe_training.balancing.study import Study, StudyOptions
    from euterpe_training.balancing.study_report import study_report
    from euterpe_training.balancing.treatments import treatment_names

    found = find_device(device, threads)
    chosen = networks.split(",")
    check_networks(chosen)
    options = StudyOptions(
        treatment_names() if methods == "all" else methods.split(","), chosen, seeds, ratio,
        FitOptions(
            epochs=epochs, patience=patience, batch_size=batch_size, steps_per_round=steps, shift=jitter,
            sideways=jitter, mirror=mirror, learning_rate=rate, weight_decay=weight_decay, anneal=anneal,
            precision=precision,  # type: ignore[arg-type]
            costs=read_costs(costs) if costs else None,
        ),
        _config("deepsmote", recipe, _overrides_of("deepsmote", overrides)),
        _config("bagan-gp", recipe, _overrides_of("bagan-gp", overrides)), pieces, save,
    )  # fmt: skip
    stored = TaskSource(source, counts, size, level, sha256, str(cache), seed, test_share)
    with console.status("Reading the images"):
        tasks, notes = stored.tasks()
    for sentence in notes:
        console.print(f"[yellow]note:[/yellow] {sentence}", highlight=False)
    Study(tasks, options, out, found, console).run()
    console.print(f"{study_report(out)}")


def balancing_table(
    out: Out,
    data: Annotated[
        list[str] | None, typer.Option("--data", help="NAME=PLACE of mnist, fashion or cifar10; repeatable.")
    ] = None,
    budget: Annotated[float, typer.Option(min=0, help="Hours after which no cell is started, all runs together.")] = 30,
    estimate: Annotated[bool, typer.Option("--estimate", help="Measure and print the duration only.")] = False,
    report: Annotated[bool, typer.Option("--report", help="Write the table from the stored cells only.")] = False,
    sha256: Sha256 = "", cache: Cache = Path(".data/images"), device: Device = "auto", threads: Threads = 1,
) -> None:  # fmt: skip
    """Run the table on the thesis' claims, cell by cell; the same command continues a stopped one."""
    from euterpe_training.balancing.table_report import table_report

    if not report:
        from euterpe_training.balancing.sources import SourceOptions, load_source
        from euterpe_training.balancing.table import Table
        from euterpe_training.balancing.table_plan import Scale

        found = find_device(device, threads)
        places = dict(text.partition("=")[::2] for text in data or ())
        if not places or not all(places.values()):
            raise TrainingError("give the data sets as --data mnist=DIRECTORY --data fashion=DIRECTORY")
        with console.status("Reading the images"):
            sources = {name: load_source(place, SourceOptions(sha256, cache)) for name, place in places.items()}
        table = Table(sources, Scale(), out, found, console)
        if estimate:
            table.estimate()
            return
        table.run(budget)
    console.print(f"{table_report(out)}")


def report_balancing(
    directory: Annotated[Path, typer.Argument(help="Directory of the study, with results.json.")],
) -> None:
    """Write the report of a balancing study again from its results.json and pictures."""
    from euterpe_training.balancing.study_report import study_report

    console.print(f"{study_report(directory)}")


def _load(source: TaskSource) -> "Unbalanced":
    with console.status("Reading the images"):
        task, notes = source.load()
    for sentence in notes:
        console.print(f"[yellow]note:[/yellow] {sentence}", highlight=False)
    return task


def _config(method: str, recipe: str, overrides: list[str] | None) -> Any:
    from euterpe_training.balancing.config import BAGAN_RECIPES, DEEPSMOTE_RECIPES, find_recipe

    recipes: dict[str, Any] = {"deepsmote": DEEPSMOTE_RECIPES, "bagan-gp": BAGAN_RECIPES}
    if method not in recipes:
        raise TrainingError(f"there is no generative method {method!r}; the methods are: {', '.join(recipes)}")
    return find_recipe(recipes[method], recipe).changed(overrides or ())


def _overrides_of(method: str, overrides: list[str] | None) -> list[str]:
    """Return a study's overrides for one method: `deepsmote.epochs=5` is for one, `seed=1` for both."""
    from euterpe_training.balancing.treatments import GENERATIVE

    found = []
    for assignment in overrides or ():
        target, dot, _ = assignment.partition("=")[0].rpartition(".")
        if dot and target not in GENERATIVE:
            raise TrainingError(
                f"--set {assignment}: {target!r} has no settings; the methods with settings are: "
                f"{', '.join(GENERATIVE)}"
            )
        if not dot or target == method:
            found.append(assignment.removeprefix(f"{method}."))
    return found


def _write(task: "Unbalanced", balanced: "ImageSet", out: Path) -> None:
    """Write the balanced training set, and the test set of real images only."""
    from euterpe_training.balancing.sources.folder import save_folders

    save_folders({"train": balanced, **({"test": task.test} if len(task.test) else {})}, out)
    for name, before, after in zip(balanced.classes, task.real_train.counts, balanced.counts, strict=True):
        console.print(f"{name}: {before} → {after}", highlight=False)
    console.print(f"{len(balanced)} training images and {len(task.test)} real test images in {out}", highlight=False)
