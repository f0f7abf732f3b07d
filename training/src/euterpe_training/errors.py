"""The error that the command line reports without a traceback."""


class TrainingError(Exception):
    """A problem that the user can correct; the message is one sentence with the remedy."""
