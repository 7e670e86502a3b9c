"""Groups: gates by name, type and version; every change is a new revision, and all revisions are kept."""

from __future__ import annotations

import attrs
import pytest

from xzepr import Limits, Registry
from xzepr.errors import AlreadyExists, NotFound, RevisionConflict, TooLarge
from xzepr.model import SYSTEM, ChangeKind, EventReceiverGroup
from xzepr.testing.contract._base import Contract
from xzepr.testing.world import UNIT, World, new_id


class GroupsContract(Contract):
    """How groups come to be, change and go."""

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

    def test_change_makes_a_revision(self, world: World) -> None:
        """A changed group has the next revision, and is read like that."""
        build, scan = world.receivers(2)

        changed = world.registry.groups.update(world.group(build), expected_revision=1, receivers=[build, scan])

        assert (changed.revision, changed.receiver_ids) == (2, (build.id, scan.id))
        assert world.store.groups.get(changed.id) == changed

    def test_change_keeps_the_origin(self, world: World) -> None:
        """A change keeps the owner and the time of creation, and notes its own time."""
        created = world.group(world.receiver())
        world.clock.advance(7)

        changed = world.registry.groups.update(created, expected_revision=1, enabled=False)

        assert (changed.owner, changed.created_at, changed.updated_at) == (
            created.owner,
            created.created_at,
            world.clock(),
        )

    def test_stale_revision(self, world: World) -> None:
        """A change that was decided on an older revision is refused, and changes nothing."""
        gate = world.group(world.receiver())
        changed = world.registry.groups.update(gate, expected_revision=1, enabled=False)

        with pytest.raises(RevisionConflict) as caught:
            world.registry.groups.update(gate, expected_revision=1, description="new")
        assert (caught.value.expected, caught.value.actual) == (1, 2)
        assert world.store.groups.get(gate.id) == changed

    def test_change_to_an_unknown_receiver(self, world: World) -> None:
        """A group cannot be given a receiver that does not exist."""
        gate = world.group(world.receiver())

        with pytest.raises(NotFound) as caught:
            world.registry.groups.update(gate, expected_revision=1, receivers=[new_id()])
        assert caught.value.kind == "receiver"

    def test_taken_identity(self, world: World) -> None:
        """A group cannot take the identity of another."""
        build = world.receiver()
        first, second = world.group(build, name="release"), world.group(build, name="deploy")

        with pytest.raises(AlreadyExists) as caught:
            world.registry.groups.update(second, expected_revision=1, name="release")
        assert caught.value.existing_id == first.id

    def test_revisions_are_kept(self, world: World) -> None:
        """Every revision can be read, oldest first."""
        first = world.group(*world.receivers(2))
        second = world.registry.groups.update(first, expected_revision=1, enabled=False)
        third = world.registry.groups.update(first, expected_revision=2, name="renamed")

        assert list(world.registry.groups.revisions(first)) == [first, second, third]

    def test_deleted_is_gone(self, world: World) -> None:
        """A deleted group is found neither by its id nor by its identity, nor listed."""
        gate = world.group(world.receiver())

        world.registry.groups.delete(gate, expected_revision=1)

        with pytest.raises(NotFound):
            world.store.groups.get(gate.id)
        assert world.store.groups.find(*gate.naming) is None
        assert world.registry.groups.list().items == ()

    def test_deleting_a_stale_revision(self, world: World) -> None:
        """A deletion that was decided on an older revision is refused."""
        gate = world.group(world.receiver())
        world.registry.groups.update(gate, expected_revision=1, enabled=False)

        with pytest.raises(RevisionConflict):
            world.registry.groups.delete(gate, expected_revision=1)

    def test_deleting_twice(self, world: World) -> None:
        """A deleted group cannot be deleted again."""
        gate = world.group(world.receiver())
        world.registry.groups.delete(gate, expected_revision=1)

        with pytest.raises(NotFound):
            world.registry.groups.delete(gate, expected_revision=1)

    def test_deletion_keeps_revisions_and_transitions(self, world: World) -> None:
        """The revisions and transitions of a deleted group can still be read."""
        build = world.receiver()
        gate = world.group(build)
        caused = world.record(UNIT, build).transitions

        world.registry.groups.delete(gate, expected_revision=1)

        assert list(world.registry.groups.revisions(gate)) == [gate]
        assert tuple(world.transitions(gate)) == caused

    def test_identity_is_free_again(self, world: World) -> None:
        """The identity of a deleted group can be given to another, which has no history."""
        build = world.receiver()
        first = world.group(build)
        world.record(UNIT, build)
        world.registry.groups.delete(first, expected_revision=1)

        second = world.group(build)

        assert list(world.transitions(second)) == []

    def test_revisions_of_nothing(self, world: World) -> None:
        """A group that never was has no revisions."""
        with pytest.raises(NotFound):
            world.registry.groups.revisions(new_id())

    def test_changes_are_told(self, world: World) -> None:
        """The feed tells of each change, with the group as it was then."""
        created = world.group(world.receiver())
        changed = world.registry.groups.update(created, expected_revision=1, enabled=False)
        world.registry.groups.delete(changed, expected_revision=2)

        assert [(change.kind, change.subject) for change in world.changes(after=1)] == [
            (ChangeKind.GROUP_CREATED, created),
            (ChangeKind.GROUP_UPDATED, changed),
            (ChangeKind.GROUP_DELETED, changed),
        ]


def create(registry: Registry, receiver_id: str, number: int, *, enabled: bool = True) -> EventReceiverGroup:
    """Create one of any number of groups of one receiver."""
    return registry.groups.create(
        name=f"group-{number}", type="ci.gate", version="1", receivers=[receiver_id], enabled=enabled
    )
