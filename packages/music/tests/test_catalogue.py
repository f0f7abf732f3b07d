"""The file that gives versions of models their weights."""

import pytest
from euterpe_music.catalogue import CatalogueError, CatalogueFile, parse_catalogue


def test_a_catalogue_is_read_as_it_was_written() -> None:
    catalogue = CatalogueFile(weights={"a": {"1.0.0": 95, "1.1.0-rc.1": 5}}).with_weights("b", {"2.0.0": 1})
    assert parse_catalogue(catalogue.to_json()) == catalogue
    assert parse_catalogue(b'{"format": "euterpe-catalogue/1"}').weights == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{", "the whole"),
        (b'{"weights": {"a": {"1.0.0": -1}}}', r"weights\.a\.1\.0\.0: .*greater than or equal to 0"),
        (b'{"weights": {"a": {"1.0.0": 0}}}', "a has no version with a weight above 0; remove a"),
        (b'{"weights": {"a": {"newest": 1}}}', r"weights\.a\.newest"),
        (b'{"weights": {"../a": {"1.0.0": 1}}}', r"weights\.\.\./a"),
        (b'{"format": "euterpe-catalogue/2", "weights": {}}', "format"),
        (b'{"wieghts": {}}', "wieghts"),
    ],
)
def test_a_malformed_catalogue_is_refused_with_the_reason(text: bytes, reason: str) -> None:
    with pytest.raises(CatalogueError, match=reason):
        parse_catalogue(text)
