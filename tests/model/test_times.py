"""Times and their one text form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzepr.errors import Invalid
from xzepr.model import format_time, parse_time, utc_now

ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_reads_back(moment: datetime) -> None:
    """Every moment of the calendar survives, to the microsecond."""
    text = format_time(moment)
    assert len(text) == 27
    assert moment == parse_time(text)


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES))  # noqa: DTZ001 - bounds, zoned below
def test_any_offset_names_the_same_moment(moment: datetime) -> None:
    """An offset is taken into account and ends as UTC."""
    parsed = parse_time(moment.isoformat(timespec="microseconds"))
    assert moment == parsed
    assert parsed.tzinfo is UTC


def test_the_form_is_rfc_3339_with_six_digits_and_z() -> None:
    """Also years below 1000 and whole seconds have their full form."""
    assert format_time(datetime(26, 1, 2, 3, 4, 5, tzinfo=UTC)) == "0026-01-02T03:04:05.000000Z"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23t04:05:06z", "2026-11-23T04:05:06.000000Z"),
        ("2026-11-23T04:05:06.1234567Z", "2026-11-23T04:05:06.123456Z"),
        ("2026-11-23T04:05:06.999999999Z", "2026-11-23T04:05:06.999999Z"),
        ("2026-11-23T23:59:59-00:01", "2026-11-24T00:00:59.000000Z"),
        ("2024-02-29T00:00:00+23:59", "2024-02-28T00:01:00.000000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_c065_what_rfc_3339_allows_is_read(text: str, expected: str) -> None:
    """Small letters, up to nine digits and offsets are read; what is below the microsecond is cut off."""
    assert expected == format_time(parse_time(text))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T04:05:06",
        "2026-11-23",
        "2026-11-23 04:05:06Z",
        "2026-11-23T04:05Z",
        "2026-11-23T04:05:06.Z",
        "2026-11-23T04:05:06.1234567890Z",
        "2026-11-23T04:05:06+0100",
        "2026-11-23T04:05:06+01",
        "2026-11-23T04:05:06 Z",
        " 2026-11-23T04:05:06Z",
        "2026-11-23T04:05:06Z\n",
        "-0001-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "٢٠٢٦-11-23T04:05:06Z",
        "2026-W48-1T04:05:06Z",
        "infinity",
        "NaN",
        "0044-03-15T00:00:00Z BC",
        "",
        "2" * 1_000_000,
        None,
        1_700_000_000,
        b"2026-11-23T04:05:06Z",
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_c065_what_is_no_rfc_3339_time_is_refused(text: str) -> None:
    """Every other form is Invalid, by the field's name and without its value."""
    with pytest.raises(Invalid, match=r"^occurred_at: must be an RFC 3339 time with a zone"):
        parse_time(text, "occurred_at")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T24:00:00Z",
        "2026-11-23T23:59:60Z",
        "2016-12-31T23:59:60Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-11-23T04:05:06+24:00",
        "2026-11-23T04:05:06-24:00",
        "2026-11-23T04:05:06+99:00",
        "2026-11-23T04:05:06+00:60",
        "2026-11-23T04:05:06-00:00",
        "9999-12-31T23:59:00-05:00",
        "0001-01-01T00:00:00+05:00",
    ],
)
def test_c065_a_moment_that_does_not_exist_is_refused(text: str) -> None:
    """Hour 24, leap seconds, impossible dates and offsets, an unknown offset, and years that UTC has not."""
    with pytest.raises(Invalid, match="time: must name a moment that exists, in the years 1 to 9999 in UTC"):
        parse_time(text)


def test_the_clock_is_aware_and_in_utc() -> None:
    """The default clock gives what everything expects."""
    assert utc_now().tzinfo is UTC
