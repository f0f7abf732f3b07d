"""What a bundle's music is like next to pieces that it never saw."""

from euterpe_training.evaluation.sampling import compare, held_out_pieces, sample, summarise, to_pieces

__all__ = ["compare", "held_out_pieces", "sample", "summarise", "to_pieces"]
