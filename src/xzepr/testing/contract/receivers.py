"""Receivers: unique by name, type and version; created once, however often asked for."""

from __future__ import annotations

import attrs
import pytest

from xzepr.documents import parse
from xzepr.errors import AlreadyExists, NotFound
from xzepr.model import SYSTEM, ChangeKind, EventReceiver, receiver_fingerprint
from xzepr.testing.clock import START
from xzepr.testing.contract._base import Contract
from xzepr.testing.world import ALICE, World, new_id


class ReceiversContract(Contract):
    """How receivers come to be, and are found."""

    def test_created_is_what_is_read(self, world: World) -> None:
        """A receiver is read as it was created."""
        created = world.receiver()

        assert world.store.receivers.get(created.id) == created

    def test_store_tells_when(self, world: World) -> None:
        """The times of a receiver are the store's own."""
        wanted = attrs.evolve(world.receiver(), id=new_id(), version="2")
        world.clock.advance(5)

        stored = world.store.receivers.create(wanted, SYSTEM)

        assert stored.created_at == stored.updated_at == world.clock()

    def test_creator_is_kept(self, world: World) -> None:
        """A receiver belongs to who created it."""
        wanted = attrs.evolve(another(world.receiver()), owner=ALICE.identity)

        world.store.receivers.create(wanted, ALICE)

        assert world.store.receivers.get(wanted.id).owner == ALICE.identity

    def test_missing(self, world: World) -> None:
        """A receiver that does not exist is not found, and the error says what was looked for."""
        missing = new_id()

        with pytest.raises(NotFound) as caught:
            world.store.receivers.get(missing)
        assert (caught.value.kind, caught.value.key) == ("receiver", missing)

    def test_found_by_identity(self, world: World) -> None:
        """A receiver is found by name, type and version."""
        created = world.receiver()

        assert world.store.receivers.find(*created.naming) == created

    @pytest.mark.parametrize("identity", [("Build", "ci.step", "1"), ("build", "ci", "1"), ("build", "ci.step", "1.0")])
    def test_identity_is_exact(self, world: World, identity: tuple[str, str, str]) -> None:
        """Another name, type or version is another receiver."""
        world.receiver("build", version="1")

        assert world.store.receivers.find(*identity) is None

    def test_identity_is_no_joined_text(self, world: World) -> None:
        """Two identities that look alike when joined are two."""
        one = world.registry.receivers.create(name="a/b", type="c", version="1", schema=True)

        other = world.registry.receivers.create(name="a", type="b/c", version="1", schema=True)

        assert one.id != other.id

    def test_identity_is_unique(self, world: World) -> None:
        """A second receiver with the same identity is refused, and the error names the first."""
        first = world.receiver()

        with pytest.raises(AlreadyExists) as caught:
            world.receiver()
        assert (caught.value.kind, caught.value.existing_id) == ("receiver", first.id)

    def test_creating_again_by_id(self, world: World) -> None:
        """Creating a receiver again with its id returns what is stored."""
        first = world.receiver()
        world.clock.advance()

        assert world.store.receivers.create(first, SYSTEM) == first

    def test_creating_again_is_not_told(self, world: World) -> None:
        """Creating a receiver again tells the feed nothing."""
        first = world.receiver()

        world.store.receivers.create(first, SYSTEM)

        assert [change.kind for change in world.changes()] == [ChangeKind.RECEIVER_CREATED]

    def test_known_id_with_other_content(self, world: World) -> None:
        """A known id with other content is refused, and the error says in what it differs."""
        first = world.receiver()

        with pytest.raises(AlreadyExists) as caught:
            world.store.receivers.create(attrs.evolve(first, description="another"), SYSTEM)
        assert caught.value.differs == ("description",)

    def test_refused_creation_leaves_nothing(self, world: World) -> None:
        """A refused receiver is not there, and not told."""
        first = world.receiver()
        second = attrs.evolve(first, id=new_id())

        with pytest.raises(AlreadyExists):
            world.store.receivers.create(second, SYSTEM)
        assert world.registry.receivers.list().items == (first,)
        assert world.registry.feed.head() == 1

    def test_ensure_creates(self, world: World) -> None:
        """Ensuring a receiver that is not there creates it."""
        ensured = ensure(world)

        assert world.store.receivers.get(ensured.id) == ensured

    def test_ensure_returns(self, world: World) -> None:
        """Ensuring a receiver that is there returns it."""
        first = ensure(world)

        assert ensure(world) == first

    def test_ensure_refuses_another_schema(self, world: World) -> None:
        """Ensuring a receiver with another schema is refused: another schema is another version."""
        ensure(world)

        with pytest.raises(AlreadyExists) as caught:
            world.registry.receivers.ensure(name="build", type="ci.step", version="1", schema={"type": "array"})
        assert caught.value.differs == ("schema",)

    def test_schema_keeps_its_order(self, world: World) -> None:
        """A schema comes back with its keys in the order given."""
        schema = '{"type":"object","required":["b","a"],"$id":"urn:x","properties":{"b":true,"a":{}}}'
        wanted = another(world.receiver(), schema)

        world.store.receivers.create(wanted, SYSTEM)

        assert world.store.receivers.get(wanted.id).schema_text == schema

    def test_creation_is_told(self, world: World) -> None:
        """The feed tells of a new receiver: what, when and by whom."""
        created = world.receiver()

        [change] = world.changes()

        assert (change.kind, change.subject) == (ChangeKind.RECEIVER_CREATED, created)
        assert (change.actor, change.recorded_at) == (SYSTEM.identity, START)


def ensure(world: World) -> EventReceiver:
    """Ensure the same receiver as ever."""
    return world.registry.receivers.ensure(name="build", type="ci.step", version="1", schema={"type": "object"})


def another(receiver: EventReceiver, schema_text: str = "true") -> EventReceiver:
    """Return the second version of a receiver, with the fingerprint of its definition."""
    fingerprint = receiver_fingerprint(receiver.name, receiver.type, "2", parse(schema_text))
    return attrs.evolve(receiver, id=new_id(), version="2", schema_text=schema_text, fingerprint=fingerprint)
