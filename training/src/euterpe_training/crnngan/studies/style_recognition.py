"""Tagging of generated pieces with the released style classifier."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import onnxruntime
from euterpe_music.classifier import Classifier, ClassifierError, load_classifier
from euterpe_music.piece import Piece
from euterpe_music.roll_images import roll_images

from euterpe_training.errors import TrainingError
from euterpe_training.music_styles import style_of


@dataclass(frozen=True)
class StyleRecogniser:
    """The style classifier, run as in the generator service."""

    classifier: Classifier

    @classmethod
    def load(cls, directory: Path) -> "StyleRecogniser":
        """Load a bundle; raise TrainingError when it cannot be used."""
        try:
            return cls(load_classifier(directory))
        except ClassifierError as error:
            raise TrainingError(f"the classifier {directory} cannot be used: {error}") from error

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        return onnxruntime.InferenceSession(self.classifier.model, options, providers=["CPUExecutionProvider"])

    def tag(self, piece: Piece) -> str:
        """Return the most probable style of a piece; empty for a piece without notes."""
        manifest = self.classifier.manifest
        windows = roll_images(piece, manifest.size, manifest.windows)
        if not len(windows):
            return ""
        return manifest.classes[int(self._session.run(["probabilities"], {"windows": windows})[0].argmax())]

    def expected(self, names: Iterable[str]) -> str | None:
        """Return the class of songs, given by their paths in the corpus; None when they belong to several classes.

        For example, Bach's songs are baroque, but the songs in "classical" are of several periods.
        """
        classes = {style_of(PurePosixPath(name)) for name in names}
        found = classes.pop() if len(classes) == 1 else None
        return found if found in self.classifier.manifest.classes else None
