"""The plugin, the clock, races, strategies: what tests are written with."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings

from tests.contract.harness import MemoryHarness
from xzepr import Registry, Unit
from xzepr.documents import JsonValue, canonical, read_canonical
from xzepr.model import is_ulid
from xzepr.testing.clock import START, ManualClock
from xzepr.testing.racing import race, race_watched
from xzepr.testing.strategies import (
    History,
    descriptions,
    group_definitions,
    histories,
    payloads,
    receiver_definitions,
    texts,
    ulids,
    units,
)
from xzepr.testing.strategies.definitions import ReceiverDefinition
from xzepr.testing.world import open_world

FEW = settings(max_examples=50, deadline=None)


def test_fixture_is_an_open_registry(xzepr_registry: Registry) -> None:
    """The fixture is a registry over an empty memory store."""
    assert (xzepr_registry.store.scheme, xzepr_registry.feed.head()) == ("memory", 0)


@pytest.mark.parametrize("time", [1, 2])
def test_fixture_is_fresh(xzepr_registry: Registry, time: int) -> None:
    """Every test gets a registry of its own."""
    xzepr_registry.receivers.create(name="build", type="ci.build", version="1", schema=True)

    assert xzepr_registry.feed.head() == 1, f"test {time} sees what the other did"


def test_markers_are_known(pytestconfig: pytest.Config) -> None:
    """The plugin tells pytest of its markers, which strict users need."""
    markers = [str(line) for line in pytestconfig.getini("markers")]

    assert {"xzepr_contract", "xzepr_race"} <= {line.partition(":")[0] for line in markers}


def test_plugin_is_light() -> None:
    """The plugin loads neither Hypothesis nor any store."""
    program = "import xzepr.testing.plugin, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()

    assert {"hypothesis", "xzepr_memory", "xzepr.testing.contract"} & set(loaded) == set()


def test_package_loads_nothing() -> None:
    """The package itself needs neither pytest nor Hypothesis."""
    program = "import xzepr.testing, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()

    assert {"hypothesis", "pytest"} & set(loaded) == set()


def test_clock_stands_still() -> None:
    """The clock tells the same time until it is moved, in either direction."""
    clock = ManualClock()
    first = clock()
    clock.advance(2.5)
    clock.advance(-1)

    assert (first, (clock() - START).total_seconds()) == (START, 1.5)


def test_race_returns_in_order() -> None:
    """A race returns what each thread returned, in the order asked for."""
    assert race([lambda: "a", lambda: "b", lambda: "c"]) == ["a", "b", "c"]


def test_race_tells_of_failures() -> None:
    """A thread that fails fails the race."""

    def fail() -> None:
        raise KeyError

    with pytest.raises(ExceptionGroup) as caught:
        race([fail, lambda: None])
    assert [type(error) for error in caught.value.exceptions] == [KeyError]


def test_watcher_looks_once_more_at_the_end() -> None:
    """Who watches a race sees what the writers have left."""
    written: list[int] = []
    seen: list[int] = []

    race_watched([lambda: written.append(1), lambda: written.append(2)], lambda: seen.append(len(written)))

    assert seen[-1] == 2


def test_watcher_ends_with_a_writer_that_fails() -> None:
    """A writer that fails keeps nobody waiting, and fails the race."""

    def fail() -> None:
        raise KeyError

    with pytest.raises(ExceptionGroup) as caught:
        race_watched([fail], lambda: None)
    assert [type(error) for error in caught.value.exceptions] == [KeyError]


def test_race_leaves_the_interpreter_alone() -> None:
    """After a race threads take turns as before."""
    before = sys.getswitchinterval()

    race([lambda: None])

    assert sys.getswitchinterval() == before


@given(payload=payloads())
@FEW
def test_payloads_are_accepted(payload: JsonValue) -> None:
    """Every payload that the strategy makes is I-JSON, and reads back."""
    assert read_canonical(canonical(payload)) == payload


@given(text=texts(), description=descriptions())
@FEW
def test_texts_are_accepted(text: str, description: str) -> None:
    """Every text that the strategies make is a name, or a description."""
    with open_world(MemoryHarness) as world:
        created = world.registry.receivers.create(
            name=text, type=text, version=text, schema=True, description=description
        )

        assert (created.name, created.description) == (text, description)


@given(unit=units(), ulid=ulids())
@FEW
def test_units_and_ids_are_accepted(unit: Unit, ulid: str) -> None:
    """Every unit and id that the strategies make is one."""
    assert Unit(**unit.fields()) == unit
    assert is_ulid(ulid)


@given(definition=receiver_definitions())
@FEW
def test_receiver_definitions_are_accepted(definition: ReceiverDefinition) -> None:
    """Every receiver definition can be created."""
    with open_world(MemoryHarness) as world:
        assert world.registry.receivers.create(**definition).naming == (
            definition["name"],
            definition["type"],
            definition["version"],
        )


def test_group_definitions_are_accepted() -> None:
    """Every group definition over receivers that exist can be created."""
    with open_world(MemoryHarness) as world:
        receivers = world.receivers(3)
        made: list[str] = []

        @given(definition=group_definitions(receivers))
        @FEW
        def create(definition: object) -> None:
            assert isinstance(definition, dict)
            group = world.registry.groups.create(**definition)
            made.append(group.id)
            world.registry.groups.delete(group, expected_revision=1)

        create()

        assert made


@given(history=histories())
@FEW
def test_histories_hold_together(history: History) -> None:
    """A history speaks only of receivers that it has, and its batches are its steps."""
    assert all(step.receiver < history.receivers for step in history.steps)
    assert all(set(plan.receivers) <= set(range(history.receivers)) for plan in history.groups)
    assert sum(map(len, history.batches)) == len(history.steps)
