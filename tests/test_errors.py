"""The error tree."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import pytest

from xzepr import errors
from xzepr.errors import MAX_VIOLATIONS, Invalid, TooLarge, Violation, XzeprError, refuse

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
ERRORS: list[XzeprError] = [
    errors.XzeprError("x"),
    errors.Invalid([Violation("name", "is blank"), Violation("payload/0", "is no number")]),
    errors.TooLarge([Violation("name", "is long", 255)]),
    errors.NotFound("event", ULID),
    errors.PayloadAbsent(ULID, "redacted"),
    errors.PayloadAbsent(ULID, "left_out"),
    errors.Conflict("x"),
    errors.AlreadyExists("group", "a/b/1", ULID, ["receivers"]),
    errors.AlreadyExists("group", "a/b/1", ULID),
    errors.RevisionConflict("receiver", ULID, 1, 2),
    errors.IdempotencyConflict(ULID, ["unit", "payload"]),
    errors.InUse("receiver", ULID, "events"),
    errors.LeaseLost("mail"),
    errors.Unauthenticated(),
    errors.Forbidden("event:create"),
    errors.RateLimited(1.5),
    errors.BadCursor("this is no cursor"),
    errors.Unavailable("the pool is empty: retry"),
    errors.CommitUnknown([ULID]),
    errors.StorageFull("no space"),
    errors.Damaged("event", ULID, "its payload is gone"),
    errors.Unsupported("joining", "memory"),
    errors.ConfigurationError("set it"),
    errors.Closed("store"),
]
KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, XzeprError)]


def test_every_error_is_tried_here() -> None:
    """A new error needs a line above."""
    assert set(KINDS) == {type(error) for error in ERRORS}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_survives_pickling_and_copying(error: XzeprError) -> None:
    """Type, message and attributes come back: errors cross processes."""
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301 - our own
        assert type(other) is type(error)
        assert str(error) == str(other)
        assert vars(error) == vars(other)


def test_a_note_survives_pickling() -> None:
    """What was added with add_note() is kept."""
    error = errors.Closed("store")
    error.add_note("while stopping")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["while stopping"]  # noqa: S301 - our own


def test_each_code_is_used_once() -> None:
    """A code names one class, and is a stable word."""
    codes = [kind.code for kind in KINDS]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch("[a-z_]+", code) for code in codes)


def test_the_tree_is_the_one_drawn() -> None:
    """The drawing in the module's docstring names each class under its parent."""
    drawing = re.findall(r"^    ([│├└─ ]*)(\w+)", errors.__doc__ or "", re.MULTILINE)
    parents, drawn = {-1: "Exception"}, {}
    for lead, name in drawing:
        depth = len(lead) // 4
        parents[depth] = name
        drawn[name] = parents[depth - 1]
    assert {kind.__name__: kind.__bases__[0].__name__ for kind in KINDS} == drawn


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (errors.NotFound("event", ULID), f"there is no event {ULID}"),
        (errors.PayloadAbsent(ULID, "redacted"), f"event {ULID} has no payload here: it was redacted"),
        (
            errors.AlreadyExists("group", "a/b/1", ULID),
            f"group a/b/1 exists as {ULID}: use it, or choose another version",
        ),
        (
            errors.AlreadyExists("group", "a/b/1", ULID, ["receivers", "enabled"]),
            f"group a/b/1 exists as {ULID} and differs in receivers, enabled: choose another version",
        ),
        (errors.RevisionConflict("receiver", ULID, 1, 2), f"receiver {ULID} is at revision 2, not 1: read it again"),
        (errors.Unauthenticated(), "authentication failed"),
        (errors.RateLimited(1.23456), "too many requests: retry in 1.23 s"),
        (
            errors.CommitUnknown([ULID]),
            "the answer to a commit of 1 events was lost: record them again with their ids",
        ),
        (
            errors.CommitUnknown([]),
            "the answer to a commit was lost: look whether it is stored before you try again",
        ),
        (errors.Unsupported("joining", "memory"), "the memory store does not support joining: choose one that does"),
        (errors.LeaseLost("mail"), "subscription mail is held by another process: leave it to that one"),
        (errors.Closed("registry"), "the registry is closed: open a new one"),
    ],
)
def test_a_message_says_what_to_do(error: XzeprError, message: str) -> None:
    """Messages are for people; the attributes are for programs."""
    assert message == str(error)


def test_invalid_lists_every_violation() -> None:
    """Fields and reasons come in the order found."""
    error = Invalid([Violation("a", "x"), Violation("b/0", "y", 3)])
    assert str(error) == "a: x; b/0: y"
    assert error.fields == ("a", "b/0")
    assert not error.truncated


def test_invalid_lists_a_hundred_violations_at_most() -> None:
    """More are cut off, and the error says so."""
    exact = Invalid(Violation(str(place), "x") for place in range(MAX_VIOLATIONS))
    more = Invalid(Violation(str(place), "x") for place in range(MAX_VIOLATIONS + 1))
    assert (len(exact.violations), exact.truncated) == (100, False)
    assert (len(more.violations), more.truncated) == (100, True)
    assert str(more).endswith("; and more")


def test_nothing_to_refuse_raises_nothing() -> None:
    """No violations, no error."""
    refuse([])
    refuse(iter(()))


def test_the_kind_follows_from_the_limits() -> None:
    """One passed limit makes it TooLarge, which is a kind of Invalid."""
    with pytest.raises(Invalid) as caught:
        refuse([Violation("a", "x"), Violation("b", "y", 0)])
    assert type(caught.value) is TooLarge
    with pytest.raises(Invalid) as caught:
        refuse(Violation(name, "x") for name in "ab")
    assert type(caught.value) is Invalid
    assert caught.value.fields == ("a", "b")
