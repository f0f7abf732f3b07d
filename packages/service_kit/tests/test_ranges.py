"""Byte ranges of RFC 9110."""

import pytest
from euterpe_service_kit.errors import RangeNotSatisfiable
from euterpe_service_kit.ranges import ByteRange, parse_range
from hypothesis import given
from hypothesis import strategies as st

sizes = st.integers(min_value=1, max_value=10**12)
positions = st.integers(min_value=0, max_value=10**13)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", ByteRange(0, 0)),
        ("bytes=0-499", ByteRange(0, 499)),
        ("bytes=500-", ByteRange(500, 999)),
        ("bytes=-1", ByteRange(999, 999)),
        ("bytes=-5000", ByteRange(0, 999)),
        ("bytes=900-5000", ByteRange(900, 999)),
        ("Bytes= 1-2 ", ByteRange(1, 2)),
    ],
)
def test_single_range_is_limited_to_the_resource(header: str, expected: ByteRange) -> None:
    assert parse_range(header, 1000) == expected


@pytest.mark.parametrize(
    "header", [None, "", "bytes=", "bytes=-", "items=0-1", "bytes=5-2", "bytes=0-1,4-5", "bytes=a-b"]
)
def test_other_headers_return_the_whole_resource(header: str | None) -> None:
    assert parse_range(header, 1000) is None


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-1001", "bytes=-0"])
def test_range_outside_the_resource_reports_the_size(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable) as caught:
        parse_range(header, 1000)
    assert caught.value.headers == {"Content-Range": "bytes */1000"}


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-3", "bytes=0-0"])
def test_empty_resource_has_no_ranges(header: str) -> None:
    assert parse_range(header, 0) is None


@given(first=positions, length=positions, size=sizes)
def test_closed_range_equals_slicing(first: int, length: int, size: int) -> None:
    last = first + length
    if first >= size:
        with pytest.raises(RangeNotSatisfiable):
            parse_range(f"bytes={first}-{last}", size)
        return
    selected = parse_range(f"bytes={first}-{last}", size)
    assert selected is not None
    assert range(size)[first : last + 1] == range(selected.first, selected.last + 1)


@given(length=positions.filter(bool), size=sizes)
def test_suffix_equals_negative_slicing(length: int, size: int) -> None:
    selected = parse_range(f"bytes=-{length}", size)
    assert selected is not None
    assert range(size)[-length:] == range(selected.first, selected.last + 1)


@given(header=st.text(max_size=60) | st.from_regex(r"bytes=[-0-9, ]{0,30}"), size=st.integers(0, 10**6))
def test_any_header_gives_a_valid_range_or_range_not_satisfiable(header: str, size: int) -> None:
    try:
        selected = parse_range(header, size)
    except RangeNotSatisfiable:
        return
    assert selected is None or 0 <= selected.first <= selected.last < size
