"""Titles and the file names made of them."""

import pytest
from euterpe_music.titles import checked_title, clean_title, file_name
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("  Für\tElise\n1 ", "Für Elise 1"),
        ("a\u202eb\u2066c", "abc"),
        ("a\x7fb\x00c", "a b c"),
        ("👩\u200d🎤", "👩\u200d🎤"),
        ("\u202e\u200b ", ""),
        ("\ud800x", "x"),
    ],
)
def test_a_cleaned_title_is_one_visible_line(given_text: str, expected: str) -> None:
    assert clean_title(given_text) == expected


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean_title(clean_title(text)) == clean_title(text)


@pytest.mark.parametrize("text", ["a\x7fb", "a\nb", "\u202e", " "])
def test_controls_and_blank_titles_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not allowed|visible"):
        checked_title(text)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("..", "untitled.mid"),
        (" ", "untitled.mid"),
        ("a/b", "a_b.mid"),
        ("夜想曲", "夜想曲.mid"),
        ("No. 1", "No. 1.mid"),
    ],
)
def test_file_names_keep_their_extension(title: str, name: str) -> None:
    assert file_name(title, "mid") == name
