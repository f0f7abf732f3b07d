"""Titles and how they are compared."""

import unicodedata

from euterpe_library.domain.titles import fold
from hypothesis import given
from hypothesis import strategies as st

words = st.text(max_size=40)


@given(words)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(words)
def test_the_way_in_which_a_character_was_typed_does_not_matter(text: str) -> None:
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll", "Nd"], max_codepoint=0x24F), max_size=30))
def test_case_does_not_matter_in_latin_titles(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower())
