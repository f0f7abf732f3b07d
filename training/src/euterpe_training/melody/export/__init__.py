"""A trained melody network as a graph that takes one step per call; needs no torch."""
