"""Reports as one HTML file with embedded pictures, and as README.md with PNG files."""

from collections.abc import Sequence
from pathlib import Path

from euterpe_training.reports.html import Section, Table, write_report


def write_pages(out: Path, title: str, introduction: Sequence[str], sections: Sequence[Section]) -> Path:
    """Write a report into `out`, replacing an earlier one; return the path of the HTML file."""
    path = out / "report.html"
    path.unlink(missing_ok=True)
    write_report(path, title, introduction, sections)
    lines = [f"# {title}", "", *introduction, ""]
    for section in sections:
        lines += [f"## {section.title}", "", *(part for text in section.text for part in (text, ""))]
        for table in section.tables:
            lines += [*_markdown(table), ""]
        for picture in section.figures:
            (out / f"{picture.name}.png").write_bytes(picture.png)
            lines += [f"![{picture.caption}]({picture.name}.png)", ""]
    (out / "README.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return path


def _markdown(table: Table) -> list[str]:
    lines = [f"| {' | '.join(table.head)} |", "|" + "---|" * len(table.head)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in table.rows)]
