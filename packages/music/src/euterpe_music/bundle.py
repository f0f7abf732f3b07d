"""Model bundles on disk: models/<name>/<version>/ with model.onnx, manifest.json and card.md."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from euterpe_music.manifest import Manifest
from euterpe_music.spec import EventSpec

MANIFEST_FILE: Final = "manifest.json"


class BundleError(ValueError):
    """A bundle that is incomplete or contradicts itself; the message is one sentence."""


@dataclass(frozen=True)
class Bundle:
    """A bundle whose digests were checked. `model` holds the very bytes that were checked."""

    directory: Path
    manifest: Manifest
    model: bytes

    @cached_property
    def spec(self) -> EventSpec:
        """What the model's events mean."""
        return self.manifest.event_spec


def load_bundle(directory: Path) -> Bundle:
    """The bundle in `directory`.

    Raises BundleError when a file is missing, the manifest is malformed or of a newer format, the spec does not
    have the hash that is stated, or the model not its digest.
    """
    text = _read(directory / MANIFEST_FILE)
    manifest = parse_manifest(text)
    path = directory / manifest.graph.file
    if path.parent != directory:
        raise BundleError(f"{manifest.graph.file!r} does not name a file in the bundle")
    model = _read(path)
    check_model(manifest, model)
    return Bundle(directory, manifest, model)


def parse_manifest(text: bytes) -> Manifest:
    """The manifest in `text`; BundleError when it is malformed."""
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise BundleError(f"{MANIFEST_FILE} is not valid at {where}: {first['msg']}") from error


def check_model(manifest: Manifest, model: bytes) -> None:
    """Raises BundleError when `model` is not the file that the manifest's digest states."""
    digest = hashlib.sha256(model).hexdigest()
    if digest != manifest.graph.sha256:
        raise BundleError(f"{manifest.graph.file} has digest {digest}, but the manifest states {manifest.graph.sha256}")


def write_bundle(directory: Path, manifest: Manifest, model: bytes) -> Bundle:
    """Writes model and manifest into `directory` (made when absent), the manifest last, and loads them again.

    A reader sees the old bundle, a digest that does not match, or the new one; never a mixture that passes.
    """
    check_model(manifest, model)
    directory.mkdir(parents=True, exist_ok=True)
    _replace(directory / manifest.graph.file, model)
    text = manifest.model_dump_json(indent=2) + "\n"
    _replace(directory / MANIFEST_FILE, text.encode())
    return load_bundle(directory)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}") from error


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    partial.replace(path)
