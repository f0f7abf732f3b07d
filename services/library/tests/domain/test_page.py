"""Cursors encode positions exactly, and everything else is refused."""

import base64
import uuid
from datetime import UTC, datetime

import pytest
from euterpe_library.domain.filters import CURSOR_VALUES, Sort
from euterpe_library.domain.page import MAX_CURSOR_LENGTH, Position, SortValue
from hypothesis import given
from hypothesis import strategies as st

times = st.datetimes(timezones=st.just(UTC))
titles = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=64)
values: dict[str, st.SearchStrategy[SortValue]] = {
    Sort.NEWEST: times,
    Sort.OLDEST: times,
    Sort.TITLE: titles,
    Sort.LONGEST: st.floats(0, 86_400),
    Sort.SHORTEST: st.floats(0, 86_400),
    Sort.LIKED: st.integers(0, 2**31 - 1),
}
positions = st.sampled_from(list(values)).flatmap(
    lambda order: st.builds(Position, st.just(order), values[order], st.uuids())
)


def cursor_of(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@given(positions)
def test_a_cursor_round_trips(position: Position) -> None:
    cursor = position.cursor()
    assert Position.from_cursor(cursor, CURSOR_VALUES) == position
    assert len(cursor) <= MAX_CURSOR_LENGTH


@given(st.text(max_size=60) | st.text(max_size=60).map(cursor_of))
def test_other_text_is_refused_or_is_a_valid_position(text: str) -> None:
    try:
        position = Position.from_cursor(text, CURSOR_VALUES)
    except ValueError:
        return
    assert Position.from_cursor(position.cursor(), CURSOR_VALUES) == position


@pytest.mark.parametrize(
    "written",
    [
        '["newest", 99999999999999999999, "{id}"]',
        '["newest", "yesterday", "{id}"]',
        '["newest", 1e5, "{id}"]',
        '["newest", null, "{id}"]',
        '["title", 7, "{id}"]',
        '["title", "a\\u0000b", "{id}"]',
        '["title", "\\ud800", "{id}"]',
        '["longest", NaN, "{id}"]',
        '["longest", 1e999, "{id}"]',
        '["liked", 4294967296, "{id}"]',
        '["liked", true, "{id}"]',
        '["random", 1, "{id}"]',
        '["newest", 1, "7"]',
        '["newest", 1, 7]',
        '["newest", 1]',
        '{"newest": 1}',
        "[[[[",
        "7",
    ],
)
def test_a_malformed_cursor_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        Position.from_cursor(cursor_of(written.replace("{id}", uuid.UUID(int=1).hex)), CURSOR_VALUES)


def test_a_time_keeps_its_microseconds() -> None:
    moment = datetime(2026, 10, 16, 12, 0, 0, 123_457, tzinfo=UTC)
    position = Position(Sort.NEWEST, moment, uuid.UUID(int=1))
    assert Position.from_cursor(position.cursor(), CURSOR_VALUES).value == moment
