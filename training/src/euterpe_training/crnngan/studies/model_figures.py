"""The thesis' figures: loss curves of all models and of each, epoch times, confusion matrices, statistics."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from euterpe_training.crnngan.studies.adversarial import MUSIC, Confusion
from euterpe_training.crnngan.studies.model_study import Outcome, Row

mpl.use("Agg")

#: Epochs of the enlarged curves, as in the thesis.
ENLARGED: Final = 25
_PARTS: Final = {"train": "-", "validation": "--", "test": ":"}

#: The value of a row's curve for a part; None where there is none.
Curve = Callable[[Row, str], float | None]


def g_curve(row: Row, part: str) -> float | None:
    """Return G's loss in adversarial training; None in pretraining."""
    if row.epoch.phase == "pretraining":
        return None
    # The distance of feature matching, or −log D(G(z)).
    return row.epoch.g_loss if part == "train" else float(getattr(row, part).g_loss)


def d_curve(row: Row, part: str) -> float | None:
    """Return D's loss in adversarial training; None in pretraining."""
    if row.epoch.phase == "pretraining":
        return None
    return row.epoch.d_loss if part == "train" else float(getattr(row, part).d_loss)


def error_curve(row: Row, part: str) -> float | None:
    """Return the squared error of G's next event; for training songs only in pretraining, where it is the loss."""
    if part == "train":
        return row.epoch.g_loss if row.epoch.phase == "pretraining" else None
    return float(getattr(row, part).pretraining_loss)


CURVES: Final[dict[str, tuple[str, Curve]]] = {
    "d-loss": ("loss of D", d_curve), "g-loss": ("adversarial loss of G", g_curve),
    "squared-error": ("squared error of the next event", error_curve),
}  # fmt: skip


def together(outcomes: Sequence[Outcome], label: str, curve: Curve, last: int = 0) -> Figure:
    """Draw one curve of all models, with a panel per part; only the first `last` epochs if given."""
    figure = Figure(figsize=(12, 3.4), layout="constrained")
    for axes, part in zip(figure.subplots(1, 3), _PARTS, strict=True):
        for number, outcome in enumerate(outcomes):
            epochs, values = _points(outcome, curve, part, last)
            axes.plot(epochs, values, color=f"C{number}", linewidth=1.1, label=outcome.config.recipe)
        _finish(axes, label, part)
        axes.legend(fontsize=7)
    return figure


def apart(outcomes: Sequence[Outcome], label: str, curve: Curve) -> Figure:
    """Draw one panel per model, with the minimum of its validation curve marked."""
    rows = -(-len(outcomes) // 3)
    figure = Figure(figsize=(12, 2.9 * rows), layout="constrained")
    panels = figure.subplots(rows, 3, squeeze=False).ravel()
    for number, (axes, outcome) in enumerate(zip(panels, outcomes, strict=False)):
        for part, style in _PARTS.items():
            axes.plot(*_points(outcome, curve, part), style, color=f"C{number}", linewidth=1.1, label=part)
        epochs, values = _points(outcome, curve, "validation")
        if values:
            at = int(np.argmin(values))
            note = f"minimum {values[at]:.4g} in epoch {epochs[at]}"
            axes.plot(epochs[at], values[at], "o", color="black", markersize=4, label=note)
        _finish(axes, label, outcome.config.recipe)
        axes.legend(fontsize=7)
    for axes in panels[len(outcomes) :]:
        axes.set_axis_off()
    return figure


def epoch_times(outcomes: Sequence[Outcome]) -> Figure:
    """Draw the seconds of every epoch."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    axes = figure.subplots()
    for outcome in outcomes:
        epochs = [row.epoch.number + 1 for row in outcome.rows]
        axes.plot(epochs, [row.epoch.seconds for row in outcome.rows], ".-", linewidth=1, label=outcome.config.recipe)
    axes.set(xlabel="epoch", ylabel="seconds", yscale="log")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1))
    return figure


def heat_maps(outcomes: Sequence[Outcome], decisions: dict[str, Confusion], unit: str) -> Figure:
    """Draw a confusion matrix per model."""
    shown = [outcome.config.recipe for outcome in outcomes if outcome.config.recipe in decisions]
    figure = Figure(figsize=(2.5 * max(len(shown), 1), 2.7), layout="constrained")
    for axes, name in zip(figure.subplots(1, max(len(shown), 1), squeeze=False)[0], shown, strict=False):
        found = decisions[name]
        table = np.array([[found.true_positive, found.false_negative], [found.false_positive, found.true_negative]])
        axes.imshow(table / np.maximum(table.sum(1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
        for (y, x), count in np.ndenumerate(table):
            ink = "white" if count > 0.5 * table[y].sum() else "black"
            axes.text(x, y, f"{count:,}", ha="center", va="center", fontsize=8, color=ink)
        axes.set_xticks((0, 1), ("classified\ngenerated", "classified\nreal"), fontsize=7)
        axes.set_yticks((0, 1), ("generated", "real"), fontsize=7, rotation=90, va="center")
        axes.set_title(f"{name}, {unit}", fontsize=8)
    return figure


def music_curves(outcomes: Sequence[Outcome]) -> Figure:
    """Draw every statistic per epoch of all models; dashed: real test music of the first model's corpus."""
    names: list[Any] = ["silent", "distinct", *MUSIC]
    figure = Figure(figsize=(12, 2.2 * -(-len(names) // 3)), layout="constrained")
    panels = figure.subplots(-(-len(names) // 3), 3).ravel()
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    for axes, name in zip(panels, names, strict=False):
        for number, outcome in enumerate(outcomes):
            epochs = [row.epoch.number + 1 for row in outcome.rows]
            values = [row.test.music[name] for row in outcome.rows]
            axes.plot(epochs, values, color=f"C{number}", linewidth=1, label=outcome.config.recipe)
        axes.axhline(outcomes[0].real[name], color="black", linestyle="--", linewidth=1)
        axes.set_title(name.replace("_", " "), fontsize=9)
        axes.grid(alpha=0.3)
        if name in ("longest_run", "tone_span", "notes_per_quarter"):
            axes.set_yscale("symlog")
        axes.set_ylim(bottom=0)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=7, fontsize=8)
    return figure


def _points(outcome: Outcome, curve: Curve, part: str, last: int = 0) -> tuple[list[int], list[float]]:
    begun = [row for row in outcome.rows if curve(row, part) is not None]
    kept = begun[:last] if last else begun
    return [row.epoch.number + 1 for row in kept], [float(curve(row, part) or 0.0) for row in kept]


def _finish(axes: Axes, label: str, title: str) -> None:
    axes.set(xlabel="epoch", ylabel=label)
    axes.set_title(title, fontsize=9)
    low, high = axes.get_ylim()
    if high > 20 * max(low, 1):
        axes.set_yscale("log" if low > 0 else "symlog")
    axes.grid(alpha=0.3)
