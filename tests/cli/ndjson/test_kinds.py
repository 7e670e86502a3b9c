"""The kinds of values that fields have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from xzepr.cli.ndjson.kinds import CHECKS, NO_DESCRIPTION, Description, Mismatch, Name, ReceiverIds
from xzepr.cli.ndjson.strict import structured
from xzepr.errors import Invalid, TooLarge
from xzepr.model import Ulid

ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@attrs.frozen(kw_only=True)
class Everything:
    """One field of each kind."""

    name: Name | None = None
    description: Description = NO_DESCRIPTION
    id: Ulid | None = None
    moment: datetime | None = None
    receiver_ids: ReceiverIds | None = None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("name", "web", "web"),
        ("description", "", ""),
        ("description", "x" * 1_000, "x" * 1_000),
        ("id", ID, ID),
        ("moment", "2026-11-23T04:05:06Z", datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)),
        ("receiver_ids", [ID], [ID]),
    ],
)
def test_what_is_right_is_taken(name: str, value: Any, expected: object) -> None:  # noqa: ANN401 - any JSON value
    """As it is; a time becomes one."""
    assert getattr(structured(Everything, {name: value}), name) == expected


@pytest.mark.parametrize(
    ("name", "value", "place", "error"),
    [
        ("name", "", "name", Invalid),
        ("name", "x" * 256, "name", TooLarge),
        ("description", "x" * 1_001, "description", TooLarge),
        ("description", None, "description", Invalid),
        ("id", ID.lower(), "id", Invalid),
        ("moment", "yesterday", "moment", Invalid),
        ("receiver_ids", [], "receiver_ids", Invalid),
        ("receiver_ids", [ID, ID], "receiver_ids", Invalid),
        ("receiver_ids", [ID, "x"], "receiver_ids/1", Invalid),
        ("receiver_ids", [ID] * 101, "receiver_ids", TooLarge),
    ],
)
def test_what_is_wrong_is_named(name: str, value: Any, place: str, error: type[Invalid]) -> None:  # noqa: ANN401 - any JSON value
    """By its place, and as a limit where it is one."""
    with pytest.raises(Invalid) as caught:
        structured(Everything, {name: value})

    assert (type(caught.value), caught.value.fields) == (error, (place,))


def test_every_kind_is_of_one_type_of_json() -> None:
    """Nothing is converted: a number is neither a text nor a list."""
    for check in CHECKS.values():
        with pytest.raises(Mismatch, match="not a whole number"):
            check(7)
