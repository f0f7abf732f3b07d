"""Tables of the comparison: the thesis' claims, hyperparameters, seeds, and changes of Model 10."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from euterpe_training.crnngan.recipes import CrnnganConfig
from euterpe_training.crnngan.recipes.settings import ALL
from euterpe_training.crnngan.studies.adversarial import Confusion
from euterpe_training.crnngan.studies.model_plan import JAZZ, MODELS, PlannedRun, changes, preprocessing, steps
from euterpe_training.crnngan.studies.model_study import Outcome, Scale
from euterpe_training.reports.html import Section, Table

#: The thesis' results: minimum of the loss; precision, recall and F1 of D's decision per tone.
THESIS_RESULTS: Final = {
    "model6": ("187", "0.605 / 0.601 / 0.603"), "model8": ("123", "0.656 / 0.652 / 0.654"),
    "model10": ("76", "0.793 / 0.733 / 0.762"), "model12": ("≈ 50", "–"), "model10-jazz": ("–", "0.76 / 0.69 / 0.73"),
}  # fmt: skip
#: A model has collapsed when most of its pieces are silent or equal to others, when its pieces have fewer different
#: pitches than this share of real ones, or when their density differs from that of real music by more than this factor.
_SILENT, _DISTINCT, _PITCHES, _DENSITY = 0.5, 0.5, 1 / 3, 5.0
COLLAPSED: Final = (
    f"A model has collapsed when more than {_SILENT:.0%} of its pieces are silent or under {_DISTINCT:.0%} different, "
    f"when they have less than a third of the different pitches of real music, or more than {_DENSITY:g} times or less "
    f"than a fifth of its notes per quarter."
)
_ORDER: Final = ("model6", "model8", "model10")
#: Adversarial epochs that the thesis shows.
_FEWEST_EPOCHS: Final = 25
_UNDECIDED: Final = "not decidable"
_MUSIC_HEAD: Final = ["collapsed", "silent", "distinct", "notes per quarter", "scale score", "D's F1 per event",
                      "overlap area", "copied 8-grams"]  # fmt: skip


def shares(found: Confusion) -> list[str]:
    """Return precision, recall, F1 and accuracy as text; dashes where a side has no units."""
    if not (found.generated and found.real):
        return ["–"] * 4
    accuracy = (found.true_positive + found.true_negative) / (found.generated + found.real)
    return [f"{value:.3f}" for value in (found.precision, found.recall, found.f1, accuracy)]


def is_collapsed(outcome: Outcome) -> bool:
    """Return whether the pieces after the last epoch are no music any more; see `COLLAPSED`."""
    music, real = outcome.rows[-1].test.music, outcome.real
    if music["silent"] > _SILENT or music["distinct"] < _DISTINCT:
        return True
    density = music["notes_per_quarter"] / max(real["notes_per_quarter"], 1e-9)
    return music["tones_unique"] < _PITCHES * real["tones_unique"] or not 1 / _DENSITY <= density <= _DENSITY


def hyperparameters(outcomes: Sequence[Outcome]) -> Section:
    """Return the settings of every model; those that are equal in all of them in one sentence."""
    configs = [one.config for one in outcomes]
    names = [name for name in ALL if name not in ("max_epoch", "seed", "exit_after", "epochs_per_checkpoint")]
    different = [name for name in names if len({_shown(config, name) for config in configs}) > 1]
    equal = [
        f"{name} {_shown(configs[0], name)}" for name in names if name not in different and _shown(configs[0], name)
    ]
    rows = [[name, *(_shown(config, name) for config in configs)] for name in different]
    text = f"Settings in which the models differ. Equal in all: {', '.join(equal)}."
    return Section("Hyperparameters", [text], [Table(["setting", *(one.config.recipe for one in outcomes)], rows)])


def _shown(config: CrnnganConfig, name: str) -> str:
    value = config.value(name)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def comparison_sections(outcomes: Sequence[Outcome]) -> list[Section]:
    """Return the sections on seeds, preprocessing, and changes of Model 10, as far as there are runs of them."""
    known = {one.name: one for one in outcomes}
    sections: list[Section] = []
    repeated = [one for one in outcomes if one.run.block == "models" and
                any(other.run.recipe == one.run.recipe and other.run.seed for other in outcomes)]  # fmt: skip
    if repeated:
        rows = [[one.run.recipe, str(one.run.seed), *_music_cells(one)] for one in repeated]
        sections.append(Section("Seeds", tables=[Table(["model", "seed", *_MUSIC_HEAD], rows)]))
    base = known.get("model10")
    titled: dict[str, tuple[str, list[PlannedRun]]] = {
        "Preprocessing": ("Model 10 without the thesis' preprocessing, with one step of it, and with all.",
                          preprocessing()),
        "One change of Model 10": ("Everything else is as in Model 10.", changes()),
        "From Model 10 to music": ("Each line adds a change to all those above it.", steps()),
    }  # fmt: skip
    for title, (text, runs) in titled.items():
        found = [known[run.name] for run in runs if run.name in known]
        if not found:
            continue
        rows = [[base.run.recipe, *_music_cells(base)]] if base else []
        shown: set[str] = set()
        for run in (run for run in runs if run.name in known):
            added = [change for change in run.changes if title != "From Model 10 to music" or change not in shown]
            shown |= set(run.changes)
            rows.append(
                [run.group if run.block == "preprocessing" else ", ".join(added), *_music_cells(known[run.name])]
            )
        sections.append(Section(title, [text], [Table(["change", *_MUSIC_HEAD], rows)]))
    return sections


def _music_cells(one: Outcome) -> list[str]:
    last = one.rows[-1].test
    generated = one.evaluation.get("rows", {}).get("generated", {})
    measured = [f"{generated[name]:.3f}" if name in generated else "–" for name in ("overlap_area", "copied")]
    found = ("silent", "distinct", "notes_per_quarter", "scale_score")
    return [
        "yes" if is_collapsed(one) else "no", *(f"{last.music[name]:.3g}" for name in found), shares(last.events)[2],
        *measured,
    ]  # fmt: skip


def claims(outcomes: Sequence[Outcome], scale: Scale) -> Section:
    """Return the table of the thesis' claims with what these runs say of them; a small study decides nothing."""
    rows = [
        _f1_rises(outcomes), _overfits(outcomes), _jazz_is_lower(outcomes), _preprocessing_helps(outcomes),
        _music(outcomes),
        ["the losses have minima of 187, 123 and 76", "–", _UNDECIDED,
         "the thesis does not say which loss, nor its scale; −log is at most 100 per term here"],
    ]  # fmt: skip
    if scale.songs or scale.epochs < _FEWEST_EPOCHS:
        rows = [[claim, here, _UNDECIDED, "this study is at a reduced scale"] for claim, here, *_ in rows]
    return Section("The thesis' claims", [COLLAPSED], [Table(["claim", "here", "verdict", "basis"], rows)])


def _of(outcomes: Sequence[Outcome], recipe: str) -> list[Outcome]:
    return [one for one in outcomes if one.run.block == "models" and one.run.recipe == recipe and one.is_trained]


def _f1(one: Outcome) -> float:
    return one.rows[-1].test.events.f1


def _f1_rises(outcomes: Sequence[Outcome]) -> list[str]:
    claim = "F1 of D rises from Model 6 (.603) over 8 (.654) to 10 (.762)"
    found = [_of(outcomes, name) for name in _ORDER]
    if not all(found):
        return [claim, "–", _UNDECIDED, "the models are not all trained"]
    values = [float(np.mean([_f1(one) for one in runs])) for runs in found]
    verdict = "confirmed" if values == sorted(values) and values[0] < values[-1] else "refuted"
    seeds = len(found[-1])
    return [
        claim,
        " → ".join(f"{value:.3f}" for value in values),
        verdict,
        f"last epoch, per event; Model 10: {seeds} seeds",
    ]


def _overfits(outcomes: Sequence[Outcome]) -> list[str]:
    claim = "Model 12 overfits: loss 20 on training songs, 50 on validation songs"
    found = _of(outcomes, "model12")
    if not found or found[0].rows[-1].epoch.d_loss is None:
        return [claim, "–", _UNDECIDED, "Model 12 is not trained"]
    row = found[0].rows[-1]
    ratio = row.validation.d_loss / max(row.epoch.d_loss or 0.0, 1e-9)
    shown = f"D's loss {row.epoch.d_loss:.3g} and {row.validation.d_loss:.3g}"
    return [claim, shown, "confirmed" if ratio > 1.5 else "refuted", "last epoch; confirmed from a ratio of 1.5"]


def _jazz_is_lower(outcomes: Sequence[Outcome]) -> list[str]:
    claim = "D's F1 is lower on jazz (.73) than on classical music (.762)"
    classical, jazz = _of(outcomes, "model10"), _of(outcomes, JAZZ)
    if len(classical) < 2 or len(jazz) < 2:
        return [claim, "–", _UNDECIDED, "needs two seeds or more of both"]
    values = [[_f1(one) for one in runs] for runs in (classical, jazz)]
    shown = " and ".join(f"{np.mean(each):.3f} ({min(each):.3f}–{max(each):.3f})" for each in values)
    apart = max(values[1]) < min(values[0]), max(values[0]) < min(values[1])
    verdict = "confirmed" if apart[0] else "refuted" if apart[1] else _UNDECIDED
    return [claim, shown, verdict, "decided only where the ranges of all seeds do not overlap"]


def _preprocessing_helps(outcomes: Sequence[Outcome]) -> list[str]:
    claim = "preprocessing makes the music better"
    known = {one.name: one for one in outcomes if one.evaluation.get("rows")}
    names = ["model10_preprocess-false", "model10"]
    if not all(name in known for name in names):
        return [claim, "–", _UNDECIDED, "the runs are not complete"]
    areas = [known[name].evaluation["rows"]["generated"]["overlap_area"] for name in names]
    collapsed = [is_collapsed(known[name]) for name in names]
    verdict = _UNDECIDED if all(collapsed) else "confirmed" if areas[1] > areas[0] else "refuted"
    basis = "both have collapsed" if all(collapsed) else "one seed each"
    return [claim, f"overlap area {areas[0]:.3f} without, {areas[1]:.3f} with", verdict, basis]


def _music(outcomes: Sequence[Outcome]) -> list[str]:
    claim = "the models compose music"
    found = [one for name in MODELS for one in _of(outcomes, name)]
    if not found:
        return [claim, "–", _UNDECIDED, "no model is trained"]
    collapsed = sum(is_collapsed(one) for one in found)
    verdict = "refuted" if collapsed == len(found) else "confirmed" if not collapsed else "in part"
    return [claim, f"{collapsed} of {len(found)} runs have collapsed", verdict, "all seeds, last epoch"]
