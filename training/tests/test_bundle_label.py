import pytest
from euterpe_training.bundle_label import BundleLabel
from euterpe_training.errors import TrainingError


@pytest.mark.parametrize(
    ("name", "version", "title", "message"),
    [
        ("Styles", "1.0.0", "Styles", "cannot be called 'Styles'"),
        ("a/b", "1.0.0", "Styles", "cannot be called 'a/b'"),
        ("styles", "1.0", "Styles", "'1.0' is not a version"),
        ("styles", "latest", "Styles", "'latest' is not a version"),
        ("styles", "1.0.0", "", "1 to 120 characters, got 0"),
    ],
)
def test_labels_that_manifests_do_not_allow_are_refused(name: str, version: str, title: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        BundleLabel(name, version, title)
