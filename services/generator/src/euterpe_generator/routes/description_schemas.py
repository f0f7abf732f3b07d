"""Bodies of `POST /api/v1/models/interpretations`."""

from typing import Annotated

from euterpe_music.descriptions import MAX_DESCRIPTION_LENGTH
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from euterpe_generator.services.descriptions import Interpretation


class DescriptionRequest(BaseModel):
    """A description of a piece in English or Spanish."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_DESCRIPTION_LENGTH)] = (
        Field(examples=["a sad waltz for strings in D minor, 40 seconds"])
    )
    model: str | None = Field(
        default=None,
        max_length=100,
        description="`name`, or `name@version`; null for the model that fits best.",
        examples=["melody-folk"],
    )


class AppliedView(BaseModel):
    """A part of the description, and the fields of the request that it sets."""

    text: str = Field(examples=["waltz"])
    fields: dict[str, bool | int | float | str] = Field(examples=[{"style": "waltzes"}])


class InterpretationView(BaseModel):
    """The generation request that fits a description best, and what was understood of it."""

    model: str = Field(examples=["melody-folk"])
    length: int | None = Field(
        description="In events; null if a parameter determines the length or nothing was said.", examples=[200]
    )
    parameters: dict[str, bool | int | float | str] = Field(examples=[{"style": "waltzes", "tempo": 72.0}])
    applied: list[AppliedView] = Field(description="What was understood, in the order of the description.")
    unsupported: list[str] = Field(
        description="Parts that were understood, and that the model cannot follow.", examples=[["D minor"]]
    )
    unknown: list[str] = Field(description="Words that are not in the vocabulary.", examples=[["rainy"]])

    @classmethod
    def of(cls, found: Interpretation) -> "InterpretationView":
        """Build the view of an interpretation."""
        return cls(
            model=found.model.name,
            length=found.length,
            parameters=dict(found.parameters),
            applied=[AppliedView(text=part.text, fields=dict(part.fields)) for part in found.applied],
            unsupported=list(found.unsupported),
            unknown=list(found.unknown),
        )
