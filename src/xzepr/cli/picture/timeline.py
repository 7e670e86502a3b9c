"""Draws a layout as SVG: a lane for each group and each receiver, with times above and the numbers of events below.

The names of the lanes are HTML beside it, where a browser can cut them in any script. Heights are therefore the same
here and in the style sheet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from xzepr import TransitionKind
from xzepr.cli.picture import axes, glyphs
from xzepr.cli.picture.layout import GroupLane, Layout, Mark, Move, ReceiverLane, Slot, Span, Standing, stretched
from xzepr.cli.picture.markup import Markup, joined, number, tag
from xzepr.cli.picture.titles import Titles
from xzepr.cli.picture.unit_picture import UnitPicture
from xzepr.cli.picture.wording import moment_text

HEAD: Final = 56
SECTION: Final = 28
LANE: Final = 30
FOOT: Final = 24

TALL: Final = 16
"""From so many lanes on, times stand below them too."""

TIMES_BELOW: Final = 36
"""The room that they need there."""

_BAR: Final = 12
_MOST: Final = 15
_LEAST_MOVE: Final = 9.5
_SIGN_OF: Final = {TransitionKind.COMPLETED: glyphs.COMPLETED, TransitionKind.REOPENED: glyphs.REOPENED}
_SAID: Final = {True: glyphs.PASSED, False: glyphs.FAILED}
_SPAN_TEXT: Final = {Standing.OPEN: "complete", Standing.REOPENED: "reopened", Standing.PENDING: "pending"}


def draw(picture: UnitPicture, layout: Layout) -> Markup:
    """Draw the plot: everything but the names of the lanes.

    Args:
        picture: What there is.
        layout: Where it stands.
    """
    return _Drawing(picture, layout, Titles.of(picture, layout)).svg()


@attrs.frozen
class _Drawing:
    picture: UnitPicture
    layout: Layout
    titles: Titles

    @property
    def receivers_top(self) -> float:
        return HEAD + SECTION + LANE * max(1, len(self.layout.groups)) + SECTION

    @property
    def bottom(self) -> float:
        return self.receivers_top + LANE * max(1, len(self.layout.receivers))

    @property
    def tall(self) -> bool:
        return len(self.layout.groups) + len(self.layout.receivers) >= TALL

    @property
    def size(self) -> float:
        """How large a mark is: as large as slots allow."""
        return min(_MOST, self.layout.step * 0.92)

    def svg(self) -> Markup:
        width, height = self.layout.width + 2 * axes.MARGIN, self.bottom + FOOT + (TIMES_BELOW if self.tall else 0)
        return tag(
            "svg",
            tag("title", f"What happened to {self.picture.unit}", id="plot-title"),
            tag("desc", "The table of events below tells the same in words.", id="plot-text"),
            *self._grounds(),
            *axes.long_pauses(self.layout.slots, HEAD, self.bottom),
            *self._times(),
            *self._guides(),
            *self._group_lanes(),
            *self._receiver_lanes(),
            *axes.numbers(self.layout.slots, self.bottom),
            class_="plot",
            role="img",
            aria_labelledby="plot-title plot-text",
            width=width,
            height=height,
            viewBox=f"{-axes.MARGIN} 0 {number(width)} {number(height)}",
        )

    def _times(self) -> Iterator[Markup]:
        yield from axes.times(self.layout.slots, 14, 30)
        if self.tall:
            yield from axes.times(self.layout.slots, self.bottom + FOOT + 26, self.bottom + FOOT + 10)

    def _grounds(self) -> Iterator[Markup]:
        """Yield what lies behind: a stripe for each lane, and the places of what cannot be read or relied on."""
        for y in [*self._group_ys(), *self._receiver_ys()]:
            yield tag("line", x1=0, x2=self.layout.width, y1=y, y2=y, class_="track")
        for slot in self.layout.slots:
            gaps = [moment for moment in slot.moments if moment.missing is not None]
            if gaps:
                yield self._band(slot, "; ".join(moment_text(self.picture, moment) for moment in gaps), "gap")
            altered = self.titles.altered(slot)
            if altered:
                yield self._band(slot, altered, "altered")

    def _band(self, slot: Slot, title: str, class_: str) -> Markup:
        step = min(self.layout.step, 2.0 * _MOST)
        band = tag("rect", x=slot.x - step / 2, y=HEAD, width=step, height=self.bottom - HEAD)
        return tag("g", joined(tag("title", title), band), class_=f"mark {class_}")

    def _guides(self) -> Iterator[Markup]:
        """Yield a line from each event to the groups that it moved; with many to a slot, they would hide the rest."""
        if self.layout.each > 1:
            return
        lane_of = {lane.receiver_id: y for lane, y in zip(self.layout.receivers, self._receiver_ys(), strict=False)}
        top: dict[float, float] = {}
        for lane, y in zip(self.layout.groups, self._group_ys(), strict=False):
            for move in lane.moves:
                top.setdefault(move.x, y)
        for slot in self.layout.slots:
            ends = [
                lane_of.get(moment.event.receiver_id, self.bottom)
                for moment in slot.moments
                if moment.event is not None and moment.transitions
            ]
            if slot.x in top:
                yield tag(
                    "line", x1=slot.x, x2=slot.x, y1=top[slot.x], y2=max(ends, default=self.bottom), class_="guide"
                )

    def _group_ys(self) -> list[float]:
        return [HEAD + SECTION + LANE * (place + 0.5) for place in range(len(self.layout.groups))]

    def _receiver_ys(self) -> list[float]:
        return [self.receivers_top + LANE * (place + 0.5) for place in range(len(self.layout.receivers))]

    def _group_lanes(self) -> Iterator[Markup]:
        for lane, y in zip(self.layout.groups, self._group_ys(), strict=True):
            yield from (self._bar(lane, span, y) for span in lane.spans if span.standing is not Standing.PENDING)
            yield from (self._move(move, y) for move in lane.moves)
            if lane.group.due:
                yield self._due(lane, y)
            if not lane.group.read_to_end:
                yield self._unread(lane, y)

    def _bar(self, lane: GroupLane, span: Span, y: float) -> Markup:
        height = _BAR if span.standing is Standing.OPEN else _BAR / 2
        bar = tag("rect", x=span.start, y=y - height / 2, width=span.end - span.start, height=height)
        title = f"{self.picture.label(lane.group.group.id)}: {_SPAN_TEXT[span.standing]}"
        return tag("g", joined(tag("title", title), bar), class_=f"bar {span.standing}")

    def _due(self, lane: GroupLane, y: float) -> Markup:
        """Mark a lane whose end does not say what the verdict says."""
        name, said = self.picture.label(lane.group.group.id), "complete" if lane.group.complete else "pending"
        title = tag("title", f"{name} is {said} now, and that was not announced yet: re-evaluate the group")
        return tag("g", joined(title, tag("text", "!", x=self.layout.width + 12, y=y + 4.5)), class_="mark due")

    def _unread(self, lane: GroupLane, y: float) -> Markup:
        """Mark a lane that may have gone on in another way."""
        title = tag("title", f"{self.picture.label(lane.group.group.id)}: how it went on cannot be read")
        return tag("g", joined(title, tag("text", "…", x=self.layout.width + 12, y=y + 4.5)), class_="mark unread")

    def _move(self, move: Move, y: float) -> Markup:
        name = _SIGN_OF[move.kind] if len(move.transitions) == 1 else glyphs.SEVERAL
        size = max(self.size, _LEAST_MOVE)
        return glyphs.drawn(name, move.x, y, size, title=self.titles.move(move), class_="mark move")

    def _receiver_lanes(self) -> Iterator[Markup]:
        most = max((len(mark.events) for lane in self.layout.receivers for mark in lane.marks), default=1)
        for lane, y in zip(self.layout.receivers, self._receiver_ys(), strict=True):
            yield from self._states(lane, y)
            for mark in lane.marks:
                yield self._mark(mark, y) if self.layout.each == 1 else self._pile(mark, y, most)

    def _states(self, lane: ReceiverLane, y: float) -> Iterator[Markup]:
        """Yield what the receiver says from one of its events on, until it says something else."""
        edges = [(mark.x, _SAID[mark.events[-1].success]) for mark in lane.marks]
        for start, end, said in stretched(edges, self.layout.width):
            yield tag("line", x1=start, x2=end, y1=y, y2=y, class_=f"state {said}")

    def _mark(self, mark: Mark, y: float) -> Markup:
        return glyphs.drawn(
            _SAID[mark.events[-1].success], mark.x, y, self.size, title=self.titles.mark(mark), class_="mark event"
        )

    def _pile(self, mark: Mark, y: float, most: int) -> Markup:
        """Draw several events: those that passed above the line, those that failed below it."""
        up, down = (max(2.5, 12 * (some / most) ** 0.5) if some else 0 for some in (mark.passed, mark.failed))
        left, width = mark.x - self.layout.step * 0.4, self.layout.step * 0.8
        bars = [tag("rect", x=left, y=y - up, width=width, height=up, class_="good")] if up else []
        bars += [tag("rect", x=left, y=y, width=width, height=down, class_="bad")] if down else []
        return tag("g", joined(tag("title", self.titles.mark(mark)), *bars), class_="mark pile")
