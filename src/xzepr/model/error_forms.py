"""Errors as JSON objects: the code, the message, and the attributes that our own classes document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from xzepr.documents import JsonValue
from xzepr.errors import (
    AlreadyExists,
    Closed,
    CommitUnknown,
    Damaged,
    Forbidden,
    IdempotencyConflict,
    InUse,
    Invalid,
    LeaseLost,
    NotFound,
    PayloadAbsent,
    RateLimited,
    RevisionConflict,
    Unsupported,
    Violation,
    XzeprError,
)

SHOWN: Final[Mapping[type[XzeprError], tuple[str, ...]]] = {
    Invalid: ("violations", "truncated"),
    NotFound: ("kind", "key"),
    PayloadAbsent: ("reason",),
    AlreadyExists: ("kind", "key", "existing_id", "differs"),
    RevisionConflict: ("kind", "key", "expected", "actual"),
    IdempotencyConflict: ("event_id", "differs"),
    InUse: ("kind", "key", "by"),
    LeaseLost: ("name",),
    Forbidden: ("permission",),
    RateLimited: ("retry_after",),
    CommitUnknown: ("ids",),
    Damaged: ("kind", "key", "reason"),
    Unsupported: ("feature", "store"),
    Closed: ("what",),
}
"""The attributes that each class adds to those of its base. What a stranger's subclass has is not shown."""


def error_form(error: XzeprError) -> dict[str, JsonValue]:
    """Write an error as a JSON object.

    Example:
        >>> error_form(Forbidden("event:create"))
        {'code': 'forbidden', 'message': 'this needs event:create', 'permission': 'event:create'}
    """
    return {"code": error.code, "message": str(error)} | {
        name: _attribute(getattr(error, name)) for name in _shown(type(error))
    }


def _shown(kind: type[XzeprError]) -> Iterator[str]:
    for base in reversed(kind.__mro__):
        yield from SHOWN.get(base, ())


def _attribute(value: object) -> JsonValue:
    if isinstance(value, tuple):
        return [_attribute(item) for item in value]
    if isinstance(value, Violation):
        return {"field": value.field, "reason": value.reason, "limit": value.limit}
    return value if isinstance(value, bool | int | float) or value is None else str(value)
