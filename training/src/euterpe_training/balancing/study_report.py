"""The report on the study: tables and the thesis' figures 5.1 to 5.12, for every method and network."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from euterpe_training.balancing.data_section import data_section
from euterpe_training.balancing.study import Study
from euterpe_training.balancing.study_images import quality_section, synthetic_section
from euterpe_training.balancing.treatments import UNBALANCED
from euterpe_training.reports.html import Picture, Section, Table
from euterpe_training.reports.pages import write_pages
from euterpe_training.reports.scores import Interval, difference, signed

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


def study_report(study: Study) -> Path:
    """Write HTML, README.md and PNGs into the study's directory; return the path of the HTML file."""
    methods = list(study.treatments)
    sections = [data_section(study.task.train, study.task.test), _summary(study, methods)]
    sections += [_network_section(study, network, methods) for network in study.options.networks]
    generative = [one for one in study.treatments.values() if one.method is not None and one.synthetic]
    if generative:
        sections += [quality_section(study), *(synthetic_section(study, one) for one in generative)]
    unit = "pieces" if study.options.pieces else "images"
    compared = (
        f"{len(methods)} treatments of imbalance, {len(study.options.networks)} network(s) trained from scratch, "
        f"{_seeds(study)} seed(s). Evaluated on real {unit} that were not used to train the generative methods."
    )
    validated = "Validation images are real: a fifth of the training images, held out before balancing."
    skipped = [f"Skipped {method}: {reason}." for method, reason in study.skipped.items()]
    introduction = [compared, validated, _training_sentence(study), *skipped]
    return write_pages(study.directory, f"Balancing {study.task.train.name}", introduction, sections)


def _seeds(study: Study) -> int:
    return max(len(study.values(method, network)) for method in study.treatments for network in study.options.networks)


def _training_sentence(study: Study) -> str:
    chosen = study.options.fit
    steps = f"{chosen.steps_per_round} steps" if chosen.steps_per_round else "one pass over the set"
    ends = (
        f"the learning rate rises to {chosen.learning_rate} and falls to zero over {chosen.epochs} rounds"
        if chosen.anneal
        else f"training ends after {chosen.epochs} rounds, or {chosen.patience} rounds without a better macro-F1 on "
        f"validation images; the learning rate is {chosen.learning_rate}"
    )
    return (
        f"A round is {steps} with batches of {chosen.batch_size} images; {ends}. "
        f"Classes are filled up to {study.options.ratio:g} of the largest."
        + (f" Training images are shifted at random by up to {chosen.shift} pixels." if chosen.shift else "")
        + (" Half of them are mirrored, and predictions are averaged over both orientations." if chosen.mirror else "")
        + (f" Weight decay: {chosen.weight_decay}." if chosen.weight_decay else "")
        + (f" Precision of products in training: {chosen.precision}." if chosen.precision != "float32" else "")
    )


def _summary(study: Study, methods: Sequence[str]) -> Section:
    section = Section(
        "Macro-F1 on real test images", ["Mean over seeds with its 95 % confidence interval (Student's t)."]
    )
    rows = [
        [method, *(str(Interval.of(study.values(method, network))) for network in study.options.networks)]
        for method in methods
    ]
    section.tables.append(Table(["method", *study.options.networks], rows))
    section.figures.append(
        Picture.of_figure("macro-f1", _bars(study, methods), "Macro-F1 per network and method, with intervals")
    )
    return section


def _bars(study: Study, methods: Sequence[str]) -> Figure:
    networks = study.options.networks
    figure = Figure(figsize=(max(6, 0.45 * len(networks) * len(methods) + 3), 3.6), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(methods)
    lowest = 1.0
    for index, method in enumerate(methods):
        intervals = [Interval.of(study.values(method, network)) for network in networks]
        means = [one.mean for one in intervals]
        errors = [0.0 if np.isinf(one.high) else one.high - one.mean for one in intervals]
        places = np.arange(len(networks)) + (index - (len(methods) - 1) / 2) * width
        colour = _COLOURS[index % len(_COLOURS)]
        axes.bar(places, means, 0.9 * width, yerr=errors, capsize=2, color=colour, label=method)
        lowest = min(lowest, *(mean - error for mean, error in zip(means, errors, strict=True)))
    axes.set_xticks(range(len(networks)), networks)
    axes.set(ylabel="macro-F1", ylim=(max(0, lowest - 0.05), 1))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
    return figure


def _network_section(study: Study, network: str, methods: Sequence[str]) -> Section:
    section = Section(network)
    head = ["method", "accuracy", "macro-F1", "difference from unbalanced", "validation macro-F1", "rounds"]
    rows = [[method, *_row(study, network, method)] for method in methods]
    section.tables.append(Table(head, rows))
    classes = study.task.train.classes
    per_class = [[method, *(f"{value:.3f}" for value in study.f1(method, network))] for method in methods]
    section.tables.append(Table(["F1 of class", *classes], per_class))
    section.figures.append(
        Picture.of_figure(
            f"{network}-rounds", _histories(study, network, methods), "Loss and validation macro-F1, seed 0"
        )
    )
    section.figures.append(
        Picture.of_figure(f"{network}-f1", _f1_figure(study, network, methods), "F1 of each class, mean over seeds")
    )
    section.figures.append(
        Picture.of_figure(
            f"{network}-confusion",
            _confusions(study, network, methods),
            "Confusion matrices: rows are true classes, columns predictions, in shares",
        )
    )
    return section


def _row(study: Study, network: str, method: str) -> list[str]:
    scores, plain = study.values(method, network), study.values(UNBALANCED, network)
    against = "" if method == UNBALANCED or len(plain) != len(scores) else signed(difference(scores, plain))
    rounds = [
        len(one.history) for one in study.outcomes if (one.method, one.network) == (method, network)
    ]  # fmt: skip
    validation = Interval.of(study.values(method, network, "validation_macro_f1"))
    accuracy = Interval.of(study.values(method, network, "accuracy"))
    return [str(accuracy), str(Interval.of(scores)), against, str(validation), f"{np.mean(rounds):.1f}"]


def _histories(study: Study, network: str, methods: Sequence[str]) -> Figure:
    figure = Figure(figsize=(10, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    for index, method in enumerate(methods):
        found = [one for one in study.outcomes if (one.method, one.network, one.seed) == (method, network, 0)]
        for one in found:
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


def _f1_figure(study: Study, network: str, methods: Sequence[str]) -> Figure:
    classes = study.task.train.classes
    figure = Figure(figsize=(10, 3), layout="constrained")
    axes = figure.subplots()
    for index, method in enumerate(methods):
        colour = _COLOURS[index % len(_COLOURS)]
        axes.plot(range(len(classes)), study.f1(method, network), "o-", ms=4, color=colour, label=method)
    counts = study.task.train.counts
    axes.set_xticks(
        range(len(classes)), [f"{name}\n{count:,}" for name, count in zip(classes, counts, strict=True)], fontsize=8
    )
    axes.set(ylabel="F1", xlabel="class, and its real training images")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1))
    return figure


def _confusions(study: Study, network: str, methods: Sequence[str]) -> Figure:
    classes = study.task.train.classes
    columns = min(3, len(methods))
    rows = -(-len(methods) // columns)
    side = 1.2 + 0.27 * len(classes)
    figure = Figure(figsize=(side * columns, side * rows), layout="constrained")
    panels: list[Axes] = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes, method in zip(panels, methods, strict=False):
        table = np.array(study.confusion(method, network), float)
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
