"""Documents refer to files that exist, and the index of decision records is complete."""

import re
from pathlib import Path

import pytest

from tests.repo.public_strings import tracked_files

#: Tests that decisions require and that are still to be written.
PLANNED_TESTS = {"tests/e2e/test_crash.py", "tests/e2e/test_gateway.py"}
RECORDS = "docs/adr/[0-9]*.md"
SECTIONS = ["Context", "Decision", "Consequences", "Enforced by"]


def _targets(text: str) -> list[str]:
    """Return the targets of relative links in Markdown, without code blocks and fragments."""
    prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.S | re.M)
    targets = re.findall(r"\]\(\s*<?([^)\s>]+)", prose) + re.findall(r"\b(?:src|href)=\"([^\"]+)\"", prose)
    return [target for target in targets if not re.match(r"[a-z][a-z0-9+.-]*:|//|#|/", target, re.I)]


def _anchors(text: str) -> set[str]:
    """Return the fragments of a document's headings, as GitHub derives them."""
    headings = re.findall(r"^#+ (.+?)\s*$", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_relative_links_resolve(root: Path) -> None:
    broken = []
    documents = tracked_files(root, "*.md")
    for document in documents:
        for target in _targets(document.read_text(encoding="utf-8")):
            name, _, fragment = target.partition("#")
            path = (document.parent / name).resolve()
            if not path.exists():
                broken.append(f"{document.relative_to(root)}: {target} does not exist")
            elif fragment and path.suffix == ".md" and fragment not in _anchors(path.read_text(encoding="utf-8")):
                broken.append(f"{document.relative_to(root)}: {target} has no such heading")
    assert len(documents) > 50
    assert not broken, "\n".join(broken)


def test_fragments_of_own_headings_resolve(root: Path) -> None:
    broken = []
    for document in tracked_files(root, "*.md"):
        text = document.read_text(encoding="utf-8")
        fragments = re.findall(r"\]\(#([^)\s]+)\)", text)
        broken += [f"{document.relative_to(root)}: #{each}" for each in fragments if each not in _anchors(text)]
    assert not broken, "\n".join(broken)


def test_every_record_is_in_the_index_in_order(root: Path) -> None:
    records = sorted(tracked_files(root, RECORDS))
    expected = [(path.name, path.read_text(encoding="utf-8").splitlines()[0]) for path in records]
    rows = re.findall(r"^\| \[(\d{4})\]\(([^)]+)\) \| (.+) \|$", (root / "docs/adr/README.md").read_text(), re.M)
    assert [(name, f"# {number}: {title}") for number, name, title in rows] == expected


def test_every_record_has_the_same_sections(root: Path) -> None:
    for path in tracked_files(root, RECORDS):
        assert re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), re.M) == SECTIONS, path.name


def test_tests_that_enforce_records_exist(root: Path) -> None:
    missing = []
    for path in tracked_files(root, RECORDS):
        _, _, enforced = path.read_text(encoding="utf-8").partition("## Enforced by")
        named = re.findall(r"`([\w./-]+/[\w./-]+)`", enforced)
        assert named, f"{path.name} names no test"
        missing += [
            f"{path.name}: {each}" for each in named if not (root / each).exists() and each not in PLANNED_TESTS
        ]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("[a](b.md) ![c](d.png)", ["b.md", "d.png"]),
        ("[a](b.md#part)", ["b.md#part"]),
        ("[a](https://example.org) [b](#part) `[c](d)`", []),
        ("```\n[a](b.md)\n```\n", []),
        ("[![a](b.svg)](c.md)", ["b.svg", "c.md"]),
    ],
)
def test_relative_links_are_found(text: str, targets: list[str]) -> None:
    assert _targets(text) == targets
