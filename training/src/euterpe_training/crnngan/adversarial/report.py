"""The table of a search's trials, in Markdown."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from euterpe_training.crnngan.adversarial.config import AdversarialConfig
from euterpe_training.crnngan.adversarial.search import Search, Trial
from euterpe_training.files import write_atomically

#: Success as the plan of the search has it: the accuracy that composed music shall fall to, over so many starts.
GOAL: Final = 0.90
FEWEST_STARTS: Final = 3
_HEAD: Final = (
    "| trial | settings | songs | accuracy before | after | copied before | after | unique | openings | overlap before "
    "| after | loss before | after | seconds | limits broken |"
)


def write_report(search: Search, directory: Path) -> Path:
    """Write README.md and results.json with all trials; return the path of README.md."""
    trials, base = search.trials(), search.plan.base
    lines = ["# Adversarial training: search", "", *_summary(search, trials), "", _HEAD, "|---" * 15 + "|"]
    lines += [_row(trial, base) for trial in trials]
    write_atomically(directory / "results.json", "[\n" + ",\n".join(one.to_json().strip() for one in trials) + "\n]\n")
    path = directory / "README.md"
    write_atomically(path, "\n".join(lines) + "\n")
    return path


def _summary(search: Search, trials: Sequence[Trial]) -> list[str]:
    tried = [one for one in trials if one.part == "validation"]
    lines = [
        f"{len(tried)} of {search.plan.trials} trials of `euterpe-train adversarial search`, from one start,",
        "evaluated on validation songs. Accuracy is that of gradient boosting, which tells composed windows from real",
        "ones (.5: it cannot); the critic is not used. The best trial that breaks no limit is repeated from every",
        "pretrained generator and evaluated on test songs.",
    ]
    final = [one for one in trials if one.part == "test"]
    if final:
        better = [one for one in final if one.end.accuracy < one.start.accuracy and not one.broken_limits]
        reached = [one for one in better if one.end.accuracy <= GOAL]
        is_met = len(reached) == len(final) >= FEWEST_STARTS
        lines.append(
            f"On test songs {len(better)} of {len(final)} runs are better than their start without breaking a limit, "
            f"and {len(reached)} reach an accuracy of {GOAL:.2f} or less: the goal is {'met' if is_met else 'not met'}."
        )
    elif len(tried) == search.plan.trials:
        lines.append("No trial lowered the accuracy without breaking a limit: the goal is not met.")
    return lines


def _row(trial: Trial, base: AdversarialConfig) -> str:
    before, after = trial.start, trial.end
    changed = [f"{name} {value}" for name, value in trial.config.items() if value != getattr(base, name)]
    cells = [
        trial.name, ", ".join(changed) or "as given", trial.part, f"{before.accuracy:.3f}", f"{after.accuracy:.3f}",
        f"{before.copied:.3f}", f"{after.copied:.3f}", f"{after.unique:.3f}", f"{after.unique_openings:.3f}",
        f"{before.shared:.3f}", f"{after.shared:.3f}", f"{before.loss:.3f}", f"{after.loss:.3f}",
        f"{trial.seconds:.0f}", trial.error or ", ".join(trial.broken_limits) or "none",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"
