"""The real music with which a bundle is compared."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from euterpe_music.bundle import Bundle
from euterpe_music.events import decode
from euterpe_music.piece import Piece
from euterpe_music.spec import EventSpec
from numpy.typing import NDArray

from euterpe_training.crnngan.corpora import Corpus, CorpusOptions, load_corpus
from euterpe_training.errors import TrainingError

#: With fewer held-out songs, a comparison of two halves of them is meaningless.
MIN_SONGS: Final = 8


@dataclass(frozen=True, eq=False)
class Reference:
    """Songs preprocessed like the bundle's corpus: indices of those held out from training, and of the others."""

    corpus: Corpus
    spec: EventSpec
    held_out: NDArray[np.int64]
    known: NDArray[np.int64]
    #: Whether the bundle names its held-out songs; otherwise the corpus is split like a training corpus.
    stated: bool

    def windows(self, songs: NDArray[np.int64], length: int, random: np.random.Generator) -> list[Piece]:
        """Return one window of `length` events of each of `songs`, as pieces."""
        events = self.corpus.windows(songs, length, random)
        return [decode(events[:, index], self.spec) for index in range(events.shape[1])]

    def songs(self, songs: NDArray[np.int64]) -> list[Piece]:
        """Return whole songs as pieces."""
        return [decode(self.corpus.song(int(song)), self.spec) for song in songs]


def load_reference(bundle: Bundle, directory: Path, length: int, cache: Path | None = None) -> Reference:
    """Load the MIDI files under `directory`; raise TrainingError when too few songs of `length` events are held out."""
    settings = bundle.manifest.training.settings if bundle.manifest.training else {}
    options = CorpusOptions.from_dict(settings.get("corpus", {}))
    folders = tuple(folder for folder in options.folders if (directory / folder).is_dir())
    options = replace(options, folders=folders, min_events=max(options.min_events, length))
    corpus = load_corpus(directory, bundle.spec, options, cache)
    stated = set(bundle.manifest.training.metrics.get("held_out", ()) if bundle.manifest.training else ())
    held_out = np.array([song for song, digest in enumerate(corpus.digests) if digest in stated], np.int64)
    known = np.setdiff1d(np.arange(len(corpus)), held_out)
    if not len(held_out):
        held_out, known = corpus.split("test"), corpus.split("train")
    if len(held_out) < MIN_SONGS or not len(known):
        raise TrainingError(
            f"{directory} has {len(held_out)} held-out songs of {length} events, but the evaluation needs {MIN_SONGS}: "
            "use a smaller --length or a larger corpus"
        )
    return Reference(corpus, bundle.spec, held_out, known, bool(stated & set(corpus.digests)))
