"""Token networks: decode batch, sampling and beam search."""
