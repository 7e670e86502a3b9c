"""Changes and feed cursors."""

# ruff: noqa: ANN401, RUF001 - what is given is wrong on purpose; look-alikes are the point
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.values import IDS, NOON, OWNER, make_event
from xzepr.errors import BadCursor, Invalid
from xzepr.model import Change, ChangeKind, Checks, FeedCursor, check_position, ulid_from_int

IDS_AT_RANDOM = st.integers(0, 2**128 - 1).map(ulid_from_int)
CURSORS = st.builds(FeedCursor, st.integers(1, 2**63 - 1), IDS_AT_RANDOM) | st.just(FeedCursor())


@given(CURSORS)
def test_a_feed_cursor_reads_back(cursor: FeedCursor) -> None:
    """Every place can be saved as text."""
    assert cursor == FeedCursor.parse(str(cursor))


@given(CURSORS, st.integers(0, 46), st.characters(categories=["L", "N", "P"]))
def test_c058_an_altered_feed_cursor_is_another_one_or_bad(cursor: FeedCursor, place: int, character: str) -> None:
    """Text has one spelling: what parses at all is written the same way."""
    text = str(cursor)
    altered = text[:place] + character + text[place + 1 :]
    try:
        parsed = FeedCursor.parse(altered)
    except BadCursor:
        return
    assert str(parsed) == altered


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        "0-",
        f"0-{IDS[1]}",
        f"00-{IDS[1]}",
        f"07-{IDS[1]}",
        "7",
        "7-",
        f"-{IDS[1]}",
        f"-7-{IDS[1]}",
        f"+7-{IDS[1]}",
        f" 7-{IDS[1]}",
        f"7-{IDS[1]} ",
        f"7-{IDS[1]}\n",
        f"7-{IDS[1].lower()}",
        f"7_{IDS[1]}",
        f"1_0-{IDS[1]}",
        f"٧-{IDS[1]}",
        f"²-{IDS[1]}",
        f"7.0-{IDS[1]}",
        f"{2**63}-{IDS[1]}",
        f"{10**19}-{IDS[1]}",
        f"{'9' * 5_000}-{IDS[1]}",
        "x" * 1_000_000,
        "\ud800",
        None,
        7,
        True,
        b"0",
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_c058_what_is_no_feed_cursor_is_bad(text: Any) -> None:
    """Any other form, type, sign, alphabet or size is BadCursor."""
    with pytest.raises(BadCursor, match="this is no feed cursor"):
        FeedCursor.parse(text)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((-1, IDS[1]), ("position", "change_id")),
        ((True, IDS[1]), ("position",)),
        ((1.0, IDS[1]), ("position",)),
        ((None, None), ("position", "change_id")),
        (("7", IDS[1]), ("position",)),
        ((7, None), ("change_id",)),
        ((7, "x"), ("change_id",)),
        ((0, IDS[1]), ("change_id",)),
        ((2**63, IDS[1]), ("position",)),
    ],
)
def test_a_feed_cursor_is_a_position_and_the_id_there(fields: Any, expected: tuple[str, ...]) -> None:
    """Only position 0 has no id; every other needs one, and fits 63 bits."""
    with pytest.raises(Invalid) as caught:
        FeedCursor(*fields)
    assert set(caught.value.fields) <= set(expected)
    assert caught.value.fields[0] == expected[0]


def test_the_beginning_is_the_default() -> None:
    """A cursor without arguments is the place before the first change."""
    assert (FeedCursor().position, FeedCursor().change_id, str(FeedCursor())) == (0, None, "0")


def test_the_cursor_of_a_change_is_the_place_after_it() -> None:
    """A reader saves position and id."""
    change = Change(
        position=7, id=IDS[1], kind=ChangeKind.EVENT_RECORDED, recorded_at=NOON, actor=OWNER, subject=make_event()
    )
    assert change.cursor == FeedCursor(7, IDS[1])
    assert str(change.cursor) == f"7-{IDS[1]}"


def test_the_kinds_have_their_names() -> None:
    """The names of the kinds are part of the contract."""
    assert {str(kind) for kind in ChangeKind} == {
        *("event.recorded", "event.redacted", "receiver.created", "receiver.updated", "receiver.deleted"),
        *("group.created", "group.updated", "group.deleted", "group.completed", "group.reopened"),
    }


def test_c058_a_position_that_no_feed_can_reach_is_a_bad_cursor() -> None:
    """It is beyond every head; what is no position at all is a violation."""
    checks = Checks()
    check_position(checks, "after", 2**63 - 1)
    check_position(checks, "after", -1)
    assert [violation.reason for violation in checks.found] == ["must be at least 0"]
    with pytest.raises(BadCursor, match="beyond the head"):
        check_position(checks, "after", 2**63)
