"""Leases of subscriptions: one holder at a time; who was overtaken can move nothing any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from xzepr.errors import BadCursor, Closed, LeaseLost, NotFound
from xzepr.model import SYSTEM, FeedCursor, Lease, Parked, Principal
from xzepr.testing.contract._base import Contract
from xzepr.testing.contract.subscriptions import kept, noting, subscription
from xzepr.testing.world import ALICE, World, new_id


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

    @pytest.mark.parametrize(("past", "free"), [(-1, False), (0, True)], ids=["before", "at"])
    def test_end_is_exact(self, world: World, past: int, free: bool) -> None:  # noqa: FBT001 - a parameter
        """A lease holds until the moment that it names as its end, and not at it."""
        held = lease(world, seconds=30)
        to_go = held.expires_at - world.clock() + timedelta(microseconds=past)

        world.clock.advance(to_go.total_seconds())

        assert (kept(world).acquire("mirror", SYSTEM, seconds=30) is not None) == free

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
        assert (held.expires_at - world.clock()).total_seconds() == 30

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

    def test_an_earlier_change_moves_nothing(self, world: World) -> None:
        """A cursor never goes back, whatever its holder says."""
        world.receivers(2)
        held = lease(world)
        first, second = (change.cursor for change in world.changes()[-2:])
        kept(world).advance(held, second)

        kept(world).advance(held, first)

        assert kept(world).get("mirror", SYSTEM).cursor == second

    @pytest.mark.parametrize("place", ["beyond the head", "of another history"])
    def test_cursor_must_be_in_this_history(self, world: World, place: str) -> None:
        """A holder cannot say that it has handled what the feed does not hold."""
        world.receiver()
        held = lease(world)
        position = world.registry.feed.head() + (place == "beyond the head")

        with pytest.raises(BadCursor):
            kept(world).advance(held, FeedCursor(position, new_id()))
        assert kept(world).get("mirror", SYSTEM).cursor == FeedCursor()

    def test_parking_advances(self, world: World) -> None:
        """Parking a change and passing it is one step."""
        world.receiver()

        take_step(world, lease(world), "park")

        state = kept(world).get("mirror", SYSTEM)
        assert (state.cursor, state.parked) == (world.changes()[0].cursor, 1)

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

    def test_use_after_close(self, world: World) -> None:
        """A closed store says so, to those who hold a lease too."""
        world.receiver()
        held = lease(world)
        cursor = world.changes()[0].cursor
        world.store.close()

        for ask in (
            lambda: kept(world).ensure("mirror", SYSTEM, start=FeedCursor()),
            lambda: kept(world).acquire("mirror", SYSTEM, seconds=1),
            lambda: kept(world).advance(held, cursor),
            lambda: kept(world).release(held),
        ):
            with pytest.raises(Closed):
                ask()


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
