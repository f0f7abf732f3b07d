"""Directories of MIDI files as arrays of events."""

from euterpe_training.corpora.corpus import Corpus, Split
from euterpe_training.corpora.load import CorpusOptions, load_corpus

__all__ = ["Corpus", "CorpusOptions", "Split", "load_corpus"]
