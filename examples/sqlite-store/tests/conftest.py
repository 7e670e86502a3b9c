"""What the tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import SqliteHarness
from xzepr.testing.world import World, open_world


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a file of the store may be: nothing is there yet."""
    return tmp_path / "provenance.db"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A registry over a fresh store on the disk."""
    SqliteHarness.folder = tmp_path
    with open_world(SqliteHarness) as world:
        yield world
