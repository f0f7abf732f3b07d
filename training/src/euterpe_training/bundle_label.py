"""The name, version and texts of a bundle, checked before training or export begins."""

import datetime
import re
from dataclasses import dataclass

from euterpe_music.manifest import NAME_PATTERN, VERSION_PATTERN

from euterpe_training.errors import TrainingError

_MAX_TITLE_LENGTH = 120


@dataclass(frozen=True)
class BundleLabel:
    """Name, version and texts of a bundle; `created` is an ISO date, today when it is empty.

    Raise TrainingError for a name, version or title that a manifest does not allow.
    """

    name: str
    version: str
    title: str
    description: str = ""
    licence: str = "Apache-2.0"
    created: str = ""

    def __post_init__(self) -> None:
        check_version(self.version)
        if not re.fullmatch(NAME_PATTERN, self.name):
            raise TrainingError(
                f"a bundle cannot be called {self.name!r}: use lower-case letters, digits, dots, dashes and "
                "underscores, at most 64"
            )
        if not 1 <= len(self.title) <= _MAX_TITLE_LENGTH:
            raise TrainingError(f"the title must have 1 to {_MAX_TITLE_LENGTH} characters, got {len(self.title)}")

    @property
    def date(self) -> str:
        """The date of creation."""
        return self.created or datetime.datetime.now(datetime.UTC).date().isoformat()


def check_version(version: str) -> None:
    """Raise TrainingError unless `version` is a semantic version of three numbers."""
    if not re.fullmatch(VERSION_PATTERN, version):
        raise TrainingError(f"{version!r} is not a version; give three numbers, such as 1.0.0")
