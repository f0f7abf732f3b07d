"""The classifier of musical styles that tags generated pieces."""
