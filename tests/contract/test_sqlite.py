"""The SQLite store of the examples keeps the whole contract. How it is installed is tested with the examples."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.examples.installing import EXAMPLES, on_path
from xzepr.testing.contract import adopt

with on_path(EXAMPLES / "sqlite-store" / "src", EXAMPLES / "sqlite-store" / "tests"):
    from harness import SqliteHarness, quick_folder


@pytest.fixture(scope="module", autouse=True)
def folder() -> Iterator[None]:
    """One folder for all of them."""
    with quick_folder() as SqliteHarness.folder:
        yield


globals().update(adopt(SqliteHarness))
