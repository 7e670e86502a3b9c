"""Draws a unit's picture as text, for a terminal of 100 columns, if no receiver has a name longer than usual."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from xzepr import Event, GateState, TransitionKind
from xzepr.cli.output import Cell, Column, Output, Style, shown, width_of
from xzepr.cli.picture.moments import Moment, history_of
from xzepr.cli.picture.unit_picture import GroupPicture, UnitPicture
from xzepr.cli.picture.wording import day_and_second, missing_text, moved, reason, remarks, tally_text
from xzepr.cli.tables import NOTHING, counted, write_fields, write_table

_MOVED: Final = {TransitionKind.COMPLETED: Style.STRONG_GOOD, TransitionKind.REOPENED: Style.STRONG_BAD}
_LEAST_NAME: Final = 14
_MOST_NAME: Final = 30
_INDENT: Final = " " * 7


def write_picture(output: Output, picture: UnitPicture) -> None:
    """Write a picture: the unit, what happened to it, and at the end, where a reader looks first, the verdicts.

    Args:
        output: Where.
        picture: What to show.
    """
    _write_head(output, picture)
    output.line()
    _write_history(output, picture)
    output.line()
    if picture.groups:
        write_table(output, ("group", "gates", "verdict"), [_verdict_row(picture, group) for group in picture.groups])
    else:
        output.line("no group concerns this unit", Style.FAINT)
    for text in picture.left_out:
        output.line(f"not shown: {shown(text)}", Style.FAINT)


def _write_head(output: Output, picture: UnitPicture) -> None:
    fields = [(field.replace("_", " "), value) for field, value in picture.unit.fields().items()]
    events = counted(picture.recorded, "event")
    if picture.begins_at > 1:
        events += f", shown from number {picture.begins_at:,} on"
    write_fields(output, [*fields, ("recorded", events), ("groups", tally_text(picture.tally))])


def _write_history(output: Output, picture: UnitPicture) -> None:
    columns = _columns(picture)
    output.head(columns)
    for moment in history_of(picture).moments:
        _write_moment(output, columns, picture, moment)


def _columns(picture: UnitPicture) -> Sequence[Column]:
    """Return the columns of events: that of the receivers is as wide as their names."""
    names = {event.receiver_id for event in picture.events}
    longest = max((width_of(shown(picture.label(one))) for one in names), default=0)
    return (
        Column("n", 5, right=True),
        Column("recorded (UTC)", 19),
        Column("receiver", max(_LEAST_NAME, min(_MOST_NAME, longest))),
        Column("result", 6),
        Column("by", 16),
        Column("event", 26),
    )


def _write_moment(output: Output, columns: Sequence[Column], picture: UnitPicture, moment: Moment) -> None:
    if moment.event is not None:
        output.row(columns, _event_row(picture, moment.event))
        _write_remarks(output, picture, moment.event)
    elif moment.missing is not None:
        output.line(f"{_INDENT}{missing_text(moment.missing)}: damaged", Style.BAD)
    else:
        when = day_and_second(moment.transitions[0].recorded_at)
        output.row(columns[:3], [Cell(NOTHING), Cell(when), Cell(moment.cause)])
    for transition in moment.transitions:
        output.line(f"{_INDENT}-> {shown(moved(picture, transition))}", _MOVED[transition.kind])


def _write_remarks(output: Output, picture: UnitPicture, event: Event) -> None:
    if event.description:
        output.line(f"{_INDENT}| {shown(event.description)}", Style.FAINT)
    for remark in remarks(picture, event):
        output.line(f"{_INDENT}| {remark.text}", Style.STRONG_BAD if remark.grave else Style.FAINT)


def _event_row(picture: UnitPicture, event: Event) -> list[Cell]:
    return [
        Cell(f"{event.n}"),
        Cell(day_and_second(event.recorded_at)),
        Cell(shown(picture.label(event.receiver_id))),
        Cell("passed", Style.GOOD) if event.success else Cell("FAILED", Style.BAD),
        Cell(shown(str(event.owner))),
        Cell(event.id, Style.FAINT),
    ]


def _verdict_row(picture: UnitPicture, group: GroupPicture) -> list[Cell | str]:
    said = Cell(reason(group), Style.STRONG_GOOD if group.complete else Style.STRONG_BAD)
    return [picture.label(group.group.id), _tally(group), said]


def _tally(picture: GroupPicture) -> str:
    if picture.verdict is None:
        return NOTHING
    passed = sum(gate.state is GateState.PASSED for gate in picture.verdict.gates)
    return f"{passed} of {len(picture.verdict.gates)}"
