"""The wheel: what is in it, what it asks for, and that it is what the tests run against."""

from __future__ import annotations

import os
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest

import xzepr

PACKAGES = ("xzepr", "xzepr_memory", "xzepr_postgres")
ROOT = Path(__file__).resolve().parents[2]

installed_by_nox = pytest.mark.skipif(
    os.environ.get("XZEPR_TEST_WHEEL") != "1", reason="only nox builds and installs the wheel"
)
pytestmark = installed_by_nox


@pytest.fixture(scope="module")
def wheel() -> Distribution:
    """The installed distribution."""
    return distribution("xzepr")


def files(wheel: Distribution) -> set[str]:
    """The files of the distribution, without its metadata, scripts and bytecode."""
    return {
        path.as_posix()
        for path in wheel.files or ()
        if not path.parts[0].endswith(".dist-info") and path.parts[0] != ".." and path.suffix != ".pyc"
    }


def test_tests_run_against_the_installed_wheel() -> None:
    """The package under test is the installed one, not the checkout's."""
    location = Path(str(xzepr.__file__)).resolve()

    assert "site-packages" in location.parts
    assert not location.is_relative_to(ROOT / "src")


def test_wheel_holds_the_source_and_nothing_else(wheel: Distribution) -> None:
    """The wheel holds exactly the three import packages, as they stand in the source tree."""
    source = {
        path.relative_to(ROOT / "src").as_posix()
        for package in PACKAGES
        for path in (ROOT / "src" / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }

    assert source == files(wheel)


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_marks_each_package_as_typed(wheel: Distribution, package: str) -> None:
    """A type checker of a user reads the annotations of every package."""
    assert f"{package}/py.typed" in files(wheel)


def test_wheel_carries_its_licence(wheel: Distribution) -> None:
    """The licence is named by its SPDX expression and its text travels along."""
    assert wheel.metadata["License-Expression"] == "Apache-2.0"
    assert "Apache License" in (wheel.read_text("licenses/LICENSE") or "")


def test_wheel_sets_no_upper_bound(wheel: Distribution) -> None:
    """A host decides which newer versions it takes: no requirement has a ceiling."""
    bounds = [wheel.metadata["Requires-Python"], *(wheel.requires or ())]

    assert [bound for bound in bounds if any(ceiling in bound.partition(";")[0] for ceiling in ("<", "~=", "=="))] == []


def test_wheel_offers_the_command_the_fixture_and_the_stores(wheel: Distribution) -> None:
    """Installing is all it takes to get the command, the pytest fixture and both stores, by each of their schemes."""
    assert {
        ("console_scripts", "xzepr", "xzepr.cli:main"),
        ("pytest11", "xzepr", "xzepr.testing.plugin"),
        ("xzepr", "memory", "xzepr_memory.plugin"),
        ("xzepr", "postgresql", "xzepr_postgres.plugin"),
        ("xzepr", "postgres", "xzepr_postgres.plugin"),
        ("xzepr", "postgresql+psycopg", "xzepr_postgres.plugin"),
    } <= {(point.group, point.name, point.value) for point in wheel.entry_points}


def test_every_entry_point_loads(wheel: Distribution) -> None:
    """No entry point names something that is not there."""
    for point in wheel.entry_points:
        point.load()
