"""Which groups concern a unit, in which order they stand, and what cannot be read of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.picture.pictures import World, reopened
from xzepr import EventReceiver, Unit
from xzepr.cli.picture import Tally, groups
from xzepr.errors import Damaged, NotFound
from xzepr.registry.groups import Groups

OTHER = Unit(name="api", version="1", release="1", platform_id="linux-amd64", package="oci")

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


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


def test_too_many_groups_are_left_out_and_counted() -> None:
    """Of those that say the same, the first by name are shown, and the disabled ones last."""
    world = World()
    build = world.receiver("build")
    for number in range(groups.MAX_GROUPS + 2):
        world.group(f"gate-{number:02}", build, enabled=number != 0)
    world.record(build)
    picture = world.picture()

    assert len(picture.groups) == groups.MAX_GROUPS
    assert picture.groups[0].group.name == "gate-01"
    assert picture.left_out == ("2 of 52 groups: 1 complete, 1 disabled",)
    assert picture.tally == Tally(groups=52, complete=51, disabled=1)


def test_what_blocks_is_never_left_out() -> None:
    """Groups come in the order in which to look at them: failed, unknown, missing, complete, disabled; then by name."""
    world = World()
    build, scan, sign = world.receivers("build", "scan", "sign")
    for number in range(groups.MAX_GROUPS):
        world.group(f"a-gate-{number:02}", build)
    world.group("z-missing", build, sign)
    world.group("z-failed", build, scan)
    world.group("0-off", build, enabled=False)
    world.record(build)
    world.record(scan, success=False)
    picture = world.picture()

    assert [one.group.name for one in picture.groups][:3] == ["z-failed", "z-missing", "a-gate-00"]
    assert picture.tally == Tally(groups=53, complete=50, disabled=1)
    assert picture.left_out == ("3 of 53 groups: 2 complete, 1 disabled",)


def test_more_groups_than_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """They count, and it is said that nobody asked them."""
    monkeypatch.setattr(groups, "MAX_JUDGED", 1)
    world = World()
    build = world.receiver("build")
    for name in ("a", "b"):
        world.group(name, build)
    world.record(build)
    picture = world.picture()

    assert [one.group.name for one in picture.groups] == ["a"]
    assert (picture.tally, picture.left_out) == (Tally(groups=2, complete=1), ("1 of 2 groups: 1 not judged",))


def test_more_groups_than_are_asked_for_a_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said that there may be more."""
    monkeypatch.setattr(groups, "MAX_SWEPT", 1)
    world, _ = reopened()
    world.group("newer", world.receiver("other"))
    picture = world.picture()

    assert [one.group.name for one in picture.groups] == ["release"]
    assert picture.left_out == ("groups older than the newest 1 that hold none of the unit's receivers",)


def test_more_transitions_than_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of them are walked, up to a bound, and that is said."""
    monkeypatch.setattr(groups, "MAX_LIMIT", 2)
    world, _ = reopened()
    assert len(world.picture().groups[0].transitions) == 3
    monkeypatch.setattr(groups, "MAX_TRANSITIONS", 2)
    picture = world.picture()

    assert len(picture.groups[0].transitions) == 2
    assert (picture.groups[0].read_to_end, picture.groups[0].due) == (False, False)
    assert picture.left_out == ("transitions of release behind number 2",)


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


def test_c082_nobody_is_told_to_re_evaluate_what_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its transitions, a complete group is not "not announced yet"."""
    world, _ = reopened()
    assert world.picture().groups[0].read_to_end

    def broken(*_: object, **__: object) -> None:
        raise Damaged("transition", UNKNOWN, "the row is damaged")

    monkeypatch.setattr(Groups, "transitions", broken)
    [drawn] = world.picture().groups

    assert (drawn.complete, drawn.due, drawn.read_to_end) == (True, False, False)


def test_an_event_between_two_calls_does_not_look_like_a_change_of_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event comes after the verdict was read, and before the transitions are: both are read once more."""
    world, _ = reopened()
    scan = next(one for one in world.registry.receivers.list() if one.name == "scan")
    late: list[EventReceiver] = [scan]
    verdict = Groups.verdict

    def interrupted(self: Groups, group: Any, unit: Unit) -> Any:  # noqa: ANN401 - as it is
        said = verdict(self, group, unit)
        if late:
            world.record(late.pop(), success=False)
        return said

    monkeypatch.setattr(Groups, "verdict", interrupted)
    picture = world.picture()
    [drawn] = picture.groups

    assert (drawn.complete, drawn.due, len(drawn.transitions)) == (False, False, 4)
    assert picture.tally == Tally(groups=1, complete=0)


def test_a_group_that_is_deleted_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left out: it is no more."""
    world, _ = reopened()

    def gone(*_: object, **__: object) -> None:
        raise NotFound("group", "release")

    monkeypatch.setattr(Groups, "verdict", gone)

    assert world.picture().groups == ()


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


def test_c082_a_group_that_cannot_be_judged_stands_behind_those_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be blocked too, so it stands before those that wait."""
    world = World()
    build, scan, sign = world.receivers("build", "scan", "sign")
    for name, receiver in (("complete", build), ("failed", scan), ("unknown", build)):
        world.group(name, receiver)
    world.group("waiting", build, sign)
    world.record(build)
    world.record(scan, success=False)
    verdict = Groups.verdict

    def broken(self: Groups, group: Any, unit: Unit) -> Any:  # noqa: ANN401 - as it is
        if group.name == "unknown":
            raise Damaged("group", UNKNOWN, "the row is damaged")
        return verdict(self, group, unit)

    monkeypatch.setattr(Groups, "verdict", broken)
    picture = world.picture()

    assert [one.group.name for one in picture.groups] == ["failed", "unknown", "waiting", "complete"]
    assert picture.tally == Tally(groups=4, complete=1)
