"""The setting `pace_events`: silent events at quarters without an onset."""

import numpy as np
from euterpe_music.events import Events, delta_floats, delta_ticks, silent_event
from euterpe_music.spec import EventSpec


def paced(events: Events, spec: EventSpec) -> Events:
    """Insert a silent event at every quarter, counted from the start, at which no event begins."""
    onsets = np.cumsum(delta_ticks(events, spec))
    quarters = np.arange(0, onsets[-1] if len(onsets) else 0, spec.ticks_per_quarter)
    quarters = np.setdiff1d(quarters, onsets)
    silence = np.tile(silent_event(spec), (len(quarters), 1))
    order = np.argsort(np.concatenate([onsets, quarters]), kind="stable")
    merged = np.concatenate([events, silence])[order]
    times = np.concatenate([onsets, quarters])[order]
    merged[:, 0] = delta_floats(np.diff(times, prepend=0), spec)
    return merged.astype(np.float32)
