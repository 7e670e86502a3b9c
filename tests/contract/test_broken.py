"""The kit tests itself: every store that is broken on purpose is caught, by the tests that are there for it."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from tests.contract.broken.base import Fault
from tests.contract.broken.running import Results, catching, missed, run
from tests.contract.broken.table import CONTROL, FAULTS
from xzepr.testing.contract import BEHAVIOURS, name_of

NAMED = sorted({test for fault in FAULTS for test in fault.caught_by})
"""The tests that have to catch something."""

HARMLESS = attrs.evolve(CONTROL, caught_by=("TestAppending::test_largest_batch", "TestAppending::test_misspelt"))
"""A fault that there is none of."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What became of each fault's own tests on its store, and of all of them on the right one."""
    wanted = {fault: list(fault.caught_by) for fault in FAULTS}
    core = [test for test in NAMED if not test.startswith("TestDurability")]
    return run(tmp_path_factory.mktemp("broken"), {CONTROL: core, **wanted})


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_caught(fault: Fault, results: Results) -> None:
    """Each test that is there for a fault fails on the store that has it."""
    assert missed(fault, results) == [], f"a store that {fault.name} passes {', '.join(missed(fault, results))}"


def test_right_store_passes(results: Results) -> None:
    """The negative control: the same tests pass on the store that all of them are made from."""
    assert results[CONTROL.name]
    assert catching(CONTROL, results) == []


def test_uncaught_fault_is_named(results: Results) -> None:
    """A test that passes on a broken store is named, and so is one that there is not."""
    assert missed(HARMLESS, results) == list(HARMLESS.caught_by)


def test_faults_have_names_of_their_own() -> None:
    """No fault hides another one."""
    assert len({fault.module for fault in FAULTS}) == len(FAULTS) >= 16


def test_faults_name_tests_that_exist() -> None:
    """Whatever is to catch a fault is a test of the contract."""
    there = {f"{name_of(each)}::{method}" for each in BEHAVIOURS for method in dir(each)}

    assert set(NAMED) <= there


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_whole_contract_catches_every_fault(tmp_path: Path) -> None:
    """No store that is broken on purpose passes the contract; printed is which tests notice which fault."""
    results = run(tmp_path, dict.fromkeys((CONTROL, *FAULTS)))

    for fault in FAULTS:
        print(f"{fault.name}: {', '.join(catching(fault, results))}")  # noqa: T201 - what the run is for
    uncaught = [fault.name for fault in FAULTS if not catching(fault, results)]
    assert uncaught == [], f"nothing catches a store that {'; or one that '.join(uncaught)}"
    assert catching(CONTROL, results) == []
