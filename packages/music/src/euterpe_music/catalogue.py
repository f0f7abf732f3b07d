"""Which released versions of a model compose: the file `catalogue.json` next to the directories of the bundles.

    {"format": "euterpe-catalogue/1", "weights": {"crnngan-classical": {"1.1.0": 95, "1.2.0": 5}}}

A request that names a model without a version is composed by one of its versions, in proportion to their weights. Of a
model that is not listed the newest version composes. Versions that are not listed, or have the weight 0, compose only
requests that name them.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from euterpe_music.manifest import NAME_PATTERN, VERSION_PATTERN

CATALOGUE_FILE: Final = "catalogue.json"
#: Directory of the bundles that wait for a promotion, next to those of the released ones.
CANDIDATES: Final = "candidates"

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Version = Annotated[str, Field(pattern=VERSION_PATTERN)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Weights = Mapping[str, Mapping[str, float]]


class CatalogueError(ValueError):
    """A catalogue that is malformed."""


class CatalogueFile(BaseModel):
    """The content of `catalogue.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["euterpe-catalogue/1"] = "euterpe-catalogue/1"
    #: Name → version → weight.
    weights: dict[Name, dict[Version, Weight]] = {}

    @model_validator(mode="after")
    def _some_version_composes(self) -> Self:
        for name, versions in self.weights.items():
            if not any(versions.values()):
                raise ValueError(
                    f"{name} has no version with a weight above 0; remove {name} to use its newest version"
                )
        return self

    def with_weights(self, name: str, versions: Mapping[str, float]) -> Self:
        """Return the catalogue with other weights of one model."""
        return type(self)(weights={**self.weights, name: dict(versions)})

    def to_json(self) -> bytes:
        """Return the file's content."""
        return (self.model_dump_json(indent=2) + "\n").encode()


def parse_catalogue(text: bytes) -> CatalogueFile:
    """Read the content of a file. Raises CatalogueError, naming what is wrong."""
    try:
        return CatalogueFile.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise CatalogueError(f"{CATALOGUE_FILE} is not valid at {where}: {first['msg']}") from error
