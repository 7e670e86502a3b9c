"""Groups: gates by name, type and version, over receivers that exist and are not overloaded."""

from __future__ import annotations

import attrs
import pytest

from xzepr import Limits, Registry
from xzepr.errors import AlreadyExists, NotFound, TooLarge
from xzepr.model import SYSTEM, EventReceiverGroup
from xzepr.testing.contract._base import Contract
from xzepr.testing.world import World, new_id


class GroupsContract(Contract):
    """How groups come to be, and are found."""

    def test_created_is_what_is_read(self, world: World) -> None:
        """A group is read as it was created."""
        created = world.group(*world.receivers(3))

        assert world.store.groups.get(created.id) == created

    def test_receivers_keep_their_order(self, world: World) -> None:
        """The receivers of a group stay in the order given."""
        first, second, third = world.receivers(3)

        created = world.group(third, first, second)

        assert world.store.groups.get(created.id).receiver_ids == (third.id, first.id, second.id)

    def test_missing(self, world: World) -> None:
        """A group that does not exist is not found, and the error says what was looked for."""
        missing = new_id()

        with pytest.raises(NotFound) as caught:
            world.store.groups.get(missing)
        assert (caught.value.kind, caught.value.key) == ("group", missing)

    def test_found_by_identity(self, world: World) -> None:
        """A group is found by name, type and version."""
        created = world.group(world.receiver())

        assert world.store.groups.find(*created.naming) == created

    def test_not_found_by_another_identity(self, world: World) -> None:
        """Another name is another group."""
        world.group(world.receiver(), name="release")

        assert world.store.groups.find("Release", "ci.gate", "1") is None

    def test_identity_is_unique(self, world: World) -> None:
        """A second group with the same identity is refused, and the error names the first."""
        build = world.receiver()
        first = world.group(build)

        with pytest.raises(AlreadyExists) as caught:
            world.group(build)
        assert (caught.value.kind, caught.value.existing_id) == ("group", first.id)

    def test_creating_again_by_id(self, world: World) -> None:
        """Creating a group again with its id returns what is stored, and tells the feed nothing."""
        first = world.group(world.receiver())
        head = world.registry.feed.head()

        assert world.store.groups.create(first, SYSTEM, max_enabled_groups=100) == first
        assert world.registry.feed.head() == head

    def test_known_id_with_other_content(self, world: World) -> None:
        """A known id with other content is refused, and the error says in what it differs."""
        first = world.group(world.receiver())

        with pytest.raises(AlreadyExists) as caught:
            world.store.groups.create(attrs.evolve(first, enabled=False), SYSTEM, max_enabled_groups=100)
        assert caught.value.differs == ("enabled",)

    def test_receivers_must_exist(self, world: World) -> None:
        """A group of a receiver that does not exist is refused, and not there."""
        nobody = attrs.evolve(world.receiver(), id=new_id())

        with pytest.raises(NotFound) as caught:
            world.group(nobody)
        assert (caught.value.kind, caught.value.key) == ("receiver", nobody.id)
        assert world.registry.groups.list().items == ()

    def test_too_many_enabled_groups(self, world: World) -> None:
        """A receiver stands in a bounded number of enabled groups."""
        build = world.receiver()
        registry = Registry(world.store, clock=world.clock, limits=Limits(max_enabled_groups=2))
        for number in range(2):
            create(registry, build.id, number)

        with pytest.raises(TooLarge):
            create(registry, build.id, 3)

    def test_disabled_groups_do_not_count(self, world: World) -> None:
        """A disabled group does not count against the bound, until it is enabled."""
        build = world.receiver()
        registry = Registry(world.store, clock=world.clock, limits=Limits(max_enabled_groups=1))
        create(registry, build.id, 1)

        disabled = create(registry, build.id, 2, enabled=False)

        with pytest.raises(TooLarge):
            registry.groups.update(disabled, expected_revision=1, enabled=True)

    def test_deleted_groups_do_not_count(self, world: World) -> None:
        """A deleted group does not count against the bound."""
        build = world.receiver()
        registry = Registry(world.store, clock=world.clock, limits=Limits(max_enabled_groups=1))
        registry.groups.delete(create(registry, build.id, 1), expected_revision=1)

        assert create(registry, build.id, 2).enabled

    def test_full_group_may_be_changed(self, world: World) -> None:
        """A group that is counted already may be changed at the bound."""
        build = world.receiver()
        registry = Registry(world.store, clock=world.clock, limits=Limits(max_enabled_groups=1))
        gate = create(registry, build.id, 1)

        assert registry.groups.update(gate, expected_revision=1, description="new").revision == 2

    def test_ensure_returns(self, world: World) -> None:
        """Ensuring a group that is there returns it, whatever the order of its receivers."""
        build, scan = world.receivers(2)
        first = world.group(build, scan)

        assert (
            world.registry.groups.ensure(name="release", type="ci.gate", version="1", receivers=[scan, build]) == first
        )

    def test_ensure_refuses_other_receivers(self, world: World) -> None:
        """Ensuring a group with other receivers is refused."""
        build, scan = world.receivers(2)
        world.group(build)

        with pytest.raises(AlreadyExists) as caught:
            world.registry.groups.ensure(name="release", type="ci.gate", version="1", receivers=[scan])
        assert caught.value.differs == ("receivers",)


def create(registry: Registry, receiver_id: str, number: int, *, enabled: bool = True) -> EventReceiverGroup:
    """Create one of any number of groups of one receiver."""
    return registry.groups.create(
        name=f"group-{number}", type="ci.gate", version="1", receivers=[receiver_id], enabled=enabled
    )
