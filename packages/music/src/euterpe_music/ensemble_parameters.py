"""Parameters of ensemble networks, for their manifests."""

from collections.abc import Sequence
from typing import Any, Final

from euterpe_music import key
from euterpe_music.manifest import CANDIDATES
from euterpe_music.note_events.features import MAX_PARTS
from euterpe_music.note_events.instruments import INSTRUMENTS
from euterpe_music.parameters import Parameter

#: The value that leaves a choice to the network.
ANY: Final = "any"
KEYS: Final = (ANY, *key.KEYS)
#: Notes per quarter, and notes that sound at the same time.
DENSITIES: Final = {"very low": 0.75, "low": 1.25, "medium": 2.5, "high": 5.0, "very high": 9.0}
POLYPHONIES: Final = {"1": 1.0, "2": 2.0, "3": 3.0, "4": 4.0, "6": 5.5}
#: Progressions to begin with; any other may be written.
PROGRESSIONS: Final = (
    "C | Am | F | G",
    "C | G | Am | F",
    "Am | F | C | G",
    "Dm7 | G7 | Cmaj7 | Cmaj7",
    "C7 | C7 | C7 | C7 | F7 | F7 | C7 | C7 | G7 | F7 | C7 | G7",
)
BARS: Final = (2, 32, 128)
MAX_CANDIDATES: Final = 8
TEMPO: Final = (30.0, 120.0, 280.0)


def ensemble_parameters(
    *,
    styles: Sequence[str],
    meters: Sequence[str],
    bars: tuple[int, int, int] = BARS,
    temperature: float = 1.0,
    top_p: float = 0.98,
    style: str = ANY,
) -> tuple[Parameter, ...]:
    """Return the parameters of a bundle; `styles` and `meters` are the choices besides `any`, `style` a default."""
    minimum, default, maximum = bars
    lowest, usual, highest = TEMPO
    return (
        _choice("style", "Style", (ANY, *styles), default=style,
                advice="Genre, kind and composer; any leaves it to the model."),
        _choice(
            "parts", "Instruments", (ANY, *(instrument.name for instrument in INSTRUMENTS)), max_choices=MAX_PARTS,
            advice="Up to 16 instruments, separated by commas; a name may be repeated for a second player.",
        ),
        _choice("key", "Key", KEYS, advice="Tonic and mode; any leaves it to the model."),
        _choice("meter", "Meter", (ANY, *meters), advice="Time signature of all bars; any: usual in the style."),
        Parameter(name="tempo", label="Tempo", kind="number", minimum=lowest, default=usual, maximum=highest, post=True,
                  unit="quarters per minute", optional=True, advice="Not set: usual in the style."),
        Parameter(name="bars", label="Bars", kind="int", minimum=minimum, default=default, maximum=maximum,
                  advice="Length of the piece, which ends at the last bar line."),
        _choice("chords", "Chords", (ANY, *PROGRESSIONS), custom="chords",
                advice="Bars separated by |, one or two chords in each; repeated until the end of the piece."),
        _choice("density", "Density", (ANY, *DENSITIES), advice="How many notes there are."),
        _choice("polyphony", "Simultaneous notes", (ANY, *POLYPHONIES), group="advanced",
                advice="How many notes sound at the same time, on average."),
        Parameter(name="temperature", label="Temperature", kind="number", minimum=0.5, default=temperature, maximum=1.5,
                  advice="Lower is more predictable and repeats itself more; above 1.1 it becomes random."),
        Parameter(name="top_p", label="Top p", kind="number", minimum=0.1, default=top_p, maximum=1.0, group="advanced",
                  advice="The next value is sampled from the most probable ones with this total probability."),
        candidates_parameter(),
    )  # fmt: skip


def candidates_parameter() -> Parameter:
    """Return the parameter of bundles that select the best of several pieces."""
    return Parameter(
        name=CANDIDATES, label="Candidates", kind="int", minimum=1, default=1, maximum=MAX_CANDIDATES,
        group="advanced", advice="Pieces that are composed at once; the best one is kept.",
    )  # fmt: skip


def _choice(name: str, label: str, choices: Sequence[str], **more: Any) -> Parameter:
    given = {"default": choices[0], **more}
    return Parameter(name=name, label=label, kind="choice", choices=tuple(choices), **given)
