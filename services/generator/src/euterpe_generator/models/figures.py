"""What a bundle records about the music of its model: measures of composed pieces next to those of real ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from euterpe_music.ensemble_manifest import EnsembleManifest
from euterpe_music.manifest import ManifestBase, TrainingInfo
from euterpe_music.melody_manifest import MelodyManifest


@dataclass(frozen=True, slots=True)
class Figure:
    """The mean of a measure over composed pieces and over real ones that training did not see; None: not measured."""

    name: str
    composed: float | None
    real: float | None


def figures_of(manifest: ManifestBase) -> list[Figure]:
    """Return the figures that a bundle records, in its order; empty if it records none."""
    training = manifest.training
    if training is None:
        return []
    if isinstance(manifest, EnsembleManifest):
        loss = training.metrics.get("held_out", {}).get("all", {}).get("nats_per_note")
        return [] if loss is None else [Figure("loss_per_note", None, loss)]
    if isinstance(manifest, MelodyManifest):
        return _melody_figures(training, manifest.variant)
    composed, real = (_means(training.measures.get(name, {})) for name in ("generated", "held_out"))
    return _beside(composed, real)


def _melody_figures(training: TrainingInfo, variant: str) -> list[Figure]:
    measured = training.measures.get(variant, {})
    figures = _beside(measured.get("music", {}), training.measures.get("real", {}))
    loss = measured.get("held_out", {}).get("melody", {}).get("loss")
    return figures if loss is None else [*figures, Figure("loss_per_token", None, loss)]


def _means(measures: Mapping[str, Any]) -> dict[str, float]:
    return {name: figures["mean"] for name, figures in measures.items()}


def _beside(composed: Mapping[str, float], real: Mapping[str, float]) -> list[Figure]:
    return [Figure(name, value, real.get(name)) for name, value in composed.items()]
