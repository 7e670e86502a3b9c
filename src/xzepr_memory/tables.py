"""All that the store knows, behind one lock."""

from __future__ import annotations

import itertools
import os
import secrets
import threading
from datetime import datetime
from types import TracebackType

from xzepr.errors import Closed, ConfigurationError
from xzepr.model import (
    ChangeKind,
    Clock,
    EventReceiver,
    EventReceiverGroup,
    Identity,
    Redaction,
    Transition,
    Ulid,
    ask,
    ulid_from_int,
)
from xzepr_memory.journal import Journal
from xzepr_memory.rows import AnchorKey, ChangeRow, EventRow, GroupRow, StatisticsRow, SubscriptionRow, UnitRow

_ID_SPACE = 1 << 128


class Tables:
    """The tables, their lock and their clock.

    ``with tables.reading:`` and ``with tables.writing(actor) as write:`` are the only ways in. A write that fails is
    undone; a write that succeeds wakes whoever waits for news.

    Args:
        clock: Tells the time at which things are recorded. A clock that steps back is held at its last time, so that
            lists keep their order.
    """

    def __init__(self, clock: Clock) -> None:
        self.receivers: dict[Ulid, EventReceiver] = {}
        self.receiver_ids: dict[tuple[str, str, str], Ulid] = {}
        self.deleted_receivers: dict[Ulid, None] = {}
        self.receiver_order: list[AnchorKey] = []
        self.receiver_events: dict[Ulid, list[AnchorKey]] = {}
        self.statistics: dict[Ulid, StatisticsRow] = {}
        self.groups: dict[Ulid, GroupRow] = {}
        self.group_ids: dict[tuple[str, str, str], Ulid] = {}
        self.group_order: list[AnchorKey] = []
        self.gated: dict[Ulid, None] = {}
        self.enabled_groups: dict[Ulid, tuple[Ulid, ...]] = {}
        self.units: dict[bytes, list[UnitRow]] = {}
        self.unit_order: list[UnitRow] = []
        self.events: dict[Ulid, EventRow] = {}
        self.event_order: list[AnchorKey] = []
        self.keys: dict[tuple[Identity, str], Ulid] = {}
        self.log: list[ChangeRow] = []
        self.subscriptions: dict[tuple[Identity, str], SubscriptionRow] = {}
        self.tokens = itertools.count(1)
        self.news = threading.Condition(threading.Lock())
        self.closed = False
        self.reading = Reading(self)
        self._clock = clock
        self._latest: datetime | None = None
        self._history = secrets.randbits(128)
        self._pid = os.getpid()

    def writing(self, actor: Identity) -> Writing:
        """Open a write: all of it happens, or nothing."""
        return Writing(self, actor)

    @property
    def forked(self) -> bool:
        """Whether this is a copy in a forked child, which nobody else would see, and whose lock may never be free."""
        return os.getpid() != self._pid

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            ConfigurationError: This is a forked child of the process that made the tables.
            Closed: They were closed, perhaps while this waited for the lock.
        """
        if self.forked:
            raise ConfigurationError("a memory store belongs to the process that made it: open one after the fork")
        self.news.acquire()
        if self.closed:
            self.news.release()
            raise Closed("store")

    def close(self) -> None:
        """Let nobody in any more, and wake whoever waits."""
        if self.forked:
            return
        with self.news:
            self.closed = True
            self.news.notify_all()

    def now(self) -> datetime:
        """Tell the time of a write; it never steps back."""
        moment = ask(self._clock)
        if self._latest is None or moment > self._latest:
            self._latest = moment
        return self._latest

    def change_id(self, position: int) -> Ulid:
        """Return the id of the change at a position: other in every store, and so in every history."""
        return ulid_from_int((self._history + position) % _ID_SPACE)


class Reading:
    """Holds the lock while a reader looks."""

    __slots__ = ("_tables",)

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def __enter__(self) -> None:
        self._tables.acquire()

    def __exit__(self, *error: object) -> None:
        self._tables.news.release()


class Write(Journal):
    """One write: the journal of its steps, when it happens, and who does it."""

    __slots__ = ("_log", "actor", "now")

    def __init__(self, log: list[ChangeRow], actor: Identity, now: datetime) -> None:
        super().__init__()
        self._log = log
        self.actor = actor
        self.now = now

    def announce(
        self, kind: ChangeKind, subject: Ulid | Redaction | EventReceiver | EventReceiverGroup | Transition
    ) -> int:
        """Add an entry to the feed and return its position."""
        self.push(self._log, ChangeRow(kind, self.now, self.actor, subject))
        return len(self._log)


class Writing:
    """Holds the lock while a writer works, and undoes its work if it fails."""

    __slots__ = ("_actor", "_tables", "_write")

    def __init__(self, tables: Tables, actor: Identity) -> None:
        self._tables = tables
        self._actor = actor

    def __enter__(self) -> Write:
        tables = self._tables
        tables.acquire()
        try:
            self._write = Write(tables.log, self._actor, tables.now())
        except BaseException:
            tables.news.release()
            raise
        return self._write

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._tables.news.notify_all()
            else:
                self._write.undo()
        finally:
            self._tables.news.release()
