"""Times: aware, in UTC, to the microsecond; one text form."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from xzepr.errors import ConfigurationError, Invalid, Violation
from xzepr.model.checks import time_problem

Clock = Callable[[], datetime]
"""Tells the time now, aware and in UTC."""

_RFC3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_MINUTES_PER_HOUR: Final = 60


def utc_now() -> datetime:
    """Tell the time now (the default :data:`Clock`)."""
    return datetime.now(UTC)


def ask(clock: Clock) -> datetime:
    """Ask a host's clock.

    Returns:
        The time that it tells, in UTC.

    Raises:
        ConfigurationError: It tells no time, or one without a zone.

    Example:
        >>> ask(lambda: datetime(2026, 11, 23, 5, tzinfo=timezone(timedelta(hours=1))))
        datetime.datetime(2026, 11, 23, 4, 0, tzinfo=datetime.timezone.utc)
    """
    moment: object = clock()
    if isinstance(moment, datetime) and moment.tzinfo is UTC:
        return moment
    if isinstance(moment, datetime) and time_problem(moment) is None:
        return moment.astimezone(UTC)
    raise ConfigurationError("the clock must tell times with a zone, such as datetime.now(UTC)")


def format_time(moment: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC with six digits and ``Z``: the form that digests are taken over.

    Example:
        >>> format_time(datetime(2026, 11, 23, 5, 5, 6, 7, tzinfo=timezone(timedelta(hours=1))))
        '2026-11-23T04:05:06.000007Z'
    """
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:26] + "Z"


def parse_time(text: str, field: str = "time") -> datetime:
    """Read an RFC 3339 time.

    Digits beyond the microsecond are cut off. A leap second, hour 24 and an unknown offset are refused.

    Args:
        text: ``2026-11-23T04:05:06.5+01:00`` and the like.
        field: How to name it in the refusal.

    Returns:
        The moment in UTC.

    Raises:
        Invalid: It is not such a time, or not one of the years 1 to 9999 in UTC.

    Example:
        >>> parse_time("2026-11-23T04:05:06.5+01:00")
        datetime.datetime(2026, 11, 23, 3, 5, 6, 500000, tzinfo=datetime.timezone.utc)
    """
    match = _RFC3339.fullmatch(text) if type(text) is str else None
    if match is None:
        raise Invalid([Violation(field, "must be an RFC 3339 time with a zone, such as 2026-11-23T04:05:06Z")])
    *calendar, fraction, zulu, sign, hours, minutes = match.groups()
    try:
        zone = UTC if zulu else _zone(sign, int(hours), int(minutes))
        micros = int((fraction or "0")[:6].ljust(6, "0"))
        year, month, day, hour, minute, second = map(int, calendar)
        return datetime(year, month, day, hour, minute, second, micros, zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid([Violation(field, "must name a moment that exists, in the years 1 to 9999 in UTC")]) from error


def _zone(sign: str, hours: int, minutes: int) -> timezone:
    offset = timedelta(hours=hours, minutes=minutes)
    if minutes >= _MINUTES_PER_HOUR or (sign == "-" and not offset):  # -00:00 is "unknown" (RFC 3339, section 4.3)
        raise ValueError("offset")
    return timezone(-offset if sign == "-" else offset)
