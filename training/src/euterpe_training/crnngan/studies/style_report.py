"""The study of filled-up styles for readers."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from euterpe_training.crnngan.studies.style_study import StyleFigures, StyleRun, StyleStudy
from euterpe_training.reports.html import Picture, Section, Table
from euterpe_training.reports.pages import write_pages
from euterpe_training.reports.scores import Interval, difference, signed

TITLE: Final = "Filling up styles for the style-conditioned network"
#: A style with no more songs than this to train on is called rare.
RARE: Final = 16

#: What a run says of a style.
Figures = Callable[[StyleFigures], float | None]
_MEASURES: Final[dict[str, Figures]] = {
    "nats per held-out event": lambda found: found.loss,
    "what asking for the style is worth, in nats": lambda found: found.plain_loss - found.loss,
    "overlap with held-out windows": lambda found: found.overlap,
    "recognised": lambda found: found.recognised,
}


def write_styles(study: StyleStudy) -> Path:
    """HTML, README.md and PNGs into the study's directory; the path of the HTML."""
    styles = sorted(study.runs[0].styles, key=lambda style: -study.songs[style][0])
    section = Section("Held-out songs of each style", [_HOW])
    section.tables.append(_per_style(study, styles))
    section.figures.append(
        Picture.of_figure("losses", _losses(study, styles), "What filling up changes for held-out songs, by style")
    )
    return write_pages(study.directory, TITLE, _introduction(study), [_groups(study, styles), section])


_HOW: Final = (
    "Nats per event of held-out songs (validation and test), with their style asked for: lower is better. Overlap is "
    "that of eight features (Yang & Lerch) between composed pieces and held-out windows. Recognised: the share of "
    "composed pieces that the released classifier puts into the right class; of real windows in the column before. Few "
    "songs make few different windows: the overlap and the real share of rare styles are of two to a dozen songs. The "
    "classifier's own training saw some of the songs that are held out here."
)


def _introduction(study: StyleStudy) -> list[str]:
    scale = study.scale
    ratios = ", ".join(f"{ratio:g}" for ratio in scale.ratios)
    made = (
        f"Made by `euterpe-train study styles`: recipe {scale.recipe}, {scale.epochs} epochs, {scale.seeds} seed(s), "
        f"style_ratio {ratios}; {scale.pieces} pieces of {scale.length} events in each style."
    )
    meaning = (
        "With a ratio of 0 songs are played as often as the corpus has them, with 1 all styles equally often. "
        "Intervals are of 95 % over seeds, after Student; differences are between runs of the same seed."
    )
    return [made, meaning]


def _groups(study: StyleStudy, styles: Sequence[str]) -> Section:
    rare = [style for style in styles if study.songs[style][0] <= RARE]
    groups = {
        f"rare: up to {RARE} songs ({len(rare)} styles)": rare,
        "the others": [s for s in styles if s not in rare],
    }
    section = Section("Rare styles and the others", [f"Rare are {', '.join(rare) or 'none'}."])
    for name, members in groups.items():
        if members:
            rows = [[measure, *_compared(study, members, of)] for measure, of in _MEASURES.items()]
            heads = [f"{ratio:g}" for ratio in study.scale.ratios]
            others = [f"{ratio:g} against {study.scale.ratios[0]:g}" for ratio in study.scale.ratios[1:]]
            section.tables.append(Table([name, *heads, *others], rows))
    scores = ((ratio, [run.macro_f1 for run in _runs(study, ratio)]) for ratio in study.scale.ratios)
    said = ", ".join(f"{Interval.of(values)} at {ratio:g}" for ratio, values in scores)
    section.text.append(
        f"Macro-F1 of the classifier over all classes asked for: {said}; on real held-out windows "
        f"{study.real_macro_f1:.3f}."
    )
    return section


def _compared(study: StyleStudy, styles: Sequence[str], of: Figures) -> list[str]:
    """Means over styles with intervals over seeds, per ratio; then differences from the first ratio."""
    means = [[_mean(run, styles, of) for run in _runs(study, ratio)] for ratio in study.scale.ratios]
    differences = [difference(values, means[0]) for values in means[1:]]
    return [*(str(Interval.of(values)) for values in means), *(signed(one) for one in differences)]


def _mean(run: StyleRun, styles: Sequence[str], of: Figures) -> float:
    values = [value for style in styles if (value := of(run.styles[style])) is not None]
    return float(np.mean(values)) if values else float("nan")


def _runs(study: StyleStudy, ratio: float) -> list[StyleRun]:
    return sorted((run for run in study.runs if run.ratio == ratio), key=lambda run: run.seed)


def _per_style(study: StyleStudy, styles: Sequence[str]) -> Table:
    ratios = study.scale.ratios
    head = ["style", "songs", "held out", *(f"nats, {ratio:g}" for ratio in ratios)]
    head += [
        *(f"overlap, {ratio:g}" for ratio in ratios),
        "real recognised",
        *(f"recognised, {ratio:g}" for ratio in ratios),
    ]
    rows = []
    for style in styles:
        songs, held_out = study.songs[style]
        row = [style, str(songs), str(held_out)]
        row += [f"{_over_seeds(study, ratio, style, lambda found: found.loss):.3f}" for ratio in ratios]
        row += [f"{_over_seeds(study, ratio, style, lambda found: found.overlap):.3f}" for ratio in ratios]
        real = study.real[style]
        row.append("–" if real is None else f"{real:.2f}")
        row += [
            "–" if real is None else f"{_over_seeds(study, ratio, style, lambda found: found.recognised):.2f}"
            for ratio in ratios
        ]
        rows.append(row)
    return Table(head, rows)


def _over_seeds(study: StyleStudy, ratio: float, style: str, of: Figures) -> float:
    return float(np.mean([of(run.styles[style]) for run in _runs(study, ratio)]))


def _losses(study: StyleStudy, styles: Sequence[str]) -> Figure:
    figure = Figure(figsize=(10, 3.4), layout="constrained")
    axes = figure.subplots()
    plain = [_over_seeds(study, study.scale.ratios[0], style, lambda found: found.loss) for style in styles]
    for number, ratio in enumerate(study.scale.ratios[1:], start=1):
        found = [_over_seeds(study, ratio, style, lambda found: found.loss) for style in styles]
        axes.plot(np.subtract(found, plain), "o-", ms=4, color=f"C{number}", label=f"style_ratio {ratio:g}")
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks(
        range(len(styles)), [f"{style}\n{study.songs[style][0]}" for style in styles], rotation=60, fontsize=8
    )
    axes.set(ylabel="nats per event more than unfilled")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    return figure
