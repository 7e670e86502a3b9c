"""What a unit's picture says in words, alike on a terminal and on a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import attrs

from xzepr import Event, Gate, GateState, Transition
from xzepr.cli.picture.moments import Moment
from xzepr.cli.picture.unit_picture import GroupPicture, Tally, UnitPicture

MOST_SAID: Final = 200
"""How much of a description is told where it stands beside much else."""

ALTERED: Final = "NOT what was recorded: its digest is another one"

_URGENCY: Final = (GateState.FAILED, GateState.MISSING, GateState.PASSED)


def day_and_second(moment: datetime) -> str:
    """Return a time as people read it, to the second.

    Example:
        >>> from xzepr import parse_time
        >>> day_and_second(parse_time("2026-11-23T04:05:06.789Z"))
        '2026-11-23 04:05:06'
    """
    return moment.isoformat(sep=" ", timespec="seconds")[:19]


@attrs.frozen
class Remark:
    """What is to know about an event beside its fields.

    Args:
        text: What it is.
        grave: Whether something is wrong.
    """

    text: str
    grave: bool = False


def tally_text(tally: Tally) -> str:
    """Return how many groups are complete.

    Example:
        >>> tally_text(Tally(groups=60, complete=50)), tally_text(Tally(groups=2, complete=1, disabled=1))
        ('50 of 60 complete', '1 of 1 complete, 1 disabled')
    """
    disabled = f", {tally.disabled:,} disabled" if tally.disabled else ""
    return f"{tally.complete:,} of {tally.enabled:,} complete{disabled}" if tally.groups else "none"


def by_urgency(gates: Iterable[Gate]) -> list[Gate]:
    """Put gates in the order in which to look at them: what failed, what is missing, what passed."""
    return sorted(gates, key=lambda gate: _URGENCY.index(gate.state))


def reason(picture: GroupPicture) -> str:
    """Return what a group says now and what blocks it, and whether that was announced."""
    if picture.verdict is None:
        return "cannot be read"
    said = attrs.evolve(picture.verdict, gates=tuple(by_urgency(picture.verdict.gates)))
    return "; ".join([str(said), *remarks_on_group(picture)])


def remarks_on_group(picture: GroupPicture) -> Iterator[str]:
    """Yield what is to know about how the verdict of a group came about."""
    if picture.due:
        yield "not announced yet: re-evaluate the group"
    if not picture.read_to_end:
        yield "how it came about cannot be read to the end"


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
    """Return what an event tells, in at most a few lines; first of all what is to know about it."""
    said = f"event {event.n:,}: {picture.label(event.receiver_id)} {'passed' if event.success else 'failed'}"
    known = "".join(f" ({remark.text})" for remark in remarks(picture, event))
    more = event.description[:MOST_SAID]
    return f"{said}{known}: {more}{'…' if len(more) < len(event.description) else ''}" if more else said + known


def moment_text(picture: UnitPicture, moment: Moment) -> str:
    """Return what happened."""
    if moment.event is not None:
        return event_text(picture, moment.event)
    return moment.cause if moment.missing is None else missing_text(moment.missing)


def remarks(picture: UnitPicture, event: Event) -> Iterator[Remark]:
    """Yield what is to know about an event beside its fields."""
    if event.id in picture.altered:
        yield Remark(ALTERED, grave=True)
    if event.redacted:
        yield Remark("its payload was redacted")
