"""How far apart the values of an event are, for blurring them by a fraction of that."""

from typing import Final

import torch
from euterpe_music.spec import EventSpec
from torch import Tensor

#: Loudness has no rungs; this is about the step between two dynamic marks, in velocity/64.
_VELOCITY_STEP: Final = 0.1


def ladder_steps(spec: EventSpec) -> Tensor:
    """[features]: the distance of two rungs per feature in the normalised representation; zeros in the faithful one."""
    if spec.representation == "faithful":
        return torch.zeros(spec.features)
    time, pitch = (2 / (len(rungs) - 1) for rungs in (spec.time_rungs, spec.pitch_rungs))
    return torch.tensor([time, *([time, pitch, _VELOCITY_STEP] * spec.tones_per_cell)])
