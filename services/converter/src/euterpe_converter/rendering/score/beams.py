"""Beams: which flags of a bar are joined."""

from euterpe_converter.rendering.score.bars import QUARTER, Bar
from euterpe_converter.rendering.score.layout import Element


def beams_of(elements: list[Element], bar: Bar) -> list[str]:
    """Return the `beam` elements of each element of a voice; empty where nothing is joined."""
    found = [""] * len(elements)
    for group in _groups(elements, bar):
        if len(group) < 2:
            continue
        flags = [elements[number].value.flags for number in group]
        for place, number in enumerate(group):
            found[number] = "".join(
                f'<beam number="{level}">{_state(flags, place, level)}</beam>' for level in range(1, flags[place] + 1)
            )
    return found


def _groups(elements: list[Element], bar: Bar) -> list[list[int]]:
    """Return the numbers of the notes under each beam: within a beat, or two beats that have eighths only."""
    cuts = bar.beam_groups
    groups: dict[int, list[int]] = {}
    for number, element in enumerate(elements):
        if not (element.pitches and element.value.flags):
            continue
        group = sum(cut <= element.value.start for cut in cuts)
        last = groups.get(group, [])
        if last and last[-1] != number - 1:
            # A rest or a longer note interrupts the beam.
            groups[-1 - len(groups)] = groups.pop(group)
        groups.setdefault(group, []).append(number)
    found = sorted(groups.values())
    return _pairs_joined(found, elements) if bar.meter.unit == 4 and bar.meter.beats % 2 == 0 else found


def _pairs_joined(groups: list[list[int]], elements: list[Element]) -> list[list[int]]:
    joined: list[list[int]] = []
    for group in groups:
        before = joined[-1] if joined else []
        both = [elements[number].value for number in before + group]
        starts_pair = before and elements[before[0]].value.start % (2 * QUARTER) == 0
        is_next = before and group[0] == before[-1] + 1 and len(before) == len(group) == 2
        if starts_pair and is_next and all(value.name == "eighth" and not value.in_triplet for value in both):
            joined[-1] = before + group
        else:
            joined.append(group)
    return joined


def _state(flags: list[int], place: int, level: int) -> str:
    before = place > 0 and flags[place - 1] >= level
    after = place + 1 < len(flags) and flags[place + 1] >= level
    if before or after:
        return "continue" if before and after else "end" if before else "begin"
    return "forward hook" if place == 0 else "backward hook"
