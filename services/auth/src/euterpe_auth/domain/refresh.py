"""What becomes of a refresh token that is presented (RFC 9700, section 4.14.2)."""

from datetime import datetime, timedelta
from enum import Enum

#: An answer that was lost on its way may be asked for again for this long.
GRACE = timedelta(seconds=10)


class Verdict(Enum):
    """What to do with a presented refresh token."""

    ROTATE = "rotated"
    REPEAT = "repeated"
    REUSED = "reused"
    EXPIRED = "expired"
    REVOKED = "revoked"


def judge(
    now: datetime,
    *,
    session_expires_at: datetime,
    session_revoked_at: datetime | None,
    replaced_at: datetime | None,
    successor_is_current: bool,
) -> Verdict:
    """Decides about a token of a session.

    A token that was replaced already is either the sign of a lost answer, when it is the immediate predecessor of the
    current one and was replaced within the grace, or the sign that two parties hold it.
    """
    if session_revoked_at is not None:
        return Verdict.REVOKED
    if now >= session_expires_at:
        return Verdict.EXPIRED
    if replaced_at is None:
        return Verdict.ROTATE
    if successor_is_current and now - replaced_at <= GRACE:
        return Verdict.REPEAT
    return Verdict.REUSED
