"""The `instrument` option: programs that replace those of the MIDI file."""

import re

from euterpe_music.general_midi import DRUM_CHANNEL, find_program

_CHANNELS = 16
_OVERRIDE = re.compile(r"(?:(\d{1,2}):)?([\w \-()+.']{1,40})", re.ASCII)


def parse_overrides(overrides: list[str]) -> tuple[tuple[int, int], ...]:
    """Parse `violin` (all melodic channels) and `3:cello` (the third) into pairs of channel and program, from 0.

    A channel's own override takes precedence. Raises ValueError.
    """
    for_all: dict[int, int] = {}
    for_channel: dict[int, int] = {}
    for override in overrides:
        match = _OVERRIDE.fullmatch(override.strip())
        if match is None:
            raise ValueError(f"`{override[:50]}` is invalid: use an instrument (`violin`) or `channel:instrument`")
        program = find_program(match[2])
        if match[1] is None:
            for_all = {channel: program for channel in range(_CHANNELS) if channel != DRUM_CHANNEL}
            continue
        channel = int(match[1]) - 1
        if not 0 <= channel < _CHANNELS or channel == DRUM_CHANNEL:
            raise ValueError(f"channel {match[1]} has no instrument: use 1 to 16, except 10, the drums")
        for_channel[channel] = program
    return tuple(sorted((for_all | for_channel).items()))
