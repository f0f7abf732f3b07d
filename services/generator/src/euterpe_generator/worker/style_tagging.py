"""Style tags of finished pieces, if there is a style classifier among the models."""

import asyncio
from dataclasses import dataclass
from typing import Final

import numpy as np
import structlog
from euterpe_music.classifier import Classifier, ClassifierError, load_classifier
from euterpe_music.piece import Piece
from euterpe_music.roll_images import roll_images
from euterpe_service_kit.errors import Unavailable
from numpy.typing import NDArray

from euterpe_generator.clients.classifiers import ClassifierSource
from euterpe_generator.engine.classifier_session import ClassifierSession

log = structlog.get_logger(__name__)

#: Prefix of the styles' names among the measures.
MEASURE_PREFIX: Final = "style_"


@dataclass(frozen=True, slots=True)
class Styles:
    """The most likely style and the probability of each, rounded so that equal pieces have equal tags."""

    style: str | None = None
    probabilities: dict[str, float] | None = None

    @property
    def measures(self) -> dict[str, float]:
        """The probabilities as measures of a piece."""
        return {f"{MEASURE_PREFIX}{name}": probability for name, probability in (self.probabilities or {}).items()}


class StyleTagger:
    """Tags pieces; without a classifier all tags are empty."""

    def __init__(self, classifier: Classifier | None = None) -> None:
        self._classifier = classifier
        self._session = ClassifierSession(classifier.model) if classifier else None
        if classifier:
            # Detects a graph that does not match its manifest before the first piece.
            size = classifier.manifest.size
            shape = self._run(np.zeros((1, size, size), np.uint8)).shape
            classes = len(classifier.manifest.classes)
            if shape != (classes,):
                raise ClassifierError(f"the graph must return {classes} probabilities, got shape {shape}")

    def tag(self, piece: Piece) -> Styles:
        """Return the styles of a piece; empty if it has no notes to classify."""
        if self._classifier is None:
            return Styles()
        manifest = self._classifier.manifest
        windows = roll_images(piece, manifest.size, manifest.windows)
        if not len(windows):
            return Styles()
        rounded = [round(float(probability), 4) for probability in self._run(windows)]
        probabilities = dict(zip(manifest.classes, rounded, strict=True))
        return Styles(max(probabilities, key=probabilities.__getitem__), probabilities)

    def _run(self, windows: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert self._session is not None
        return self._session.run(windows)


async def load_tagger(source: ClassifierSource) -> StyleTagger:
    """Return a tagger with the newest classifier, or without one if it is missing or cannot be loaded.

    The generator starts without tags rather than not at all; errors are logged.
    """
    try:
        directory = await source.fetch()
        if directory is None:
            log.info("no_style_classifier")
            return StyleTagger()
        tagger = await asyncio.to_thread(lambda: StyleTagger(load_classifier(directory)))
    except (ClassifierError, Unavailable, OSError) as error:
        log.error("style_classifier_refused", reason=str(error))
        return StyleTagger()
    except Exception as error:  # noqa: BLE001 - ONNX Runtime has no common base class for errors of a graph
        log.error("style_classifier_refused", reason=str(error))
        return StyleTagger()
    log.info("style_classifier_loaded", directory=str(directory))
    return tagger
