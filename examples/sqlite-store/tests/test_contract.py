"""The store keeps the whole contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness import SqliteHarness, quick_folder
from xzepr.testing.contract import adopt


@pytest.fixture(scope="module", autouse=True)
def folder() -> Iterator[None]:
    """One folder for all of them."""
    with quick_folder() as SqliteHarness.folder:
        yield


globals().update(adopt(SqliteHarness))
