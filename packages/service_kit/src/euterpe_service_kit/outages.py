"""Outages apart from faults: an outage passes without a change of ours, so it is waited for; a fault is not."""

from euterpe_service_kit.database import is_unavailable
from euterpe_service_kit.errors import Unavailable


def is_outage(error: BaseException) -> bool:
    """Return whether an error says that PostgreSQL, S3 or a peer cannot be reached at the moment."""
    return isinstance(error, Unavailable) or is_unavailable(error)
