"""Promise 6: the feed gives every change exactly one position, dense and for ever."""

from __future__ import annotations

import attrs
import pytest

from xzepr.errors import BadCursor, PayloadAbsent
from xzepr.model import MAX_LIMIT, Change, ChangeKind, Event, FeedCursor, Transition
from xzepr.testing.contract._base import Contract
from xzepr.testing.contract.pages import append_heavy
from xzepr.testing.world import OTHER, UNIT, World, new_event, new_id, open_world


class FeedContract(Contract):
    """What a reader of the feed meets."""

    def test_empty(self, world: World) -> None:
        """An empty feed has nothing to read, and its head is 0."""
        assert (world.changes(), world.registry.feed.head()) == ([], 0)

    def test_positions_are_dense(self, world: World) -> None:
        """Positions are 1, 2, 3, whatever happened, and whatever was refused in between."""
        fill(world)

        assert [change.position for change in world.changes()] == list(range(1, world.registry.feed.head() + 1))

    def test_event_then_its_transitions_then_the_next(self, world: World) -> None:
        """In one append, each event is followed by its own transitions, and then by the next event."""
        build = world.receiver()
        world.group(build, name="one")
        world.group(build, name="two")
        head = world.registry.feed.head()

        world.append(*(new_event(UNIT, build, success=success) for success in (True, False)))

        assert [change.kind for change in world.changes(after=head)] == [
            ChangeKind.EVENT_RECORDED,
            *[ChangeKind.GROUP_COMPLETED] * 2,
            ChangeKind.EVENT_RECORDED,
            *[ChangeKind.GROUP_REOPENED] * 2,
        ]

    def test_transition_follows_its_cause(self, world: World) -> None:
        """A transition stands behind the event that caused it."""
        build = world.receiver()
        world.group(build)
        event = world.event(UNIT, build)

        *_, recorded, transition = world.changes()

        assert isinstance(recorded.subject, Event)
        assert isinstance(transition.subject, Transition)
        assert (recorded.subject.id, transition.subject.event_id) == (event.id, event.id)

    def test_transition_is_the_recorded_one(self, world: World) -> None:
        """The feed tells the transition that the event returned."""
        build = world.receiver()
        world.group(build)

        [transition] = world.record(UNIT, build).transitions

        assert world.changes()[-1].subject == transition

    def test_order_of_a_batch(self, world: World) -> None:
        """Events stand in the order in which they were appended."""
        build = world.receiver()
        events = [new_event(each, build) for each in (UNIT, OTHER, UNIT, OTHER)]

        world.append(*reversed(events))

        told = [change.subject.id for change in world.changes() if isinstance(change.subject, Event)]
        assert told == [event.id for event in reversed(events)]

    def test_order_of_a_unit(self, world: World) -> None:
        """The events of a unit stand in the order of their numbers."""
        build, scan = world.receivers(2)
        for number in range(6):
            world.record((UNIT, OTHER)[number % 2], (build, scan)[number % 3 % 2])

        told = [change.subject for change in world.changes() if isinstance(change.subject, Event)]
        assert [event.n for event in told if event.unit == UNIT] == [1, 2, 3]

    def test_reading_from_a_position(self, world: World) -> None:
        """Reading after a position begins with the next one."""
        fill(world)

        assert [change.position for change in world.registry.feed.read(3, limit=2)] == [4, 5]

    def test_reading_from_a_cursor(self, world: World) -> None:
        """Reading after a saved cursor goes on where it was saved."""
        fill(world)
        page = world.registry.feed.read(0, limit=3)

        assert world.registry.feed.read(page.cursor, limit=1).changes[0].position == 4

    def test_reading_in_pages(self, world: World) -> None:
        """Pages of any size hold the same changes."""
        fill(world)
        whole = world.changes()
        cursor: FeedCursor | int = 0
        found: list[Change] = []
        while page := world.registry.feed.read(cursor, limit=2):
            assert len(page) <= 2
            found += page.changes
            cursor = page.cursor

        assert found == whole

    def test_reading_at_the_head(self, world: World) -> None:
        """At the head there is nothing to read yet."""
        fill(world)
        last = world.changes()[-1].cursor

        assert world.registry.feed.read(last).changes == ()
        assert world.registry.feed.read(last.position).changes == ()

    def test_reading_beyond_the_head(self, world: World) -> None:
        """A position beyond the head belongs to another history."""
        fill(world)

        with pytest.raises(BadCursor):
            world.registry.feed.read(world.registry.feed.head() + 1)

    def test_cursor_beyond_the_head(self, world: World) -> None:
        """A saved cursor beyond the head belongs to another history."""
        fill(world)

        with pytest.raises(BadCursor):
            world.registry.feed.read(FeedCursor(world.registry.feed.head() + 1, new_id()))

    def test_cursor_of_another_history(self, world: World) -> None:
        """A saved cursor at whose position another change stands belongs to another history: a restored database."""
        fill(world)

        with pytest.raises(BadCursor):
            world.registry.feed.read(FeedCursor(2, new_id()))

    def test_cursor_of_another_store(self) -> None:
        """A cursor saved in one store is refused by another, also where both tell the same story."""
        with open_world(self.harness_class) as world:
            fill(world)
            cursor = world.changes()[1].cursor

        with open_world(self.harness_class) as world:
            fill(world)
            with pytest.raises(BadCursor):
                world.registry.feed.read(cursor)

    def test_ids_are_unique(self, world: World) -> None:
        """Every change has an id of its own."""
        fill(world)
        ids = [change.id for change in world.changes()]

        assert len(set(ids)) == len(ids)

    def test_changes_do_not_change(self, world: World) -> None:
        """What was read once is read again the same, whatever happened since."""
        fill(world)
        before = world.changes()
        world.record(OTHER, world.receiver("another"))

        assert world.changes()[: len(before)] == before

    def test_page_tells_the_head(self, world: World) -> None:
        """A page says how far the feed reaches."""
        fill(world)

        assert world.registry.feed.read(0, limit=1).head == world.registry.feed.head()

    def test_own_writes_are_read(self, world: World) -> None:
        """Who has recorded an event meets it in the feed."""
        event = world.event(UNIT, world.receiver())

        assert world.changes(payloads=True)[-1].subject == event

    def test_payloads_are_left_out(self, world: World) -> None:
        """By default events come without their payloads, and say that they were left out."""
        world.record(UNIT, world.receiver(), payload=[1, 2])

        event = world.changes()[-1].subject

        assert isinstance(event, Event)
        with pytest.raises(PayloadAbsent) as caught:
            _ = event.payload
        assert caught.value.reason == "left_out"

    def test_payloads_come_along(self, world: World) -> None:
        """If asked for, events come with their payloads."""
        world.record(UNIT, world.receiver(), payload=[1, 2])

        event = world.changes(payloads=True)[-1].subject

        assert isinstance(event, Event)
        assert event.payload == [1, 2]

    def test_page_ends_when_it_has_brought_enough_bytes(self, world: World) -> None:
        """A page with large payloads is shorter than its limit, and its cursor goes on behind it."""
        ids = append_heavy(world)

        page = world.registry.feed.read(1, limit=MAX_LIMIT, payloads=True)
        rest = world.changes(page.cursor.position, payloads=True)

        assert len(page) < len(ids)
        assert [each.subject.id for each in (*page, *rest) if isinstance(each.subject, Event)] == ids

    def test_redacted_event_is_told_redacted(self, world: World) -> None:
        """The feed of the past holds no payload that was redacted since."""
        event = world.event(UNIT, world.receiver(), payload="secret")
        position = world.registry.feed.head()
        erased = world.registry.events.redact(event.id, "asked for")

        change = world.changes(payloads=True)[position - 1]

        assert (change.kind, change.subject) == (ChangeKind.EVENT_RECORDED, erased)

    def test_time_is_the_stores(self, world: World) -> None:
        """A change tells when it happened by the store's clock, and so does its event."""
        build = world.receiver()
        world.clock.advance(9)
        then = world.clock()
        event = world.event(UNIT, build)
        world.clock.advance(9)

        assert world.changes()[-1].recorded_at == event.recorded_at == then

    def test_refused_writes_are_not_told(self, world: World) -> None:
        """What was refused takes no position."""
        build = world.receiver()
        nobody = attrs.evolve(build, id=new_id())

        world.append(new_event(UNIT, nobody), new_event(UNIT, build), new_event(UNIT, nobody))

        assert [(change.position, change.kind) for change in world.changes(after=1)] == [(2, ChangeKind.EVENT_RECORDED)]


def fill(world: World) -> None:
    """Make one change of nearly every kind."""
    build, scan = world.receivers(2)
    gate = world.group(build)
    event = world.event(UNIT, build)
    world.append(new_event(UNIT, scan, id=event.id), new_event(UNIT, build, success=False))
    world.registry.groups.update(gate, expected_revision=1, receivers=[build, scan])
    world.registry.events.redact(event.id, "asked for")
    world.registry.groups.delete(gate, expected_revision=2)
