"""Subscriptions: at least once, in order, acknowledged after the handler returned.

One process at a time holds the lease of a subscription. The fencing token of the lease guards every step, so a process
that was believed dead and comes back cannot move the cursor any more. A change whose handler keeps failing is parked:
it does not hold up the others, and it is not lost.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final

import attrs

from xzepr.errors import BadCursor, CommitUnknown, Damaged, LeaseLost, Unavailable, XzeprError
from xzepr.model import MAX_LIMIT, Change, Checks, Delivery, FeedCursor, Lease, Parked, SubscriptionState, check_limit
from xzepr.observe import FIELDS_ATTRIBUTE
from xzepr.registry.context import Context
from xzepr.stores import SubscriptionRepository, SubscriptionStore, waiting

Handler = Callable[[Delivery], None]
"""What a subscriber does with a change; an exception means that it could not."""

PAGE: Final = 100
"""Changes read at once."""

POLL_SECONDS: Final = 0.5
"""How often an idle subscriber looks again, and notices that it shall stop."""

_log = logging.getLogger("xzepr.subscriptions")


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often a change is tried, and how long to wait in between.

    Args:
        attempts: After how many failures a change is parked.
        first_delay: Seconds before the second attempt; doubled before each further one.
        max_delay: The longest wait.

    Raises:
        Invalid: A value is out of range.

    Example:
        >>> [RetryPolicy(first_delay=0.1, max_delay=0.3).delay(attempt) for attempt in (1, 2, 3)]
        [0.1, 0.2, 0.3]
    """

    attempts: int = 5
    first_delay: float = 0.1
    max_delay: float = 30.0

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        checks.whole("attempts", self.attempts, least=1, most=60)
        for field in ("first_delay", "max_delay"):
            checks.seconds(field, getattr(self, field))
        checks.done()

    def delay(self, attempt: int) -> float:
        """Return the seconds to wait after a failed attempt (1, 2, 3 …)."""
        return min(self.max_delay, self.first_delay * 2.0 ** (attempt - 1))


def check_handler(handler: object) -> None:
    """Refuse what cannot be called, before it fails for every change.

    Raises:
        Invalid: It cannot be called.
    """
    checks = Checks()
    if not callable(handler):
        checks.add("handler", f"must be callable with a Delivery, not {type(handler).__name__}")
    checks.done()


class Subscription:
    """A durable cursor: ``registry.feed.subscription(name)``."""

    def __init__(
        self, context: Context, store: SubscriptionStore, name: str, retry: RetryPolicy, lease_seconds: float
    ) -> None:
        self._context = context
        self._store = store
        self._name = name
        self._retry = retry
        self._seconds = lease_seconds

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    def state(self) -> SubscriptionState:
        """Return where it stands.

        Raises:
            NotFound: It was deleted.
        """
        with self._context.use("subscriptions.get"):
            return self._kept.get(self._name, self._context.principal)

    def deliver(self, handler: Handler, *, stop: threading.Event | None = None) -> int:
        """Hand over what there is now, and return.

        Args:
            handler: Called with each change, in order. When it returns, the change is acknowledged; when it raises,
                the change is tried again, and parked after the last attempt.
            stop: Set it to end after the change at hand.

        Returns:
            How many changes were handled or parked; 0 also when another process holds the subscription.

        Raises:
            LeaseLost: Another process took over, because this one was silent for too long.
        """
        check_handler(handler)
        stop = stop or threading.Event()
        lease = self._acquire()
        if lease is None:
            return 0
        run = self._turn(lease, stop)
        try:
            return run.deliver(handler)
        finally:
            self._release(run.lease)

    def run(self, handler: Handler, *, stop: threading.Event) -> None:
        """Hand over changes as they come, until told to stop.

        Several processes may run the same subscription: one works, the others wait to take over.

        Args:
            handler: As in :meth:`deliver`.
            stop: Set it to end after the change at hand.
        """
        while not stop.is_set():
            try:
                if not self.deliver(handler, stop=stop) and not stop.is_set():
                    self._wait(stop)
            except (LeaseLost, Unavailable, CommitUnknown) as error:
                _log.warning("subscription interrupted", extra=_fields(subscription=self._name, code=error.code))
                stop.wait(POLL_SECONDS)

    def acknowledge(self, delivery: Delivery) -> None:
        """Note that a change was handled, before the handler returns.

        Called on the subscription of ``registry.joined(connection)``, it is part of the handler's own transaction: what
        the handler wrote there and that it has handled the change are committed together, or neither is. So the change
        has its effect exactly once. Commit before the handler returns.

        Args:
            delivery: What the handler was called with. If the handler raises afterwards, it is not called again for it.

        Raises:
            LeaseLost: Another process took over: roll back.
        """
        with self._context.use("subscriptions.acknowledge"):
            self._kept.advance(delivery.lease, delivery.change.cursor)
            if delivery.change.position <= delivery.lease.cursor.position:  # it was parked, and is handed over again
                self._kept.unpark(delivery.lease, delivery.change.position)

    def parked(self, *, after: int = 0, limit: int = MAX_LIMIT) -> Sequence[Parked]:
        """Return the parked changes behind a position, in order.

        Raises:
            Invalid: An argument is wrong.
            NotFound: It was deleted.
        """
        checks = Checks()
        checks.whole("after", after, least=0)
        checks.done()
        size = check_limit(limit)
        with self._context.use("subscriptions.parked"):
            return self._kept.parked(self._name, self._context.principal, after=after, limit=size)

    def replay(self, handler: Handler) -> int:
        """Hand over the parked changes again, once each.

        Args:
            handler: As in :meth:`deliver`; what it handles now is no longer parked.

        Returns:
            How many were handled.

        Raises:
            LeaseLost: Another process took over.
            Damaged: The store does not give what is parked in order.
        """
        check_handler(handler)
        lease = self._acquire()
        if lease is None:
            return 0
        run = self._turn(lease, threading.Event())
        try:
            return sum(run.replay(handler, parked) for parked in self._all_parked())
        finally:
            self._release(run.lease)

    def delete(self) -> None:
        """Delete it, and what is parked.

        Raises:
            NotFound: It was deleted before.
        """
        with self._context.use("subscriptions.delete"):
            self._kept.delete(self._name, self._context.principal)

    @property
    def _kept(self) -> SubscriptionRepository:
        return self._store.subscriptions

    def _acquire(self) -> Lease | None:
        with self._context.use("subscriptions.acquire"):
            return self._kept.acquire(self._name, self._context.principal, seconds=self._seconds)

    def _release(self, lease: Lease) -> None:
        """Give a lease back; where that fails it ends by itself, and what ended the turn is what the caller hears."""
        try:
            self._kept.release(lease)
        except XzeprError as error:
            _log.warning("lease not released", extra=_fields(subscription=self._name, code=error.code))

    def _turn(self, lease: Lease, stop: threading.Event) -> _Run:
        return _Run(
            context=self._context, kept=self._kept, retry=self._retry, seconds=self._seconds, lease=lease, stop=stop
        )

    def _all_parked(self) -> Iterator[Parked]:
        after = 0
        while found := self.parked(after=after, limit=PAGE):
            for parked in found:
                if parked.cursor.position <= after:  # or there would be no end
                    raise Damaged("subscription", self._name, "its store repeats what is parked")
                after = parked.cursor.position
                yield parked

    def _wait(self, stop: threading.Event) -> None:
        state = self.state()
        store = waiting(self._context.store)
        if state.held_until is None and store is not None:
            store.wait(state.cursor.position, POLL_SECONDS)
        else:
            stop.wait(POLL_SECONDS)


class _Run:
    """One process's turn with a subscription."""

    def __init__(
        self,
        *,
        context: Context,
        kept: SubscriptionRepository,
        retry: RetryPolicy,
        seconds: float,
        lease: Lease,
        stop: threading.Event,
    ) -> None:
        self.lease = lease
        self._context = context
        self._kept = kept
        self._retry = retry
        self._seconds = seconds
        self._stop = stop
        self._renewed_at = context.clock()

    def deliver(self, handler: Handler) -> int:
        """Hand over everything behind the cursor."""
        handled = 0
        cursor = self.lease.cursor
        while not self._stop.is_set():
            changes = self._read(cursor)
            for change in changes:
                if not self._settle(handler, change):
                    return handled
                handled += 1
                cursor = change.cursor
            if not changes:
                break
        return handled

    def replay(self, handler: Handler, parked: Parked) -> bool:
        """Try a parked change once more."""
        position = parked.cursor.position
        found = self._context.store.feed.read(position - 1, limit=1, payloads=True).changes
        if not found or found[0].cursor != parked.cursor:
            reason = f"the change parked at position {position} no longer stands there"
            raise BadCursor(reason, "delete the subscription and begin a new one")
        change = found[0]
        error = self._try(handler, change, parked.attempts + 1)
        if error is None or not self._is_parked(position):
            self._kept.unpark(self.lease, position)
            return True
        self._park(change, parked.attempts + 1, error)
        return False

    def _read(self, after: FeedCursor) -> tuple[Change, ...]:
        with self._context.use("subscriptions.read"):
            changes = self._context.store.feed.read(after, limit=PAGE, payloads=True).changes
        if changes and changes[0].position <= after.position:  # or there would be no end
            raise Damaged("change", str(after.position), "its store repeats it")
        return changes

    def _settle(self, handler: Handler, change: Change) -> bool:
        """Bring a change to an end: handled or parked; False when stopped in between."""
        attempt = 1
        while not self._stop.is_set():
            error = self._try(handler, change, attempt)
            if error is None or self._acknowledged(change):
                self._kept.advance(self.lease, change.cursor)
                return True
            if attempt == self._retry.attempts:
                self._park(change, attempt, error)
                return True
            self._pause(self._retry.delay(attempt))
            attempt += 1
        return False

    def _acknowledged(self, change: Change) -> bool:
        """Say whether the handler itself has noted that it handled a change."""
        self._await_handler()
        return self.lease.cursor.position >= change.position

    def _is_parked(self, position: int) -> bool:
        """Say whether the handler of a parked change has not noted that it handled it."""
        self._await_handler()
        parked = self._kept.parked(self.lease.name, self._context.principal, after=position - 1, limit=1)
        return [each.cursor.position for each in parked] == [position]

    def _await_handler(self) -> None:
        """Learn what became of the handler's transaction: it may be committing still, and renewing waits for that."""
        self.lease = self._kept.renew(self.lease, seconds=self._seconds)

    def _try(self, handler: Handler, change: Change, attempt: int) -> Exception | None:
        self._keep_lease()
        try:
            handler(Delivery(change=change, attempt=attempt, lease=self.lease))
        except Exception as error:
            if isinstance(error, LeaseLost) and error.name == self.lease.name:
                raise
            fields = _fields(
                subscription=self.lease.name,
                position=change.position,
                attempt=attempt,
                code=type(error).__name__,
            )
            _log.warning("handler failed", extra=fields)
            return error
        return None

    def _park(self, change: Change, attempts: int, error: Exception) -> None:
        parked = Parked(
            cursor=change.cursor, attempts=attempts, error=type(error).__name__, parked_at=self._context.clock()
        )
        self._kept.park(self.lease, parked)

    def _pause(self, seconds: float) -> None:
        """Wait until the next attempt, or until told to stop, and hold the lease meanwhile."""
        while seconds > 0 and not self._stop.is_set():
            step = min(seconds, self._seconds / 4)
            self._stop.wait(step)
            seconds -= step
            self._keep_lease()

    def _keep_lease(self) -> None:
        """Renew the lease when half of it has passed, by our own clock: the store's may tell another time."""
        now = self._context.clock()
        if abs(now - self._renewed_at) > timedelta(seconds=self._seconds / 2):  # a clock may step back
            self.lease = self._kept.renew(self.lease, seconds=self._seconds)
            self._renewed_at = now


def _fields(**fields: str | int) -> dict[str, object]:
    """Return what makes a structured log record of one."""
    return {FIELDS_ATTRIBUTE: fields}
