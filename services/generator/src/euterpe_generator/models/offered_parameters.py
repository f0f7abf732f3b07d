"""What a model offers: its manifest's parameters as far as they are true, and those that no network is needed for."""

from collections.abc import Mapping
from typing import Any, Final

from euterpe_music.ensemble_manifest import EnsembleManifest
from euterpe_music.key_signature import KeySignature
from euterpe_music.melody_manifest import MelodyManifest
from euterpe_music.melody_parameters import ANY_KEY, RANDOM_STRATEGIES, TEMPERATURE_ADVICE
from euterpe_music.parameters import Parameter

from euterpe_generator.models.endings import ending_parameter
from euterpe_generator.models.measured_advice import MEASURED_ADVICE
from euterpe_generator.models.two_part_form import TWO_PART_BARS, TWO_PART_STYLES, form_parameter

#: Parameters whose advice in older manifests is wrong, with the advice that replaces it.
_ADVICE: Final = {"temperature": TEMPERATURE_ADVICE}

#: It is not in manifests, because it does not depend on the networks.
_NO_REPEAT_NGRAM: Final = Parameter(
    name="no_repeat_ngram",
    label="No repeated sequences",
    kind="int",
    minimum=0,
    default=0,
    maximum=16,
    group="advanced",
    advice=(
        "No sequence of this many notes, chords and rests occurs twice in a part; 0 allows all. "
        "Low values leave no motifs."
    ),
)


def offered_manifest(manifest: MelodyManifest) -> MelodyManifest:
    """Return the manifest with the parameters that the networks can follow.

    Networks that are trained on white keys without the condition `mode` give the same notes for C major and A minor. So
    they offer major keys only. A released manifest cannot change, so that this is decided here.
    """
    declared = manifest.sampling.parameters
    advice = _ADVICE | MEASURED_ADVICE.get(f"{manifest.name}@{manifest.version}", {})
    has_modes = manifest.has_modes
    parameters = tuple(
        offered
        for one in declared
        for offered in (_offered(one, advice, has_modes=has_modes), *_added_after(one, manifest))
    )
    sampling = manifest.sampling.model_copy(update={"parameters": parameters})
    return manifest.model_copy(update={"sampling": sampling})


def offered_ensemble_manifest(manifest: EnsembleManifest) -> EnsembleManifest:
    """Return the manifest of a model for several instruments, with the parameter `ending` after the bars."""
    parameters = tuple(
        offered
        for one in manifest.sampling.parameters
        for offered in ((one, ending_parameter(is_sampled=True)) if one.name == "bars" else (one,))
    )
    sampling = manifest.sampling.model_copy(update={"parameters": parameters})
    return manifest.model_copy(update={"sampling": sampling})


def key_remedy(value: Any) -> str:
    """Return how to ask for the notes of a minor key that is not offered; empty for anything but a minor key."""
    try:
        key = KeySignature.parse(value) if isinstance(value, str) else None
    except ValueError:
        key = None
    if key is None or not key.is_minor:
        return ""
    return (
        "; this model does not know modes, so minor keys are not offered: "
        f"use {_relative_major(key)}, which has the same notes, or {ANY_KEY}"
    )


def _relative_major(key: KeySignature) -> str:
    # The spelling of the parameter's choices, which differs from the signature's for a few tonics.
    return str(KeySignature.parse(str(KeySignature(key.sharps))))


def _added_after(parameter: Parameter, manifest: MelodyManifest) -> tuple[Parameter, ...]:
    """Return the parameters of the service that are listed after one of the manifest's."""
    if parameter.name == "repetition_window":
        return (_NO_REPEAT_NGRAM,)
    if parameter.name == "strategy" and set(RANDOM_STRATEGIES) & set(parameter.choices):
        return (ending_parameter(),)
    styles = [style for style in manifest.styles if style in TWO_PART_STYLES]
    if parameter.name == "style" and styles and manifest.sampling.length.max >= TWO_PART_BARS:
        return (form_parameter(styles),)
    return ()


def _offered(parameter: Parameter, advice: Mapping[str, str], *, has_modes: bool) -> Parameter:
    changes: dict[str, Any] = {}
    if parameter.name in advice:
        changes["advice"] = advice[parameter.name]
    if parameter.name == "key" and not has_modes:
        changes["choices"] = tuple(choice for choice in parameter.choices if not choice.endswith(" minor"))
    return parameter.model_copy(update=changes)
