"""Pictures for model cards: loss curves and piano rolls."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from euterpe_music.pianoroll import piano_roll
from euterpe_music.piece import Piece
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

mpl.use("Agg")


def draw_curves(history: list[dict[str, Any]], path: Path) -> None:
    """Draw the pretraining loss, and below it the adversarial losses if there are adversarial epochs.

    `history` has one row per epoch, with the keys of the C-RNN-GAN trainer's history.
    """
    adversarial = [row for row in history if row["phase"] == "adversarial"]
    figure = Figure(figsize=(8, 5.5 if adversarial else 3.2), layout="constrained")
    panels = figure.subplots(2 if adversarial else 1, 1, squeeze=False)[:, 0]
    epochs = [row["number"] + 1 for row in history]
    early = [row for row in history if row["phase"] == "pretraining"]
    panels[0].plot([row["number"] + 1 for row in early], [row["g_loss"] for row in early], label="train")
    panels[0].plot(epochs, [row["validation_loss"] for row in history], label="validation")
    _mark_minimum(panels[0], epochs, [row["validation_loss"] for row in history])
    panels[0].set(ylabel="pretraining loss")
    if adversarial:
        epochs = [row["number"] + 1 for row in adversarial]
        for key, label in (("d_loss", "D"), ("adversarial_loss", "G, −log D(G(z))")):
            panels[1].plot(epochs, [row[key] for row in adversarial], label=label)
        panels[1].set(ylabel="adversarial loss")
    panels[-1].set(xlabel="epoch")
    for axes in panels:
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, dpi=80)


def _mark_minimum(axes: Axes, epochs: list[int], losses: list[float]) -> None:
    if not losses:
        return
    best = min(range(len(losses)), key=losses.__getitem__)
    axes.plot(epochs[best], losses[best], "o", color="C3", label=f"minimum {losses[best]:.3f}")


def draw_piano_rolls(titled: list[tuple[str, Piece]], path: Path) -> None:
    """Draw pieces one below the other; darker notes are louder."""
    figure = Figure(figsize=(10, 2.2 * len(titled)), layout="constrained")
    for axes, (title, piece) in zip(figure.subplots(len(titled), 1, squeeze=False)[:, 0], titled, strict=True):
        roll = piano_roll(piece)
        boxes = [
            Rectangle((start, pitch - 0.45), end - start, 0.9)
            for start, end, pitch in zip(roll.start, roll.end, roll.pitch.astype(int), strict=True)
        ]
        notes = PatchCollection(boxes, cmap="viridis_r", linewidths=0)
        notes.set_array(roll.velocity.astype(float))
        notes.set_clim(0, 127)
        axes.add_collection(notes)
        axes.set(ylim=(20, 109), ylabel="MIDI pitch")
        axes.set_xlim(0, max(piece.duration_seconds, 1))
        axes.set_title(title, fontsize=9, loc="left")
        axes.grid(alpha=0.25)
    axes.set_xlabel("seconds")
    figure.savefig(path, dpi=75)
