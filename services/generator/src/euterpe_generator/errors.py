"""Errors of the generator."""

from typing import Any

from euterpe_service_kit.errors import Conflict, FieldProblem, NotFound, TooManyRequests, Unavailable, Unprocessable


class GenerationNotFound(NotFound):
    """No generation with this id is visible to the caller."""

    slug = "generation-not-found"

    def __init__(self) -> None:
        super().__init__("There is no generation with this id.")


class SampleNotFound(NotFound):
    """The model's bundle has no sample."""

    slug = "sample-not-found"

    def __init__(self) -> None:
        super().__init__("This model has no sample.")


class ModelNotFound(NotFound):
    """No loaded model has this name."""

    slug = "model-not-found"

    def __init__(self) -> None:
        super().__init__("There is no model of this name.")


class NotFinished(Conflict):
    """The generation has no piece: it has not ended, failed, or was cancelled."""

    slug = "generation-not-finished"


class InvalidParameters(Unprocessable):
    """The request names an unknown model or a parameter outside the model's limits."""

    slug = "invalid-parameters"

    @classmethod
    def for_field(cls, field: str, message: str, **limits: Any) -> "InvalidParameters":
        """Build the error for one field of the request."""
        return cls(f"{field}: {message}.", fields=[FieldProblem(field, message, limits)])


class IdempotencyKeyReused(Unprocessable):
    """The Idempotency-Key was used for a different request."""

    slug = "idempotency-key-reused"


class QueueFull(Unavailable):
    """The queue of the deployment is full."""

    slug = "queue-full"


class TooManyUnfinished(TooManyRequests):
    """The user has reached the limit of unfinished generations."""

    slug = "too-many-unfinished"
