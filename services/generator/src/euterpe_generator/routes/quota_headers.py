"""Headers about the quotas of a user's library, in responses to requests for pieces."""

from dataclasses import asdict

from euterpe_service_kit.rate_limit import storage_quota_headers

from euterpe_generator.domain.generation import Owner
from euterpe_generator.services.generations import GenerationService


def quota_headers(service: GenerationService, owner: Owner) -> dict[str, str]:
    """Return the headers; none without an account, or while the library does not answer."""
    usage = service.library_usage(owner)
    return {} if usage is None else storage_quota_headers(**asdict(usage))
