"""The form AABB of dances: sections A and B of eight bars, each played twice. The networks compose each once."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from euterpe_music.parameters import Parameter, Value
from euterpe_music.tokens import QuantizedTrack
from euterpe_music.tokens.conditioning import ConditioningFeature
from numpy.typing import NDArray

from euterpe_generator.errors import InvalidParameters

FREE: Final = "free"
TWO_PART: Final = "AABB"
#: Styles of which nearly half of the corpus has the form: 47 % of the jigs, 48 % of the reels; of hornpipes 3 %.
TWO_PART_STYLES: Final = ("jigs", "reels")
SECTION_BARS: Final = 8
#: Bars of a piece, and those of them that are composed.
TWO_PART_BARS: Final = 4 * SECTION_BARS
COMPOSED_BARS: Final = 2 * SECTION_BARS


def form_parameter(styles: Sequence[str]) -> Parameter:
    """Return the parameter, for these styles."""
    return Parameter(
        name="form",
        label="Form",
        kind="choice",
        choices=(FREE, TWO_PART),
        default=FREE,
        advice=f"{TWO_PART} has two sections of {SECTION_BARS} bars, each played twice: {TWO_PART_BARS} bars.",
        only_with={"style": tuple(styles)},
    )


def resolve_two_part_form(resolved: dict[str, Value], requested: Mapping[str, Any], *, has_prompt: bool) -> None:
    """Set the length of a piece in this form. Raises InvalidParameters for another length, or a prompt."""
    if has_prompt:
        message = f"cannot be {TWO_PART} for a piece that continues a prompt; set it to {FREE}"
        raise InvalidParameters.for_field("body.parameters.form", message, choices=[FREE])
    if requested.get("bars", TWO_PART_BARS) != TWO_PART_BARS:
        message = (
            f"must be {TWO_PART_BARS} where form is {TWO_PART}, got {requested['bars']}; omit it or set form to {FREE}"
        )
        raise InvalidParameters.for_field("body.parameters.bars", message, minimum=TWO_PART_BARS, maximum=TWO_PART_BARS)
    resolved["bars"] = TWO_PART_BARS


def two_part_conditions(
    table: NDArray[np.int64], columns: Sequence[ConditioningFeature], section: int
) -> NDArray[np.int64]:
    """Return the conditions [steps, features] of sections A and B, of `section` steps each, as in the form AABB.

    Tunes of the corpus are written with their repeats: B is the third section, and what was played 16 bars before it is
    A, as what was played 8 bars before. As the second section, B would often be composed as the repeat of A.
    """
    placed = table.copy()
    for number, column in enumerate(columns):
        if column.name == "section":
            placed[section:, number] = 2
        elif column.name == "echo" and column.offset == 2 * SECTION_BARS:
            placed[section:, number] = np.arange(1, len(table) - section + 1)
    return placed


def with_repeats(track: QuantizedTrack, section: int) -> QuantizedTrack:
    """Return sections A and B, of `section` steps each, as AABB; notes that are held across a section's end are cut.

    Of a track that ends earlier, only complete sections are repeated.
    """
    rows = []
    for start in (0, section):
        stop = min(track.end, start + section)
        if start < stop:
            part = track.window(start, stop).with_rests()
            rows += part * (2 if stop == start + section else 1)
    return QuantizedTrack.from_rows(rows, track.steps_per_quarter)
