"""What a browser shows when one points at a mark of the drawing: what happened there, in words.

A drawing has thousands of marks when there is much to show, so they share a room of a fixed size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from xzepr.cli.picture.layout import Layout, Mark, Move, Slot
from xzepr.cli.picture.unit_picture import UnitPicture
from xzepr.cli.picture.wording import day_and_second, event_text, moment_text, moved
from xzepr.cli.tables import counted

ROOM: Final = 400_000
"""About how many characters all titles have together, as long as each is told in full."""

MOST_ROOM: Final = 2_000
"""The most characters of one title."""

ENOUGH: Final = 250
"""With less room for each, titles only count."""

LEAST_ROOM: Final = 60
"""How many characters they have then."""


@attrs.frozen
class Titles:
    """Writes titles.

    Args:
        picture: What there is.
        room: How many characters one of them may have.
    """

    picture: UnitPicture
    room: int

    @classmethod
    def of(cls, picture: UnitPicture, layout: Layout) -> Titles:
        """Return those for a layout: the fewer marks, the longer."""
        marks = sum(len(lane.marks) for lane in layout.receivers) + sum(len(lane.moves) for lane in layout.groups)
        room = min(MOST_ROOM, ROOM // max(marks, 1))
        return cls(picture, room if room >= ENOUGH else LEAST_ROOM)

    def mark(self, mark: Mark) -> str:
        """Return what the events of a receiver were."""
        if self.room < ENOUGH:
            name = self.picture.label(mark.events[0].receiver_id)
            return fitted([f"{mark.passed} passed, {mark.failed} failed: {name}"], self.room)
        lines = (f"{event_text(self.picture, one)}, {day_and_second(one.recorded_at)} UTC" for one in mark.events)
        return fitted(lines, self.room)

    def move(self, move: Move) -> str:
        """Return how the verdict of a group changed, and why."""
        if self.room < ENOUGH:
            name = self.picture.label(move.transitions[-1].group.id)
            return fitted([f"{counted(len(move.transitions), 'change')}, at last {move.kind}: {name}"], self.room)
        return fitted(self._moves(move), self.room)

    def altered(self, slot: Slot) -> str:
        """Return which events of a slot are not what was recorded; empty if there are none."""
        events = (moment.event for moment in slot.moments if moment.event is not None)
        return fitted((event_text(self.picture, one) for one in events if one.id in self.picture.altered), MOST_ROOM)

    def _moves(self, move: Move) -> Iterator[str]:
        wanted = {(one.group.id, one.number) for one in move.transitions}
        for moment in move.slot.moments:
            for one in moment.transitions:
                if (one.group.id, one.number) in wanted:
                    when = day_and_second(one.recorded_at)
                    yield f"{moved(self.picture, one)} by {moment_text(self.picture, moment)}, {when} UTC"


def fitted(texts: Iterable[str], room: int) -> str:
    """Put texts behind each other: as many of the newest as there is room for, and at least the last one.

    Example:
        >>> fitted(["one", "two", "three"], 8), fitted(["a long one"], 6)
        ('and 1 before; two; three', 'a long…')
    """
    lines = list(texts)
    kept: list[str] = []
    for line in reversed(lines):
        if kept and len(line) > room:
            break
        kept.insert(0, line if len(line) <= room else f"{line[:room]}…")
        room -= len(line)
    left = len(lines) - len(kept)
    return "; ".join([*([f"and {left:,} before"] if left else []), *kept])
