"""Directories of MIDI files as arrays of events."""

from euterpe_training.corpora.corpus import Corpus
from euterpe_training.corpora.load import load_corpus
from euterpe_training.corpora.options import CorpusOptions
from euterpe_training.corpora.split import Split

__all__ = ["Corpus", "CorpusOptions", "Split", "load_corpus"]
