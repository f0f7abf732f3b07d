"""Headers about a user's quotas, in responses to requests for pieces."""

from dataclasses import asdict

from euterpe_service_kit.rate_limit import quota_headers, storage_quotas

from euterpe_generator.domain.generation import Owner
from euterpe_generator.services.generations import GenerationService


def generation_quota_headers(service: GenerationService, owner: Owner) -> dict[str, str]:
    """Return the headers about the pieces per day, and about the library of an account while it answers."""
    daily, storage = service.known_daily_usage(owner), service.library_usage(owner)
    pieces = None if daily is None else daily.quota
    quotas = [] if pieces is None else [pieces]
    return quota_headers(quotas + ([] if storage is None else storage_quotas(**asdict(storage))))
