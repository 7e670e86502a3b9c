"""Draws a unit's picture as text, for a terminal of 100 columns."""

from __future__ import annotations

from typing import Final

from xzepr import Event, GateState, TransitionKind
from xzepr.cli.output import Cell, Column, Output, Style, shown
from xzepr.cli.picture.gathering import GroupPicture, UnitPicture
from xzepr.cli.picture.moments import Moment, history_of
from xzepr.cli.picture.wording import day_and_second, missing_text, moved, reason, remarks
from xzepr.cli.tables import NOTHING, counted, write_fields, write_table

_MOVED: Final = {TransitionKind.COMPLETED: Style.STRONG_GOOD, TransitionKind.REOPENED: Style.STRONG_BAD}
_EVENTS: Final = (
    Column("n", 5, right=True),
    Column("recorded (UTC)", 19),
    Column("receiver", 14),
    Column("result", 6),
    Column("by", 16),
    Column("event", 26),
)
_INDENT: Final = " " * 7


def write_picture(output: Output, picture: UnitPicture) -> None:
    """Write a picture: the unit, what happened to it, and at the end, where a reader looks first, the verdicts.

    Args:
        output: Where.
        picture: What to show.
    """
    _write_head(output, picture)
    output.line()
    output.head(_EVENTS)
    for moment in history_of(picture).moments:
        _write_moment(output, picture, moment)
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
    write_fields(output, [*fields, ("recorded", events), ("groups", counted(len(picture.groups), "group"))])


def _write_moment(output: Output, picture: UnitPicture, moment: Moment) -> None:
    if moment.event is not None:
        output.row(_EVENTS, _event_row(picture, moment.event))
        for remark in filter(None, [moment.event.description, *remarks(picture, moment.event)]):
            output.line(f"{_INDENT}| {shown(remark)}", Style.FAINT)
    elif moment.missing is not None:
        output.line(f"{_INDENT}{missing_text(moment.missing)}: damaged", Style.BAD)
    else:
        output.row(
            _EVENTS[:3], [Cell(NOTHING), Cell(day_and_second(moment.transitions[0].recorded_at)), Cell(moment.cause)]
        )
    for transition in moment.transitions:
        output.line(f"{_INDENT}-> {shown(moved(picture, transition))}", _MOVED[transition.kind])


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
