"""What one sees at a glance: the tiles at the top of the page."""

from __future__ import annotations

import attrs

from tests.cli.picture.pictures import World, reopened
from tests.cli.picture.reading import classed, first, read, words
from xzepr.cli.picture import UnitPicture


def tile_of(picture: UnitPicture) -> tuple[str, str | None]:
    """What the first tile says about the groups, and its colour."""
    tile = first(read(picture), "tiles")[0]
    return words(tile), tile.get("class")


def test_the_first_tile_is_green_if_every_group_is_complete() -> None:
    """And orange as soon as one is not; a disabled one does not count."""
    world, _ = reopened()
    assert tile_of(world.picture()) == ("1 of 1group is complete", "all")

    world.group("off", world.registry.receivers.list().items[-1], enabled=False)
    assert tile_of(world.picture()) == ("1 of 1enabled group is complete, 1 disabled", "all")

    world.group("never", world.registry.receivers.list().items[-1], world.receiver("sign"))
    assert tile_of(world.picture()) == ("1 of 2enabled groups are complete, 1 disabled", "some")


def test_groups_that_are_left_out_count() -> None:
    """Fifty are complete and ten wait: nobody reads that all is well."""
    world = World()
    build, sign = world.receivers("build", "sign")
    for number in range(50):
        world.group(f"a-gate-{number:02}", build)
    for number in range(10):
        world.group(f"z-release-{number}", build, sign)
    world.record(build)
    picture = world.picture()
    named = [words(one) for one in classed(first(read(picture), "verdicts"), "name")]

    assert tile_of(picture) == ("50 of 60groups are complete", "some")
    assert named[:10] == [f"z-release-{number}" for number in range(10)]


def test_the_first_tile_is_not_green_if_the_picture_is_in_doubt() -> None:
    """Something is left out, damaged, or altered: a group may be missing, or rest on what nobody recorded."""
    world, events = reopened()
    assert tile_of(world.picture(events=2)) == ("1 of 1group is complete", None)

    world.alter(events[4])
    assert tile_of(world.picture()) == ("1 of 1group is complete", None)

    world.forge(events[3])
    assert tile_of(attrs.evolve(world.picture(), altered=frozenset())) == ("1 of 1group is complete", None)


def test_a_unit_whose_groups_are_all_disabled() -> None:
    """None of them is counted as waiting."""
    world = World()
    build = world.receiver("build")
    world.group("off", build, enabled=False)
    world.record(build)

    assert tile_of(world.picture()) == ("Noneof 1 group is enabled", None)


def test_the_last_tile_is_the_last_event() -> None:
    """With its time and its result."""
    world, _ = reopened()

    assert words(first(read(world.picture()), "tiles")[2]) == "2026-01-02 03:09:05UTC, the last event: scan passed"
