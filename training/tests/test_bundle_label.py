import pytest
from euterpe_training.bundle_label import Label
from euterpe_training.errors import TrainingError


@pytest.mark.parametrize(
    ("name", "version", "title", "complaint"),
    [
        ("Styles", "1.0.0", "Styles", "cannot be called 'Styles'"),
        ("a/b", "1.0.0", "Styles", "cannot be called 'a/b'"),
        ("styles", "1.0", "Styles", "'1.0' is no version"),
        ("styles", "latest", "Styles", "'latest' is no version"),
        ("styles", "1.0.0", "", "the title has 0 characters"),
    ],
)
def test_what_no_bundle_can_be_called_is_said_before_anything_is_trained(
    name: str, version: str, title: str, complaint: str
) -> None:
    with pytest.raises(TrainingError, match=complaint):
        Label(name, version, title)
