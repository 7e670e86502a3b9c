"""What stands above and below the lanes: days and times, long pauses, and the numbers of the events.

Labels that have no room are left out, never drawn over each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from xzepr.cli.picture.layout import Slot, pauses
from xzepr.cli.picture.markup import Markup, tag
from xzepr.cli.picture.moments import REEVALUATED

MARGIN: Final = 34
"""Room on both sides for labels that are wider than their slot."""

_DIGIT: Final = 6.8
_TIME_WIDTH: Final = 56
_DATE_WIDTH: Final = 74
_PAUSE_WIDTH: Final = 38
_FAR_LEFT: Final = -2.0 * MARGIN


def times(slots: Sequence[Slot], day_y: float, time_y: float) -> Iterator[Markup]:
    """Draw the days and the times.

    Args:
        slots: The places, from left to right.
        day_y: Where the days stand.
        time_y: Where the times stand.
    """
    free = free_for_day = _FAR_LEFT
    day = ""
    for slot in slots:
        if slot.at is None or slot.x - _TIME_WIDTH / 2 < free:
            continue
        new_day = f"{slot.at:%Y-%m-%d}"
        if new_day != day:
            if slot.x - _DATE_WIDTH / 2 < free_for_day:
                continue  # no time without its day
            yield tag("text", new_day, x=slot.x, y=day_y, class_="day")
            day, free_for_day = new_day, slot.x + _DATE_WIDTH / 2
        yield tag("text", f"{slot.at:%H:%M:%S}", x=slot.x, y=time_y, class_="time")
        free = slot.x + _TIME_WIDTH / 2


def numbers(slots: Sequence[Slot], bottom: float) -> Iterator[Markup]:
    """Draw the number of the first event of each slot.

    Args:
        slots: The places, from left to right.
        bottom: Where the lanes end.
    """
    free = _FAR_LEFT
    for slot in slots:
        label = _number(slot)
        half = (_DIGIT * len(label) + 4) / 2
        if slot.x - half >= free:
            yield tag("text", label, x=slot.x, y=bottom + 16, class_="n")
            free = slot.x + half


def _number(slot: Slot) -> str:
    for moment in slot.moments:
        if moment.event is not None:
            return f"{moment.event.n:,}"
        if moment.cause == REEVALUATED:
            return "re-eval."
    return "?"


def long_pauses(slots: Sequence[Slot], top: float, bottom: float) -> Iterator[Markup]:
    """Draw a line for each long time without events, and how long it was.

    Args:
        slots: The places, from left to right.
        top: Where the lanes begin.
        bottom: Where they end.
    """
    free = _FAR_LEFT
    for x, pause in pauses(slots):
        yield tag("line", x1=x, x2=x, y1=top - 4, y2=bottom, class_="pause")
        if x - _PAUSE_WIDTH / 2 >= free:
            yield tag("text", _pause_text(pause), x=x, y=top - 9, class_="pause-text")
            free = x + _PAUSE_WIDTH / 2


def _pause_text(pause: timedelta) -> str:
    """Return a pause in few characters.

    Example:
        >>> _pause_text(timedelta(hours=19, minutes=59)), _pause_text(timedelta(days=400))
        ('+19 h', '+400 d')
    """
    hours = int(pause.total_seconds() // 3600)
    return f"+{hours} h" if pause < timedelta(days=2) else f"+{hours // 24:,} d"
