"""The part of the page that says what each group says now, gate by gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs

from xzepr import Gate, GateState
from xzepr.cli.picture import glyphs
from xzepr.cli.picture.markup import Markup, joined, tag
from xzepr.cli.picture.unit_picture import GroupPicture, UnitPicture
from xzepr.cli.picture.wording import by_urgency, day_and_second, remarks_on_group
from xzepr.model import Ulid

MAX_CHIPS: Final = 40
"""The most gates that are shown of one group: those that failed come first, then those that are missing."""

_SIGN_OF: Final = {
    GateState.PASSED: glyphs.PASSED,
    GateState.FAILED: glyphs.FAILED,
    GateState.MISSING: glyphs.MISSING,
}


def verdict_section(picture: UnitPicture, row_of: Mapping[Ulid, int]) -> Markup:
    """Draw the verdicts. Roles are spelt out, because a narrow page lays the table out as blocks.

    Args:
        picture: What there is.
        row_of: The numbers of the events that the page has rows for.
    """
    if not picture.groups:
        return tag("section", tag("h2", "Verdicts now"), tag("p", "No group concerns this unit.", class_="quiet"))
    titles = ("Verdict", "Group", "Gates")
    heads = tag("tr", *(tag("th", title, scope="col", role="columnheader") for title in titles), role="row")
    rows = [_Row(picture, group, row_of).markup() for group in picture.groups]
    parts = (tag("thead", heads, role="rowgroup"), tag("tbody", *rows, role="rowgroup"))
    return tag("section", tag("h2", "Verdicts now"), tag("table", *parts, class_="verdicts", role="table"))


def verdict_sign(group: GroupPicture) -> str:
    """Return the sign for what a group says now: complete, stopped by a failure, or waiting."""
    if group.complete:
        return glyphs.PASSED
    return glyphs.FAILED if group.failed else glyphs.MISSING


@attrs.frozen
class _Row:
    picture: UnitPicture
    group: GroupPicture
    row_of: Mapping[Ulid, int]

    def markup(self) -> Markup:
        one = self.group.group
        about = f"{one.type}, version {one.version}, revision {one.revision}"
        name = joined(tag("bdi", one.name, class_="name"), tag("br"), tag("bdi", about, class_="quiet"))
        cells = (
            tag("td", self._badge(), role="cell"),
            tag("th", name, scope="row", role="rowheader"),
            tag("td", *self._gates(), role="cell"),
        )
        return tag("tr", *cells, role="row")

    def _badge(self) -> Markup:
        said = "unknown" if self.group.verdict is None else "complete" if self.group.complete else "pending"
        return glyphs.badge(verdict_sign(self.group), said)

    def _gates(self) -> Iterator[Markup]:
        verdict = self.group.verdict
        if verdict is None:
            yield tag("p", "The verdict cannot be read.", class_="note")
            return
        yield tag("ul", *self._chips(by_urgency(verdict.gates)), class_="chips")
        if not verdict.enabled:
            yield tag("p", "The group is disabled: it is pending for every unit.", class_="note")
        for remark in remarks_on_group(self.group):
            yield tag("p", f"{remark[0].upper()}{remark[1:]}.", class_="note")

    def _chips(self, gates: Sequence[Gate]) -> Iterator[Markup]:
        yield from map(self._chip, gates[:MAX_CHIPS])
        if rest := Counter(str(gate.state) for gate in gates[MAX_CHIPS:]):
            counts = ", ".join(f"{count} {state}" for state, count in rest.items())
            yield tag("li", f"and {rest.total()} more: {counts}")

    def _chip(self, gate: Gate) -> Markup:
        number = None if gate.event_id is None else self.row_of.get(gate.event_id)
        link = Markup() if number is None else tag("a", f"#{number}", href=f"#event-{number}")
        when = "" if gate.recorded_at is None else f", {day_and_second(gate.recorded_at)} UTC"
        receiver = gate.receiver
        title = f"{receiver.name}/{receiver.type}/{receiver.version}: {gate.state}{when}"
        state = Markup() if gate.state is GateState.PASSED else tag("span", str(gate.state))
        name = tag("bdi", self.picture.label(receiver.id))
        return tag("li", glyphs.sign(_SIGN_OF[gate.state]), name, state, link, title=title, class_=str(gate.state))
