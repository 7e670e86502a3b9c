"""`xzepr verdict`: what a group says about a unit, gate by gate."""

from __future__ import annotations

import argparse
from typing import Final

from xzepr import Gate, GateState, Verdict, json_form
from xzepr.cli.arguments import (
    Once,
    add_group_argument,
    add_json_argument,
    add_unit_arguments,
    group_of,
    unit_of,
    whole_number,
)
from xzepr.cli.opening import opened
from xzepr.cli.output import Cell, Output, Style
from xzepr.cli.store_url import add_store_argument
from xzepr.cli.tables import write_fields, write_table
from xzepr.errors import ConfigurationError, NotFound
from xzepr.model import format_time

SUMMARY: Final = "Show what a group says about a unit, gate by gate."

STYLES: Final = {GateState.PASSED: Style.GOOD, GateState.FAILED: Style.BAD, GateState.MISSING: Style.PLAIN}
"""How the state of a gate looks."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_group_argument(parser)
    add_unit_arguments(parser)
    add_as_of_argument(parser)
    add_json_argument(parser)
    add_store_argument(parser)


def add_as_of_argument(parser: argparse.ArgumentParser) -> None:
    """Declare the position in the feed for which a verdict answers."""
    text = "answer for the past: by what the feed had told up to this position"
    parser.add_argument("--as-of", metavar="POSITION", type=whole_number, action=Once, help=text)


def run(options: argparse.Namespace, output: Output) -> int:
    """Ask, and show."""
    verdict = ask(options)
    if options.json:
        output.json(json_form(verdict))
    else:
        write_verdict(output, verdict)
    return 0


def ask(options: argparse.Namespace) -> Verdict:
    """Return the verdict that the arguments ask for."""
    unit = unit_of(options)
    with opened(options) as registry:
        group = group_of(options, registry)
        try:
            return registry.groups.verdict(group, unit, as_of=options.as_of)
        except NotFound:
            if options.as_of is None:
                raise
            raise ConfigurationError(f"there was no group {'/'.join(group.naming)} at {options.as_of} yet") from None


def write_verdict(output: Output, verdict: Verdict) -> None:
    """Write a verdict for people."""
    group = verdict.group
    said = Cell(str(verdict), Style.STRONG_GOOD if verdict.complete else Style.STRONG_BAD)
    fields: list[tuple[str, Cell | str]] = [
        ("group", f"{group.name}/{group.type}/{group.version}, revision {group.revision}"),
        ("unit", str(verdict.unit)),
        ("verdict", said),
    ]
    if verdict.as_of is not None:
        fields.append(("as of", f"position {verdict.as_of}"))
    write_fields(output, fields)
    output.line()
    write_table(output, ("receiver", "type", "version", "gate", "recorded", "event"), map(_row, verdict.gates))


def _row(gate: Gate) -> list[Cell | str]:
    recorded = "" if gate.recorded_at is None else format_time(gate.recorded_at)
    receiver = gate.receiver
    state = Cell(str(gate.state), STYLES[gate.state])
    return [receiver.name, receiver.type, receiver.version, state, recorded, gate.event_id or ""]
