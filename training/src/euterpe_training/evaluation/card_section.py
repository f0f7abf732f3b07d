"""The section of a model card that holds the evaluation's measures; the rest of the card stays as it is."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from euterpe_training.errors import TrainingError
from euterpe_training.evaluation.music_report import FORMAT
from euterpe_training.evaluation.music_table import report_section

HEADING: Final = "## Against real music"
#: The section goes before this one where the card does not have it yet.
_BEFORE: Final = "## Training"


#: `<model>-<version>`, and `-<style>` where a model has a report for each of several corpora.
_REPORT_NAME: Final = re.compile(r"(?P<model>.+)-(?P<version>\d+\.\d+\.\d+)(?:-(?P<style>.+))?")


def parse_report_name(name: str) -> tuple[str, str, str]:
    """Return model, version and style ("" without one) of a report's name. Raises TrainingError for another form."""
    if not (match := _REPORT_NAME.fullmatch(name)):
        raise TrainingError(f"the report {name} is not named MODEL-VERSION or MODEL-VERSION-STYLE")
    return match["model"], match["version"], match["style"] or ""


def write_card_section(bundle: Path, report: Mapping[str, Any], style: str = "") -> Path:
    """Write the report's section into the bundle's card.md. Bundles' digests cover their graphs and vocabularies only.

    Raises TrainingError for a bundle without a card.
    """
    card = bundle / "card.md"
    if not card.is_file():
        raise TrainingError(f"{bundle} has no card.md")
    section = [f"{HEADING}: {style}" if style else HEADING, "", *report_section(report)]
    card.write_text(with_section(card.read_text(encoding="utf-8"), "\n".join(section) + "\n"), encoding="utf-8")
    return card


def with_section(card: str, section: str) -> str:
    """Return the card with `section` in place of the one of the same heading, or before the section on training."""
    heading = section.splitlines()[0]
    start = _find(card, heading)
    if start >= 0:
        following = card.find("\n## ", start + 1)
        return card[:start] + section + (card[following + 1 :] if following >= 0 else "")
    start = _find(card, _BEFORE)
    if start < 0:
        return card.rstrip("\n") + "\n\n" + section
    return card[:start] + section + card[start:]


def read_reports(directory: Path) -> dict[str, dict[str, Any]]:
    """Return reports by the names of their files (`parse_report_name`); raise TrainingError where there are none."""
    reports = {}
    for path in sorted(directory.glob("*.json")):
        report = json.loads(path.read_text(encoding="utf-8"))
        report = report.get("music", report)
        if report.get("format") != FORMAT:
            raise TrainingError(f"{path} is not a report of `euterpe-train evaluate` in the format {FORMAT}")
        reports[path.stem] = report
    if not reports:
        raise TrainingError(f"{directory} holds no reports; write some with `euterpe-train evaluate … --out`")
    return reports


def _find(card: str, heading: str) -> int:
    return 0 if card.startswith(heading) else card.find(f"\n{heading}\n") + 1 or -1
