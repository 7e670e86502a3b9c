"""The part of the page that says what each group says now, gate by gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from xzepr import Gate, GateState
from xzepr.cli.picture import glyphs
from xzepr.cli.picture.gathering import GroupPicture, UnitPicture
from xzepr.cli.picture.markup import Markup, joined, tag
from xzepr.cli.picture.wording import day_and_second
from xzepr.model import Ulid

MAX_CHIPS: Final = 40
"""The most gates that are shown of one group: those that block it come first."""

_SIGN_OF: Final = {
    GateState.PASSED: glyphs.PASSED,
    GateState.FAILED: glyphs.FAILED,
    GateState.MISSING: glyphs.MISSING,
}


def verdict_section(picture: UnitPicture, row_of: Mapping[Ulid, int]) -> Markup:
    """Draw the verdicts.

    Args:
        picture: What there is.
        row_of: The numbers of the events that the page has rows for.
    """
    if not picture.groups:
        return tag("section", tag("h2", "Verdicts now"), tag("p", "No group concerns this unit.", class_="quiet"))
    heads = tag("tr", *(tag("th", title, scope="col") for title in ("Verdict", "Group", "Gates")))
    rows = [_Row(picture, group, row_of).markup() for group in picture.groups]
    table = tag("table", tag("thead", heads), tag("tbody", *rows), class_="verdicts")
    return tag("section", tag("h2", "Verdicts now"), table)


def verdict_sign(group: GroupPicture) -> str:
    """Return the sign for what a group says now: complete, stopped by a failure, or waiting."""
    if group.complete:
        return glyphs.PASSED
    failed = group.verdict is not None and any(gate.state is GateState.FAILED for gate in group.verdict.gates)
    return glyphs.FAILED if failed else glyphs.MISSING


@attrs.frozen
class _Row:
    picture: UnitPicture
    group: GroupPicture
    row_of: Mapping[Ulid, int]

    def markup(self) -> Markup:
        one = self.group.group
        about = f"{one.type}, version {one.version}, revision {one.revision}"
        name = joined(tag("bdi", one.name, class_="name"), tag("br"), tag("bdi", about, class_="quiet"))
        return tag("tr", tag("td", self._badge()), tag("td", name), tag("td", *self._gates()))

    def _badge(self) -> Markup:
        said = "unknown" if self.group.verdict is None else "complete" if self.group.complete else "pending"
        return glyphs.badge(verdict_sign(self.group), said)

    def _gates(self) -> Iterator[Markup]:
        verdict = self.group.verdict
        if verdict is None:
            yield tag("p", "The verdict cannot be read.", class_="note")
            return
        gates = sorted(verdict.gates, key=lambda gate: gate.state is GateState.PASSED)
        chips = [self._chip(gate) for gate in gates[:MAX_CHIPS]]
        more = [tag("li", f"and {len(gates) - MAX_CHIPS} more")] if len(gates) > MAX_CHIPS else []
        yield tag("ul", *chips, *more, class_="chips")
        if not verdict.enabled:
            yield tag("p", "The group is disabled: it is pending for every unit.", class_="note")
        if self.group.due:
            yield tag("p", "Not announced yet: re-evaluate the group.", class_="note")

    def _chip(self, gate: Gate) -> Markup:
        number = None if gate.event_id is None else self.row_of.get(gate.event_id)
        link = Markup() if number is None else tag("a", f"#{number}", href=f"#event-{number}")
        when = "" if gate.recorded_at is None else f", {day_and_second(gate.recorded_at)} UTC"
        receiver = gate.receiver
        title = f"{receiver.name}/{receiver.type}/{receiver.version}: {gate.state}{when}"
        state = Markup() if gate.state is GateState.PASSED else tag("span", str(gate.state))
        name = tag("bdi", self.picture.label(receiver.id))
        return tag("li", glyphs.sign(_SIGN_OF[gate.state]), name, state, link, title=title, class_=str(gate.state))
