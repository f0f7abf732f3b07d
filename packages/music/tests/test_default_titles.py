"""Titles of pieces that were given none."""

import pytest
from euterpe_music.default_titles import Language, default_title
from euterpe_music.melody_parameters import ANY_KEY, KEYS


@pytest.mark.parametrize(
    ("style", "key", "english", "spanish"),
    [
        ("jigs", "D major", "Jig in D", "Jiga en re"),
        ("waltzes", "Bb major", "Waltz in B flat", "Vals en si bemol"),
        ("slip", "F# minor", "Slip jig in F sharp minor", "Jiga slip en fa sostenido menor"),
        ("pop", None, "Pop song", "Canción pop"),
        ("any", "A minor", "Piece in A minor", "Pieza en la menor"),
        ("", None, "Piece", "Pieza"),
        ("folk/jig", "G major", "Jig in G", "Jiga en sol"),
        ("classical/string quartet", "D minor", "String quartet in D minor", "Cuarteto de cuerda en re menor"),
        ("classical/romantic/rimsky", None, "Piece after Rimsky-Korsakov", "Pieza al estilo de Rimsky-Korsakov"),
        (
            "classical/string quartet/saint-georges",
            None,
            "Piece after Saint-Georges",
            "Pieza al estilo de Saint-Georges",
        ),
        ("classical/art song/schumann_clara", None, "Piece after Clara Schumann", "Pieza al estilo de Clara Schumann"),
        ("Miles Davis", "C major", "Piece after Miles Davis in C", "Pieza al estilo de Miles Davis en do"),
    ],
)
def test_titles_name_kind_and_key(style: str, key: str | None, english: str, spanish: str) -> None:
    assert default_title(style, key, "en") == english
    assert default_title(style, key, "es") == spanish


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_key_has_a_name_of_its_own(language: Language) -> None:
    keys = [key for key in KEYS if key != ANY_KEY]
    assert len({default_title("reels", key, language) for key in keys}) == len(keys)
