"""Random programs: the memory store says what the oracle says, every rule runs, and wrong stores are caught."""

from __future__ import annotations

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.contract.broken.appending import UnorderedHarness
from tests.contract.broken.judging import ForgetfulHarness
from tests.contract.harness import MemoryHarness
from xzepr.testing.harness import StoreHarness
from xzepr.testing.machine import SETTINGS, machine_for

Machine = machine_for(MemoryHarness)
TestMachine = pytest.mark.slow(Machine.TestCase)

FIRST_FAILURE = settings(SETTINGS, derandomize=True, phases=[Phase.generate], report_multiple_bugs=False)
"""Finds a failure and leaves it at that: making it small takes minutes."""

RULES = {
    "record",
    "record with id",
    "append a batch",
    "append a retry twice",
    "retry",
    "retry with other content",
    "create a group",
    "change a group",
    "toggle a group",
    "delete a group",
    "re-evaluate",
    "redact",
    "ask for a past verdict",
    "read the feed",
}


@pytest.mark.slow
def test_every_rule_runs() -> None:
    """Forty programs run every rule many times: none has become unreachable."""
    machine = machine_for(MemoryHarness)

    run_state_machine_as_test(machine, settings=settings(SETTINGS, max_examples=40, derandomize=True))

    assert {name for name, times in machine.ran.items() if times >= 10} == RULES, machine.ran


@pytest.mark.parametrize("harness_class", [ForgetfulHarness, UnorderedHarness])
def test_wrong_stores_are_caught(harness_class: type[StoreHarness]) -> None:
    """A store that skips a transition, and one that judges a batch as a set, disagree with the oracle."""
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine_for(harness_class), settings=FIRST_FAILURE)
