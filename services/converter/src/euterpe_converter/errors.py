"""Errors of the converter."""

from collections.abc import Mapping

from euterpe_service_kit.errors import (
    FieldProblem,
    Forbidden,
    ServiceError,
    TooManyRequests,
    Unavailable,
    Unprocessable,
)
from euterpe_service_kit.rate_limit import quota_headers

from euterpe_converter.domain.limits import BudgetUsage


class ToolMissing(Unavailable):
    """A program or library that rendering needs is not installed."""

    slug = "tool-missing"

    def __init__(self, name: str, package: str) -> None:
        detail = f"This server cannot render audio: `{name}` is missing. Install the package `{package}`."
        super().__init__(detail, retry_after_seconds=60)


class SoundFontMissing(Unavailable):
    """No usable SoundFont is installed."""

    slug = "soundfont-missing"

    def __init__(self, reason: str) -> None:
        detail = (
            f"This server cannot render audio: {reason} Install the package `fluid-soundfont-gm` "
            "(or `musescore-general-soundfont-small`), or set EUTERPE_CONVERTER_SOUNDFONT."
        )
        super().__init__(detail, retry_after_seconds=60)


class UnknownSoundFont(Unprocessable):
    """No SoundFont has this name."""

    def __init__(self, name: str, known: list[str]) -> None:
        message = f"there is no SoundFont `{name[:80]}`; available: {', '.join(known) or 'none'}"
        super().__init__(f"soundfont: {message}", fields=[FieldProblem("soundfont", message, {})])


class ScoreNotPossible(Unprocessable):
    """The piece cannot be written as a score in this format."""

    slug = "score-not-possible"

    def __init__(self, message: str) -> None:
        sentence = message[:1].upper() + message[1:]
        super().__init__(f"{sentence}.", fields=[FieldProblem("path.song_id", message, {})])


class DownloadNotAllowed(Forbidden):
    """The share link allows listening only."""

    slug = "download-not-allowed"

    def __init__(self) -> None:
        super().__init__("This share link allows listening to the song, but not downloading it.")


class RenderQueueFull(Unavailable):
    """The queue of renders is full."""

    slug = "render-queue-full"

    def __init__(self, renders: int) -> None:
        super().__init__(f"The render queue is full ({renders} renders). Try again shortly.", retry_after_seconds=5)


class TooManyRenders(TooManyRequests):
    """One principal has as many running and waiting renders as it may."""

    slug = "too-many-renders"

    def __init__(self, limit: int) -> None:
        detail = f"At most {limit} of your audio files can be rendered or wait at once. Wait until one has ended."
        super().__init__(detail, retry_after_seconds=5)


class RenderBudgetReached(TooManyRequests):
    """A principal or its network has had as many bytes rendered as it may in an hour."""

    slug = "render-budget-reached"

    def __init__(self, usage: BudgetUsage, *, retry_after_seconds: int) -> None:
        detail = (
            f"More than {usage.max_size_bytes} bytes of audio an hour were rendered for you or your network. "
            f"Try again in {retry_after_seconds} seconds."
        )
        limits = {"size_bytes": usage.max_size_bytes}
        super().__init__(detail, limits=limits, retry_after_seconds=retry_after_seconds)
        self._quota = usage.quota

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers that state the quota."""
        return quota_headers([self._quota])


class RenderTimeout(Unavailable):
    """A render exceeded the time limit."""

    slug = "render-timeout"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Rendering exceeded the limit of {seconds:g} seconds. Try again.", retry_after_seconds=30)


class SandboxMissing(Unavailable):
    """The system cannot keep renders from the network."""

    slug = "sandbox-missing"

    def __init__(self) -> None:
        detail = (
            "This server cannot render audio safely: it can neither create network namespaces nor filter system calls. "
            "Allow one of them, or set EUTERPE_CONVERTER_SANDBOX_REQUIRED=false."
        )
        super().__init__(detail, retry_after_seconds=60)


class RenderFailed(ServiceError):
    """The synthesiser or the encoder failed. The cause is logged, and not part of the response."""

    status, slug = 500, "render-failed"

    def __init__(self, component: str, cause: str) -> None:
        super().__init__(f"Rendering failed in the {component}. Try again.")
        self.component = component
        self.cause = cause


class ClientGone(ServiceError):
    """The client disconnected before the response was ready, so it receives none. The status is nginx's."""

    status, slug = 499, "client-closed-request"

    def __init__(self) -> None:
        super().__init__("The client closed the request.")

    @property
    def title(self) -> str:
        """A custom phrase, because status 499 is not registered."""
        return "Client Closed Request"
