"""The one exception that the command line turns into a sentence."""


class TrainingError(Exception):
    """Something that whoever started the training can mend; the message is one sentence."""
