"""The generator's errors."""

from euterpe_service_kit.errors import Conflict, NotFound, TooManyRequests, Unavailable, Unprocessable


class GenerationNotFound(NotFound):
    """No generation with this id that the caller may see."""

    slug = "generation-not-found"

    def __init__(self) -> None:
        super().__init__("There is no generation with this id.")


class SampleNotFound(NotFound):
    """The model's bundle has no sample."""

    slug = "sample-not-found"

    def __init__(self) -> None:
        super().__init__("This model comes without a sample.")


class ModelNotFound(NotFound):
    """No model of this name is loaded."""

    slug = "model-not-found"

    def __init__(self) -> None:
        super().__init__("There is no model of this name.")


class NotFinished(Conflict):
    """The piece is asked for before it exists, or after it failed to come about."""

    slug = "generation-not-finished"


class InvalidParameters(Unprocessable):
    """The request names an unknown model or a parameter outside the model's limits."""

    slug = "invalid-parameters"


class IdempotencyKeyReused(Unprocessable):
    """The same Idempotency-Key came with another request."""

    slug = "idempotency-key-reused"


class QueueFull(Unavailable):
    """The deployment has as much work waiting as it accepts."""

    slug = "queue-full"


class TooManyUnfinished(TooManyRequests):
    """The listener has as much unfinished work as one may have."""

    slug = "too-many-unfinished"
