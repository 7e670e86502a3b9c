"""Errors as JSON objects: what is shown of each class, and that nothing else is."""

from __future__ import annotations

import json
import re
from inspect import cleandoc
from typing import Any

import pytest

from tests.model.values import IDS
from xzepr import errors
from xzepr.model import Ulid, json_form
from xzepr.model.error_forms import SHOWN, error_form

ERRORS: tuple[tuple[errors.XzeprError, dict[str, Any]], ...] = (
    (errors.XzeprError("x"), {}),
    (errors.Conflict("x"), {}),
    (
        errors.Invalid([errors.Violation("a", "is blank")]),
        {"violations": [{"field": "a", "reason": "is blank", "limit": None}], "truncated": False},
    ),
    (
        errors.TooLarge([errors.Violation("name", "must have at most 255 characters", 255)]),
        {
            "violations": [{"field": "name", "reason": "must have at most 255 characters", "limit": 255}],
            "truncated": False,
        },
    ),
    (errors.NotFound("event", IDS[1]), {"kind": "event", "key": IDS[1]}),
    (errors.PayloadAbsent(IDS[1], "redacted"), {"kind": "payload of event", "key": IDS[1], "reason": "redacted"}),
    (
        errors.AlreadyExists("group", "a/b/1", IDS[1], ["receivers"]),
        {"kind": "group", "key": "a/b/1", "existing_id": IDS[1], "differs": ["receivers"]},
    ),
    (errors.RevisionConflict("group", IDS[1], 1, 2), {"kind": "group", "key": IDS[1], "expected": 1, "actual": 2}),
    (errors.IdempotencyConflict(IDS[1], ["unit"]), {"event_id": IDS[1], "differs": ["unit"]}),
    (errors.InUse("receiver", IDS[1], "events"), {"kind": "receiver", "key": IDS[1], "by": "events"}),
    (errors.LeaseLost("bot"), {"name": "bot"}),
    (errors.Unauthenticated(), {}),
    (errors.Forbidden("event:create"), {"permission": "event:create"}),
    (errors.RateLimited(0.5), {"retry_after": 0.5}),
    (errors.BadCursor("this is no cursor"), {}),
    (errors.Unavailable("no answer"), {}),
    (errors.CommitUnknown([IDS[1], IDS[2]]), {"ids": [IDS[1], IDS[2]]}),
    (errors.StorageFull("no space"), {}),
    (errors.Damaged("event", IDS[1], "torn"), {"kind": "event", "key": IDS[1], "reason": "torn"}),
    (errors.Unsupported("join", "memory"), {"feature": "join", "store": "memory"}),
    (errors.ConfigurationError("no store"), {}),
    (errors.Closed("store"), {"what": "store"}),
)


@pytest.mark.parametrize(("error", "attributes"), ERRORS, ids=lambda value: getattr(value, "code", ""))
def test_an_error_shows_its_code_message_and_attributes(error: errors.XzeprError, attributes: dict[str, Any]) -> None:
    """A program decides by the code and the attributes, and never has to parse the message."""
    form = error_form(error)
    assert json.loads(json.dumps(form, allow_nan=False)) == {"code": error.code, "message": str(error)} | attributes
    assert json_form(error) == form


def test_every_documented_attribute_of_an_error_is_shown() -> None:
    """The docstrings and the forms name the same attributes."""
    classes = {value for value in vars(errors).values() if isinstance(value, type)} - {errors.Violation}
    kinds = {kind for kind in classes if issubclass(kind, errors.XzeprError)}
    told = {kind: tuple(re.findall(r"^    (\w+): ", cleandoc(kind.__doc__ or ""), re.MULTILINE)) for kind in kinds}
    assert {kind: names for kind, names in told.items() if names} == dict(SHOWN)


def test_what_a_stranger_adds_to_an_error_is_not_shown() -> None:
    """Only attributes that are known to be safe leave; notes and causes never do."""

    class Theirs(errors.NotFound):
        code = "theirs"

    error = Theirs("event", IDS[1])
    error.password = "hunter2"  # type: ignore[attr-defined]  # noqa: S105 - a planted secret
    error.add_note("hunter2")
    error.__cause__ = ValueError("hunter2")
    assert error_form(error) == {"code": "theirs", "message": str(error), "kind": "event", "key": IDS[1]}


def test_there_is_a_case_for_every_class() -> None:
    """A new error needs a line above."""
    kinds = {value for value in vars(errors).values() if isinstance(value, type)} - {errors.Violation}
    tried = {type(error) for error, _ in ERRORS}
    assert tried == {kind for kind in kinds if issubclass(kind, errors.XzeprError)}


def test_keys_stand_in_the_order_of_the_classes() -> None:
    """Code and message come first, then the attributes of the base, then those of the class itself."""
    assert list(error_form(errors.PayloadAbsent(IDS[1], "redacted"))) == ["code", "message", "kind", "key", "reason"]


def test_a_violation_without_a_limit_says_null() -> None:
    """Every violation has the same keys."""
    form = error_form(errors.Invalid([errors.Violation("a", "x"), errors.Violation("b", "y", 3)]))
    assert form["violations"] == [
        {"field": "a", "reason": "x", "limit": None},
        {"field": "b", "reason": "y", "limit": 3},
    ]


def test_cut_violations_are_told() -> None:
    """A reader sees that there were more."""
    form = error_form(errors.Invalid(errors.Violation(str(place), "x") for place in range(errors.MAX_VIOLATIONS + 1)))
    assert form["truncated"] is True


def test_text_is_plain_text() -> None:
    """An attribute of a class of its own is written as the text that it is."""
    form: Any = error_form(errors.CommitUnknown([Ulid(IDS[1])]))
    assert form["ids"] == [str(IDS[1])]
    assert type(form["ids"][0]) is str


def test_two_forms_share_nothing() -> None:
    """Changing one changes neither the error nor the next form."""
    error = errors.IdempotencyConflict(IDS[1], ["unit"])
    form: Any = error_form(error)
    form["differs"].append("payload")
    assert error_form(error)["differs"] == ["unit"]
