"""The evaluation as Markdown tables."""

from typing import Any

#: Keys of a report's rows, and the headings of their columns.
COLUMNS = {
    "overlap_area": "overlap area", "kl": "KL", "scale_score": "scale score", "notes_per_quarter": "notes per quarter",
    "unique": "unique", "copied": "memorized 8-grams", "longest_copied": "longest memorized passage",
    "looping": "looping", "longest_loop_bars": "longest loop, bars", "late_density": "late density",
}  # fmt: skip


def table(report: dict[str, Any]) -> list[str]:
    """Return the rows of a report, then the goals and whether they are met."""
    lines = ["| music | " + " | ".join(COLUMNS.values()) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, row in report["rows"].items():
        lines.append(f"| {name} | " + " | ".join(cells(row)) + " |")
    return [*lines, "", *(f"- {'yes' if met else '**no**'}: {goal}" for goal, met in report["goals"].items())]


def cells(row: dict[str, Any]) -> list[str]:
    """Return one row's values, column by column."""
    return [_cell(column, row) for column in COLUMNS]


def feature_table(report: dict[str, Any]) -> list[str]:
    """Return overlap area and divergence per feature."""
    rows = report["rows"]
    lines = ["| overlap area (KL) | " + " | ".join(rows) + " |", "|---" * (len(rows) + 1) + "|"]
    for feature in rows["generated"]["overlap_by_feature"]:
        values = [
            f"{row['overlap_by_feature'][feature]:.2f} ({row['kl_by_feature'][feature]:.2f})" for row in rows.values()
        ]
        lines.append(f"| {feature.replace('_', ' ')} | " + " | ".join(values) + " |")
    return lines


def statistics_table(report: dict[str, Any]) -> list[str]:
    """Return the reference's statistics and muspy's metrics, averaged over pieces."""
    made, real = report["statistics"]["generated"], report["statistics"]["held out"]
    lines = [f"| {report['statistics_mode']}, mean | generated | held out |", "|---|---|---|"]
    return [*lines, *(f"| {name.replace('_', ' ')} | {made[name]:.3f} | {real[name]:.3f} |" for name in made)]


def _cell(column: str, row: dict[str, Any]) -> str:
    value = row[column]
    if isinstance(value, dict):
        return f"{value['median']:.2f} ({value['q1']:.2f}–{value['q3']:.2f})"
    if column in ("unique", "copied", "looping"):
        return f"{100 * value:.1f} %"
    return f"{value:.3f} ± {row['overlap_area_sd']:.3f}" if column == "overlap_area" else f"{value:g}"
