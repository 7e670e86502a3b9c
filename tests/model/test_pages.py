"""Pages, limits and cursors."""

# ruff: noqa: RUF001 - look-alikes are the point
from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.values import IDS, NOON
from xzepr.errors import BadCursor, Invalid, TooLarge
from xzepr.model import (
    Anchor,
    Count,
    Page,
    check_limit,
    decode_cursor,
    encode_cursor,
    query_digest,
    ulid_from_int,
    ulid_to_int,
)

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
QUERY = query_digest("events", {"where": {}, "newest_first": True})
ANCHORS = st.builds(Anchor, st.datetimes(timezones=st.just(UTC)), st.integers(0, 2**128 - 1).map(ulid_from_int))
CURSOR = encode_cursor(Anchor(NOON, IDS[1]), QUERY)


def sealed(place: bytes, version: bytes = b"\1", query: bytes = QUERY) -> str:
    """Write a cursor as anybody could: the digest is plain."""
    seal = hashlib.sha256(b"xzepr.cursor.v1\0" + query + place).digest()[:16]
    return base64.urlsafe_b64encode(version + place + seal).rstrip(b"=").decode()


def at(micros: int) -> bytes:
    """Return the place of a moment."""
    return micros.to_bytes(8, "big", signed=True) + ulid_to_int(IDS[1]).to_bytes(16, "big")


@given(ANCHORS)
def test_a_cursor_reads_back(anchor: Anchor) -> None:
    """Every place survives, from year 1 to 9999."""
    assert anchor == decode_cursor(encode_cursor(anchor, QUERY), QUERY)


@given(ANCHORS, st.integers(0, 54), st.sampled_from(ALPHABET))
def test_c058_any_changed_character_is_bad(anchor: Anchor, place: int, character: str) -> None:
    """No character can be replaced, the unused bits of the last one neither."""
    cursor = encode_cursor(anchor, QUERY)
    altered = cursor[:place] + character + cursor[place + 1 :]
    if altered != cursor:
        with pytest.raises(BadCursor):
            decode_cursor(altered, QUERY)


def test_c058_every_single_flip_is_bad() -> None:
    """Exhaustively: no other character stands at any place of a cursor."""
    for place in range(len(CURSOR)):
        for character in ALPHABET.replace(CURSOR[place], ""):
            with pytest.raises(BadCursor):
                decode_cursor(CURSOR[:place] + character + CURSOR[place + 1 :], QUERY)


@given(st.text(max_size=60))
def test_c058_text_at_random_is_bad(text: str) -> None:
    """Garbage of any length and alphabet is BadCursor and nothing else."""
    with pytest.raises(BadCursor):
        decode_cursor(text, QUERY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        CURSOR[:-1],
        CURSOR + "A",
        CURSOR + "=",
        CURSOR + "\n",
        " " + CURSOR[:-1],
        CURSOR.lower(),
        "=" * len(CURSOR),
        "+" + CURSOR[1:],
        CURSOR[:-1] + "\0",
        CURSOR[:-1] + "é",
        CURSOR[:-1] + "\ud800",
        "A" * len(CURSOR),
        "A" * 1_000_000,
        "' OR 1=1 --",
        CURSOR.encode(),
        0,
        -1,
        True,
        None,
        [],
        {},
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_c058_what_is_no_cursor_is_bad(text: object) -> None:
    """Truncated, longer, padded, of another type or alphabet: BadCursor with a way on."""
    with pytest.raises(BadCursor, match="start again without a cursor"):
        decode_cursor(text, QUERY)


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("receivers", {"where": {}, "newest_first": True}),
        ("events", {"where": {"name": "web"}, "newest_first": True}),
        ("events", {"where": {}, "newest_first": False}),
        ("events", {}),
    ],
)
def test_c058_a_cursor_belongs_to_its_list_filter_and_order(kind: str, query: dict[str, Any]) -> None:
    """What was made for another question is BadCursor here."""
    with pytest.raises(BadCursor, match="belongs to another list, filter or order"):
        decode_cursor(CURSOR, query_digest(kind, query))


def test_c058_a_cursor_of_a_newer_version_is_bad() -> None:
    """The version is looked at."""
    assert decode_cursor(sealed(at(0)), QUERY).recorded_at == datetime(1970, 1, 1, tzinfo=UTC)
    with pytest.raises(BadCursor):
        decode_cursor(sealed(at(0), version=b"\2"), QUERY)


@pytest.mark.parametrize("micros", [2**63 - 1, -(2**63), 253_402_300_800_000_000, -62_135_596_800_000_001])
def test_c058_a_forged_place_outside_the_calendar_is_bad(micros: int) -> None:
    """The digest is no secret, so a forged moment beyond the calendar must be BadCursor, and no OverflowError."""
    with pytest.raises(BadCursor):
        decode_cursor(sealed(at(micros)), QUERY)


def test_a_cursor_never_changes_its_form() -> None:
    """The format is written down: version, microseconds, id, first half of a SHA-256."""
    micros = int((NOON - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
    assert sealed(at(micros)) == CURSOR


@pytest.mark.parametrize("limit", [True, False, 1.0, 1.5, "10", None, float("nan"), "١", "1_000", b"1", [10]])
def test_c060_a_limit_is_a_whole_number(limit: object) -> None:
    """Everything that int() would take is refused."""
    with pytest.raises(Invalid, match=r"limit: must be a whole number \(int\)"):
        check_limit(limit)


@pytest.mark.parametrize("limit", [0, -1, -(2**63)])
def test_c060_a_limit_is_at_least_one(limit: int) -> None:
    """Zero and below are Invalid."""
    with pytest.raises(Invalid, match="limit: must be at least 1"):
        check_limit(limit)


@pytest.mark.parametrize("limit", [1_001, 2**31, 2**63, 10**30])
def test_c060_a_limit_is_at_most_1000(limit: int) -> None:
    """More is TooLarge, and never cut down silently."""
    with pytest.raises(TooLarge, match="limit: must be at most 1,000"):
        check_limit(limit)


@pytest.mark.parametrize("limit", [1, 1_000])
def test_c060_both_ends_of_the_range_are_limits(limit: int) -> None:
    """1 and 1,000 are taken."""
    assert limit == check_limit(limit)


def test_a_page_is_iterated_and_counted_by_its_items() -> None:
    """A page feels like the list of its items."""
    page = Page(items=(1, 2, 3), next="x")
    assert list(page) == [1, 2, 3]
    assert len(page) == 3


def test_an_empty_page_with_a_cursor_goes_on() -> None:
    """Whether there is more is said by the cursor alone."""
    page: Page[int] = Page(items=(), next=CURSOR)
    assert len(page) == 0
    assert page.next


def test_a_count_says_whether_it_is_exact() -> None:
    """Counts compare by value and exactness."""
    assert Count(3, exact=True) != Count(3, exact=False)
