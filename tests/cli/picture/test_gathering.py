"""What is read about a unit, what it costs, and where it ends."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.picture.pictures import UNIT, World, many, reopened
from xzepr import Unit
from xzepr.cli.picture import gathering
from xzepr.errors import Damaged, NotFound
from xzepr.registry.groups import Groups

OTHER = Unit(name="api", version="1", release="1", platform_id="linux-amd64", package="oci")


def test_the_groups_with_a_receiver_that_has_events_concern_the_unit() -> None:
    """Also a disabled one, and one that waits for more; not the group of another unit's receivers."""
    world = World()
    build, scan, other = world.receivers("build", "scan", "other")
    for name, receivers, enabled in (("b", [build], True), ("a", [scan, build], True), ("off", [build], False)):
        world.group(name, *receivers, enabled=enabled)
    world.group("elsewhere", other)
    world.record(build)
    world.record(other, unit=OTHER)
    picture = world.picture()

    assert [one.group.name for one in picture.groups] == ["a", "b", "off"]
    assert [one.complete for one in picture.groups] == [False, True, False]


def test_a_group_that_has_left_the_unit_behind_still_has_its_history() -> None:
    """It holds none of the unit's receivers any more, and was complete once."""
    world, _ = reopened()
    [group] = world.registry.groups.list()
    world.registry.groups.update(group, expected_revision=1, receivers=[world.receiver("another")])
    [drawn] = world.picture().groups

    assert [str(one.kind) for one in drawn.transitions] == ["completed", "reopened", "completed"]
    assert (drawn.complete, drawn.due) == (False, True)


def test_unrelated_groups_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts are asked of the groups concerned alone, however many others there are."""
    world, _ = reopened()
    other = world.receiver("other")
    for number in range(30):
        world.group(f"other-{number}", other)
    asked: list[str] = []
    verdict = Groups.verdict

    def counted(self: Groups, group: Any, unit: Unit) -> Any:  # noqa: ANN401 - as it is
        asked.append(group.name)
        return verdict(self, group, unit)

    monkeypatch.setattr(Groups, "verdict", counted)
    world.picture()

    assert asked == ["release"]


def test_events_are_in_the_order_of_the_unit_without_payloads() -> None:
    """A clock that steps back changes nothing."""
    world = World()
    build = world.receiver("build")
    for after in (60, -3_600, 30, -30):
        world.record(build, after=after)
    picture = world.picture()

    assert [event.n for event in picture.events] == [1, 2, 3, 4]
    assert [event.payload_text for event in picture.events] == [None] * 4


@pytest.mark.parametrize(
    ("most", "numbers", "left_out"), [(5, [1, 2, 3, 4, 5], ()), (2, [4, 5], ("3 of 5 events, the oldest",))]
)
def test_the_newest_events_are_kept(most: int, numbers: list[int], left_out: tuple[str, ...]) -> None:
    """What is left out is said."""
    world, _ = reopened()
    picture = world.picture(events=most)

    assert [event.n for event in picture.events] == numbers
    assert (picture.left_out, picture.begins_at, picture.recorded) == (left_out, numbers[0], 5)


def test_more_events_than_a_page_has() -> None:
    """The pages are walked."""
    picture = many(1_203).picture(events=1_100)

    assert [event.n for event in picture.events] == list(range(104, 1_204))
    assert picture.begins_at == 104


def test_too_many_groups_are_left_out_and_counted() -> None:
    """The enabled ones come first."""
    world = World()
    build = world.receiver("build")
    for number in range(gathering.MAX_GROUPS + 2):
        world.group(f"gate-{number:02}", build, enabled=number != 0)
    world.record(build)
    picture = world.picture()

    assert len(picture.groups) == gathering.MAX_GROUPS
    assert picture.groups[0].group.name == "gate-01"
    assert picture.left_out == ("2 of 52 groups",)


def test_more_groups_than_are_asked_for_a_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said that there may be more."""
    monkeypatch.setattr(gathering, "MAX_SWEPT", 1)
    world, _ = reopened()
    world.group("newer", world.receiver("other"))
    picture = world.picture()

    assert [one.group.name for one in picture.groups] == ["release"]
    assert picture.left_out == ("groups older than the newest 1 that hold none of the unit's receivers",)


def test_more_transitions_than_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of them are walked, up to a bound, and that is said."""
    monkeypatch.setattr(gathering, "MAX_LIMIT", 2)
    world, _ = reopened()
    assert len(world.picture().groups[0].transitions) == 3
    monkeypatch.setattr(gathering, "MAX_TRANSITIONS", 2)
    picture = world.picture()

    assert len(picture.groups[0].transitions) == 2
    assert picture.left_out == ("transitions of release behind number 2",)


def test_an_unknown_unit() -> None:
    """Nothing is there, and nothing goes wrong."""
    world, _ = reopened()
    picture = world.picture(OTHER)

    assert picture.unknown
    assert (picture.events, picture.groups, picture.recorded) == ((), (), 0)


def test_c082_a_damaged_event_stands_beside_the_others() -> None:
    """It is named, it counts, and the others are there."""
    world, events = reopened()
    world.forge(events[3])
    picture = world.picture()

    assert [event.n for event in picture.events] == [1, 2, 3, 5]
    assert [error.key for error in picture.damaged] == [events[3].id]
    assert picture.recorded == 5


def test_c082_nothing_but_a_damaged_event() -> None:
    """The unit is known all the same."""
    world = World()
    world.forge(world.record(world.receiver("build")))
    picture = world.picture()

    assert not picture.unknown
    assert (picture.events, picture.recorded, len(picture.damaged)) == ((), 1, 1)


def test_c084_an_event_that_was_altered_is_marked() -> None:
    """Its fields can be read; its digest says that they are others."""
    world, events = reopened()
    world.alter(events[3])
    picture = world.picture()

    assert picture.altered == {events[3].id}
    assert [event.n for event in picture.events] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("method", ["verdict", "transitions"])
def test_c082_a_group_that_cannot_be_read_spoils_nothing(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """What it says is not known, and that is said."""
    world, _ = reopened()

    def broken(*_: object, **__: object) -> None:
        raise Damaged("group", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "the row is damaged")

    monkeypatch.setattr(Groups, method, broken)
    [drawn] = world.picture().groups
    picture = world.picture()

    assert (drawn.verdict is None, drawn.transitions == ()) == (method == "verdict", method == "transitions")
    assert [error.kind for error in picture.damaged] == ["group"]
    assert len(picture.events) == 5


def test_a_group_that_is_deleted_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left out: it is no more."""
    world, _ = reopened()

    def gone(*_: object, **__: object) -> None:
        raise NotFound("group", "release")

    monkeypatch.setattr(Groups, "verdict", gone)

    assert world.picture().groups == ()


def test_namesakes_are_told_apart() -> None:
    """Two versions of a receiver have the same name: type and version are added; a name of its own stays short."""
    world = World()
    first, second, scan = world.receiver("build"), world.receiver("build", version="2"), world.receiver("scan")
    for receiver in (first, second, scan):
        world.record(receiver)
    picture = world.picture()

    assert [picture.label(one.id) for one in (first, second, scan)] == ["build/ci.step/1", "build/ci.step/2", "scan"]
    assert picture.label(UNKNOWN) == UNKNOWN


UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def test_the_same_unit_only() -> None:
    """Events of a unit that differs in one field do not count."""
    world, _ = reopened()
    for field in UNIT.fields():
        assert world.picture(Unit(**{**UNIT.fields(), field: "other"})).unknown


@pytest.mark.parametrize("error", [Damaged("group", UNKNOWN, "the row is damaged"), NotFound("group", UNKNOWN)])
def test_c082_a_group_whose_history_cannot_be_asked_for(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """One that holds none of the unit's receivers is left out; the damage is named."""
    world, _ = reopened()
    world.group("elsewhere", world.receiver("other"))
    transitions = Groups.transitions

    def broken(self: Groups, group: Any, unit: Unit, **options: Any) -> Any:  # noqa: ANN401 - as it is
        if group.name == "elsewhere":
            raise error
        return transitions(self, group, unit, **options)

    monkeypatch.setattr(Groups, "transitions", broken)
    picture = world.picture()

    assert [one.group.name for one in picture.groups] == ["release"]
    assert list(picture.damaged) == ([error] if isinstance(error, Damaged) else [])
