"""Outcome of a presented refresh token (RFC 9700, section 4.14.2)."""

from datetime import datetime, timedelta
from enum import Enum

#: Time during which a refresh can be repeated, in case its response was lost.
GRACE_PERIOD = timedelta(seconds=10)


class RefreshOutcome(Enum):
    """What happens with a presented refresh token."""

    ROTATE = "rotated"
    REPEAT = "repeated"
    REUSED = "reused"
    EXPIRED = "expired"
    REVOKED = "revoked"


def classify_refresh(
    now: datetime,
    *,
    session_expires_at: datetime,
    session_revoked_at: datetime | None,
    replaced_at: datetime | None,
    successor_is_current: bool,
) -> RefreshOutcome:
    """Determine the outcome for a token of a session.

    A token that was replaced before means either a lost response, if it is the immediate predecessor of the current
    token and was replaced within the grace period, or that two parties have it.
    """
    if session_revoked_at is not None:
        return RefreshOutcome.REVOKED
    if now >= session_expires_at:
        return RefreshOutcome.EXPIRED
    if replaced_at is None:
        return RefreshOutcome.ROTATE
    if successor_is_current and now - replaced_at <= GRACE_PERIOD:
        return RefreshOutcome.REPEAT
    return RefreshOutcome.REUSED
