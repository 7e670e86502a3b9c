"""No space, and a disk that fails: nothing half done, and it goes on when there is space again."""

from __future__ import annotations

from pathlib import Path

import pytest
from processes import ran
from programs import BATCH
from xzepr.errors import StorageFull
from xzepr.testing.world import UNIT, World, new_event, unit


def limit_pages(world: World, more: int) -> None:
    """Let the file grow by no more than some pages."""
    with world.store._database.reading() as sql:  # type: ignore[attr-defined]  # noqa: SLF001 - a setting of the connection
        [pages] = sql.execute("PRAGMA page_count").fetchone()
        sql.execute(f"PRAGMA max_page_count = {pages + more}").fetchone()


@pytest.mark.parametrize("more", range(0, 12, 3))
def test_c079_full_file_keeps_nothing_of_an_append(world: World, more: int) -> None:
    """An append for which there is no space stores nothing of itself, wherever in it the space ended."""
    build = world.receiver()
    world.group(build)
    head = world.registry.feed.head()
    limit_pages(world, more)

    with pytest.raises(StorageFull):
        world.append(*(new_event(unit(number), build, payload="x" * 10_000) for number in range(20)))

    assert world.registry.feed.head() == head
    assert list(world.harness.raw_events(world.store)) == []


def test_c079_full_file_can_be_read_and_goes_on(world: World) -> None:
    """A full store can be read, and records again when there is space."""
    build = world.receiver()
    event = world.event(UNIT, build)
    limit_pages(world, 0)
    with pytest.raises(StorageFull):
        world.append(*(new_event(unit(number), build, payload="x" * 10_000) for number in range(20)))

    assert world.registry.events.get(event.id) == event
    limit_pages(world, 100)
    assert world.event(UNIT, build).n == 2


def test_c076_failing_disk_makes_a_commit_unknown(path: Path) -> None:
    """A commit that the disk has not taken is unknown, by the ids in question; appending them again resolves it."""
    failed, ids, head, again, after = ran("meet_a_limit", path)

    assert failed == f"CommitUnknown {ids}"
    assert again == " ".join(["Recorded"] * BATCH)
    assert int(after) - int(head) == 2 * BATCH
