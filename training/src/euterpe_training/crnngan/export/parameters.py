"""The user-facing parameters in the manifest of a C-RNN-GAN bundle.

Labels and advice are part of the manifest, and so of the digests of released bundles: they keep their wording.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Final

from euterpe_music.ensemble_parameters import candidates_parameter
from euterpe_music.manifest import Control
from euterpe_music.parameters import Parameter, Value
from euterpe_music.postprocessing import PROGRAMS

from euterpe_training.crnngan.models.controls import ANY, DENSITY_NAMES, Controls

_GENRES: Final = {"classical", "jazz", "hip_hop"}


@dataclass(frozen=True)
class UserParameters:
    """What users can set, how it feeds the graph's `controls` input, and presets of values."""

    parameters: tuple[Parameter, ...] = ()
    controls: tuple[Control, ...] = ()
    presets: dict[str, dict[str, Value]] = field(default_factory=dict)


NO_PARAMETERS: Final = UserParameters()


def user_parameters(bpm: float, controls: Controls | None, *, has_critic: bool = False) -> UserParameters:
    """Return the parameters of a bundle: of a categorical generator's `controls`, if any, then of postprocessing.

    `bpm` is the tempo of generated pieces, in quarters per minute. A bundle with a critic has `candidates`.
    """
    network = _network_parameters(controls) if controls else NO_PARAMETERS
    candidates = [candidates_parameter()] if has_critic else []
    return replace(network, parameters=(*network.parameters, *candidates, *_postprocessing_parameters(bpm)))


def _network_parameters(controls: Controls) -> UserParameters:
    """Return style, density and noise scale, in the order of the graph's `controls`."""
    style = Parameter(
        name="style", label="Style", kind="choice", choices=(ANY, *map(style_name, controls.styles)), default=ANY,
        advice="Whose music it takes after. Composers with many pieces in the corpus come out clearest.",
    )  # fmt: skip
    density = Parameter(
        name="density", label="Density", kind="choice", choices=(ANY, *DENSITY_NAMES), default=ANY,
        advice=f"Notes per quarter: up to {controls.density_edges[0]:g} is very sparse, "
        f"from {controls.density_edges[-1]:g} on very dense.",
    )  # fmt: skip
    scale = Parameter(
        name="noise_scale", label="Adventure", kind="number", minimum=0.3, maximum=1.5, default=1.0, group="advanced",
        advice="1 composes as it learned to; less repeats what is likely, more takes risks. Under 0.6: ruts.",
    )  # fmt: skip
    feeds = (Control(parameter="style", feed="one_hot"), Control(parameter="density", feed="one_hot"))
    presets: dict[str, dict[str, Value]] = {
        "calm": {"density": DENSITY_NAMES[1], "noise_scale": 0.9},
        "dense": {"density": DENSITY_NAMES[4]},
        "bold": {"noise_scale": 1.2},
    }
    return UserParameters((style, density, scale), (*feeds, Control(parameter="noise_scale")), presets)


def _postprocessing_parameters(bpm: float) -> tuple[Parameter, ...]:
    return (
        Parameter(
            name="tempo", label="Tempo", kind="number", minimum=30, maximum=240, default=bpm, post=True,
            unit="quarters per minute", advice="How fast it is played; the notes stay the same.",
        ),
        Parameter(
            name="transpose", label="Transpose", kind="int", minimum=-12, maximum=12, default=0, post=True,
            unit="semitones", group="advanced", advice="Moves the whole piece; models write in C major or A minor.",
        ),
        Parameter(
            name="instrument", label="Instrument", kind="choice", choices=PROGRAMS, default=PROGRAMS[0], post=True,
            advice="Models learn from all instruments on one keyboard; plucked and struck ones suit best.",
        ),
    )  # fmt: skip


def style_name(folder: str) -> str:
    """Return a corpus folder's name for display: "bach" is Bach, "MilesDavis" Miles Davis, "hip_hop" hip hop."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", folder).replace("_", " ")
    return words if folder in _GENRES else words[0].upper() + words[1:]
