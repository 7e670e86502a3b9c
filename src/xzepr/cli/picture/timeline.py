"""Draws a layout as SVG: a lane for each group and each receiver, with times above and the numbers of events below.

The names of the lanes are HTML beside it, where a browser can cut them in any script. Heights are therefore the same
here and in the style sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from xzepr import TransitionKind
from xzepr.cli.picture import axes, glyphs
from xzepr.cli.picture.gathering import UnitPicture
from xzepr.cli.picture.layout import GroupLane, Layout, Mark, Move, ReceiverLane, Slot, Span, Standing
from xzepr.cli.picture.markup import Markup, joined, number, tag
from xzepr.cli.picture.wording import day_and_second, event_text, moment_text, moved

HEAD: Final = 56
SECTION: Final = 28
LANE: Final = 30
FOOT: Final = 24

_BAR: Final = 12
_MOST: Final = 15
_LEAST_MOVE: Final = 9.5
_SIGN_OF: Final = {TransitionKind.COMPLETED: glyphs.COMPLETED, TransitionKind.REOPENED: glyphs.REOPENED}
_SAID: Final = {True: glyphs.PASSED, False: glyphs.FAILED}
_MOST_TITLES: Final = 8
_SPAN_TEXT: Final = {Standing.OPEN: "complete", Standing.REOPENED: "reopened", Standing.PENDING: "pending"}


def draw(picture: UnitPicture, layout: Layout) -> Markup:
    """Draw the plot: everything but the names of the lanes.

    Args:
        picture: What there is.
        layout: Where it stands.
    """
    return _Drawing(picture, layout).svg()


@attrs.frozen
class _Drawing:
    picture: UnitPicture
    layout: Layout

    @property
    def receivers_top(self) -> float:
        return HEAD + SECTION + LANE * max(1, len(self.layout.groups)) + SECTION

    @property
    def bottom(self) -> float:
        return self.receivers_top + LANE * max(1, len(self.layout.receivers))

    @property
    def size(self) -> float:
        """How large a mark is: as large as slots allow."""
        return min(_MOST, self.layout.step * 0.92)

    def svg(self) -> Markup:
        width, height = self.layout.width + 2 * axes.MARGIN, self.bottom + FOOT
        return tag(
            "svg",
            tag("title", f"What happened to {self.picture.unit}", id="plot-title"),
            tag("desc", "The table of events below tells the same in words.", id="plot-text"),
            *self._grounds(),
            *axes.times(self.layout.slots, HEAD, self.bottom),
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

    def _grounds(self) -> Iterator[Markup]:
        """Yield what lies behind: a stripe for each lane, and the places of events that cannot be read."""
        for y in [*self._group_ys(), *self._receiver_ys()]:
            yield tag("line", x1=0, x2=self.layout.width, y1=y, y2=y, class_="track")
        for slot in self.layout.slots:
            gaps = [moment for moment in slot.moments if moment.missing is not None]
            if gaps:
                yield self._gap(slot, "; ".join(moment_text(self.picture, moment) for moment in gaps))

    def _gap(self, slot: Slot, title: str) -> Markup:
        step = min(self.layout.step, 2.0 * _MOST)
        band = tag("rect", x=slot.x - step / 2, y=HEAD, width=step, height=self.bottom - HEAD)
        return tag("g", joined(tag("title", title), band), class_="mark gap")

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

    def _move(self, move: Move, y: float) -> Markup:
        name = _SIGN_OF[move.kind] if len(move.transitions) == 1 else glyphs.SEVERAL
        size = max(self.size, _LEAST_MOVE)
        return glyphs.drawn(name, move.x, y, size, title=_listed(self._move_texts(move)), class_="mark move")

    def _move_texts(self, move: Move) -> Iterator[str]:
        """Yield in words how each transition came about."""
        wanted = {(one.group.id, one.number) for one in move.transitions}
        for moment in move.slot.moments:
            for one in moment.transitions:
                if (one.group.id, one.number) in wanted:
                    when = day_and_second(one.recorded_at)
                    yield f"{moved(self.picture, one)} by {moment_text(self.picture, moment)}, {when} UTC"

    def _receiver_lanes(self) -> Iterator[Markup]:
        most = max((len(mark.events) for lane in self.layout.receivers for mark in lane.marks), default=1)
        for lane, y in zip(self.layout.receivers, self._receiver_ys(), strict=True):
            yield from self._states(lane, y)
            for mark in lane.marks:
                yield self._mark(mark, y) if self.layout.each == 1 else self._pile(mark, y, most)

    def _states(self, lane: ReceiverLane, y: float) -> Iterator[Markup]:
        """Yield what the receiver says from each of its events to the next."""
        ends = [*(mark.x for mark in lane.marks[1:]), self.layout.width]
        for mark, end in zip(lane.marks, ends, strict=True):
            said = _SAID[mark.events[-1].success]
            yield tag("line", x1=mark.x, x2=end, y1=y, y2=y, class_=f"state {said}")

    def _mark(self, mark: Mark, y: float) -> Markup:
        return glyphs.drawn(
            _SAID[mark.events[-1].success], mark.x, y, self.size, title=self._title(mark), class_="mark event"
        )

    def _pile(self, mark: Mark, y: float, most: int) -> Markup:
        """Draw several events: those that passed above the line, those that failed below it."""
        up, down = (max(2.5, 12 * (some / most) ** 0.5) if some else 0 for some in (mark.passed, mark.failed))
        left, width = mark.x - self.layout.step * 0.4, self.layout.step * 0.8
        bars = [tag("rect", x=left, y=y - up, width=width, height=up, class_="good")] if up else []
        bars += [tag("rect", x=left, y=y, width=width, height=down, class_="bad")] if down else []
        return tag("g", joined(tag("title", self._title(mark)), *bars), class_="mark pile")

    def _title(self, mark: Mark) -> str:
        return _listed(f"{event_text(self.picture, one)}, {day_and_second(one.recorded_at)} UTC" for one in mark.events)


def _listed(texts: Iterable[str]) -> str:
    """Put texts behind each other: the newest ones, if there are many."""
    lines = list(texts)
    more = [f"and {len(lines) - _MOST_TITLES:,} before"] if len(lines) > _MOST_TITLES else []
    return "; ".join([*more, *lines[-_MOST_TITLES:]])
