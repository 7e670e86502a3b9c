"""Lists and the feed, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from tests.cli.calling import Story
from xzepr import Change, FeedCursor, Page, Registry
from xzepr.cli import walking
from xzepr.cli.walking import pages, position_of, read_all
from xzepr.errors import BadCursor
from xzepr.registry.feed import Feed, FeedPage

LETTERS = {None: Page(items=("a",), next="1"), "1": Page(items=(), next="2"), "2": Page(items=("b", "c"))}


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many changes were asked for, each time that the feed was read."""
    seen: list[int] = []
    monkeypatch.setattr(Feed, "read", _noting(Feed.read, seen))
    return seen


def _noting(read: Callable[..., FeedPage], seen: list[int]) -> Callable[..., FeedPage]:
    def noted(self: Feed, *args: Any, **options: Any) -> FeedPage:  # noqa: ANN401 - what it hands on
        seen.append(options["limit"])
        return read(self, *args, **options)

    return noted


def positions(registry: Registry, after: FeedCursor | int, **options: Any) -> list[int]:  # noqa: ANN401 - handed on
    """Where the changes stand that are read."""
    read = read_all(registry, after, payloads=False, **options)
    return [change.position for change in read if isinstance(change, Change)]


def read_over_gaps(story: Story, monkeypatch: pytest.MonkeyPatch, gone: set[int], **options: Any) -> list[int | str]:  # noqa: ANN401 - handed on
    """What is read of a feed whose rows other hands have deleted: positions, and what is said of gaps."""
    read = Feed.read

    def holey(self: Feed, *args: Any, **given: Any) -> FeedPage:  # noqa: ANN401 - handed on
        page = read(self, *args, **given)
        return attrs.evolve(page, changes=tuple(one for one in page if one.position not in gone))

    monkeypatch.setattr(Feed, "read", holey)
    found = read_all(story.registry, 0, payloads=False, **options)
    return [one.position if isinstance(one, Change) else f"{one.key}: {one.reason}" for one in found]


@pytest.mark.parametrize(
    ("gone", "until", "told"),
    [
        ({2}, None, [1, "2: its row is gone", 3, 4]),
        ({1}, None, ["1: its row is gone", 2, 3, 4]),
        ({2, 3}, None, [1, "2 to 3: their rows are gone", 4]),
        ({4}, None, [1, 2, 3, "4: its row is gone"]),
        ({2, 3}, 2, [1, "2: its row is gone"]),
        ({1, 2, 3, 4}, None, ["1 to 4: their rows are gone"]),
    ],
)
def test_c082_a_gap_is_told_in_its_place(
    story: Story, monkeypatch: pytest.MonkeyPatch, gone: set[int], until: int | None, told: list[int | str]
) -> None:
    """Positions are dense: what is not there was deleted by other hands."""
    assert read_over_gaps(story, monkeypatch, gone, until=until) == told


def test_pages_are_walked_to_the_end() -> None:
    """An empty page in between is one of them."""
    assert [page.items for page in pages(LETTERS.__getitem__)] == [("a",), (), ("b", "c")]


def test_pages_from_a_cursor_on() -> None:
    """A walk may begin where another one has stopped."""
    assert [page.items for page in pages(LETTERS.__getitem__, "1")] == [(), ("b", "c")]


def test_the_feed_ends_at_the_head_it_found(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy registry does not keep it for ever, and what came meanwhile is not on its last page."""
    monkeypatch.setattr(walking, "MAX_LIMIT", 3)

    assert list(_while_busy(story, read_all(story.registry, 0, payloads=False))) == [1, 2, 3, 4]


def _while_busy(story: Story, changes: Iterator[Any]) -> Iterator[int]:
    for change in changes:
        yield change.position
        story.scanned()


def test_the_feed_up_to_a_position(story: Story, sizes: list[int]) -> None:
    """It ends there, and reads no further; the head ends it all the same."""
    assert positions(story.registry, 1, until=3) == [2, 3]
    assert sizes == [2]
    assert positions(story.registry, 1, until=9) == [2, 3, 4]


def test_the_last_page_is_as_long_as_what_is_left(
    story: Story, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read to be dropped."""
    monkeypatch.setattr(walking, "MAX_LIMIT", 3)

    assert positions(story.registry, 0) == [1, 2, 3, 4]
    assert sizes == [3, 1]


def test_an_empty_part_of_the_feed(story: Story, kept: Registry) -> None:
    """At the head, and before what nobody wants, there is nothing."""
    head = story.registry.feed.read(3).cursor

    assert positions(kept, head) == positions(kept, 4, until=4) == positions(kept, 2, until=1) == []


@pytest.mark.parametrize("place", [5, FeedCursor(4, "01ARZ3NDEKTSV4RRFFQ69G5FAV")])
def test_c059_a_place_that_is_none(story: Story, place: FeedCursor | int) -> None:
    """It is found out even if nothing is wanted from there."""
    with pytest.raises(BadCursor):
        positions(story.registry, place, until=4)


def test_the_position_of_a_place() -> None:
    """A cursor tells it, and a number is one."""
    assert position_of(FeedCursor(4, "01ARZ3NDEKTSV4RRFFQ69G5FAV")) == position_of(4) == 4
