"""Arguments that several commands have: a group, a unit, a place in the feed, a number, a time.

What is empty is refused by the name of its argument: it comes from a variable that nobody has set.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from xzepr import EventReceiverGroup, FeedCursor, Registry, Unit, parse_time
from xzepr.cli.naming import find_group
from xzepr.errors import BadCursor, ConfigurationError, Invalid
from xzepr.model import MAX_WHOLE, UNIT_FIELDS

_DIGITS: Final = len(str(MAX_WHOLE))

UNIT_FORM: Final = "/".join(UNIT_FIELDS)
"""How a unit is written in one argument."""

_SLASHES: Final = "if one of these holds a slash, give the options instead"

_HELP: Final = {
    "name": "what the unit is called",
    "version": "its version",
    "release": "which build of that version",
    "platform_id": "what it runs on",
    "package": "how it is packaged",
}


class Once(argparse.Action):
    """Takes an option once: of two values, nobody knows which one is meant."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Take the value, if there is none yet."""
        del option_string
        if getattr(namespace, self.dest, None) is not None:
            raise argparse.ArgumentError(self, "is given twice")
        if values == []:  # argparse makes this of "--"
            raise argparse.ArgumentError(self, "must be something else than --")
        setattr(namespace, self.dest, values)
        del parser


def given_text(text: str) -> str:
    """Take a text that must not be empty.

    Raises:
        argparse.ArgumentTypeError: It is.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty: was the variable set?")
    return text


def whole_number(text: str) -> int:
    """Take a whole number of at least 0, in plain digits.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    given_text(text)
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) <= MAX_WHOLE):
        raise argparse.ArgumentTypeError("must be a whole number, in digits")
    return int(text)


def positive_number(text: str) -> int:
    """Take a whole number of at least 1, in plain digits.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    number = whole_number(text)
    if not number:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def moment(text: str) -> datetime:
    """Take a time with a zone, as RFC 3339 writes it.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    try:
        return parse_time(given_text(text))
    except Invalid as error:
        raise argparse.ArgumentTypeError(error.violations[0].reason) from None


def place(text: str) -> FeedCursor | int:
    """Take a place in the feed: a position, or a saved cursor.

    Raises:
        argparse.ArgumentTypeError: It is neither.
    """
    if given_text(text).isdigit():
        return whole_number(text)
    try:
        return FeedCursor.parse(text)
    except BadCursor:
        raise argparse.ArgumentTypeError(
            "must be a position, or a cursor such as 42-01ARZ3NDEKTSV4RRFFQ69G5FAV"
        ) from None


def unit_text(text: str) -> dict[str, str]:
    """Take a unit as its five fields with slashes between them; these hold none then, whatever variables they are from.

    Raises:
        argparse.ArgumentTypeError: There are more or fewer of them, or one is empty.
    """
    values = given_text(text).split("/")
    if len(values) != len(UNIT_FIELDS):
        raise argparse.ArgumentTypeError(
            f"must be {UNIT_FORM}; if one of these holds a slash, give the options instead"
        )
    fields = dict(zip(UNIT_FIELDS, values, strict=True))
    for field, value in fields.items():
        if not value.strip():
            raise argparse.ArgumentTypeError(f"{field} is empty: was the variable set?")
    return fields


def add_group_argument(parser: argparse.ArgumentParser) -> None:
    """Declare the argument ``GROUP``."""
    text = "the group: its id, its name if no other has it, or name/type/version"
    parser.add_argument("group", metavar="GROUP", type=given_text, help=text)


def group_of(options: argparse.Namespace, registry: Registry) -> EventReceiverGroup:
    """Return the group that is meant.

    Raises:
        NotFound: There is none.
        Invalid: It may be one of several.
    """
    return find_group(registry, options.group)


def add_unit_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``UNIT``, and an option for each of its fields."""
    text = f"the unit, as {UNIT_FORM}; {_SLASHES}"
    parser.add_argument("unit", metavar="UNIT", nargs="?", type=unit_text, help=text)
    _add_fields(parser, "the unit, where UNIT is not given")


def add_unit_filter(parser: argparse.ArgumentParser) -> None:
    """Declare an option for each field of a unit, each of which narrows a list."""
    _add_fields(parser, "only events of units with")


def _add_fields(parser: argparse.ArgumentParser, title: str) -> None:
    fields = parser.add_argument_group(title)
    for field in UNIT_FIELDS:
        fields.add_argument(_option(field), dest=field, metavar="TEXT", type=given_text, action=Once, help=_HELP[field])


def _option(field: str) -> str:
    return f"--{field.replace('_', '-')}"


def unit_of(options: argparse.Namespace) -> Unit:
    """Return the unit that is meant.

    Raises:
        ConfigurationError: It is not given, in part, or twice.
        Invalid: A field is no text that a unit may have.
    """
    fields = unit_fields(options)
    if options.unit is not None and fields:
        raise ConfigurationError(f"the unit is given twice: as UNIT, and by {_option(next(iter(fields)))}")
    if options.unit is not None:
        return Unit(**options.unit)
    missing = [_option(field) for field in UNIT_FIELDS if field not in fields]
    if missing:
        raise ConfigurationError(f"which unit? Give it as {UNIT_FORM}, or by its options: {', '.join(missing)}")
    return Unit(**fields)


def unit_fields(options: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of a unit that were given by their options."""
    fields = {field: getattr(options, field) for field in UNIT_FIELDS}
    return {field: value for field, value in fields.items() if value is not None}


def add_json_argument(parser: argparse.ArgumentParser, what: str = "write one JSON object") -> None:
    """Declare ``--json``.

    Args:
        parser: Where.
        what: What it does.
    """
    parser.add_argument("--json", action="store_true", help=what)
