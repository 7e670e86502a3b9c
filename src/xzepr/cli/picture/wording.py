"""What a unit's picture says in words, alike on a terminal and on a page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from xzepr import Event, Transition
from xzepr.cli.picture.gathering import GroupPicture, UnitPicture
from xzepr.cli.picture.moments import Moment

MOST_SAID: Final = 200
"""How much of a description is told where it stands beside much else."""


def day_and_second(moment: datetime) -> str:
    """Return a time as people read it, to the second.

    Example:
        >>> from xzepr import parse_time
        >>> day_and_second(parse_time("2026-11-23T04:05:06.789Z"))
        '2026-11-23 04:05:06'
    """
    return moment.isoformat(sep=" ", timespec="seconds")[:19]


def reason(picture: GroupPicture) -> str:
    """Return what a group says now, and whether that was announced."""
    if picture.verdict is None:
        return "cannot be read"
    due = "; not announced yet: re-evaluate the group" if picture.due else ""
    return f"{picture.verdict}{due}"


def moved(picture: UnitPicture, transition: Transition) -> str:
    """Return how a verdict changed."""
    return f"{picture.label(transition.group.id)} {transition.kind}"


def missing_text(numbers: range) -> str:
    """Say which events cannot be read.

    Example:
        >>> missing_text(range(3, 4)), missing_text(range(3, 6))
        ('event 3 cannot be read', 'events 3 to 5 cannot be read')
    """
    if len(numbers) == 1:
        return f"event {numbers[0]:,} cannot be read"
    return f"events {numbers[0]:,} to {numbers[-1]:,} cannot be read"


def event_text(picture: UnitPicture, event: Event) -> str:
    """Return what an event tells, in at most a few lines."""
    said = f"event {event.n:,}: {picture.label(event.receiver_id)} {'passed' if event.success else 'failed'}"
    more = event.description[:MOST_SAID]
    return f"{said}: {more}{'…' if len(more) < len(event.description) else ''}" if more else said


def moment_text(picture: UnitPicture, moment: Moment) -> str:
    """Return what happened."""
    if moment.event is not None:
        return event_text(picture, moment.event)
    return moment.cause if moment.missing is None else missing_text(moment.missing)


def remarks(picture: UnitPicture, event: Event) -> Iterator[str]:
    """Yield what is to know about an event beside its fields."""
    if event.id in picture.altered:
        yield "NOT what was recorded: its digest is another one"
    if event.redacted:
        yield "its payload was redacted"
