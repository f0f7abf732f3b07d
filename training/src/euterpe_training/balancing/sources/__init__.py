"""Sources of labelled images: idx files, CIFAR archives, folders of images, folders of MIDI files."""

from euterpe_training.balancing.sources.detect import Source, SourceOptions, load_source

__all__ = ["Source", "SourceOptions", "load_source"]
