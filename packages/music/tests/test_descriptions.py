"""Descriptions in words, in English and Spanish."""

from pathlib import Path
from typing import Any

import pytest
from euterpe_music import descriptions
from euterpe_music.descriptions import interpret

GUIDE = Path(__file__).parents[3] / "docs/guides/words.md"


@pytest.mark.parametrize(
    "text",
    ["a sad waltz for strings in D minor, 40 seconds", "Un vals triste para cuerdas en re menor, 40 segundos"],
)
def test_both_languages_say_the_same(text: str) -> None:
    found = interpret(text)
    values = {facet: found.value(facet) for facet in ("style", "meter", "key", "mode", "tempo", "density", "seconds")}
    assert values == {
        "style": "waltzes", "meter": "3/4", "key": "D minor", "mode": "minor", "tempo": 72, "density": "low",
        "seconds": 40.0,
    }  # fmt: skip
    assert found.instruments == ("string ensemble 1",)
    assert found.unknown == ()


@pytest.mark.parametrize(
    ("text", "facet", "value"),
    [
        ("in E flat major", "key", "Eb major"), ("en si bemol mayor", "key", "Bb major"), ("in F#", "key", "F# major"),
        ("G sharp minor", "key", "Ab minor"), ("a minor piece", "key", "A minor"), ("sol menor", "key", "G minor"),
        ("half a minute", "seconds", 30.0), ("medio minuto", "seconds", 30.0), ("1.5 minutes", "seconds", 90.0),
        ("dos minutos", "seconds", 120.0), ("32 bars", "bars", 32), ("dieciséis compases", "bars", 16),
        ("at 93 bpm", "tempo", 93.0), ("in 6/8", "meter", "6/8"), ("a slip jig", "style", "slip"),
        ("very slow", "tempo", 50), ("muy rápido", "tempo", 176), ("wild", "adventure", "high"),
        ("música de navidad", "style", "xmas"), ("like Bach", "style", "Bach"), ("a la Joplin", "style", "Joplin"),
    ],
)  # fmt: skip
def test_facets(text: str, facet: Any, value: Any) -> None:
    assert interpret(text, {"bach": "Bach", "joplin": "Joplin"}).value(facet) == value


def test_instruments_keep_their_order_and_unknown_words_are_returned_as_written() -> None:
    found = interpret("Trumpet, oboe y guitarra eléctrica under a purple Sky")
    assert found.instruments == ("trumpet", "oboe", "clean guitar")
    assert found.unknown == ("under", "purple", "Sky")


def test_the_guide_lists_the_whole_vocabulary() -> None:
    guide = GUIDE.read_text()
    for table in (descriptions._MOODS, descriptions._STYLES, descriptions._INSTRUMENTS):
        for words in table:
            assert f"| {words} |" in guide, words
