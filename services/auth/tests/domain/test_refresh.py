"""Outcomes of presented refresh tokens."""

from datetime import UTC, datetime, timedelta

import pytest
from euterpe_auth.domain.refresh import RefreshOutcome, classify_refresh

NOW = datetime(2026, 9, 13, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(days=1), NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("expires", "revoked", "replaced_seconds_ago", "successor_is_current", "outcome"),
    [
        (LATER, None, None, False, RefreshOutcome.ROTATE),
        (LATER, None, 10, True, RefreshOutcome.REPEAT),
        (LATER, None, 10.001, True, RefreshOutcome.REUSED),
        (LATER, None, 1, False, RefreshOutcome.REUSED),
        (NOW, None, None, False, RefreshOutcome.EXPIRED),
        (EARLIER, None, 1, True, RefreshOutcome.EXPIRED),
        (LATER, EARLIER, None, False, RefreshOutcome.REVOKED),
        (LATER, EARLIER, 1, True, RefreshOutcome.REVOKED),
    ],
)
def test_outcomes(
    expires: datetime,
    revoked: datetime | None,
    replaced_seconds_ago: float | None,
    successor_is_current: bool,
    outcome: RefreshOutcome,
) -> None:
    replaced = None if replaced_seconds_ago is None else NOW - timedelta(seconds=replaced_seconds_ago)
    given = {"session_expires_at": expires, "session_revoked_at": revoked, "replaced_at": replaced}
    assert classify_refresh(NOW, **given, successor_is_current=successor_is_current) is outcome
