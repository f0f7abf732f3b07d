"""Uniform noise on events, in units of the distance between quantizer levels (the setting `input_jitter`)."""

from typing import Final

import torch
from euterpe_music.spec import EventSpec
from torch import Tensor

#: Velocity is not quantized; this is about the distance of two dynamic marks, in velocity / 64.
_VELOCITY_STEP: Final = 0.1


def quantizer_steps(spec: EventSpec) -> Tensor:
    """Return the distance of two quantizer levels per feature, [features]; zeros for representations without levels."""
    if spec.is_physical:
        return torch.zeros(spec.features)
    time, pitch = (2 / (len(rungs) - 1) for rungs in (spec.time_rungs, spec.pitch_rungs))
    return torch.tensor([time, *([time, pitch, _VELOCITY_STEP] * spec.tones_per_cell)])


def add_input_noise(events: Tensor, steps: Tensor, scale: float, draws: Tensor | None = None) -> Tensor:
    """Return events moved by up to `scale` times `steps` [features], by uniform `draws` in 0..1 of their shape."""
    if not scale:
        return events
    return events + scale * steps * (2 * (torch.rand(events.shape).to(events.device) if draws is None else draws) - 1)
