"""Pages over sorted keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.values import IDS
from xzepr.errors import Damaged
from xzepr.model import Anchor
from xzepr_memory import lists
from xzepr_memory.lists import select, window
from xzepr_memory.rows import AnchorKey

START = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = st.integers(0, 6).map(lambda seconds: START + timedelta(seconds=seconds))
KEYS = st.tuples(TIMES, st.sampled_from(IDS[:5]))


@given(
    keys=st.sets(KEYS),
    after=st.none() | KEYS,
    start=st.none() | TIMES,
    end=st.none() | TIMES,
    newest_first=st.booleans(),
)
def test_a_window_is_what_a_simple_filter_finds(
    keys: set[AnchorKey], after: AnchorKey | None, start: datetime | None, end: datetime | None, *, newest_first: bool
) -> None:
    """Bisection finds what comparing every key finds, also behind an anchor that is gone."""
    expected = [
        key
        for key in sorted(keys, reverse=newest_first)
        if (start is None or key[0] >= start)
        and (end is None or key[0] < end)
        and (after is None or (key < after if newest_first else key > after))
    ]
    anchor = None if after is None else Anchor(*after)
    assert expected == list(window(sorted(keys), after=anchor, newest_first=newest_first, start=start, end=end))


@given(st.sets(KEYS, max_size=25), st.integers(1, 7), st.integers(1, 4), st.booleans())
def test_c061_pages_join_to_the_list(keys: set[AnchorKey], limit: int, every: int, newest_first: bool) -> None:  # noqa: FBT001 - generated
    """However small the pages and however many ties: no duplicate, no skip, and an end."""
    ordered = sorted(keys)
    found: list[AnchorKey] = []
    after: Anchor | None = None
    for _ in range(len(keys) + 1):
        walk = window(ordered, after=after, newest_first=newest_first, start=None, end=None)
        page = select(walk, lambda key: key, lambda key: IDS.index(key[1]) % every == 0, limit=limit)
        assert len(page.items) <= limit
        found += page.items
        after = page.next
        if after is None:
            break
    assert after is None
    assert found == [key for key in sorted(keys, reverse=newest_first) if IDS.index(key[1]) % every == 0]


def many(count: int) -> list[AnchorKey]:
    """Return that many keys."""
    return [(START + timedelta(seconds=place), IDS[1]) for place in range(count)]


def test_a_page_that_is_exactly_full_at_the_end_has_no_next() -> None:
    """The last row of the list ends it."""
    assert select(iter(many(3)), lambda key: key, lambda _: True, limit=3).next is None


def test_a_page_examines_a_bounded_number_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page may be empty and still lead on."""
    monkeypatch.setattr(lists, "MAX_EXAMINED_ROWS", 5)
    page = select(iter(many(9)), lambda key: key, lambda _: False, limit=3)
    assert page.items == ()
    assert page.next == Anchor(*many(9)[4])


def test_a_page_examines_a_bounded_number_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row that passes the bound still belongs to the page."""
    monkeypatch.setattr(lists, "MAX_EXAMINED_BYTES", 10)
    page = select(iter(many(9)), lambda key: key, lambda _: True, limit=9, weigh=lambda _: 4)
    assert len(page.items) == 3
    assert page.next == Anchor(*many(9)[2])


def test_c082_damaged_rows_stand_beside_the_others_and_count() -> None:
    """A row that cannot be shown is reported and the page goes on; it takes a place of the page."""

    def show(key: AnchorKey) -> AnchorKey:
        if key in many(2):
            raise Damaged("event", key[1], "broken")
        return key

    page = select(iter(many(5)), lambda key: key, lambda _: True, limit=3, show=show)
    assert (len(page.damaged), page.items) == (2, (many(3)[2],))
    assert page.next == Anchor(*many(3)[2])
