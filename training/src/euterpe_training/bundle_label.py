"""What a bundle is called."""

import datetime
import re
from dataclasses import dataclass

from euterpe_music.manifest import NAME_PATTERN, VERSION_PATTERN

from euterpe_training.errors import TrainingError


@dataclass(frozen=True)
class Label:
    """Name, version and words of a bundle, made before anything long begins: TrainingError where they cannot be.

    `created` is an ISO date, today when it is empty.
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
                f"a bundle cannot be called {self.name!r}: give small letters, digits, dots, dashes and underscores, "
                "at most 64"
            )
        if not 1 <= len(self.title) <= 120:
            raise TrainingError(f"the title has {len(self.title)} characters; it needs 1 to 120")

    @property
    def date(self) -> str:
        """When it was made."""
        return self.created or datetime.datetime.now(datetime.UTC).date().isoformat()


def check_version(version: str) -> None:
    """TrainingError for what is no semantic version."""
    if not re.fullmatch(VERSION_PATTERN, version):
        raise TrainingError(f"{version!r} is no version; give three numbers, such as 1.0.0")
