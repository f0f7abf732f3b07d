"""Tables and curves of the study."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

mpl.use("Agg")


@dataclass(frozen=True)
class Result:
    """One trained network of a study. Scores are of the best epoch; losses in nats per token, streams summed."""

    corpus: str
    group: str
    name: str
    part: str
    parameters: int
    epochs: int
    seconds_per_epoch: float
    tokens_per_second: float
    train_loss: float
    train_accuracy: tuple[float, ...]
    test_loss: float
    test_accuracy: tuple[float, ...]
    curve: tuple[tuple[float, float], ...]


def study_report(results: Sequence[Result], scales: dict[str, dict[str, Any]]) -> str:
    """README.md of a study; `scales` says how each corpus was studied."""
    lines = [
        "# Melody networks: the thesis' runs, with held-out figures",
        "",
        "Made by `euterpe-train study melody`, each corpus at its own scale. Where that is less than the thesis'",
        "(1 × its units, 50 epochs), compare the rows with each other, not with its numbers.",
        "",
        "Losses are in nats per token, both heads of Model 2 summed; accuracies of Model 2 are of pitch / duration.",
        "Training figures are of the best epoch, with dropout, as frameworks print them; held-out ones of the test",
        "songs, without dropout. A token of Model 1 is a sixteenth, one of Model 2 a note: their losses do not",
        "compare. Times are of a machine that others used, too.",
        "",
    ]
    for corpus, scale in scales.items():
        rows = [row for row in results if row.corpus == corpus]
        lines += [f"## {corpus}", "", *_scale(scale, rows), "", f"![Curves](curves-{corpus}.png)", ""]
        for group in dict.fromkeys(row.group for row in rows):
            lines += [f"### {group}", "", *_table([row for row in rows if row.group == group]), ""]
    return "\n".join(lines)


def _scale(scale: dict[str, Any], rows: Sequence[Result]) -> list[str]:
    songs = f"{scale['songs']} songs, evenly spread" if scale["songs"] else "all songs"
    minutes = sum(row.epochs * row.seconds_per_epoch for row in rows) / 60
    return [
        f"{scale['units']:g} × the thesis' units, at most {scale['epochs']} epochs, stopped early, {songs}, batches of",
        f"{scale['batch']}, learning rate {scale['rate']:g}, seed {scale['seed']}; {minutes:.0f} minutes of training.",
    ]


def _table(rows: Sequence[Result]) -> list[str]:
    head = ("run", "part", "parameters", "epochs", "s / epoch", "tokens / s", "training loss", "training accuracy",
            "held-out loss", "held-out accuracy")  # fmt: skip
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for row in rows:
        cells = (
            row.name, row.part, f"{row.parameters:,}", row.epochs, f"{row.seconds_per_epoch:.1f}",
            f"{row.tokens_per_second:,.0f}", f"{row.train_loss:.3f}", _shares(row.train_accuracy),
            f"{row.test_loss:.3f}", _shares(row.test_accuracy),
        )  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def _shares(accuracy: tuple[float, ...]) -> str:
    return " / ".join(f"{each:.3f}" for each in accuracy)


def draw_study(rows: Sequence[Result], path: Path) -> None:
    """Loss per epoch of every run: training dashed, validation drawn through."""
    groups = list(dict.fromkeys((row.group, row.part) for row in rows))
    figure = Figure(figsize=(11, 2.7 * (len(groups) + 1) // 2), layout="constrained")
    panels = figure.subplots((len(groups) + 1) // 2, 2, squeeze=False).ravel()
    for axes, (group, part) in zip(panels, groups, strict=False):
        for number, row in enumerate(each for each in rows if (each.group, each.part) == (group, part)):
            epochs = range(1, len(row.curve) + 1)
            axes.plot(epochs, [loss for loss, _ in row.curve], "--", color=f"C{number}", linewidth=1)
            axes.plot(epochs, [loss for _, loss in row.curve], color=f"C{number}", label=row.name)
        axes.set(title=f"{group}, {part}", xlabel="epoch", ylabel="loss in nats")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=6)
    figure.savefig(path, dpi=75)
