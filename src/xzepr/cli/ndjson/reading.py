"""From a line to its form: everything that can be told without a registry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from xzepr.cli.ndjson.forms import KINDS, EventForm, Form
from xzepr.cli.ndjson.lines import MAX_LINE, Line
from xzepr.cli.ndjson.strict import structured
from xzepr.documents import JsonLimits, JsonValue, parse
from xzepr.errors import Invalid, TooLarge, Violation, refuse
from xzepr.plugins.texts import did_you_mean

LINE_LIMITS: Final = JsonLimits(max_bytes=MAX_LINE, max_depth=80, max_nodes=110_000)
"""Somewhat more than a payload or a schema may have, which are checked by themselves."""

_ROOT: Final = "line"


def read_form(line: Line) -> Form:
    """Read what stands in a line.

    Args:
        line: The line, which is not blank.

    Raises:
        TooLarge: It is beyond a limit.
        Invalid: It is none of the forms; everything that is wrong is named by its JSON Pointer.
    """
    try:
        return _read(line)
    except Invalid as error:
        found = [_placed(violation) for violation in _all_of(error)]
    refuse([*found, *_cut(line)])
    raise AssertionError  # there is a violation


def _read(line: Line) -> Form:
    if line.text is None:
        raise TooLarge([Violation(_ROOT, f"is larger than {MAX_LINE} bytes", MAX_LINE)])
    kind, value = _kind(parse(line.text, field=_ROOT, limits=LINE_LIMITS))
    missing = list(_missing(value)) if kind is EventForm else []
    try:
        form = structured(kind, value)
    except Invalid as error:
        raise Invalid([*_all_of(error), *missing]) from error
    refuse(missing)
    return form


def _kind(value: JsonValue) -> tuple[type[Form], JsonValue]:
    if not isinstance(value, dict):
        return EventForm, value
    kind = value.pop("kind", "event")
    if isinstance(kind, str) and kind in KINDS:
        return KINDS[kind], value
    known = did_you_mean(kind, KINDS) if isinstance(kind, str) else f"known are {', '.join(KINDS)}"
    raise Invalid([Violation("kind", f"is unknown: {known}")])


def _missing(value: JsonValue) -> Iterator[Violation]:
    """Say what an event needs that no key needs by itself."""
    if not isinstance(value, dict):
        return
    if (value.get("receiver") is None) == (value.get("receiver_id") is None):
        yield Violation("receiver", "must be given, or receiver_id: one of the two")
    if "payload" not in value and value.get("payload_absent") is None:
        yield Violation("payload", "is missing")


def _all_of(error: Invalid) -> Iterator[Violation]:
    """Yield what is listed, and one more if there was more: it is not listed either, but counts."""
    yield from error.violations
    if error.truncated:
        yield Violation(_ROOT, "holds more that is wrong")


def _placed(found: Violation) -> Violation:
    """Name the place inside the line."""
    return attrs.evolve(found, field=found.field.removeprefix(f"{_ROOT}/") or _ROOT)


def _cut(line: Line) -> Iterator[Violation]:
    if not line.ended:
        yield Violation(_ROOT, "is the last one and has no end: the file may have been cut")
