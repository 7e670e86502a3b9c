"""Which classes a store's harness gets, and what happens to a store that declares the wrong things."""

from __future__ import annotations

import attrs
import pytest

from tests.contract.harness import MemoryHarness
from xzepr.model import Clock
from xzepr.stores import Capabilities, Store
from xzepr.testing.contract import BEHAVIOURS, CapabilitiesContract, DurabilityContract, adopt, name_of
from xzepr.testing.harness import StoreHarness
from xzepr.testing.world import World, open_world
from xzepr_memory import MemoryStore

FEWEST = Capabilities(durable=False, subscriptions=False, waiting=False, joining=False)


class ModestHarness(MemoryHarness):
    """Declares less than its stores can do."""

    capabilities = FEWEST


class PersistentStore(MemoryStore):
    """A store that declares that it is durable."""

    capabilities = attrs.evolve(MemoryStore.capabilities, durable=True)


class PersistentHarness(MemoryHarness):
    """A harness whose stores outlive being closed, because it keeps their tables."""

    capabilities = PersistentStore.capabilities

    def open(self, clock: Clock) -> Store:
        """A store that declares that it is durable."""
        return PersistentStore(clock=clock)

    def reopen(self, store: Store, clock: Clock) -> Store:  # noqa: ARG002 - it needs none
        """The same store: it was never closed."""
        return store


class TestDurability(DurabilityContract):
    """What needs a durable store passes on one that keeps its tables."""

    harness_class = PersistentHarness


def names(harness_class: type[StoreHarness]) -> set[str]:
    """The names of the classes that a harness gets."""
    return set(adopt(harness_class))


def test_core_is_always_adopted() -> None:
    """A store without any capability gets every class of the core."""
    assert names(ModestHarness) == {name_of(each) for each in BEHAVIOURS if each.needs is None}


def test_undeclared_capability_is_not_adopted() -> None:
    """The memory store is not durable, so that nobody opens it again."""
    assert names(PersistentHarness) - names(MemoryHarness) == {"TestDurability"}


def test_needs_are_capabilities() -> None:
    """What a behaviour needs is the name of a capability, so that no misspelt one is never collected."""
    fields = {field.name for field in attrs.fields(Capabilities)}

    assert {each.needs for each in BEHAVIOURS if each.needs is not None} <= fields


def test_adopted_class_knows_its_store() -> None:
    """An adopted class has the harness, and the words of the behaviour."""
    adopted = adopt(MemoryHarness)["TestAppending"]

    assert adopted.harness_class is MemoryHarness
    assert adopted.__doc__ == "What comes of the events of one append."


def test_adopted_classes_are_marked() -> None:
    """Adopted classes can be selected by their marker."""
    assert all(
        "xzepr_contract" in {mark.name for mark in getattr(each, "pytestmark", ())}
        for each in adopt(MemoryHarness).values()
    )


@pytest.mark.parametrize("power", ["subscriptions", "waiting"])
def test_undeclared_power_fails(power: str) -> None:
    """A store that can do what it declares not to fails the suite, by name."""
    with open_world(MemoryHarness) as world:
        declared = attrs.evolve(MemoryStore.capabilities, **{power: False})
        modest = attrs.evolve(world, store=declaring(world, declared))

        with pytest.raises(AssertionError):
            getattr(CapabilitiesContract(), f"test_{power}")(modest)


def test_missing_power_fails() -> None:
    """A store that declares what it cannot do fails the suite."""
    with open_world(MemoryHarness) as world:
        declared = attrs.evolve(MemoryStore.capabilities, joining=True)

        with pytest.raises(AssertionError):
            CapabilitiesContract().test_joining(attrs.evolve(world, store=declaring(world, declared)))


def test_harness_that_declares_less_fails() -> None:
    """A harness that declares less than its store, and so skips classes, fails the suite."""
    with open_world(ModestHarness) as world, pytest.raises(AssertionError):
        CapabilitiesContract().test_harness_and_store_agree(world)


def declaring(world: World, capabilities: Capabilities) -> Store:
    """The world's store, which declares something else."""
    assert isinstance(world.store, MemoryStore)
    vars(world.store)["capabilities"] = capabilities
    return world.store
