"""The folded form of titles."""

import unicodedata

from euterpe_library.domain.titles import fold
from hypothesis import given
from hypothesis import strategies as st

texts = st.text(max_size=40)


@given(texts)
def test_folding_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(texts)
def test_unicode_normalisation_form_is_ignored(text: str) -> None:
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll", "Nd"], max_codepoint=0x24F), max_size=30))
def test_case_of_latin_titles_is_ignored(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower())
