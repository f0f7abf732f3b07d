"""The part of `euterpe-train evaluate` for C-RNN-GAN bundles: overlap areas in the bundle's own representation."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from euterpe_music.bundle import BundleError, load_bundle
from euterpe_music.manifest import Variant

from euterpe_training.crnngan.evaluation.reference import load_reference
from euterpe_training.crnngan.evaluation.report import evaluate
from euterpe_training.crnngan.evaluation.table import feature_table, statistics_table, table
from euterpe_training.errors import TrainingError


def overlap_report(
    source: Path, reference: Path, variant: Variant | None, cache: Path | None, after: Callable[[str], None],
    *, length: int, pieces: int, seeds: int, legacy: bool,
) -> tuple[dict[str, Any], list[str]]:  # fmt: skip
    """Return the report on a bundle and its tables; raise TrainingError for a bundle that cannot be used."""
    try:
        bundle = load_bundle(source)
    except BundleError as error:
        raise TrainingError(f"the bundle {source} cannot be used: {error}") from error
    if variant == "int8" and bundle.int8 is None:
        raise TrainingError(f"the bundle {source} has no int8 graph; add one with `euterpe-train int8`")
    if variant is not None:
        bundle = replace(bundle, manifest=bundle.manifest.model_copy(update={"variant": variant}))
    music = load_reference(bundle, reference, length, cache)
    report = evaluate(bundle, music, length=length, pieces=pieces, seeds=seeds, legacy=legacy, after=after)
    return report, [*table(report), "", *feature_table(report), "", *statistics_table(report)]
