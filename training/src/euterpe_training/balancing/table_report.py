"""The table on the thesis' claims as README.md, made from the stored cells."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from euterpe_training.balancing.study_report import shown
from euterpe_training.balancing.study_results import TestSet, decode
from euterpe_training.balancing.table import PLAN_FILE, TESTS, read_cells
from euterpe_training.balancing.table_plan import TITLES, Cell
from euterpe_training.balancing.treatments import UNBALANCED
from euterpe_training.durations import describe_seconds
from euterpe_training.errors import TrainingError
from euterpe_training.files import write_atomically
from euterpe_training.reports.bootstrap import Predictions, interval
from euterpe_training.reports.scores import Interval

_HEAD: Final = (
    "data", "counts", "method", "network", "n", "accuracy", "macro-F1", "difference from unbalanced",
    "class-balanced: macro-F1", "difference from unbalanced", "validation macro-F1",
)  # fmt: skip
_READING: Final = (
    "Every number is of real test images. n is the number of whole repetitions: selection of the images, division, "
    "generator, resampling and classifier. Intervals: 95 % by the bootstrap over test images and repetitions; with "
    "one repetition, over test images only. The class-balanced test set has as many images of every class."
)
#: The thesis' claims on the macro-F1 of a method compared with not balancing: data, method, sign.
_CLAIMS: Final = (
    ("mnist", "deepsmote", 1), ("fashion", "deepsmote", 1), ("cifar10", "deepsmote", 1), ("cifar10", "bagan-gp", -1),
)  # fmt: skip


@dataclass(eq=False)
class _Results:
    directory: Path

    @cached_property
    def plan(self) -> dict[str, Any]:
        path = self.directory / PLAN_FILE
        if not path.is_file():
            raise TrainingError(f"there is no {PLAN_FILE} in {self.directory}; give the directory of a table")
        return dict(json.loads(path.read_text(encoding="utf-8")))

    @cached_property
    def rows(self) -> dict[tuple[object, ...], dict[int, dict[str, Any]]]:
        """Results by row and seed."""
        found: dict[tuple[object, ...], dict[int, dict[str, Any]]] = {}
        for one in read_cells(self.directory):
            found.setdefault(one["cell"].row, {})[one["cell"].seed] = one
        return found

    def outcomes(self, cell: Cell) -> dict[int, dict[str, Any]]:
        """Return the outcomes of a row by seed."""
        found = self.rows.get(cell.row, {})
        return {seed: one["outcome"] for seed, one in sorted(found.items()) if "outcome" in one}

    def predictions(self, cell: Cell, seeds: Sequence[int], test: TestSet) -> list[Predictions]:
        """Return the predictions of a row on a test set."""
        name = "predictions" if test == "ratio" else "balanced_predictions"
        found = []
        for seed in seeds:
            path = self.directory / TESTS / f"{cell.data}_{cell.share}_{seed}.json"
            stored = json.loads(path.read_text(encoding="utf-8"))[test]
            guesses = decode(self.outcomes(cell)[seed][name])
            found.append(Predictions(np.array(stored["units"], np.int64), decode(stored["labels"]), guesses))
        return found

    def interval(self, cell: Cell, test: TestSet, metric: Any = "macro_f1", against: bool = False) -> Interval | None:
        """Return the score of a row, or its difference from the row without balancing."""
        seeds = list(self.outcomes(cell))
        other = Cell(cell.data, cell.share, UNBALANCED, cell.network, 0, recipe=self.plan["settings"]["recipe"])
        if against:
            seeds = [seed for seed in seeds if seed in self.outcomes(other)]
        if not seeds or (against and cell.method == UNBALANCED):
            return None
        others = self.predictions(other, seeds, test) if against else ()
        ours = self.predictions(cell, seeds, test)
        return interval(ours, len(self.plan["classes"][cell.data]), metric, against=others)


def table_report(directory: Path) -> Path:
    """Write README.md into the directory of a table; raise TrainingError when it has none."""
    results = _Results(directory)
    blocks = {name: [_cell(one) for one in cells] for name, cells in results.plan["blocks"].items()}
    lines = [
        "# The thesis' claims on balancing", "",
        _READING, "",
        "Written from the stored cells by `euterpe-train study balancing-table --out DIRECTORY --report`.", "",
        *_claims(results, blocks), *(line for name, cells in blocks.items() for line in _block(results, name, cells)),
        *_not_run(results),
    ]  # fmt: skip
    path = directory / "README.md"
    write_atomically(path, "\n".join(lines).rstrip() + "\n")
    return path


def _cell(values: dict[str, Any]) -> Cell:
    return Cell(**{**values, "changes": tuple(values["changes"])})


def _block(results: _Results, name: str, cells: list[Cell]) -> list[str]:
    rows = list({cell.row: cell for cell in cells if results.outcomes(cell)}.values())
    failed = {cell.row: error for cell in cells for error in _errors(results, cell)}
    lines = [f"## {TITLES[name]}", ""]
    if rows:
        lines += [f"| {' | '.join(_HEAD)} |", "|" + "---|" * len(_HEAD)]
        lines += [f"| {' | '.join(_row(results, cell))} |" for cell in rows]
    else:
        lines.append("No results.")
    return [*lines, "", *(f"{row[0]}, {row[2]}: {error}" for row, error in failed.items()), ""]


def _errors(results: _Results, cell: Cell) -> list[str]:
    return [one["error"] for one in results.rows.get(cell.row, {}).values() if "error" in one][:1]


def _row(results: _Results, cell: Cell) -> list[str]:
    outcomes = results.outcomes(cell)
    details = [*cell.changes]
    if cell.ratio != 1:
        details.append(f"ratio {cell.ratio:g}")
    if cell.recipe != results.plan["settings"]["recipe"]:
        details.append(f"recipe {cell.recipe}")
    if cell.validation == "after":
        details.append("validation after balancing")
    name = cell.method + (f" ({', '.join(details)})" if details else "")
    validation = np.mean([one["validation_macro_f1"] for one in outcomes.values()])
    return [
        cell.data, "all" if cell.share == 1 else f"1/{cell.share}", name, cell.network, str(len(outcomes)),
        shown(results.interval(cell, "ratio", "accuracy")), shown(results.interval(cell, "ratio")),
        shown(results.interval(cell, "ratio", against=True), signed=True), shown(results.interval(cell, "balanced")),
        shown(results.interval(cell, "balanced", against=True), signed=True), f"{validation:.3f}",
    ]  # fmt: skip


def _claims(results: _Results, blocks: dict[str, list[Cell]]) -> list[str]:
    """Return a table of the thesis' claims with a verdict by the interval of the difference."""
    lines = ["| claim | data | counts | network | n | difference in macro-F1 | verdict |", "|" + "---|" * 7]
    for data, method, sign in _CLAIMS:
        words = "better" if sign > 0 else "worse"
        cells = [
            one for name in ("networks", "full") for one in blocks[name] if (one.data, one.method) == (data, method)
        ]
        for cell in {one.row: one for one in cells}.values():
            found = results.interval(cell, "ratio", against=True)
            count = "all" if cell.share == 1 else f"1/{cell.share}"
            text = f"{method} is {words} than not balancing"
            n = len(results.outcomes(cell))
            lines.append(f"| {text} | {data} | {count} | {cell.network} | {n} | {shown(found, signed=True)} | "
                         f"{_verdict(found, sign)} |")  # fmt: skip
    return ["## Claims", "", *lines, ""]


def _verdict(found: Interval | None, sign: int) -> str:
    if found is None:
        return "not run"
    low, high = (found.low, found.high) if sign > 0 else (-found.high, -found.low)
    return "confirmed" if low > 0 else "refuted" if high < 0 else "undecidable with this n"


def _not_run(results: _Results) -> list[str]:
    lines = ["## Not run", ""]
    missing = {name: cells for name, cells in results.plan["missing"].items() if cells}
    if not missing:
        return [*lines, "Nothing: all cells have results."]
    lines += ["| block | cells | at most | which |", "|---|---|---|---|"]
    for name, cells in missing.items():
        total = describe_seconds(sum(one["seconds"] for one in cells))
        keys = ", ".join(one["key"] for one in cells)
        lines.append(f"| {TITLES[name]} | {len(cells)} | {total} | {keys} |")
    return lines
