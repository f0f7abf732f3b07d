"""The report on a study: tables and the thesis' figures 5.1 to 5.12, made from its stored results."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from euterpe_training.balancing.data_section import count_bars
from euterpe_training.balancing.quality import MIN_FOR_DISTANCE
from euterpe_training.balancing.study_images import REAL_PICTURE
from euterpe_training.balancing.study_results import StudyResults, TestSet
from euterpe_training.balancing.treatments import UNBALANCED
from euterpe_training.errors import TrainingError
from euterpe_training.reports.bootstrap import Metric
from euterpe_training.reports.html import Picture, Section, Table
from euterpe_training.reports.pages import write_pages
from euterpe_training.reports.scores import Interval

_COLOURS = (
    "#bbbbbb",
    "#4477aa",
    "#66ccee",
    "#228833",
    "#ccbb44",
    "#ee6677",
    "#aa3377",
    "#999933",
    "#882255",
    "#44aa99",
)


_READING = (
    (
        "The kernel distance (MMD² with a cubic kernel, mean ± standard deviation over draws) is that of synthetic "
        "from real images of the class, on features of the network 'small' trained on real images; next to it is the "
        "same of as many other real images. Both use n images of either kind, and are not computed for fewer than "
        f"{MIN_FOR_DISTANCE}. Distances are comparable within this report only."
    ),
    (
        "Recognised: share of the images that this network assigns to their class. SSIM: mean over random pairs of a "
        "class; lower means more variety. Nearest: root mean squared difference to the nearest real training image in "
        "grey levels; values near 0 indicate memorized images."
    ),
)


def study_report(directory: Path) -> Path:
    """Write HTML, README.md and PNGs from the results in a study's directory; return the path of the HTML file.

    Raise TrainingError when there are no results.
    """
    results = StudyResults.read(directory)
    if not results.outcomes:
        raise TrainingError(f"the study in {directory} has no results yet; continue it with the same command")
    sections = [_data(results), _summary(results)]
    sections += [_network_section(results, network) for network in results.networks]
    if results.quality:
        sections += [_quality(results), *(_synthetic(results, method) for method in results.losses)]
    return write_pages(directory, f"Balancing {results.data['name']}", _introduction(results), sections)


def _introduction(results: StudyResults) -> list[str]:
    counts = [len(results.of(method, network)) for method in results.methods for network in results.networks]
    number = f"{min(counts)}" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
    unit = "pieces" if results.settings["pieces"] else "images"
    lines = [
        (
            f"{len(results.methods)} treatments of imbalance, {len(results.networks)} network(s) trained from "
            f"scratch, {number} seed(s). A seed is one whole repetition: selection of the images, division into "
            "training, validation and test, generator, resampling and classifier. All "
            f"{unit} of validation and test are real, and were not used to train the generative methods."
        ),
        (
            "Validation images are a fifth of the training images, held out before balancing. Validation scores are "
            "those of the weights that are evaluated on test images."
        ),
        _training_sentence(results),
        "Write this report again from results.json: `euterpe-train study balancing-report DIRECTORY`.",
    ]
    diverged = [one for one in results.outcomes if one.diverged is not None]
    seen = dict.fromkeys((one.seed, one.diverged) for one in diverged)
    lines += [f"The training of bagan-gp with seed {seed} diverged in epoch {epoch}." for seed, epoch in seen]
    return [*lines, *(f"Skipped {method}: {reason}." for method, reason in results.skipped.items())]


def _training_sentence(results: StudyResults) -> str:
    chosen, ratio = results.settings["fit"], results.settings["ratio"]
    steps = f"{chosen['steps_per_round']} steps" if chosen["steps_per_round"] else "one pass over the set"
    rate, epochs = chosen["learning_rate"], chosen["epochs"]
    ends = (
        f"the learning rate rises to {rate} and falls to zero over {epochs} rounds"
        if chosen["anneal"]
        else f"training ends after {epochs} rounds, or {chosen['patience']} rounds without a better macro-F1 on "
        f"validation images; the learning rate is {rate}"
    )
    mirror = " Half of them are mirrored, and predictions are averaged over both orientations."
    return (
        f"A round is {steps} with batches of {chosen['batch_size']} images; {ends}. "
        f"Classes are filled up to {ratio:g} of the largest."
        + (f" Training images are shifted at random by up to {chosen['shift']} pixels." if chosen["shift"] else "")
        + (mirror if chosen["mirror"] else "")
        + (f" Weight decay: {chosen['weight_decay']}." if chosen["weight_decay"] else "")
        + (f" Precision of products in training: {chosen['precision']}." if chosen["precision"] != "float32" else "")
    )


def _data(results: StudyResults) -> Section:
    data, most = results.data, max(results.data["train"])
    columns = [data[name] for name in ("train", "validation", "test", "balanced_test")]
    rows = [
        (name, f"{count:,}", f"{count / most:.3f}", *(f"{other[label]:,}" for other in columns[1:]))
        for label, (name, count) in enumerate(zip(results.classes, columns[0], strict=True))
    ]
    rows.append(("all", f"{sum(columns[0]):,}", "", *(f"{sum(other):,}" for other in columns[1:])))
    head = ("class", "training images", "share of the largest", "of these validation", "test images",
            "class-balanced test")  # fmt: skip
    height, width = data["size"]
    section = Section(
        "Data", [f"Images of {width}×{height} pixels in {data['channels']} channel(s). Counts of seed 0."],
        [Table(head, rows)],
    )  # fmt: skip
    section.figures.append(
        Picture.of_figure("counts", count_bars(results.classes, data["train"]), "Images per class")
    )  # fmt: skip
    return _with_picture(section, results, REAL_PICTURE)


def _with_picture(section: Section, results: StudyResults, name: str) -> Section:
    path = results.directory / f"{name}.png"
    if name in results.pictures and path.is_file():
        section.figures.append(Picture(name, path.read_bytes(), results.pictures[name], pixels=True))
    return section


def shown(found: Interval | None, signed: bool = False) -> str:
    """Format a mean with the bounds of its interval."""
    if found is None:
        return "–"
    sign = "+" if signed else ""
    return f"{found.mean:{sign}.3f} ({found.low:{sign}.3f} to {found.high:{sign}.3f})"


def _summary(results: StudyResults) -> Section:
    seeds = max(len(results.of(method, network)) for method in results.methods for network in results.networks)
    units = "images and seeds" if seeds > 1 else "images; with one seed, they leave out how much results vary by seed"
    section = Section(
        "Macro-F1 on real test images",
        [(f"Means over seeds, with 95 % intervals by the bootstrap over test {units}. The first table is of test "
         "images in the ratios of the training images, the second of as many of every class, in which no class depends "
         "on a few images.")],
    )  # fmt: skip
    tests: tuple[TestSet, ...] = ("ratio", "balanced")
    titles = {"ratio": "test set in the training set's ratios", "balanced": "class-balanced test set"}
    for test in tests:
        rows = [
            [method, *(shown(results.interval(method, network, test)) for network in results.networks)]
            for method in results.methods
        ]
        section.tables.append(Table([titles[test], *results.networks], rows))
    section.figures.append(
        Picture.of_figure("macro-f1", _bars(results), "Macro-F1 per network and method, in the training set's ratios")
    )
    return section


def _bars(results: StudyResults) -> Figure:
    networks, methods = results.networks, results.methods
    figure = Figure(figsize=(max(6, 0.45 * len(networks) * len(methods) + 3), 3.6), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(methods)
    lowest = 1.0
    for index, method in enumerate(methods):
        found = [(place, results.interval(method, network)) for place, network in enumerate(networks)]
        known = [(place, one) for place, one in found if one is not None]
        places = np.array([place for place, _ in known]) + (index - (len(methods) - 1) / 2) * width
        means = [one.mean for _, one in known]
        errors = [[one.mean - one.low for _, one in known], [one.high - one.mean for _, one in known]]
        colour = _COLOURS[index % len(_COLOURS)]
        axes.bar(places, means, 0.9 * width, yerr=errors, capsize=2, color=colour, label=method)
        lowest = min(lowest, *(one.low for _, one in known))
    axes.set_xticks(range(len(networks)), networks)
    axes.set(ylabel="macro-F1", ylim=(max(0, lowest - 0.05), 1))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
    return figure


def _network_section(results: StudyResults, network: str) -> Section:
    section = Section(network)
    methods = [method for method in results.methods if results.of(method, network)]
    head = ["method", "seeds", "accuracy", "macro-F1", "difference from unbalanced", "class-balanced: accuracy",
            "macro-F1 ", "difference from unbalanced ", "validation macro-F1", "rounds"]  # fmt: skip
    section.tables.append(Table(head, [[method, *_row(results, network, method)] for method in methods]))
    per_class = [[method, *(f"{value:.3f}" for value in results.f1(method, network))] for method in methods]
    section.tables.append(Table(["F1 of class", *results.classes], per_class))
    section.figures += [
        Picture.of_figure(
            f"{network}-rounds", _histories(results, network, methods), "Loss and validation macro-F1, seed 0"
        ),
        Picture.of_figure(f"{network}-f1", _f1_figure(results, network, methods), "F1 of each class, mean over seeds"),
        Picture.of_figure(
            f"{network}-confusion",
            _confusions(results, network, methods),
            "Confusion matrices: rows are true classes, columns predictions, in shares",
        ),
    ]
    return section


def _row(results: StudyResults, network: str, method: str) -> list[str]:
    def both(test: TestSet) -> list[str]:
        metrics: tuple[Metric, ...] = ("accuracy", "macro_f1")
        scores = [shown(results.interval(method, network, test, metric)) for metric in metrics]
        if method == UNBALANCED:
            return [*scores, ""]
        return [*scores, shown(results.interval(method, network, test, against=UNBALANCED), signed=True)]

    found = results.of(method, network)
    rounds = float(np.mean([len(one.history) for one in found]))
    validation = results.mean(method, network, "validation_macro_f1")
    return [str(len(found)), *both("ratio"), *both("balanced"), f"{validation:.3f}", f"{rounds:.1f}"]


def _quality(results: StudyResults) -> Section:
    head = ["class", "images", "n", "recognised", "SSIM of pairs", "nearest", "kernel distance", "of real from real",
            "n of distances"]  # fmt: skip
    rows = []
    for row in results.quality:
        distances = [_spread(row[name]) if name in row else "" for name in ("distance", "distance_of_real")]
        measured = (
            [f"{row['recognised']:.0%}", f"{row['similarity']:.3f}", f"{row['nearest']:.1f}"]
            if row["count"]
            else [""] * 3
        )
        rows.append(
            [
                row["class"],
                row["images"],
                f"{row['count']:,}",
                *measured,
                *distances,
                str(row.get("distance_count", "")),
            ]
        )
    return Section("Synthetic images", list(_READING), [Table(head, rows)])


def _spread(value: Sequence[float]) -> str:
    return f"{value[0]:.4f} ± {value[1]:.4f}"


def _synthetic(results: StudyResults, method: str) -> Section:
    section = Section(
        f"Images generated by {method}", ["Below each generated image is the nearest training image. Seed 0."]
    )
    _with_picture(section, results, f"made-{method}")
    if results.losses[method]:
        section.figures.append(
            Picture.of_figure(f"losses-{method}", _losses(results.losses[method]), "Training losses")
        )  # fmt: skip
    return section


def _losses(history: list[dict[str, float]]) -> Figure:
    figure = Figure(figsize=(8, 2.8), layout="constrained")
    axes = figure.subplots()
    for name in sorted({name for row in history for name in row}):
        points = [(epoch, row[name]) for epoch, row in enumerate(history, start=1) if name in row]
        axes.plot(*zip(*points, strict=True), label=name)
    axes.set(xlabel="epoch", ylabel="loss")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    return figure


def _histories(results: StudyResults, network: str, methods: Sequence[str]) -> Figure:
    figure = Figure(figsize=(10, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    for index, method in enumerate(methods):
        for one in results.of(method, network)[:1]:
            colour = _COLOURS[index % len(_COLOURS)]
            rounds = range(1, len(one.history) + 1)
            left.plot(rounds, [row["loss"] for row in one.history], color=colour, label=method)
            right.plot(rounds, [row["macro_f1"] for row in one.history], color=colour)
    left.set(xlabel="round", ylabel="training loss")
    right.set(xlabel="round", ylabel="validation macro-F1")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    left.legend(fontsize=7)
    return figure


def _f1_figure(results: StudyResults, network: str, methods: Sequence[str]) -> Figure:
    classes = results.classes
    figure = Figure(figsize=(10, 3), layout="constrained")
    axes = figure.subplots()
    for index, method in enumerate(methods):
        colour = _COLOURS[index % len(_COLOURS)]
        axes.plot(range(len(classes)), results.f1(method, network), "o-", ms=4, color=colour, label=method)
    counts = results.data["train"]
    axes.set_xticks(
        range(len(classes)), [f"{name}\n{count:,}" for name, count in zip(classes, counts, strict=True)], fontsize=8
    )
    axes.set(ylabel="F1", xlabel="class, and its real training images")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1))
    return figure


def _confusions(results: StudyResults, network: str, methods: Sequence[str]) -> Figure:
    classes = results.classes
    columns = min(3, len(methods))
    rows = -(-len(methods) // columns)
    side = 1.2 + 0.27 * len(classes)
    figure = Figure(figsize=(side * columns, side * rows), layout="constrained")
    panels: list[Axes] = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes, method in zip(panels, methods, strict=False):
        table = np.array(results.confusion(method, network), float)
        table /= np.maximum(table.sum(1, keepdims=True), 1)
        axes.imshow(table, cmap="Blues", vmin=0, vmax=1)
        for (y, x), share in np.ndenumerate(table):
            if share >= 0.005:
                ink = "white" if share > 0.5 else "black"
                axes.text(x, y, f"{100 * share:.0f}", ha="center", va="center", fontsize=6, color=ink)
        axes.set_xticks(range(len(classes)), classes, rotation=90, fontsize=6)
        axes.set_yticks(range(len(classes)), classes, fontsize=6)
        axes.set_title(method, fontsize=8)
    for axes in panels[len(methods) :]:
        axes.set_axis_off()
    return figure
