"""`xzepr demo`: a made-up week of a delivery pipeline, told as it happens, in memory."""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import attrs

from xzepr import (
    Change,
    EventReceiver,
    EventReceiverGroup,
    FeedPage,
    Recorded,
    Registry,
    Transition,
    TransitionKind,
    Unit,
    Verdict,
)
from xzepr.cli import story
from xzepr.cli.arguments import positive_number, whole_number
from xzepr.cli.output import Cell, Column, Output, Style
from xzepr.cli.story import Step
from xzepr.errors import Invalid

SUMMARY: Final = "Show a pipeline's events, and how gates open and close, in memory."

MAX_UNITS: Final = 1_000

MAX_PACE: Final = 60
"""Seconds. More than a minute between two lines is a mistake."""

_SECONDS: Final = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)

_MOVED: Final = {
    TransitionKind.COMPLETED: Cell("COMPLETED", Style.STRONG_GOOD),
    TransitionKind.REOPENED: Cell("REOPENED", Style.STRONG_BAD),
}
_GROUP_WIDTH: Final = 12
_COLUMNS: Final = (Column("#", 4, right=True), Column("unit", 12), Column("event", 10), Column("result", 7))
_LIVE: Final = (*_COLUMNS, *(Column(name, _GROUP_WIDTH) for name in story.GROUPS))
_VERDICTS: Final = (Column("unit", 12), Column("gate", _GROUP_WIDTH), Column("verdict", 60))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--units", type=_units, default=4, metavar="N", help="how many units (1-1000, default 4)")
    parser.add_argument("--seed", type=whole_number, default=1, metavar="N", help="which order of events (default 1)")
    parser.add_argument("--pace", type=_seconds, default=0.0, metavar="SECONDS", help="wait between events (default 0)")


def run(options: argparse.Namespace, output: Output) -> int:
    """Tell the story."""
    units = story.units(options.units)
    with Registry.open("memory:") as registry:
        demo = Demo.of(registry, output)
        demo.introduce()
        demo.play(story.steps(units, seed=options.seed), wait=lambda: _wait(options.pace))
        demo.sum_up(units)
    return 0


@attrs.frozen
class Demo:
    """A registry with receivers and groups, and where to show what happens in it."""

    registry: Registry
    output: Output
    receivers: Mapping[str, EventReceiver]
    groups: Mapping[str, EventReceiverGroup]

    @classmethod
    def of(cls, registry: Registry, output: Output) -> Demo:
        """Set a registry up, as a service does at its start."""
        receivers = {
            name: registry.receivers.ensure(name=name, type=f"ci.{name}", version="1", schema=schema)
            for name, schema in story.SCHEMAS.items()
        }
        groups = {
            name: registry.groups.ensure(
                name=name, type="ci.gate", version="1", receivers=[receivers[member] for member in members]
            )
            for name, members in story.GROUPS.items()
        }
        return cls(registry, output, receivers, groups)

    def introduce(self) -> None:
        """Say which gates there are, and what they need."""
        columns = (Column("gate", _GROUP_WIDTH), Column("needs", 60))
        self.output.head(columns)
        for name, members in story.GROUPS.items():
            self.output.row(columns, [Cell(name), Cell(", ".join(members))])
        self.output.line()

    def play(self, steps: Iterable[Step], *, wait: Callable[[], None]) -> None:
        """Record one event after the other, and show each at once."""
        self.output.head(_LIVE)
        for number, step in enumerate(steps, 1):
            try:
                recorded = self._record(step)
            except Invalid as error:
                self._show(number, step, Cell("REFUSED", Style.BAD), ())
                self._explain(map(str, error.violations))
            else:
                result = Cell("passed", Style.GOOD) if step.success else Cell("FAILED", Style.BAD)
                self._show(number, step, result, recorded.transitions)
                self._explain([step.description] if step.description else [])
            wait()
        self.output.line()

    def sum_up(self, units: Iterable[Unit]) -> None:
        """Show every verdict with its reasons, and what the feed holds."""
        self.output.head(_VERDICTS)
        for unit in units:
            for number, group in enumerate(self.groups.values()):
                verdict = self.registry.groups.verdict(group, unit)
                style = Style.GOOD if verdict.complete else Style.PLAIN
                self.output.row(
                    _VERDICTS,
                    [Cell("" if number else story.short(unit)), Cell(group.name), Cell(str(verdict), style)],
                )
        self.output.line()
        kinds = Counter(str(change.kind) for change in self._feed())
        self.output.line(f"feed head: {self.registry.feed.head()}", Style.STRONG)
        for kind, count in sorted(kinds.items()):
            self.output.line(f"{count:6,}  {kind}")

    def _record(self, step: Step) -> Recorded:
        return self.registry.events.record(
            step.unit,
            self.receivers[step.receiver],
            success=step.success,
            payload=step.payload,
            description=step.description,
        )

    def _show(self, number: int, step: Step, result: Cell, transitions: Iterable[Transition]) -> None:
        moved = {transition.group.id: _MOVED[transition.kind] for transition in transitions}
        gates = [
            moved.get(group.id) or _standing(self.registry.groups.verdict(group, step.unit))
            for group in self.groups.values()
        ]
        self.output.row(_LIVE, [Cell(str(number)), Cell(story.short(step.unit)), Cell(step.receiver), result, *gates])

    def _explain(self, reasons: Iterable[str]) -> None:
        for reason in reasons:
            self.output.line(f"      | {reason}", Style.FAINT)

    def _feed(self) -> Iterator[Change]:
        page: FeedPage = self.registry.feed.read()
        while page.changes:
            yield from page
            page = self.registry.feed.read(page.cursor)


def _standing(verdict: Verdict) -> Cell:
    if verdict.complete:
        return Cell("complete", Style.GOOD)
    return Cell(f"{len(verdict.gates) - len(verdict.blocking)} of {len(verdict.gates)}")


def _wait(seconds: float) -> None:
    if seconds:
        time.sleep(seconds)


def _units(text: str) -> int:
    number = positive_number(text)
    if number > MAX_UNITS:
        raise argparse.ArgumentTypeError(f"must be from 1 to {MAX_UNITS}")
    return number


def _seconds(text: str) -> float:
    if not _SECONDS.fullmatch(text) or float(text) > MAX_PACE:
        raise argparse.ArgumentTypeError(f"must be from 0 to {MAX_PACE} seconds, in digits")
    return float(text)
