"""A study for readers: one HTML file with its pictures inside, and the same as README.md beside PNGs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from euterpe_training.balancing.report import Section, Table, write_report


def write_pages(
    out: Path, title: str, introduction: Sequence[str], sections: Sequence[tuple[Section, Mapping[str, Figure]]]
) -> Path:
    """Everything into `out`, in the place of what an earlier call wrote there; the path of the HTML report.

    A section comes with its figures by the name that their PNGs get, in the order of its pictures.
    """
    path = out / "report.html"
    path.unlink(missing_ok=True)
    write_report(path, title, introduction, [section for section, _ in sections])
    lines = [f"# {title}", "", *introduction, ""]
    for section, drawn in sections:
        lines += [f"## {section.title}", "", *(part for text in section.text for part in (text, ""))]
        for table in section.tables:
            lines += [*_markdown(table), ""]
        for (name, figure), picture in zip(drawn.items(), section.figures, strict=True):
            figure.savefig(out / f"{name}.png", dpi=80)
            lines += [f"![{picture.caption}]({name}.png)", ""]
    (out / "README.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return path


def _markdown(table: Table) -> list[str]:
    lines = [f"| {' | '.join(table.head)} |", "|" + "---|" * len(table.head)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in table.rows)]
