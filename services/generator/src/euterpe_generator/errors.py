"""Errors of the generator."""

from collections.abc import Mapping
from typing import Any

from euterpe_service_kit.errors import (
    Conflict,
    FieldProblem,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unavailable,
    Unprocessable,
)
from euterpe_service_kit.rate_limit import quota_headers

from euterpe_generator.domain.daily_usage import DailyUsage
from euterpe_generator.domain.library_usage import LibraryUsage


class GenerationNotFound(NotFound):
    """No generation with this id is visible to the caller."""

    slug = "generation-not-found"

    def __init__(self) -> None:
        super().__init__("There is no generation with this id.")


class SampleNotFound(NotFound):
    """The model's bundle has no sample, or none of the style."""

    slug = "sample-not-found"

    def __init__(self) -> None:
        super().__init__("This model has no such sample.")


class NoListeningTest(NotFound):
    """The default model cannot compose pieces to compare."""

    slug = "no-listening-test"

    def __init__(self) -> None:
        super().__init__("There is no listening test here: it needs an ensemble model as the default model.")


class ModelNotFound(NotFound):
    """No loaded model has this name."""

    slug = "model-not-found"

    def __init__(self) -> None:
        super().__init__("There is no model of this name.")


class NotFinished(Conflict):
    """The generation has no piece: it has not ended, failed, or was cancelled."""

    slug = "generation-not-finished"


class PairNotFound(NotFound):
    """No pair of the listening test has this id, or it has expired."""

    slug = "listening-pair-not-found"

    def __init__(self) -> None:
        super().__init__("There is no pair with this id, or it has expired. Request another one.")


class PairAlreadyAnswered(Conflict):
    """The pair of the listening test has an answer."""

    slug = "listening-pair-answered"

    def __init__(self) -> None:
        super().__init__("This pair has been answered. Request another one.")


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


class StorageFull(Forbidden):
    """The user's library has no room for the pieces."""

    slug = "storage-full"

    def __init__(self, usage: LibraryUsage, *, is_guest: bool) -> None:
        remedy = "Delete songs permanently" + (", or register for more room." if is_guest else ".")
        super().__init__(
            f"Your library is full: it holds {usage.songs} of at most {usage.max_songs} songs and {usage.size_bytes} "
            f"of at most {usage.max_size_bytes} bytes, including the trash. {remedy}"
        )


class _PiecesQuotaReached(TooManyRequests):
    """A limit of pieces per day. `{limit}` and `{remaining}` in the detail are replaced."""

    def __init__(self, usage: DailyUsage, detail: str) -> None:
        assert usage.quota is not None
        self._quota = usage.quota
        limits = {"pieces": self._quota.limit, "remaining": self._quota.remaining}
        detail = detail.format(limit=self._quota.limit, remaining=self._quota.remaining)
        super().__init__(detail, limits=limits, retry_after_seconds=self._quota.reset_seconds)

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers that state the quota."""
        return quota_headers([self._quota])


class DailyQuotaReached(_PiecesQuotaReached):
    """The account has requested as many pieces as it may in one day."""

    slug = "daily-quota-reached"

    def __init__(self, usage: DailyUsage, *, is_guest: bool) -> None:
        remedy = "Register for a higher limit, or try again then." if is_guest else "Try again then."
        super().__init__(
            usage,
            "You may request at most {limit} pieces a day, and {remaining} of them remain today. "
            f"The count starts again at {usage.resets_at:%Y-%m-%dT%H:%M:%SZ}. {remedy}",
        )


class NetworkQuotaReached(_PiecesQuotaReached):
    """Anonymous users of the network have requested as many pieces as they may in one day."""

    slug = "network-quota-reached"

    def __init__(self, usage: DailyUsage) -> None:
        super().__init__(
            usage, "Without an account, at most {limit} pieces a day can be composed from your network. Register first."
        )


class TooManyStreams(TooManyRequests):
    """The user or the network has too many progress streams open."""

    slug = "too-many-streams"

    def __init__(self, limit: int) -> None:
        detail = f"At most {limit} progress streams may be open at once. Close one, or poll the generation instead."
        super().__init__(detail, retry_after_seconds=5)


class TooManyUnfinished(TooManyRequests):
    """The user or the network has reached the limit of unfinished generations."""

    slug = "too-many-unfinished"
