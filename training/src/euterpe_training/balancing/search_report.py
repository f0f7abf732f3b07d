"""The report on a search: trials and best settings, as in tables 4.3 to 4.6 of the thesis (references.md §3)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean
from typing import Any, Final

import optuna
from matplotlib.figure import Figure

from euterpe_training.balancing.config import BAGAN_RECIPES, DEEPSMOTE_RECIPES, BaganConfig, DeepSmoteConfig
from euterpe_training.reports.html import Picture, Section, Table
from euterpe_training.reports.pages import write_pages

#: Loss and minutes of the thesis' runs (NVIDIA A40 and T4) with the settings of these recipes.
_THESIS: Final[Mapping[str, tuple[Mapping[str, Any], Mapping[str, tuple[str, str]]]]] = {
    "deepsmote": (
        DEEPSMOTE_RECIPES,
        {"mnist": ("0.0244", "27"), "fashion": ("0.0456", "45"), "cifar10": ("0.0873", "116")},
    ),
    "bagan-gp": (BAGAN_RECIPES, {"mnist": ("–", "32"), "fashion": ("–", "33"), "cifar10": ("–", "36")}),
}
_SETTINGS: Final = ("epochs", "learning_rate", "batch_size", "latent_size", "hidden_size")
_SCORES: Final = {
    "deepsmote": "The score is the squared error of reconstructed held-out images, with pixels in −1..1.",
    "bagan-gp": "The score is the kernel distance (MMD²) between synthetic and held-out images, scaled to 7×7 pixels.",
}


def write_search(
    directory: Path, images: str, config: DeepSmoteConfig | BaganConfig, grid: Mapping[str, Sequence[str]],
    study: optuna.Study, trials: Table,
) -> Path:  # fmt: skip
    """Write HTML, README.md and PNG into `directory`; return the path of the HTML file."""
    kind = "bagan-gp" if isinstance(config, BaganConfig) else "deepsmote"
    tried = Section(
        "Values tried", [_SCORES[kind] + " Lower is better.", _around(config, grid)], [_values(study, grid)]
    )
    tried.figures.append(Picture.of_figure("scores", _figure(study, grid), "Score by the value of each setting"))
    best = Section("Best settings", ["Below: the thesis' best settings for its sets, with loss and minutes."])
    best.tables.append(_best(kind, images, config, study))
    sections = [tried, best, Section("Trials", tables=[trials])]
    return write_pages(directory, f"Search for settings of {kind}: {images}", [_introduction(study)], sections)


def _introduction(study: optuna.Study) -> str:
    done = [trial for trial in study.trials if trial.value is not None]
    return f"{len(done)} trials; the best has {study.best_value:.4f}: {study.best_params}."


def _around(config: DeepSmoteConfig | BaganConfig, grid: Mapping[str, Sequence[str]]) -> str:
    rest = {name: value for name, value in asdict(config).items() if name in _SETTINGS and name not in grid}
    return (
        "Constant in all trials: " + (", ".join(f"{name} {value}" for name, value in rest.items()) or "nothing") + "."
    )


def _values(study: optuna.Study, grid: Mapping[str, Sequence[str]]) -> Table:
    """Return, for each value of each setting, the number of its trials and their best and mean score."""
    rows = []
    for name, values in grid.items():
        for value in values:
            scores = [one.value for one in study.trials if one.value is not None and one.params.get(name) == value]
            cells = [f"{min(scores):.4f}", f"{mean(scores):.4f}"] if scores else ["–", "–"]
            rows.append([name, value, str(len(scores)), *cells])
    return Table(["setting", "value", "trials", "best", "mean"], rows)


def _best(kind: str, images: str, config: DeepSmoteConfig | BaganConfig, study: optuna.Study) -> Table:
    found = {**asdict(config), **study.best_params}
    duration = study.best_trial.duration
    minutes = f"{duration.total_seconds() / 60:.1f}" if duration else "–"
    rows = [[images, *(str(found[name]) for name in _SETTINGS), f"{study.best_value:.4f}", minutes]]
    recipes, results = _THESIS[kind]
    for name, (loss, took) in results.items():
        rows.append([f"{name}, thesis", *(str(getattr(recipes[name], one)) for one in _SETTINGS), loss, took])
    return Table(["data set", *(name.replace("_", " ") for name in _SETTINGS), "score or loss", "minutes"], rows)


def _figure(study: optuna.Study, grid: Mapping[str, Sequence[str]]) -> Figure:
    figure = Figure(figsize=(3 * len(grid), 3), layout="constrained")
    done = [trial for trial in study.trials if trial.value is not None]
    for axes, (name, values) in zip(figure.subplots(1, len(grid), squeeze=False)[0], grid.items(), strict=True):
        places = [list(values).index(trial.params[name]) for trial in done]
        axes.plot(places, [trial.value for trial in done], "o", alpha=0.6)
        axes.set_xticks(range(len(values)), values)
        axes.set(xlabel=name)
        axes.grid(alpha=0.3)
    return figure
