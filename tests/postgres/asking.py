"""Asks a store over a registry that has grown, and looks at what it does to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

import attrs

from tests.postgres.appending import event, new_id
from tests.postgres.counting import CountedSession
from tests.postgres.explaining import ExplainedSession
from tests.postgres.growing import Grown, unit
from xzepr.errors import XzeprError
from xzepr.model import (
    SYSTEM,
    Anchor,
    EventReceiver,
    EventReceiverGroup,
    FeedCursor,
    Lease,
    NewEvent,
    Parked,
    Ulid,
    receiver_fingerprint,
)
from xzepr_postgres.store import JoinedPostgresStore

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
fresh: Final = count()
"""Numbers for what is made anew."""


class Asker:
    """Asks a store over a registry that has grown.

    Args:
        grown: The registry.
        session: Runs the statements.
    """

    def __init__(self, grown: Grown, session: ExplainedSession | CountedSession) -> None:
        self.grown = grown
        self.session = session
        self.store = JoinedPostgresStore(session, None)
        self.middle = Anchor(START + timedelta(seconds=grown.events // 2), grown.middle)
        self.busy, self.calm = grown.receivers[:2]
        self.gate = grown.groups[0]

    def event(self, receiver: EventReceiver | None = None, number: int = 3, **changes: Any) -> NewEvent:  # noqa: ANN401 - fields
        """Make an event of a receiver about a unit; by default of a receiver in few groups."""
        of = receiver or self.calm
        return event(unit(number), of.id, **{"receiver_fingerprint": of.fingerprint, **changes})

    def events(self, units: int, each: int) -> list[NewEvent]:
        """Make several events about each of several units."""
        return [self.event(number=number) for _ in range(each) for number in range(units)]

    def receiver(self, **changes: Any) -> EventReceiver:  # noqa: ANN401 - fields
        """Make a receiver, which is not stored."""
        name = f"fresh-{next(fresh)}"
        fields = {"id": new_id(), "name": name, "fingerprint": receiver_fingerprint(name, "ci.step", "1", schema=True)}
        return attrs.evolve(self.busy, **{**fields, **changes})

    def group(self, *receivers: Ulid) -> EventReceiverGroup:
        """Make a disabled group, which is not stored; by default of one receiver."""
        name = f"fresh-{next(fresh)}"
        chosen = receivers or (self.calm.id,)
        return attrs.evolve(self.gate, id=new_id(), name=name, receiver_ids=chosen, enabled=False)

    def stored_receiver(self) -> EventReceiver:
        """Store a receiver, to which nothing refers."""
        return self.store.receivers.create(self.receiver(), SYSTEM)

    def stored_group(self, *receivers: Ulid) -> EventReceiverGroup:
        """Store a disabled group."""
        return self.store.groups.create(self.group(*receivers), SYSTEM, max_enabled_groups=100)

    def stored_event(self) -> NewEvent:
        """Record an event."""
        made = self.event(idempotency_key=f"fresh-{next(fresh)}")
        self.store.events.append([made], SYSTEM)
        return made

    def subscription(self) -> str:
        """Make a subscription."""
        name = f"fresh-{next(fresh)}"
        self.store.subscriptions.ensure(name, SYSTEM, start=FeedCursor())
        return name

    def lease(self) -> Lease:
        """Make a subscription and take its lease."""
        lease = self.store.subscriptions.acquire(self.subscription(), SYSTEM, seconds=60)
        assert lease
        return lease

    def parked(self) -> Parked:
        """Make what a subscriber parks."""
        return Parked(cursor=self.cursor(5), attempts=3, error="ValueError", parked_at=START)

    def cursor(self, position: int) -> FeedCursor:
        """Return the cursor at a position."""
        return self.store.feed.read(position - 1, limit=1, payloads=False).cursor


Asked = Callable[[], object]


@attrs.frozen
class Case:
    """Something that is asked.

    Args:
        rows: How many rows of tables that grow it may look at.
        prepare: Prepares it, and returns what is measured.
        refused: How it is refused, if it is.
        grows: Whether it may look at more where there is more, up to so many rows.
    """

    rows: int
    prepare: Callable[[Asker], Asked]
    refused: type[XzeprError] | None = None
    grows: bool = False


@attrs.frozen
class Looked:
    """What was looked at to answer.

    Args:
        rows: How many rows of tables that grow.
        blocks: How many blocks.
        faults: What was wrong.
    """

    rows: int
    blocks: int
    faults: tuple[str, ...]


def look(asker: Asker, case: Case, *, rounds: int = 2) -> Looked:
    """Ask, and tell what was looked at; nothing else is staged then, and catalogs and functions are known."""
    for _ in range(rounds):
        asker.store.feed.head()
        ask = case.prepare(asker)
        asker.session.take()
        unexpected = _unexpected(ask, case.refused)
    plans = asker.session.take()
    rows = sum(plan.rows for plan in plans)
    faults = [*unexpected, *(fault for plan in plans for fault in plan.faults())]
    if rows > case.rows:
        faults.append(f"{rows} rows were looked at, and {case.rows} may be")
    return Looked(rows, sum(plan.blocks for plan in plans if plan.function is None), tuple(faults))


def look_at_all(asker: Asker, cases: Mapping[str, Case], *, rounds: int = 2) -> dict[str, Looked]:
    """Ask everything, and tell what was looked at for each."""
    return {name: look(asker, case, rounds=rounds) for name, case in cases.items()}


def _unexpected(ask: Asked, refused: type[XzeprError] | None) -> list[str]:
    try:
        ask()
    except XzeprError as error:
        return [] if refused and isinstance(error, refused) else [f"refused: {error!r}"]
    return [f"not refused as {refused.__name__}"] if refused else []
