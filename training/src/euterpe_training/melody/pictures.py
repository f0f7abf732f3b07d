"""Pictures of melody networks: loss curves, and piano rolls of two parts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from euterpe_music.tokens import QuantizedTrack
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from euterpe_training.melody.sampling import TwoPartPiece

mpl.use("Agg")


def draw_curves(metrics: dict[str, Any], path: Path) -> None:
    """Draw training and validation loss and accuracy per epoch of each part; `metrics` are those of the manifest."""
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


def draw_rolls(titled: Sequence[tuple[str, TwoPartPiece]], path: Path) -> None:
    """Draw pieces one below the other: dark melody, light accompaniment, a grid line per four quarters."""
    figure = Figure(figsize=(11, 2.1 * len(titled)), layout="constrained")
    for axes, (title, piece) in zip(figure.subplots(len(titled), 1, squeeze=False)[:, 0], titled, strict=True):
        if piece.accompaniment is not None:
            _boxes(axes, piece.accompaniment, "#9ecae1")
        _boxes(axes, piece.melody, "#08306b")
        quarters = piece.melody.end / piece.melody.steps_per_quarter
        axes.set_xlim(0, quarters)
        axes.set_ylim(40, 92)
        axes.set_xticks(range(0, int(quarters) + 1, 4))
        axes.grid(alpha=0.25)
        axes.set_ylabel("MIDI pitch")
        axes.set_title(title, fontsize=9, loc="left")
    axes.set_xlabel("quarters")
    figure.savefig(path, dpi=75)


def _boxes(axes: Axes, track: QuantizedTrack, colour: str) -> None:
    per = track.steps_per_quarter
    for onset, length, pitches in zip(track.onsets, track.lengths, track.pitches, strict=True):
        for pitch in pitches:
            axes.broken_barh([(onset / per, length / per * 0.96)], (pitch - 0.4, 0.8), color=colour)
