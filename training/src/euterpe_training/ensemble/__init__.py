"""The ensemble model: corpora, data set, networks and training of a composer for many instruments."""
