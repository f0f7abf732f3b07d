"""Evaluation of a C-RNN-GAN bundle against held-out songs."""

from euterpe_training.crnngan.evaluation.sampling import compare, held_out_pieces, sample, summarise, to_pieces

__all__ = ["compare", "held_out_pieces", "sample", "summarise", "to_pieces"]
