"""Pictures of melody networks: curves, and piano rolls of two parts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from euterpe_music.tokens import QuantizedTrack
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from euterpe_training.melody.sampling import Composed

mpl.use("Agg")


def draw_curves(metrics: dict[str, Any], path: Path) -> None:
    """Loss and accuracy per epoch of each part, training and held out; `metrics` as in a melody bundle's manifest."""
    parts = {name: rows["history"] for name, rows in metrics.items() if "history" in rows}
    figure = Figure(figsize=(9, 2.6 * len(parts)), layout="constrained")
    panels = figure.subplots(len(parts), 2, squeeze=False)
    for row, (name, history) in zip(panels, parts.items(), strict=True):
        epochs = [at + 1 for at in range(len(history))]
        for axes, key, label in ((row[0], "loss", "loss in nats"), (row[1], "accuracy", "accuracy")):
            axes.plot(epochs, [each[f"train_{key}"] for each in history], label="training, with dropout")
            axes.plot(epochs, [each[key] for each in history], label="validation")
            axes.set(xlabel="epoch", ylabel=label, title=name)
            axes.grid(alpha=0.3)
            axes.legend(fontsize=8)
    figure.savefig(path, dpi=80)


def draw_rolls(titled: Sequence[tuple[str, Composed]], path: Path) -> None:
    """Pieces one under the other: the melody dark, the accompaniment light, a line per four quarters."""
    figure = Figure(figsize=(11, 2.1 * len(titled)), layout="constrained")
    for axes, (title, composed) in zip(figure.subplots(len(titled), 1, squeeze=False)[:, 0], titled, strict=True):
        if composed.accompaniment is not None:
            _boxes(axes, composed.accompaniment, "#9ecae1")
        _boxes(axes, composed.melody, "#08306b")
        axes.set_xlim(0, composed.melody.end / composed.melody.steps_per_quarter)
        axes.set_ylim(40, 92)
        axes.set_xticks(range(0, int(composed.melody.end / composed.melody.steps_per_quarter) + 1, 4))
        axes.grid(alpha=0.25)
        axes.set_ylabel("MIDI pitch")
        axes.set_title(title, fontsize=9, loc="left")
    axes.set_xlabel("quarters")
    figure.savefig(path, dpi=75)


def _boxes(axes: Axes, slices: QuantizedTrack, colour: str) -> None:
    per = slices.steps_per_quarter
    for onset, length, pitches in zip(slices.onsets, slices.lengths, slices.pitches, strict=True):
        for pitch in pitches:
            axes.broken_barh([(onset / per, length / per * 0.96)], (pitch - 0.4, 0.8), color=colour)
