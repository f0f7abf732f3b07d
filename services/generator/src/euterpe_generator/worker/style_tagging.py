"""Says which style a finished piece is in, where a classifier lies among the models."""

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

#: Before a style's name among the measures.
MEASURE_PREFIX: Final = "style_"


@dataclass(frozen=True, slots=True)
class Styles:
    """The likeliest style, and the probability of each; the same for the same piece, to the digit."""

    style: str | None = None
    probabilities: dict[str, float] | None = None

    @property
    def measures(self) -> dict[str, float]:
        """As measures of a piece."""
        return {f"{MEASURE_PREFIX}{name}": share for name, share in (self.probabilities or {}).items()}


class StyleTagger:
    """Tags pieces; without a classifier it tags none."""

    def __init__(self, classifier: Classifier | None = None) -> None:
        self._classifier = classifier
        self._session = ClassifierSession(classifier.model) if classifier else None
        if classifier:
            # A graph that does not fit its manifest is found out now, not by the first piece.
            size = classifier.manifest.size
            shape = self._run(np.zeros((1, size, size), np.uint8)).shape
            if shape != (len(classifier.manifest.classes),):
                raise ClassifierError(f"the graph has probabilities of shape {shape}, not one for each class")

    def tag(self, piece: Piece) -> Styles:
        """The style of `piece`; none when there is nothing to judge by."""
        if self._classifier is None:
            return Styles()
        manifest = self._classifier.manifest
        windows = roll_images(piece, manifest.size, manifest.windows)
        if not len(windows):
            return Styles()
        shares = [round(float(share), 4) for share in self._run(windows)]
        probabilities = dict(zip(manifest.classes, shares, strict=True))
        return Styles(max(probabilities, key=probabilities.__getitem__), probabilities)

    def _run(self, windows: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert self._session is not None
        return self._session.run(windows)


async def load_tagger(source: ClassifierSource) -> StyleTagger:
    """A tagger with the newest classifier among the models; without one where it is missing or does not load.

    Pieces matter more than their tags: whatever is wrong is logged, and the generator starts.
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
    except Exception as error:  # noqa: BLE001 - ONNX Runtime has no common base for what a wrong graph raises
        log.error("style_classifier_refused", reason=str(error))
        return StyleTagger()
    log.info("style_classifier_loaded", directory=str(directory))
    return tagger
