"""Makes candidates released versions, and shifts the requests for a model between its versions.

Generators look for new bundles and weights while they serve (euterpe_music.catalogue), so nothing is restarted.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from euterpe_music.bundle import MANIFEST_FILE, BundleError, load_any_bundle
from euterpe_music.catalogue import CANDIDATES, CATALOGUE_FILE, CatalogueError, CatalogueFile, parse_catalogue
from packaging.version import Version

from euterpe_training.errors import TrainingError
from euterpe_training.storage import Folder

#: Evaluation of a candidate and of the version that was released when it was made.
EVALUATION_FILE = "evaluation.json"


@dataclass(frozen=True)
class Versions:
    """The released versions of a model with their shares in percent, and its candidates."""

    released: dict[str, float]
    candidates: list[str]


def list_versions(models: Folder, name: str) -> Versions:
    """Return the versions of a model. Raises TrainingError for a malformed catalogue."""
    released = _versions(models, f"{name}/")
    weights = read_catalogue(models).weights.get(name, {})
    candidates = [each for each in _versions(models, f"{CANDIDATES}/{name}/") if each not in released]
    return Versions(_percentages(released, weights), candidates)


def promote(models: Folder, name: str, version: str, share: float = 100.0) -> dict[str, float]:
    """Release a candidate unless it is released, and give it `share` percent of the requests for the model.

    The other versions keep their proportions. Returns the shares in percent by version. Raises TrainingError if there
    is no such candidate, or its bundle is damaged.
    """
    versions = list_versions(models, name)
    if version not in versions.released and version not in versions.candidates:
        known = ", ".join(versions.candidates) or "none"
        raise TrainingError(f"{models.url} has no candidate {name} {version}; candidates: {known}")
    others = {each: percent for each, percent in versions.released.items() if each != version}
    if not others and share < 100:
        raise TrainingError(f"{name} has no other version that could get {100 - share:g} %: omit the share")
    if version not in versions.released:
        with tempfile.TemporaryDirectory() as directory:
            files = _fetch(models, f"{CANDIDATES}/{name}/{version}", Path(directory))
            _check(Path(directory), name, version)
            # Before the bundle: as long as it is not loaded, the others compose.
            shares = _write_shares(models, name, others, version, share)
            for file in sorted(files, key=lambda each: each == MANIFEST_FILE):
                models.upload(Path(directory) / file, f"{name}/{version}/{file}")
        return shares
    return _write_shares(models, name, others, version, share)


def roll_back(models: Folder, name: str, version: str) -> dict[str, float]:
    """Give a version no requests for its model; its bundle stays, for requests that name it and for its pieces.

    The other versions share its requests: those that have a share, or else the newest one that had. Returns the shares
    in percent by version. Raises TrainingError if there is no other version.
    """
    versions = list_versions(models, name)
    others = {each: percent for each, percent in versions.released.items() if each != version}
    if not others:
        raise TrainingError(f"{name} {version} is the only released version: there is none to go back to")
    if version not in versions.released:
        raise TrainingError(f"{name} has no released version {version}; released: {', '.join(versions.released)}")
    if not any(others.values()):
        weights = read_catalogue(models).weights.get(name, {})
        earlier = [each for each in others if each in weights] or list(others)
        others[max(earlier, key=Version)] = 100.0
    return _write_shares(models, name, others, version, 0.0)


def read_catalogue(models: Folder) -> CatalogueFile:
    """Return the weights of versions; without a file, none. Raises TrainingError for a malformed one."""
    try:
        return parse_catalogue(models.read(CATALOGUE_FILE))
    except FileNotFoundError:
        return CatalogueFile()
    except CatalogueError as error:
        raise TrainingError(f"{models.url}: {error}; correct or remove it") from error


def main_version(models: Folder, name: str) -> str | None:
    """Return the released version that composes most requests for a model; None if none is released."""
    released = list_versions(models, name).released
    return max(released, key=lambda version: (released[version], Version(version)), default=None)


def _write_shares(
    models: Folder, name: str, others: Mapping[str, float], version: str, share: float
) -> dict[str, float]:
    total = sum(others.values())
    scaled = {each: round((100 - share) * percent / total, 4) if total else 0.0 for each, percent in others.items()}
    shares = dict(sorted({**scaled, version: share}.items(), key=lambda one: Version(one[0])))
    models.write(CATALOGUE_FILE, read_catalogue(models).with_weights(name, shares).to_json())
    return shares


def _percentages(released: list[str], weights: Mapping[str, float]) -> dict[str, float]:
    known = {version: weights.get(version, 0.0) for version in released}
    if released and not any(known.values()):
        known[released[-1]] = 1.0
    return {version: 100 * weight / sum(known.values()) for version, weight in known.items()}


def _versions(models: Folder, prefix: str) -> list[str]:
    """Return the versions of the complete bundles below a prefix, oldest first."""
    paths = (path.removeprefix(prefix).split("/") for path in models.list(prefix))
    return sorted((parts[0] for parts in paths if parts[1:] == [MANIFEST_FILE]), key=Version)


def _fetch(models: Folder, prefix: str, directory: Path) -> list[str]:
    files = [path.removeprefix(f"{prefix}/") for path in models.list(f"{prefix}/")]
    for file in files:
        models.download(f"{prefix}/{file}", directory / file)
    return files


def _check(directory: Path, name: str, version: str) -> None:
    try:
        manifest = load_any_bundle(directory).manifest
    except (BundleError, OSError) as error:
        raise TrainingError(f"the candidate {name} {version} cannot be used: {error}") from error
    if (manifest.name, manifest.version) != (name, version):
        raise TrainingError(
            f"the candidate {name} {version} is {manifest.name} {manifest.version} by its manifest: export it again"
        )
