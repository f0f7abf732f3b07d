"""The error of pieces that cannot be written as a score."""


class NotNotatable(ValueError):
    """A piece that cannot be written as a score; the message is one sentence for the user."""
