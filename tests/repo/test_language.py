"""Public strings use the terms of docs/glossary.md and none of the phrases that those replaced."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.repo.public_strings import (
    PublicString,
    api_strings,
    chart_strings,
    command_strings,
    comment_strings,
    document_strings,
    page_strings,
    parameter_strings,
)

#: A banned phrase as a regular expression → what to write instead.
BANNED = {
    r"\b(comes?|came|coming) about\b": "completes, is created",
    r"\btold\b": "receives, reports, is distinguished",
    r"\b(no|some|any|every)body\b": "no one, users, everyone",
    r"\bwho(so)?ever\b": "users who",
    r"\bno longer like|\blike it no longer\b": "unlike",
    # In network programming the word is a term; as a person it is a user.
    r"(?<!before the )(?<!closes the )\blisteners?\b": "user",
    r"\bbeside\b|\bbesides what\b": "next to, in addition to",
    r"\bwish(es)?\b": "request, option",
    r"\bone's own\b": "your",
    r"\ball that is (its|theirs|yours|mine)\b": "all data of the account",
    r"\b(over)?heard\b": "played, received",
    r"\b(its|their) company\b": "the rest of the batch",
    r"\bdear(er|est)?\b": "expensive",
    r"\bof late\b": "recent",
    r"\bunasked\b": "by default",
    r"\b(ladder|rung)s?\b": "quantizer, level",
    r"\b(may|might|can|could) lie\b|\blies? (beside|sealed)\b": "is stored, is next to",
    r"\bmend(s|ed|ing)?\b": "remedy, correct, fix",
    r"\bjudg(e|es|ed|ing|ement)\b": "evaluate, measure",
    r"\bfor good\b": "permanently",
    r"\b(never )?let go\b": "released, without an end",
    r"\bmade[- ]up\b": "generated",
    r"\byardstick\b": "reference",
    r"(\bthe|'s) game\b": "adversarial training",
    r"\b(lane|knob)s?\b": "slot, parameter",
    r"\bthe way in\b": "ingress",
    r"\b(go|goes|going|went) on\b": "continue, resume",
    r"\btwice is once\b": "idempotent",
    r"\b(your|background|acknowledged) orders?\b": "generation",
    r"\bwithdr(aw|aws|awn|ew|awing)\b": "revoke",
    r"\b(bring|brings|brought) back\b": "restore",
    r"\b(take|takes|taken|took)( \S+)? out\b": "remove",
    r"\bpresent (password|version|state)\b": "current",
    r"\blately\b": "recently",
    r"\blikeliest\b": "most probable",
}  # fmt: skip

#: Likewise, in the texts of the pages only.
BANNED_ON_PAGES = {r"\bso far\b": "yet"}


def _check(strings: Iterable[PublicString], banned: dict[str, str] = BANNED) -> None:
    count = 0
    found = []
    for place, text in strings:
        count += 1
        for phrase, remedy in banned.items():
            for match in re.finditer(phrase, text, re.I):
                context = " ".join(text[max(match.start() - 40, 0) : match.end() + 40].split())
                found.append(f"{place}: “{match.group()}” in “…{context}…”; write: {remedy}")
    assert count > 10, "no strings were found"
    assert not found, "\n".join([f"{len(found)} banned phrases", *found])


@pytest.mark.parametrize(
    "strings",
    [api_strings, page_strings, chart_strings, document_strings, parameter_strings, comment_strings],
)
def test_no_banned_phrase(root: Path, strings: Callable[[Path], Iterable[PublicString]]) -> None:
    _check(strings(root))


def test_no_banned_phrase_on_pages(root: Path) -> None:
    _check(page_strings(root), BANNED_ON_PAGES)


def test_no_banned_phrase_in_command_line_help() -> None:
    _check(command_strings())


@pytest.mark.parametrize(
    "text",
    ["The piece will come about.", "It may be deleted by its listener.", "SoundFonts may lie in the bucket.",
     "Like it no longer", "Whoever knows the link", "The run goes on.", "Take Sketch out", "The present password"],
)  # fmt: skip
def test_banned_phrases_are_found(text: str) -> None:
    with pytest.raises(AssertionError, match="1 banned phrase"):
        _check([PublicString("example", text), *[PublicString("filler", "A piece.")] * 10])
