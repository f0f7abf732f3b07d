"""Errors of the supervisor."""


class StackError(RuntimeError):
    """The product cannot start; the message is one sentence for the operator."""
