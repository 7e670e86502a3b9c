"""Subscriptions: durable cursors; at least once, in order, parked when hopeless."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xzepr import Delivery, RetryPolicy, Subscription
from xzepr.errors import BadCursor, NotFound
from xzepr.model import SYSTEM, FeedCursor
from xzepr.stores import SubscriptionRepository, SubscriptionStore
from xzepr.testing.contract._base import Contract
from xzepr.testing.world import ALICE, World, new_id

IMPATIENT = RetryPolicy(attempts=2, first_delay=0, max_delay=0)


class DeliveryContract(Contract):
    """What a subscriber is handed."""

    needs = "subscriptions"

    def test_everything_in_order(self, world: World) -> None:
        """A subscription hands over every change, in the order of the feed."""
        world.receivers(5)

        positions, handler = noting()
        subscription(world).deliver(handler)

        assert positions == [1, 2, 3, 4, 5]

    def test_nothing_twice(self, world: World) -> None:
        """What was handled is not handed over again."""
        world.receivers(2)
        positions, handler = noting()
        subscription(world).deliver(handler)
        world.receiver("another")

        subscription(world).deliver(handler)

        assert positions == [1, 2, 3]

    def test_start(self, world: World) -> None:
        """A new subscription can begin at any place."""
        world.receivers(4)
        cursor = world.changes()[1].cursor
        positions, handler = noting()

        world.registry.feed.subscription("mirror", start=cursor).deliver(handler)

        assert positions == [3, 4]

    def test_start_counts_only_once(self, world: World) -> None:
        """A subscription that exists goes on where it stands, wherever a caller would begin."""
        world.receivers(4)
        positions, handler = noting()
        subscription(world).deliver(handler)

        world.registry.feed.subscription("mirror", start=world.changes()[1].cursor).deliver(handler)

        assert positions == [1, 2, 3, 4]

    def test_start_must_be_in_this_history(self, world: World) -> None:
        """A subscription cannot begin at a place of another history."""
        world.receivers(2)

        with pytest.raises(BadCursor):
            world.registry.feed.subscription("mirror", start=FeedCursor(1, new_id()))

    def test_failing_change_is_tried_again(self, world: World) -> None:
        """A change whose handler fails comes again, before the next one."""
        world.receivers(2)
        seen: list[tuple[int, int]] = []

        def fail_once(delivery: Delivery) -> None:
            seen.append((delivery.change.position, delivery.attempt))
            if len(seen) == 1:
                raise ValueError

        subscription(world).deliver(fail_once)

        assert seen == [(1, 1), (1, 2), (2, 1)]

    def test_acknowledged_change_does_not_come_again(self, world: World) -> None:
        """A change that its handler has acknowledged comes no more, even if the handler fails afterwards."""
        world.receivers(3)
        mirror = subscription(world)
        seen: list[int] = []

        def acknowledge_and_fail(delivery: Delivery) -> None:
            seen.append(delivery.change.position)
            mirror.acknowledge(delivery)
            raise ValueError

        mirror.deliver(acknowledge_and_fail)

        assert (seen, mirror.state().parked) == ([1, 2, 3], 0)

    def test_hopeless_change_is_parked(self, world: World) -> None:
        """A change whose handler keeps failing is parked, and the next ones are handed over."""
        world.receivers(3)
        positions, handler = noting(failing=2)

        subscription(world).deliver(handler)

        assert positions == [1, 2, 2, 3]
        [parked] = subscription(world).parked()
        assert (parked.cursor, parked.attempts, parked.error) == (world.changes()[1].cursor, 2, "ValueError")

    def test_parked_from_a_position(self, world: World) -> None:
        """Parked changes can be read from a position on, up to a limit, in order."""
        world.receivers(4)

        def refuse(_: Delivery) -> None:
            raise ValueError

        subscription(world).deliver(refuse)

        assert [each.cursor.position for each in subscription(world).parked(after=1, limit=2)] == [2, 3]

    def test_replayed_change_that_is_acknowledged_is_parked_no_more(self, world: World) -> None:
        """A parked change that its handler has acknowledged is done, even if the handler fails afterwards."""
        world.receivers(3)
        mirror = subscription(world)
        mirror.deliver(noting(failing=2)[1])

        def acknowledge_and_fail(delivery: Delivery) -> None:
            mirror.acknowledge(delivery)
            raise ValueError

        assert mirror.replay(acknowledge_and_fail) == 1
        assert (mirror.state().cursor.position, list(mirror.parked())) == (3, [])

    def test_parked_change_is_replayed(self, world: World) -> None:
        """A parked change can be handed over again; when it is handled, it is no longer parked."""
        world.receivers(3)
        subscription(world).deliver(noting(failing=2)[1])
        positions, handler = noting()

        handled = subscription(world).replay(handler)

        assert (handled, positions) == (1, [2])
        assert list(subscription(world).parked()) == []

    def test_still_hopeless_change_stays_parked(self, world: World) -> None:
        """A parked change that fails again stays parked, with one more attempt."""
        world.receivers(3)
        subscription(world).deliver(noting(failing=2)[1])

        subscription(world).replay(noting(failing=2)[1])

        assert [parked.attempts for parked in subscription(world).parked()] == [3]
        assert subscription(world).state().cursor.position == 3

    def test_handler_reads_its_own_writes(self, world: World) -> None:
        """A handler may write, and is handed what it wrote."""
        world.receiver("first")

        def write_once(delivery: Delivery) -> None:
            if delivery.change.position == 1:
                world.receiver("second")

        assert subscription(world).deliver(write_once) == 2

    def test_state(self, world: World) -> None:
        """A subscription says where it stands, how much is parked, and that nobody holds it."""
        world.receivers(3)
        subscription(world).deliver(noting(failing=2)[1])

        state = subscription(world).state()

        assert (state.name, state.owner) == ("mirror", SYSTEM.identity)
        assert (state.cursor, state.parked, state.held_until) == (world.changes()[-1].cursor, 1, None)

    def test_subscriptions_do_not_disturb_each_other(self, world: World) -> None:
        """Two subscriptions each meet everything."""
        world.receivers(2)
        positions, handler = noting()

        for name in ("one", "two"):
            world.registry.feed.subscription(name).deliver(handler)

        assert positions == [1, 2, 1, 2]

    def test_names_belong_to_their_owner(self, world: World) -> None:
        """Another owner's subscription of the same name is another one."""
        world.receivers(2)
        subscription(world).deliver(noting()[1])

        hers = kept(world).ensure("mirror", ALICE, start=FeedCursor())

        assert (hers.owner, hers.cursor) == (ALICE.identity, FeedCursor())

    def test_deleted(self, world: World) -> None:
        """A deleted subscription is gone, with what was parked."""
        world.receivers(2)
        gone = subscription(world)
        gone.deliver(noting(failing=1)[1])

        gone.delete()

        for ask in (gone.state, gone.parked, gone.delete):
            with pytest.raises(NotFound):
                ask()

    def test_created_anew(self, world: World) -> None:
        """A subscription that is created anew begins at the beginning, with nothing parked."""
        world.receivers(2)
        subscription(world).deliver(noting(failing=1)[1])
        subscription(world).delete()

        state = subscription(world).state()

        assert (state.cursor, state.parked) == (FeedCursor(), 0)


def kept(world: World) -> SubscriptionRepository:
    """Return the store's subscriptions."""
    assert isinstance(world.store, SubscriptionStore)
    return world.store.subscriptions


def subscription(world: World) -> Subscription:
    """Return the same subscription as ever."""
    return world.registry.feed.subscription("mirror", retry=IMPATIENT)


def noting(*, failing: int | None = None) -> tuple[list[int], Callable[[Delivery], None]]:
    """Return a handler, and the positions that it was handed; it fails at one of them."""
    positions: list[int] = []

    def handler(delivery: Delivery) -> None:
        positions.append(delivery.change.position)
        if delivery.change.position == failing:
            raise ValueError

    return positions, handler
