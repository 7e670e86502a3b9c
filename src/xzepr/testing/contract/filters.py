"""Filters: every field given must hold; text is literal; ranges are half-open."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from xzepr.model import SYSTEM, EventFilter, GroupFilter, ReceiverFilter, Unit
from xzepr.testing.clock import START
from xzepr.testing.contract._base import Contract
from xzepr.testing.contract.appending import recorded
from xzepr.testing.contract.pages import walk
from xzepr.testing.world import ALICE, OTHER, UNIT, World, new_event, new_id


class FiltersContract(Contract):
    """What lists and counts are narrowed to."""

    @pytest.mark.parametrize(
        ("field", "where"),
        [
            ("name", EventFilter(name="another")),
            ("version", EventFilter(version="another")),
            ("release", EventFilter(release="another")),
            ("platform_id", EventFilter(platform_id="another")),
            ("package", EventFilter(package="another")),
        ],
    )
    def test_field_of_a_unit(self, world: World, field: str, where: EventFilter) -> None:
        """Each field of a unit narrows to the events of units with that field."""
        build = world.receiver()
        other = Unit(**{**UNIT.fields(), field: "another"})
        world.record(UNIT, build)
        event = world.event(other, build)

        assert listed(world, where) == {event.id}

    def test_field_is_exact(self, world: World) -> None:
        """A field matches by code point: no case, no space, no Unicode form is forgiven."""
        build = world.receiver()
        world.record(attrs.evolve(UNIT, name="caf\u00e9"), build)

        found = [listed(world, EventFilter(name=name)) for name in ("Caf\u00e9", "caf\u00e9 ", "cafe\u0301")]

        assert found == [set(), set(), set()]

    def test_one_unit(self, world: World) -> None:
        """The filter for one unit finds its events, and no others."""
        build = world.receiver()
        world.record(OTHER, build)
        events = {world.event(UNIT, build).id for _ in range(2)}

        assert listed(world, EventFilter.of(UNIT)) == events

    def test_receiver(self, world: World) -> None:
        """Events are found by their receiver."""
        build, scan = world.receivers(2)
        world.record(UNIT, build)
        event = world.event(UNIT, scan)

        assert listed(world, EventFilter(receiver_id=scan.id)) == {event.id}

    @pytest.mark.parametrize("success", [True, False])
    def test_success(self, world: World, success: bool) -> None:  # noqa: FBT001
        """Events are found by their result."""
        build = world.receiver()
        events = {each: world.event(UNIT, build, success=each).id for each in (True, False)}

        assert listed(world, EventFilter(success=success)) == {events[success]}

    def test_owner(self, world: World) -> None:
        """Events are found by who recorded them."""
        build = world.receiver()
        world.record(UNIT, build)
        [hers] = recorded(world.append(new_event(UNIT, build, owner=ALICE.identity), principal=ALICE))

        assert listed(world, EventFilter(owner=ALICE.identity)) == {hers.event.id}

    def test_ids(self, world: World) -> None:
        """Events are found by their ids; unknown ids find nothing."""
        build = world.receiver()
        events = [world.event(UNIT, build) for _ in range(3)]

        assert listed(world, EventFilter(ids=(events[0].id, events[2].id, new_id()))) == {events[0].id, events[2].id}

    def test_no_ids(self, world: World) -> None:
        """An empty list of ids finds nothing; it is not the same as no filter."""
        world.record(UNIT, world.receiver())

        assert listed(world, EventFilter(ids=())) == set()

    def test_no_filter(self, world: World) -> None:
        """An empty filter finds everything."""
        build = world.receiver()
        events = {world.event(each, build).id for each in (UNIT, OTHER)}

        assert listed(world, EventFilter()) == events

    def test_range_is_half_open(self, world: World) -> None:
        """A range holds its beginning and not its end."""
        build = world.receiver()
        events = []
        for _ in range(4):
            events.append(world.event(UNIT, build).id)
            world.clock.advance()

        where = EventFilter(recorded_from=START + timedelta(seconds=1), recorded_until=START + timedelta(seconds=3))

        assert listed(world, where) == set(events[1:3])

    def test_empty_range(self, world: World) -> None:
        """A range that ends where it begins holds nothing."""
        world.record(UNIT, world.receiver())

        assert listed(world, EventFilter(recorded_from=START, recorded_until=START)) == set()

    def test_range_is_exact_to_the_microsecond(self, world: World) -> None:
        """A range that begins one microsecond late misses the event."""
        world.record(UNIT, world.receiver())

        assert listed(world, EventFilter(recorded_from=START + timedelta(microseconds=1))) == set()

    @pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"', "*", "%%", "\\%", "[a]", "."])
    def test_contained_text_is_literal(self, world: World, text: str) -> None:
        """No character of a searched text is a wildcard."""
        build = world.receiver()
        world.record(attrs.evolve(UNIT, name="plain name a"), build)
        event = world.event(attrs.evolve(UNIT, name=f"with {text} inside"), build)

        assert listed(world, EventFilter(name_contains=text)) == {event.id}

    @pytest.mark.parametrize(
        ("name", "text"),
        [("Web-Shop", "eb-sh"), ("STRASSE", "straße"), ("ﬁle", "FIL"), ("\uff37eb", "web"), ("İstanbul", "i\u0307st")],
    )
    def test_contained_text_is_folded(self, world: World, name: str, text: str) -> None:
        """A searched text is found in any case and width, by the rules of Unicode and not by those of a locale."""
        event = world.event(attrs.evolve(UNIT, name=name), world.receiver())

        assert listed(world, EventFilter(name_contains=text)) == {event.id}

    def test_contained_text_may_be_empty(self, world: World) -> None:
        """Every name holds the empty text."""
        event = world.event(UNIT, world.receiver())

        assert listed(world, EventFilter(name_contains="")) == {event.id}

    def test_every_field_must_hold(self, world: World) -> None:
        """Of several fields, each must hold."""
        build, scan = world.receivers(2)
        world.record(UNIT, build, success=False)
        world.record(UNIT, scan)
        event = world.event(UNIT, build)

        assert listed(world, EventFilter(name=UNIT.name, receiver_id=build.id, success=True)) == {event.id}

    @pytest.mark.parametrize(
        ("field", "where"),
        [
            ("name", ReceiverFilter(name="another")),
            ("type", ReceiverFilter(type="another")),
            ("version", ReceiverFilter(version="another")),
        ],
    )
    def test_field_of_a_receiver(self, world: World, field: str, where: ReceiverFilter) -> None:
        """Receivers are found by each field of their identity."""
        world.receiver("build")
        other = world.registry.receivers.create(
            **{"name": "build", "type": "ci.step", "version": "1", field: "another"}, schema=True
        )

        assert [each.id for each in world.registry.receivers.list(where)] == [other.id]

    def test_contained_text_of_a_receiver(self, world: World) -> None:
        """Receivers are found by a part of their name."""
        world.receiver("build")
        scan = world.receiver("Scan 100%")

        assert world.registry.receivers.list(ReceiverFilter(name_contains="scan 100%")).items == (scan,)

    def test_owner_of_a_receiver(self, world: World) -> None:
        """Receivers are found by their owner."""
        build = world.receiver()
        hers = attrs.evolve(build, id=new_id(), name="hers", owner=ALICE.identity)
        world.store.receivers.create(hers, ALICE)

        assert [each.id for each in world.registry.receivers.list(ReceiverFilter(owner=ALICE.identity))] == [hers.id]

    def test_group_by_receiver(self, world: World) -> None:
        """Groups are found by a receiver that stands in their present revision."""
        build, scan = world.receivers(2)
        moved, both = world.group(build, name="moved"), world.group(build, scan, name="both")
        world.registry.groups.update(moved, expected_revision=1, receivers=[scan])

        assert world.registry.groups.list(GroupFilter(receiver_id=build.id)).items == (both,)

    @pytest.mark.parametrize("enabled", [True, False])
    def test_group_by_state(self, world: World, enabled: bool) -> None:  # noqa: FBT001
        """Groups are found by whether they are enabled."""
        build = world.receiver()
        groups = {each: world.group(build, name=f"is-{each}", enabled=each) for each in (True, False)}

        assert world.registry.groups.list(GroupFilter(enabled=enabled)).items == (groups[enabled],)

    def test_group_by_its_present_name(self, world: World) -> None:
        """Groups are found by their present name."""
        gate = world.group(world.receiver(), name="old")
        renamed = world.registry.groups.update(gate, expected_revision=1, name="new")

        assert world.registry.groups.list(GroupFilter(name="old")).items == ()
        assert world.registry.groups.list(GroupFilter(name="new")).items == (renamed,)

    def test_group_by_owner(self, world: World) -> None:
        """Groups are found by their owner."""
        world.group(world.receiver())

        assert world.registry.groups.list(GroupFilter(owner=ALICE.identity)).items == ()
        assert len(world.registry.groups.list(GroupFilter(owner=SYSTEM.identity))) == 1


def listed(world: World, where: EventFilter) -> set[str]:
    """Return the ids that a filter finds, after checking that a count finds as many."""
    found = walk(lambda at: world.registry.events.list(where, cursor=at))
    count = world.registry.events.count(where)
    assert (count.value, count.exact) == (len(found), True)
    return {event.id for event in found}
