"""What the released classifier of styles makes of composed pieces."""

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
class Recogniser:
    """A classifier as the generator runs it."""

    classifier: Classifier

    @classmethod
    def load(cls, directory: Path) -> "Recogniser":
        """From a bundle; TrainingError when it cannot be used."""
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
        """The likeliest style of a piece; empty when it has no notes to judge by."""
        manifest = self.classifier.manifest
        windows = roll_images(piece, manifest.size, manifest.windows)
        if not len(windows):
            return ""
        return manifest.classes[int(self._session.run(["probabilities"], {"windows": windows})[0].argmax())]

    def expected(self, names: Iterable[str]) -> str | None:
        """What music after these songs, paths in the corpus, should be tagged; None where they are of several classes.

        So Bach's is baroque, but all that is merely "classical" may be of any period.
        """
        classes = {style_of(PurePosixPath(name)) for name in names}
        found = classes.pop() if len(classes) == 1 else None
        return found if found in self.classifier.manifest.classes else None
