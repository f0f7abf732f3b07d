"""Bundles of classifiers: models/<name>/<version>/ with model.onnx, classifier.json and card.md.

Bundles that compose have a manifest.json instead, so that neither is mistaken for the other.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from euterpe_music.manifest import NAME_PATTERN, VERSION_PATTERN

CLASSIFIER_FILE: Final = "classifier.json"
#: Files that a bundle cannot be loaded without.
CLASSIFIER_FILES: Final = ("model.onnx", CLASSIFIER_FILE)


class ClassifierError(ValueError):
    """A bundle that is incomplete or contradicts itself; the message is one sentence."""


class ClassifierManifest(BaseModel):
    """`classifier.json`. The graph maps `windows` uint8 [windows, size, size] to `probabilities` [classes].

    Windows are those of `roll_images` with `size`, at most `windows` of a piece; the graph takes their mean.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["euterpe-classifier/1"] = "euterpe-classifier/1"
    kind: Literal["style-classifier"] = "style-classifier"
    name: str = Field(pattern=NAME_PATTERN)
    version: str = Field(pattern=VERSION_PATTERN)
    title: str = Field(min_length=1, max_length=120)
    licence: str
    created: str
    classes: tuple[str, ...] = Field(min_length=2, max_length=40)
    size: int = Field(ge=16, le=128)
    windows: int = Field(ge=1, le=64)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(gt=0, le=10_000_000)
    training: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class Classifier:
    """A bundle whose digest was checked. `model` holds the very bytes that were checked."""

    manifest: ClassifierManifest
    model: bytes = field(repr=False)


def load_classifier(directory: Path) -> Classifier:
    """The classifier in `directory`; ClassifierError when a file is missing, malformed, or not of its digest."""
    try:
        text = (directory / CLASSIFIER_FILE).read_bytes()
        model = (directory / "model.onnx").read_bytes()
    except OSError as error:
        raise ClassifierError(f"{error.filename} cannot be read: {error.strerror}") from error
    try:
        manifest = ClassifierManifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise ClassifierError(f"{CLASSIFIER_FILE} is not valid at {where}: {first['msg']}") from error
    digest = hashlib.sha256(model).hexdigest()
    if digest != manifest.sha256:
        raise ClassifierError(f"model.onnx has digest {digest}, but {CLASSIFIER_FILE} states {manifest.sha256}")
    return Classifier(manifest, model)


def write_classifier(directory: Path, manifest: ClassifierManifest, model: bytes) -> Classifier:
    """Writes a bundle into a directory of its own; ClassifierError when it holds one, for versions never change."""
    if (directory / CLASSIFIER_FILE).exists():
        raise ClassifierError(f"{directory} already holds a classifier; release under another version")
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "model.onnx").write_bytes(model)
    (directory / CLASSIFIER_FILE).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return load_classifier(directory)
