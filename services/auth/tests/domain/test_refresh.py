"""What becomes of a presented refresh token."""

from datetime import UTC, datetime, timedelta

import pytest
from euterpe_auth.domain.refresh import Verdict, judge

NOW = datetime(2026, 9, 13, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(days=1), NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("expires", "revoked", "replaced_seconds_ago", "successor_is_current", "verdict"),
    [
        (LATER, None, None, False, Verdict.ROTATE),
        (LATER, None, 10, True, Verdict.REPEAT),
        (LATER, None, 10.001, True, Verdict.REUSED),
        (LATER, None, 1, False, Verdict.REUSED),
        (NOW, None, None, False, Verdict.EXPIRED),
        (EARLIER, None, 1, True, Verdict.EXPIRED),
        (LATER, EARLIER, None, False, Verdict.REVOKED),
        (LATER, EARLIER, 1, True, Verdict.REVOKED),
    ],
)
def test_verdicts(
    expires: datetime,
    revoked: datetime | None,
    replaced_seconds_ago: float | None,
    successor_is_current: bool,
    verdict: Verdict,
) -> None:
    replaced = None if replaced_seconds_ago is None else NOW - timedelta(seconds=replaced_seconds_ago)
    given = {"session_expires_at": expires, "session_revoked_at": revoked, "replaced_at": replaced}
    assert judge(NOW, **given, successor_is_current=successor_is_current) is verdict
