"""Cursors carry a position exactly, and nothing else is taken for one."""

import uuid
from datetime import UTC, datetime

import pytest
from euterpe_library.domain.page import Position
from hypothesis import given
from hypothesis import strategies as st

moments = st.datetimes(timezones=st.just(UTC))


@given(moments, st.uuids())
def test_a_cursor_gives_its_position_back(created_at: datetime, song_id: uuid.UUID) -> None:
    position = Position(created_at, song_id)
    assert Position.from_cursor(position.cursor()) == position


@given(st.text(max_size=60) | st.binary(min_size=25, max_size=25).map(lambda raw: raw.hex()))
def test_anything_else_is_refused_or_is_a_position(text: str) -> None:
    try:
        position = Position.from_cursor(text)
    except ValueError:
        return
    assert Position.from_cursor(position.cursor()) == position


def test_a_time_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        Position.from_cursor("AX" + "_" * 9 + "A" * 23)
