"""What the test kit has to know about the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from xzepr.model import Clock, Ulid
from xzepr.stores import Store
from xzepr.testing.harness import RawEvent, StoreHarness

from xzepr_sqlite import SqliteStore

COLUMNS = ("id", "n", "payload_text", "salt", "payload_digest", "digest")


class SqliteHarness(StoreHarness):
    """Opens stores over one file, removes it between tests, and looks into it through a connection of its own.

    Attributes:
        folder: Where the file is; a fixture sets it.
    """

    capabilities = SqliteStore.capabilities
    folder: ClassVar[Path]

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / "provenance.db"

    def open(self, clock: Clock) -> Store:
        """A store over the file, which is set up if it is not there."""
        return SqliteStore(self.path, clock=clock)

    def reopen(self, store: Store, clock: Clock) -> Store:
        """The same file, opened again."""
        store.close()
        return self.open(clock)

    def reset(self) -> None:
        """Remove the file and its log."""
        for path in self.folder.glob(f"{self.path.name}*"):
            path.unlink()

    def raw_events(self, store: Store) -> Sequence[RawEvent]:
        """The rows of the table of events."""
        del store
        with behind(self.path) as sql:
            rows = sql.execute(f"SELECT {', '.join(COLUMNS)} FROM events").fetchall()
            return [RawEvent(**dict(zip(COLUMNS, row, strict=True))) for row in rows]

    def damage_event(self, store: Store, event_id: Ulid) -> None:
        """Put another payload into the row."""
        del store
        with behind(self.path) as sql:
            sql.execute("UPDATE events SET payload_text = ? WHERE id = ?", ('"forged"', event_id))


@contextmanager
def behind(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file behind the store's back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        yield sql


@contextmanager
def quick_folder() -> Iterator[Path]:
    """Make a folder in memory, where there is such a thing: hundreds of tests need not wait for a disk."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own in it
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)
