"""`xzepr assert`: is the gate open? For a script, which asks the exit code.

0 says that the group is complete for the unit, 1 that it is not; whatever else happens is 2 or more.
"""

from __future__ import annotations

import argparse
from typing import Final

from xzepr import json_form
from xzepr.cli.arguments import add_group_argument, add_json_argument, add_unit_arguments
from xzepr.cli.output import Output, Style, shown
from xzepr.cli.store_url import add_store_argument
from xzepr.cli.verdict import add_as_of_argument, ask

SUMMARY: Final = "Exit with 0 if a group is complete for a unit, with 1 if not, with 2 if that cannot be told."

HELP_CODE: Final = 2
"""`--help` answers no question: where a script's variable holds it by accident, it must not open a gate."""

COMPLETE: Final = 0
PENDING: Final = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_group_argument(parser)
    add_unit_arguments(parser)
    add_as_of_argument(parser)
    add_json_argument(parser, "write the whole verdict as one JSON object")
    add_store_argument(parser)


def run(options: argparse.Namespace, output: Output) -> int:
    """Ask, say it in one line, and return the answer."""
    verdict = ask(options)
    if options.json:
        output.json(json_form(verdict))
    else:
        output.line(shown(str(verdict)), Style.GOOD if verdict.complete else Style.BAD)
    return COMPLETE if verdict.complete else PENDING
