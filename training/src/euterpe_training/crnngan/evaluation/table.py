"""The evaluation for people: Markdown, in the terminal and on the card."""

from typing import Any

#: What a row of the table tells → how its column is called.
COLUMNS = {
    "overlap_area": "overlap area", "kl": "KL", "scale_score": "scale score", "notes_per_quarter": "notes per quarter",
    "unique": "unique", "copied": "copied 8-grams", "longest_copied": "longest copy", "looping": "looping",
    "longest_loop_bars": "longest loop, bars", "late_density": "late density",
}  # fmt: skip


def table(report: dict[str, Any]) -> list[str]:
    """The rows of a report, then what it should reach and does or does not."""
    lines = ["| music | " + " | ".join(COLUMNS.values()) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, row in report["rows"].items():
        lines.append(f"| {name} | " + " | ".join(cells(row)) + " |")
    return [*lines, "", *(f"- {'yes' if met else '**no**'}: {goal}" for goal, met in report["goals"].items())]


def cells(row: dict[str, Any]) -> list[str]:
    """One row's values, column by column."""
    return [_cell(column, row) for column in COLUMNS]


def feature_table(report: dict[str, Any]) -> list[str]:
    """Overlap area and divergence feature by feature."""
    rows = report["rows"]
    lines = ["| overlap area (KL) | " + " | ".join(rows) + " |", "|---" * (len(rows) + 1) + "|"]
    for feature in rows["generated"]["overlap_by_feature"]:
        values = [
            f"{row['overlap_by_feature'][feature]:.2f} ({row['kl_by_feature'][feature]:.2f})" for row in rows.values()
        ]
        lines.append(f"| {feature.replace('_', ' ')} | " + " | ".join(values) + " |")
    return lines


def statistics_table(report: dict[str, Any]) -> list[str]:
    """The reference's statistics and muspy's metrics, mean over pieces."""
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
