"""Receivers change only with the expected revision, and once events refer to them only in their description."""

from __future__ import annotations

import attrs
import pytest

from xzepr.errors import AlreadyExists, InUse, NotFound, RevisionConflict
from xzepr.model import SYSTEM, ChangeKind
from xzepr.testing.contract._base import Contract
from xzepr.testing.world import UNIT, World, new_id


class ReceiverChangesContract(Contract):
    """How receivers change, and go."""

    def test_change_raises_the_revision(self, world: World) -> None:
        """A changed receiver has the next revision."""
        changed = world.registry.receivers.update(world.receiver(), expected_revision=1, description="new")

        assert (changed.revision, changed.description) == (2, "new")

    def test_change_is_what_is_read(self, world: World) -> None:
        """A changed receiver is read as the change returned it."""
        changed = world.registry.receivers.update(world.receiver(), expected_revision=1, description="new")

        assert world.store.receivers.get(changed.id) == changed

    def test_change_keeps_the_origin(self, world: World) -> None:
        """A change keeps the id, the owner and the time of creation, and notes its own time."""
        created = world.receiver()
        world.clock.advance(7)

        changed = world.registry.receivers.update(created, expected_revision=1, description="new")

        assert (changed.id, changed.owner, changed.created_at) == (created.id, created.owner, created.created_at)
        assert changed.updated_at == world.clock()

    def test_stale_revision(self, world: World) -> None:
        """A change that was decided on an older revision is refused, and the error names both."""
        build = world.receiver()
        world.registry.receivers.update(build, expected_revision=1, description="first")

        with pytest.raises(RevisionConflict) as caught:
            world.registry.receivers.update(build, expected_revision=1, description="second")
        assert (caught.value.expected, caught.value.actual) == (1, 2)

    def test_store_sees_a_stale_revision(self, world: World) -> None:
        """The store itself refuses it: a caller may have read the receiver before somebody else changed it."""
        build = world.receiver()
        changed = world.registry.receivers.update(build, expected_revision=1, description="first")

        with pytest.raises(RevisionConflict) as caught:
            world.store.receivers.update(attrs.evolve(build, description="second"), SYSTEM)
        assert (caught.value.expected, caught.value.actual) == (1, 2)
        assert world.store.receivers.get(build.id) == changed

    def test_refused_change_changes_nothing(self, world: World) -> None:
        """After a refused change the receiver is as it was."""
        build = world.receiver()

        with pytest.raises(RevisionConflict):
            world.registry.receivers.update(build, expected_revision=9, description="new")
        assert world.store.receivers.get(build.id) == build

    def test_change_of_nothing(self, world: World) -> None:
        """A receiver that does not exist cannot be changed."""
        with pytest.raises(NotFound):
            world.registry.receivers.update(new_id(), expected_revision=1, description="new")

    def test_unused_receiver_may_get_another_schema(self, world: World) -> None:
        """As long as no event refers to it, a receiver may become another."""
        changed = world.registry.receivers.update(world.receiver(), expected_revision=1, schema={"type": "object"})

        assert world.store.receivers.get(changed.id).schema == {"type": "object"}

    def test_renamed_receiver_is_found_by_its_new_name(self, world: World) -> None:
        """A renamed receiver is found by its new identity, and no more by its old one."""
        old = world.receiver("build")

        new = world.registry.receivers.update(old, expected_revision=1, name="compile")

        assert world.store.receivers.find(*old.naming) is None
        assert world.store.receivers.find(*new.naming) == new

    def test_taken_identity(self, world: World) -> None:
        """A receiver cannot take the identity of another."""
        build, scan = world.receiver("build"), world.receiver("scan")

        with pytest.raises(AlreadyExists) as caught:
            world.registry.receivers.update(scan, expected_revision=1, name="build")
        assert caught.value.existing_id == build.id

    @pytest.mark.parametrize("field", ["name", "type", "version"])
    def test_used_receiver_keeps_its_identity(self, world: World, field: str) -> None:
        """Once an event refers to it, a receiver keeps its name, type and version."""
        build = world.receiver()
        world.record(UNIT, build)

        with pytest.raises(InUse) as caught:
            world.registry.receivers.update(build, expected_revision=1, **{field: "other"})
        assert caught.value.by == "events"

    def test_used_receiver_keeps_its_schema(self, world: World) -> None:
        """Once an event refers to it, a receiver keeps its schema."""
        build = world.receiver()
        world.record(UNIT, build)

        with pytest.raises(InUse):
            world.registry.receivers.update(build, expected_revision=1, schema={"type": "object"})
        assert world.store.receivers.get(build.id) == build

    def test_used_receiver_may_be_described(self, world: World) -> None:
        """Once an event refers to it, a receiver may still be described in other words."""
        build = world.receiver()
        world.record(UNIT, build)

        assert world.registry.receivers.update(build, expected_revision=1, description="new").description == "new"

    def test_deleted_is_gone(self, world: World) -> None:
        """A deleted receiver is found neither by its id nor by its identity, nor listed."""
        build = world.receiver()

        world.registry.receivers.delete(build, expected_revision=1)

        with pytest.raises(NotFound):
            world.store.receivers.get(build.id)
        assert world.store.receivers.find(*build.naming) is None
        assert world.registry.receivers.list().items == ()

    def test_deleting_a_stale_revision(self, world: World) -> None:
        """A deletion that was decided on an older revision is refused."""
        build = world.receiver()
        world.registry.receivers.update(build, expected_revision=1, description="new")

        with pytest.raises(RevisionConflict):
            world.registry.receivers.delete(build, expected_revision=1)

    def test_deleting_nothing(self, world: World) -> None:
        """A receiver that does not exist cannot be deleted."""
        with pytest.raises(NotFound):
            world.registry.receivers.delete(new_id(), expected_revision=1)

    def test_used_by_an_event(self, world: World) -> None:
        """A receiver to which an event refers cannot be deleted."""
        build = world.receiver()
        world.record(UNIT, build)

        with pytest.raises(InUse) as caught:
            world.registry.receivers.delete(build, expected_revision=1)
        assert caught.value.by == "events"

    def test_used_by_a_group(self, world: World) -> None:
        """A receiver that stands in a group cannot be deleted."""
        build = world.receiver()
        world.group(build)

        with pytest.raises(InUse) as caught:
            world.registry.receivers.delete(build, expected_revision=1)
        assert caught.value.by == "groups"

    def test_used_by_an_earlier_revision(self, world: World) -> None:
        """A receiver that once stood in a group cannot be deleted: revisions are kept."""
        build, scan = world.receivers(2)
        gate = world.group(build, scan)
        world.registry.groups.update(gate, expected_revision=1, receivers=[scan])

        with pytest.raises(InUse):
            world.registry.receivers.delete(build, expected_revision=1)

    def test_used_by_a_deleted_group(self, world: World) -> None:
        """A receiver of a deleted group cannot be deleted: its revisions are kept."""
        build = world.receiver()
        world.registry.groups.delete(world.group(build), expected_revision=1)

        with pytest.raises(InUse):
            world.registry.receivers.delete(build, expected_revision=1)

    def test_identity_is_free_again(self, world: World) -> None:
        """The identity of a deleted receiver can be given to another."""
        first = world.receiver()
        world.registry.receivers.delete(first, expected_revision=1)

        assert world.receiver().id != first.id

    def test_id_is_never_free_again(self, world: World) -> None:
        """The id of a deleted receiver is not given to another, nor to the same again: the feed tells of it."""
        first = world.receiver()
        world.registry.receivers.delete(first, expected_revision=1)

        with pytest.raises(AlreadyExists) as caught:
            world.store.receivers.create(first, SYSTEM)
        assert (caught.value.kind, caught.value.existing_id) == ("receiver", first.id)
        assert world.registry.feed.head() == 2

    def test_changes_are_told(self, world: World) -> None:
        """The feed tells of each change, with the receiver as it was then."""
        created = world.receiver()
        changed = world.registry.receivers.update(created, expected_revision=1, description="new")
        world.registry.receivers.delete(changed, expected_revision=2)

        assert [(change.kind, change.subject) for change in world.changes()] == [
            (ChangeKind.RECEIVER_CREATED, created),
            (ChangeKind.RECEIVER_UPDATED, changed),
            (ChangeKind.RECEIVER_DELETED, changed),
        ]
