"""Groups change only with the expected revision; every change is a new revision, and all revisions are kept."""

from __future__ import annotations

import attrs
import pytest

from xzepr import Limits, Registry
from xzepr.errors import AlreadyExists, NotFound, RevisionConflict, TooLarge
from xzepr.model import SYSTEM, ChangeKind
from xzepr.testing.contract._base import Contract, spoil
from xzepr.testing.contract.groups import create
from xzepr.testing.world import UNIT, World, new_id


class GroupChangesContract(Contract):
    """How groups change, and go."""

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

    def test_store_sees_a_stale_revision(self, world: World) -> None:
        """The store itself refuses it: a caller may have read the group before somebody else changed it."""
        gate = world.group(world.receiver())
        changed = world.registry.groups.update(gate, expected_revision=1, enabled=False)

        with pytest.raises(RevisionConflict) as caught:
            world.store.groups.update(attrs.evolve(gate, description="new"), SYSTEM, max_enabled_groups=100)
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

    def test_answer_is_the_callers(self, world: World) -> None:
        """What a caller does to the revisions that it was given does not reach the store."""
        gate = world.group(world.receiver())

        spoil(world.store.groups.revisions(gate.id))

        assert list(world.registry.groups.revisions(gate)) == [gate]

    def test_deleted_is_gone(self, world: World) -> None:
        """A deleted group is found neither by its id nor by its identity, nor listed."""
        gate = world.group(world.receiver())

        world.registry.groups.delete(gate, expected_revision=1)

        with pytest.raises(NotFound):
            world.store.groups.get(gate.id)
        assert world.store.groups.find(*gate.naming) is None
        assert world.registry.groups.list().items == ()

    def test_removed_receiver_makes_room(self, world: World) -> None:
        """A receiver that was taken out of a group may stand in another one instead."""
        build, scan = world.receivers(2)
        registry = Registry(world.store, clock=world.clock, limits=Limits(max_enabled_groups=1))
        registry.groups.update(world.group(build), expected_revision=1, receivers=[scan])

        assert create(registry, build.id, 1).enabled

    def test_disabled_group_makes_room(self, world: World) -> None:
        """A receiver of a group that was disabled may stand in another one instead."""
        build = world.receiver()
        registry = Registry(world.store, clock=world.clock, limits=Limits(max_enabled_groups=1))
        registry.groups.update(world.group(build), expected_revision=1, enabled=False)

        assert create(registry, build.id, 1).enabled

    def test_added_receiver_takes_room(self, world: World) -> None:
        """A receiver that stands in as many groups as it may cannot be put into another one."""
        build, scan = world.receivers(2)
        registry = Registry(world.store, clock=world.clock, limits=Limits(max_enabled_groups=1))
        create(registry, build.id, 1)

        with pytest.raises(TooLarge):
            registry.groups.update(world.group(scan), expected_revision=1, receivers=[scan, build])

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

    def test_id_is_never_free_again(self, world: World) -> None:
        """The id of a deleted group is not given to another, nor to the same again: its history is kept."""
        first = world.group(world.receiver())
        world.registry.groups.delete(first, expected_revision=1)

        with pytest.raises(AlreadyExists) as caught:
            world.store.groups.create(first, SYSTEM, max_enabled_groups=1)
        assert (caught.value.kind, caught.value.existing_id) == ("group", first.id)

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
