"""The comparison of C-RNN-GAN's models for readers: HTML with its pictures inside, README.md, PNGs, CSV and JSON."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure

from euterpe_training.crnngan.evaluation.table import COLUMNS, cells
from euterpe_training.crnngan.studies import model_figures as figures
from euterpe_training.crnngan.studies.adversarial import MUSIC, Confusion
from euterpe_training.crnngan.studies.model_study import Outcome, Row, Scale
from euterpe_training.reports.html import Picture, Section, Table
from euterpe_training.reports.pages import write_pages

TITLE: Final = "C-RNN-GAN: the thesis' models"
#: Of the thesis: where the losses were least, precision, recall and F1 of D's decision per tone, first epoch's seconds.
_THESIS: Final = {
    "model6": ("187", "0.605 / 0.601 / 0.603"), "model8": ("123", "0.656 / 0.652 / 0.654"),
    "model10": ("76", "0.793 / 0.733 / 0.762"), "model12": ("≈ 50", "–"), "model10-jazz": ("–", "0.76 / 0.69 / 0.73"),
}  # fmt: skip


def write_study(outcomes: Sequence[Outcome], scale: Scale, out: Path) -> Path:
    """Everything into `out`, in the place of what an earlier call wrote there; the path of the HTML report."""
    outcomes = [outcome for outcome in outcomes if outcome.rows]
    path = write_pages(out, TITLE, introduction(outcomes, scale), _sections(outcomes))
    (out / "results.json").write_text(_json(outcomes, scale), encoding="utf-8")
    _write_csv(outcomes, out / "epochs.csv")
    return path


def introduction(outcomes: Sequence[Outcome], scale: Scale) -> list[str]:
    """What was done, at which scale, and how to read it."""
    songs = f"{scale.songs} songs of each corpus" if scale.songs else "all songs of each corpus"
    reduced = scale.songs or scale.epochs < 500
    lines = [
        f"Made by `euterpe-train study crnngan`: {songs}, {scale.epochs} adversarial epochs after each recipe's own",
        f"pretraining, seed {scale.seed}, {scale.windows} windows examined of validation and of test songs.",
    ]
    if reduced:
        lines.append(
            "This is a reduced scale: the thesis trained on 2,870 songs (390 of jazz) for up to 500 epochs. Compare "
            "the models with each other here, not with the thesis' numbers beside them."
        )
    lines += [f"{one.config.recipe} ended early: {one.ended}." for one in outcomes if one.ended]
    unfinished = [one.config.recipe for one in outcomes if not one.done]
    if unfinished:
        lines.append(f"Not finished yet: {', '.join(unfinished)}; the same command goes on.")
    return lines


def _sections(outcomes: Sequence[Outcome]) -> list[Section]:
    made = [_models(outcomes), _losses(outcomes), _times(outcomes), _decisions(outcomes), _music(outcomes)]
    if any(one.evaluation for one in outcomes):
        made.append(_judged(outcomes))
    for section, drawn in made:
        section.figures += [Picture.of_figure(name, figure, _caption(name)) for name, figure in drawn.items()]
    return [section for section, _ in made]


def _judged(outcomes: Sequence[Outcome]) -> tuple[Section, dict[str, Figure]]:
    text = (
        "What `euterpe-train evaluate` says of each, over five seeds: next to test songs in the model's own "
        "representation, beside other test songs (the ceiling) and two Markov chains of three events."
    )
    rows = [
        [one.config.recipe, music, *cells(row)]
        for one in outcomes
        for music, row in one.evaluation.get("rows", {}).items()
    ]
    return Section(
        "Next to held-out songs", text=[text], tables=[Table(["model", "music", *COLUMNS.values()], rows)]
    ), {}


def _models(outcomes: Sequence[Outcome]) -> tuple[Section, dict[str, Figure]]:
    head = ["model", "corpus", "songs to train", "batches", "weights of G", "weights of D", "pretraining", "epochs"]
    rows = [
        [one.config.recipe, one.corpus, str(one.songs), str(one.batches), f"{one.parameters[0]:,}",
         f"{one.parameters[1]:,}", str(one.config.pretraining_epochs), str(len(one.rows))]
        for one in outcomes
    ]  # fmt: skip
    return Section("Models", tables=[Table(head, rows)]), {}


def _losses(outcomes: Sequence[Outcome]) -> tuple[Section, dict[str, Figure]]:
    text = (
        "Least loss of each curve, with its epoch in brackets; G's is −log D(G(z)), or the distance of D's outputs "
        "with feature matching, and D's both of its terms. A loss of D near 0 with one of G near 100 (where logarithms "
        "are cut off) means that D tells everything apart and G learns nothing any more."
    )
    head = ["model", "D train", "D validation", "D test", "G train", "G validation", "G test", "thesis' minimum"]
    rows = []
    for one in outcomes:
        cells = [
            _least(one, curve, part)
            for curve in (figures.d_curve, figures.g_curve)
            for part in ("train", "validation", "test")
        ]
        rows.append([one.config.recipe, *cells, _THESIS.get(one.config.recipe, ("–", "–"))[0]])
    drawn = {}
    for name, (label, curve) in figures.CURVES.items():
        drawn[name] = figures.together(outcomes, label, curve)
        drawn[f"{name}-enlarged"] = figures.together(outcomes, label, curve, figures.ENLARGED)
        drawn[f"{name}-apart"] = figures.apart(outcomes, label, curve)
    return Section("Losses", [text], [Table(head, rows)]), drawn


def _least(outcome: Outcome, curve: figures.Curve, part: str) -> str:
    values = [(value, row.epoch.number + 1) for row in outcome.rows if (value := curve(row, part)) is not None]
    return "–" if not values else f"{min(values)[0]:.4g} ({min(values)[1]})"


def _times(outcomes: Sequence[Outcome]) -> tuple[Section, dict[str, Figure]]:
    head = ["model", "first of pretraining", "first of the game", "median of the game", "all epochs"]
    rows = []
    for one in outcomes:
        game = [row.epoch.seconds for row in one.rows if row.epoch.phase == "adversarial"]
        every = [row.epoch.seconds for row in one.rows]
        found = [every[0], game[0], float(np.median(game)), sum(every)] if game else [every[0], sum(every)]
        cells = [f"{value:.1f}" for value in found]
        rows.append([one.config.recipe, *(cells if game else [cells[0], "–", "–", cells[1]])])
    text = "Seconds of training, without the examination; the thesis' first epochs took 254 to 345 s, on all songs."
    return Section("Epoch times", [text], [Table(head, rows)]), {"epoch-times": figures.epoch_times(outcomes)}


def _decisions(outcomes: Sequence[Outcome]) -> tuple[Section, dict[str, Figure]]:
    text = (
        "What D calls the tones of test songs and as many generated ones after the last epoch, at one half; positive "
        "is “generated”. D decides once per event, which counts for each of its tones; a piece is judged by its mean. "
        "A D that calls everything one name has a precision of one half or no recall: then G and D did not play."
    )
    head = ["model", "per", "precision", "recall", "F1", "accuracy", "thesis, per tone"]
    rows, tones, pieces = [], {}, {}
    for one in (outcome for outcome in outcomes if outcome.rows[-1].epoch.phase == "adversarial"):
        name, last = one.config.recipe, one.rows[-1].test
        tones[name], pieces[name] = last.tones, last.pieces
        rows.append([name, "tone", *_shares(last.tones), _THESIS.get(name, ("–", "–"))[1]])
        rows.append([name, "piece", *_shares(last.pieces), ""])
    drawn = {
        "confusion-tones": figures.heat_maps(outcomes, tones, "tones"),
        "confusion-pieces": figures.heat_maps(outcomes, pieces, "pieces"),
    }
    return Section("The discriminator's decisions", [text], [Table(head, rows)]), drawn


def _shares(found: Confusion) -> list[str]:
    right = found.true_positive + found.true_negative
    total = right + found.false_positive + found.false_negative
    return [f"{value:.3f}" for value in (found.precision, found.recall, found.f1, right / max(total, 1))]


def _music(outcomes: Sequence[Outcome]) -> tuple[Section, dict[str, Figure]]:
    text = (
        "The reference's statistics, corrected, of pieces of one window after the last epoch, and of real test music; "
        "means over those that have notes. `euterpe-train evaluate` gives overlap areas of exported bundles."
    )
    names = ["silent", *MUSIC]
    rows = []
    for corpus in dict.fromkeys(one.corpus for one in outcomes):
        there = [one for one in outcomes if one.corpus == corpus]
        rows.append([f"real, {corpus}", *(f"{there[0].real[name]:.3g}" for name in names)])
        rows += [[one.config.recipe, *(f"{one.rows[-1].test.music[name]:.3g}" for name in names)] for one in there]
    table = Table(["music", *(name.replace("_", " ") for name in names)], rows)
    return Section("Musical statistics", [text], [table]), {"music": figures.music_curves(outcomes)}


def _caption(name: str) -> str:
    kind, _, view = name.partition("-loss")
    if name.startswith("squared-error"):
        kind, view = "Squared error", name.removeprefix("squared-error")
    elif "-loss" in name:
        kind = f"Loss of {kind.upper()}"
    else:
        return {
            "epoch-times": "Seconds of every epoch", "confusion-tones": "Confusion matrices, per tone",
            "confusion-pieces": "Confusion matrices, per piece", "music": "Statistics per epoch; dashed: real music",
        }[name]  # fmt: skip
    seen = {
        "": "all models",
        "-enlarged": f"first {figures.ENLARGED} epochs",
        "-apart": "apart, validation's minimum marked",
    }
    return f"{kind}: {seen[view]}"


def _json(outcomes: Sequence[Outcome], scale: Scale) -> str:
    content: dict[str, Any] = {"scale": asdict(scale), "models": {}}
    for one in outcomes:
        content["models"][one.config.recipe] = {
            "config": one.config.to_dict(), "corpus": one.corpus, "songs": one.songs, "ended": one.ended,
            "weights_g": one.parameters[0], "weights_d": one.parameters[1], "real_music": one.real,
            "evaluation": one.evaluation, "epochs": [row.to_dict() for row in one.rows],
        }  # fmt: skip
    return json.dumps(content, indent=1) + "\n"


def _write_csv(outcomes: Sequence[Outcome], path: Path) -> None:
    """A line per model and epoch."""
    rows = [{"model": one.config.recipe, **_flat(row)} for one in outcomes for row in one.rows]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["model"])
        writer.writeheader()
        writer.writerows(rows)


def _flat(row: Row) -> dict[str, Any]:
    flat: dict[str, Any] = {
        "epoch": row.epoch.number + 1, "phase": row.epoch.phase, "seconds": round(row.epoch.seconds, 3),
        "train_g_loss": row.epoch.g_loss, "train_d_loss": row.epoch.d_loss,
        "frozen_g": row.epoch.frozen_g, "frozen_d": row.epoch.frozen_d,
    }  # fmt: skip
    for part in ("validation", "test"):
        found = getattr(row, part)
        flat |= {f"{part}_{name}": getattr(found, name) for name in ("pretraining_loss", "g_loss", "d_loss")}
        for unit in ("tones", "pieces"):
            decided: Confusion = getattr(found, unit)
            flat |= {f"{part}_{unit}_{name}": getattr(decided, name) for name in ("precision", "recall", "f1")}
    return flat | {f"music_{name}": value for name, value in row.test.music.items()}
