"""Parts and conditions of an ensemble network, from the parameters of a request."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from euterpe_music import key as key_names
from euterpe_music.ensemble_parameters import ANY, DENSITIES, POLYPHONIES
from euterpe_music.note_events.chords import parse_progression
from euterpe_music.note_events.common_key import moved_key
from euterpe_music.note_events.features import DENSITY_EDGES, POLYPHONY_EDGES
from euterpe_music.note_events.instruments import INSTRUMENTS, part_number
from euterpe_music.parameters import Value

from euterpe_generator.errors import InvalidParameters

_NAMES = {instrument.name: number for number, instrument in enumerate(INSTRUMENTS)}


def named_parts(parameters: Mapping[str, Value]) -> tuple[int, ...]:
    """Return the numbers of the requested parts, ascending; empty if they are left open. Raises InvalidParameters."""
    text = str(parameters.get("parts", ANY))
    return () if text == ANY else part_numbers(text.split(", "))


def part_numbers(instruments: Sequence[str]) -> tuple[int, ...]:
    """Return the numbers of the parts that some instruments play, ascending. Raises InvalidParameters."""
    counts = Counter(instruments)
    for name, count in counts.items():
        limit = INSTRUMENTS[_NAMES[name]].parts
        if count > limit:
            message = f"must name {name} at most {limit} time{'s' * (limit > 1)}, got {count}"
            raise InvalidParameters.for_field("body.parameters.parts", message, instrument=name, maximum=limit)
    return tuple(sorted(part_number(_NAMES[name], number) for name, count in counts.items() for number in range(count)))


def conditions(parameters: Mapping[str, Value], shift: int = 0) -> dict[str, list[int]]:
    """Return the conditions of each bar that are not left open; see `CursorBatch`. Raises InvalidParameters.

    Key and chords are moved by `shift` semitones to the key in which the network composes.
    """
    found: dict[str, list[int]] = {}
    key, density = composed_key(str(parameters.get("key", ANY)), shift), parameters.get("density", ANY)
    polyphony, chords = parameters.get("polyphony", ANY), parameters.get("chords", ANY)
    if key is not None:
        found["key"] = [key]
    if density != ANY:
        found["density"] = [_level(DENSITIES[str(density)], DENSITY_EDGES)]
    if polyphony != ANY:
        found["polyphony"] = [_level(POLYPHONIES[str(polyphony)], POLYPHONY_EDGES)]
    if chords != ANY:
        try:
            progression = parse_progression(str(chords))
        except ValueError as error:
            raise InvalidParameters.for_field("body.parameters.chords", str(error)) from error
        bars = [progression[bar % len(progression)] for bar in range(int(parameters["bars"]))]
        found["chord_1"], found["chord_2"] = ([_chord(bar[half], shift) for bar in bars] for half in (0, 1))
    return found


def composed_key(key: str, shift: int) -> int | None:
    """Return the number of a key, moved by `shift` semitones to the one in which the network composes; None for any."""
    return None if key == ANY else moved_key(key_names.KEYS.index(key), shift)


def _chord(number: int, shift: int) -> int:
    return 0 if number < 0 else 1 + moved_key(number, shift)


def _level(value: float, edges: np.ndarray) -> int:
    return 1 + int(np.searchsorted(edges, value, side="right"))
