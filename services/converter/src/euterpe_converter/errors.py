"""The converter's own errors."""

from euterpe_service_kit.errors import FieldProblem, Forbidden, ServiceError, Unavailable, Unprocessable


class ToolMissing(Unavailable):
    """A program or library that rendering needs is not installed on this machine."""

    slug = "tool-missing"

    def __init__(self, name: str, package: str) -> None:
        detail = f"Audio cannot be rendered here: `{name}` is missing. Install the package `{package}`."
        super().__init__(detail, retry_after_seconds=60)


class SoundFontMissing(Unavailable):
    """There is no usable SoundFont."""

    slug = "soundfont-missing"

    def __init__(self, reason: str) -> None:
        detail = (
            f"Audio cannot be rendered here: {reason} Install the package `fluid-soundfont-gm` "
            "(or `musescore-general-soundfont-small`), or set EUTERPE_CONVERTER_SOUNDFONT."
        )
        super().__init__(detail, retry_after_seconds=60)


class UnknownSoundFont(Unprocessable):
    """There is no SoundFont of this name."""

    def __init__(self, name: str, known: list[str]) -> None:
        message = f"there is no SoundFont `{name[:80]}`; there are: {', '.join(known) or 'none'}"
        super().__init__(f"soundfont: {message}", fields=[FieldProblem("soundfont", message, {})])


class DownloadNotAllowed(Forbidden):
    """A share link that lets one listen only."""

    slug = "download-not-allowed"

    def __init__(self) -> None:
        super().__init__("This link lets you listen to the song, but not download it.")


class RenderQueueFull(Unavailable):
    """More renders wait already than may."""

    slug = "render-queue-full"

    def __init__(self, renders: int) -> None:
        super().__init__(f"{renders} renders run or wait already. Try again shortly.", retry_after_seconds=5)


class RenderTimeout(Unavailable):
    """A render took longer than it may, and was ended."""

    slug = "render-timeout"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Rendering was ended after the limit of {seconds:g} seconds.", retry_after_seconds=30)


class RenderFailed(ServiceError):
    """The synthesiser or the encoder failed. What it said is in the log, not in the answer."""

    status, slug = 500, "render-failed"

    def __init__(self, stage: str, complaint: str) -> None:
        super().__init__(f"Rendering failed in the {stage}. Asking again renders anew.")
        self.stage = stage
        self.complaint = complaint


class ClientGone(ServiceError):
    """The client left before its answer was ready; nobody reads this one. The status is nginx's."""

    status, slug = 499, "client-closed-request"

    def __init__(self) -> None:
        super().__init__("The client closed the request.")

    @property
    def title(self) -> str:
        """A phrase of our own, because 499 is no registered status."""
        return "Client Closed Request"
