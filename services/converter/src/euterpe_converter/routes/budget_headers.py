"""Headers about the budget of rendered audio."""

from euterpe_service_kit.rate_limit import quota_headers

from euterpe_converter.domain.requester import Requester
from euterpe_converter.services.audio import AudioService


def budget_headers(audio: AudioService, requester: Requester) -> dict[str, str]:
    """Return the headers that state the requester's budget of rendered audio."""
    return quota_headers([audio.usage(requester).quota])
