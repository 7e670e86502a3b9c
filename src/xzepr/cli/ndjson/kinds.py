"""The kinds of values that fields have: those of JSON, and those that the model asks more of.

Each check takes what stands in the line, and returns it or says what is wrong with it; the place is named by whoever
asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NewType

import attrs

from xzepr import parse_time
from xzepr.errors import Violation, refuse
from xzepr.model import MAX_DESCRIPTION, Checks, Ulid, check_receiver_ids, parse_ulid

Name = NewType("Name", str)
"""A text that must say something."""

Description = NewType("Description", str)
"""A text that may be empty."""

NO_DESCRIPTION: Final = Description("")
"""Of what has none."""

ReceiverIds = NewType("ReceiverIds", list[str])
"""The receivers of a group."""


class Mismatch(ValueError):
    """A value is not of the type that is wanted; the message is the reason, and never holds the value."""


NAMES: Final = {
    dict: "an object",
    list: "a list",
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}
"""How the types of JSON are called."""


def exactly(value: object, wanted: type) -> Any:  # noqa: ANN401 - of the type that is wanted
    """Return a value of a type of JSON.

    Raises:
        Mismatch: It is of another one.
    """
    if type(value) is not wanted:
        raise Mismatch(f"must be {NAMES[wanted]}, not {NAMES.get(type(value), 'null')}")
    return value


def _name(value: object) -> str:
    checks = Checks()
    checks.text("", text := _text(value))
    checks.done()
    return text


def _description(value: object) -> str:
    checks = Checks()
    checks.text("", text := _text(value), MAX_DESCRIPTION, blank=True)
    checks.done()
    return text


def _id(value: object) -> str:
    return parse_ulid(_text(value), "")


def _moment(value: object) -> datetime:
    return parse_time(_text(value), "")


def _receiver_ids(value: object) -> list[str]:
    receiver_ids: list[str] = exactly(value, list)
    checks = Checks()
    check_receiver_ids(checks, tuple(receiver_ids))
    refuse(map(_inside, checks.found))
    return receiver_ids


def _inside(found: Violation) -> Violation:
    return attrs.evolve(found, field=found.field.removeprefix("receivers").removeprefix("/"))


def _text(value: object) -> str:
    text: str = exactly(value, str)
    return text


CHECKS: Final[Mapping[Any, Callable[[object], object]]] = {
    Name: _name,
    Description: _description,
    Ulid: _id,
    datetime: _moment,
    ReceiverIds: _receiver_ids,
}
"""How the kinds are checked that are more than a type of JSON."""
