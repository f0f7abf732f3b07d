"""Corpora: directories of MIDI files as arrays of events."""

from euterpe_training.crnngan.corpora.corpus import Corpus
from euterpe_training.crnngan.corpora.load import load_corpus
from euterpe_training.crnngan.corpora.options import CorpusOptions
from euterpe_training.crnngan.corpora.split import Split

__all__ = ["Corpus", "CorpusOptions", "Split", "load_corpus"]
