"""Write a released bundle with additions, as a new version of it."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from euterpe_music.bundle import MANIFEST_FILE, EnsembleBundle, load_any_bundle, write_ensemble_bundle

from euterpe_training.bundle_label import check_version
from euterpe_training.ensemble.export.bundle import CARD_FILE
from euterpe_training.errors import TrainingError


def bundle_to_change(directory: Path, version: str) -> EnsembleBundle:
    """Return an ensemble's bundle. Raises TrainingError where it is none, or the new version exists."""
    check_version(version)
    bundle = load_any_bundle(directory)
    if not isinstance(bundle, EnsembleBundle):
        raise TrainingError(f"{directory} is not a bundle of an ensemble network")
    if (directory.parent / version).exists():
        raise TrainingError(f"{directory.parent / version} exists: a released version cannot change")
    return bundle


def write_new_version(
    bundle: EnsembleBundle, version: str, changes: Mapping[str, Any], metrics: Mapping[str, Any],
    section: Sequence[str], files: Mapping[str, bytes] | None = None,
) -> EnsembleBundle:  # fmt: skip
    """Write the bundle with changed fields of its manifest, further metrics, a section in its card, and files."""
    manifest, training = bundle.manifest, bundle.manifest.training
    if training is not None:
        training = training.model_copy(update={"metrics": {**training.metrics, **metrics}})
    changed = manifest.model_copy(update={**changes, "version": version, "training": training})
    target = bundle.directory.parent / version
    written = write_ensemble_bundle(target, changed, {**bundle.files, **(files or {})})
    for path in bundle.directory.iterdir():
        if path.is_file() and path.name != MANIFEST_FILE and not (target / path.name).exists():
            shutil.copy2(path, target / path.name)
    card = target / CARD_FILE
    if card.exists():
        name = f"`{manifest.name}`"
        text = card.read_text(encoding="utf-8").replace(f"{name} {manifest.version}", f"{name} {version}")
        card.write_text(text.rstrip() + "\n\n" + "\n".join(section) + "\n", encoding="utf-8")
    return written
