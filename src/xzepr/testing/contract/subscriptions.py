"""Subscriptions: durable cursors; at least once, in order, one holder at a time, fenced."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from xzepr import Delivery, RetryPolicy, Subscription
from xzepr.errors import BadCursor, LeaseLost, NotFound
from xzepr.model import SYSTEM, FeedCursor, Lease, Parked, Principal
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

    def test_hopeless_change_is_parked(self, world: World) -> None:
        """A change whose handler keeps failing is parked, and the next ones are handed over."""
        world.receivers(3)
        positions, handler = noting(failing=2)

        subscription(world).deliver(handler)

        assert positions == [1, 2, 2, 3]
        [parked] = subscription(world).parked()
        assert (parked.cursor, parked.attempts, parked.error) == (world.changes()[1].cursor, 2, "ValueError")

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
        assert subscription(world).state().cursor.position == 3  # noqa: PLR2004

    def test_handler_reads_its_own_writes(self, world: World) -> None:
        """A handler may write, and is handed what it wrote."""
        world.receiver("first")

        def write_once(delivery: Delivery) -> None:
            if delivery.change.position == 1:
                world.receiver("second")

        assert subscription(world).deliver(write_once) == 2  # noqa: PLR2004

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


class LeasesContract(Contract):
    """Who may advance a subscription."""

    needs = "subscriptions"

    def test_one_holder(self, world: World) -> None:
        """While somebody holds the lease, nobody else gets it."""
        lease(world)

        assert kept(world).acquire("mirror", SYSTEM, seconds=30) is None

    def test_held_is_not_delivered(self, world: World) -> None:
        """While somebody holds the lease, another process hands over nothing."""
        world.receiver()
        lease(world)

        assert subscription(world).deliver(noting()[1]) == 0

    def test_released(self, world: World) -> None:
        """A lease that was given back can be taken at once."""
        kept(world).release(lease(world))

        assert kept(world).acquire("mirror", SYSTEM, seconds=30) is not None

    def test_expired(self, world: World) -> None:
        """A lease that ran out can be taken."""
        lease(world, seconds=30)

        world.clock.advance(31)

        assert kept(world).acquire("mirror", SYSTEM, seconds=30) is not None

    def test_renewed(self, world: World) -> None:
        """A renewed lease runs longer, under the same token."""
        held = lease(world, seconds=30)
        world.clock.advance(20)

        renewed = kept(world).renew(held, seconds=30)

        world.clock.advance(20)
        assert renewed.token == held.token
        assert kept(world).acquire("mirror", SYSTEM, seconds=30) is None

    def test_tells_where_it_stands(self, world: World) -> None:
        """A lease says where to go on, and until when it runs."""
        world.receivers(2)
        subscription(world).deliver(noting()[1])

        held = lease(world, seconds=30)

        assert held.cursor == world.changes()[-1].cursor
        assert (held.expires_at - world.clock()).total_seconds() == 30  # noqa: PLR2004

    def test_tokens_rise(self, world: World) -> None:
        """Every lease has a higher token than the one before."""
        tokens = []
        for _ in range(3):
            held = lease(world)
            tokens.append(held.token)
            kept(world).release(held)

        assert tokens == sorted(set(tokens))

    @pytest.mark.parametrize("step", ["advance", "park", "unpark", "renew"])
    def test_overtaken_holder_moves_nothing(self, world: World, step: str) -> None:
        """A holder that was overtaken can move nothing any more."""
        world.receiver()
        old = lease(world, seconds=30)
        world.clock.advance(31)
        lease(world, seconds=30)

        with pytest.raises(LeaseLost):
            take_step(world, old, step)
        assert kept(world).get("mirror", SYSTEM).cursor == FeedCursor()

    @pytest.mark.parametrize("step", ["advance", "park", "unpark", "renew"])
    def test_deletion_does_not_reset_the_fence(self, world: World, step: str) -> None:
        """A holder from before the subscription was deleted and created anew can move nothing in the new one."""
        world.receiver()
        old = lease(world)
        kept(world).delete("mirror", SYSTEM)
        new = lease(world)

        with pytest.raises(LeaseLost):
            take_step(world, old, step)
        assert new.token > old.token

    def test_overtaken_holder_releases_nothing(self, world: World) -> None:
        """A holder that was overtaken gives back nothing, and that is no error."""
        old = lease(world, seconds=30)
        world.clock.advance(31)
        lease(world, seconds=30)

        kept(world).release(old)

        assert kept(world).acquire("mirror", SYSTEM, seconds=30) is None

    def test_parking_advances(self, world: World) -> None:
        """Parking a change and passing it is one step."""
        world.receiver()

        take_step(world, lease(world), "park")

        state = kept(world).get("mirror", SYSTEM)
        assert (state.cursor, state.parked) == (world.changes()[0].cursor, 1)

    def test_parked_from_a_position(self, world: World) -> None:
        """Parked changes can be read from a position on, up to a limit, in order."""
        world.receivers(4)
        held = lease(world)
        for change in world.changes():
            kept(world).park(held, attrs.evolve(parked(world), cursor=change.cursor))

        found = kept(world).parked("mirror", SYSTEM, after=1, limit=2)

        assert [each.cursor.position for each in found] == [2, 3]

    @pytest.mark.parametrize("who", [SYSTEM, ALICE], ids=["nobody", "somebody else"])
    def test_missing(self, world: World, who: Principal) -> None:
        """Who has no subscription of a name cannot get, hold or delete it."""
        name = "mirror" if who is ALICE else "other"
        kept(world).ensure("mirror", SYSTEM, start=FeedCursor())

        for ask in (
            lambda: kept(world).get(name, who),
            lambda: kept(world).acquire(name, who, seconds=1),
            lambda: kept(world).parked(name, who, after=0, limit=1),
            lambda: kept(world).delete(name, who),
        ):
            with pytest.raises(NotFound):
                ask()


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


def lease(world: World, *, seconds: float = 30) -> Lease:
    """Take the lease of the same subscription as ever."""
    kept(world).ensure("mirror", SYSTEM, start=FeedCursor())
    held = kept(world).acquire("mirror", SYSTEM, seconds=seconds)
    assert held is not None
    return held


def parked(world: World) -> Parked:
    """Return the first change, as parked."""
    return Parked(cursor=world.changes()[0].cursor, attempts=1, error="ValueError", parked_at=world.clock())


def take_step(world: World, held: Lease, step: str) -> None:
    """Do one of the things that need the lease."""
    match step:
        case "advance":
            kept(world).advance(held, world.changes()[0].cursor)
        case "park":
            kept(world).park(held, parked(world))
        case "unpark":
            kept(world).unpark(held, 1)
        case _:
            kept(world).renew(held, seconds=30)
