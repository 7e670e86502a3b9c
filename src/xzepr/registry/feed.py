"""The feed of a registry, and its readers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Final

import attrs

from xzepr.model import MAX_LIMIT, Change, Checks, FeedCursor, check_limit, check_position
from xzepr.registry.context import Context
from xzepr.registry.paging import check_flag
from xzepr.registry.subscriptions import RetryPolicy, Subscription
from xzepr.stores import subscribing, waiting

POLL_SECONDS: Final = 0.5
"""How often a follower looks again, and notices that it shall stop."""


@attrs.frozen(kw_only=True)
class FeedPage:
    """Some entries of the feed.

    Args:
        changes: The changes, by position, without gaps.
        cursor: The place behind them: where to go on.
        head: The position of the newest change there was.
    """

    changes: tuple[Change, ...]
    cursor: FeedCursor
    head: int

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)


class Feed:
    """The feed of a registry: ``registry.feed``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def read(self, after: FeedCursor | int = 0, *, limit: int = 100, payloads: bool = False) -> FeedPage:
        """Return the changes behind a place.

        A reader that goes on from the returned cursor meets every change exactly once.

        Args:
            after: A saved cursor, or a bare position; 0 is the beginning. Only a cursor can tell that the store's
                history is another one, after a restore.
            limit: The most changes, from 1 to 1,000.
            payloads: Whether events come with their payloads.

        Raises:
            Invalid: An argument is wrong.
            BadCursor: The place is beyond the head, or another change stands there.

        Example:
            >>> registry = getfixture("xzepr_registry")
            >>> build = registry.receivers.ensure(name="build", type="ci.build", version="1", schema=True)
            >>> [str(change.kind) for change in registry.feed.read(after=0)]
            ['receiver.created']
        """
        check_place(after)
        check_flag("payloads", payloads)
        size = check_limit(limit)
        with self._context.use("feed.read"):
            found = self._context.store.feed.read(after, limit=size, payloads=payloads)
            return FeedPage(changes=found.changes, cursor=found.cursor, head=found.head)

    def head(self) -> int:
        """Return the position of the newest change; 0 when there is none."""
        with self._context.use("feed.head"):
            return self._context.store.feed.head()

    def follow(
        self,
        after: FeedCursor | int = 0,
        *,
        payloads: bool = False,
        stop: threading.Event | None = None,
        idle_seconds: float | None = None,
    ) -> Iterator[Change]:
        """Yield the changes behind a place, and wait for more.

        Args:
            after: A saved cursor, or a bare position.
            payloads: Whether events come with their payloads.
            stop: Set it to end the iteration.
            idle_seconds: End the iteration after so long without news; by default never.

        Raises:
            Invalid: An argument is wrong.
            BadCursor: The place is beyond the head, or another change stands there.
            Closed: The registry was closed meanwhile.
        """
        check_place(after)
        check_flag("payloads", payloads)
        if idle_seconds is not None:
            checks = Checks()
            checks.seconds("idle_seconds", idle_seconds)
            checks.done()
        return self._follow(after, stop or threading.Event(), payloads=payloads, idle_seconds=idle_seconds)

    def _follow(
        self,
        after: FeedCursor | int,
        stop: threading.Event,
        *,
        payloads: bool,
        idle_seconds: float | None,
    ) -> Iterator[Change]:
        since = time.monotonic()
        while not stop.is_set():
            found = self.read(after, limit=MAX_LIMIT, payloads=payloads)
            for change in found:
                yield change
                if stop.is_set():
                    return
            if found.changes:
                after, since = found.cursor, time.monotonic()
            elif idle_seconds is not None and time.monotonic() - since >= idle_seconds:
                return
            else:
                patience = POLL_SECONDS if idle_seconds is None else min(POLL_SECONDS, idle_seconds)
                wait_for_news(self._context, found.head, stop, patience)

    def subscription(
        self,
        name: str,
        *,
        start: FeedCursor | None = None,
        retry: RetryPolicy | None = None,
        lease_seconds: float = 30.0,
    ) -> Subscription:
        """Return a durable cursor of this name; create it if there is none.

        Args:
            name: Its name, unique per owner.
            start: Where a new one begins; by default at the beginning.
            retry: How often a change is tried before it is parked.
            lease_seconds: For how long one process holds it without a sign of life.

        Raises:
            Invalid: An argument is wrong.
            BadCursor: ``start`` is not a place in this feed.
            Unsupported: The store keeps no subscriptions.
        """
        checks = Checks()
        checks.text("name", name)
        checks.seconds("lease_seconds", lease_seconds, above=0)
        checks.kind("start", FeedCursor() if start is None else start, FeedCursor)
        checks.kind("retry", RetryPolicy() if retry is None else retry, RetryPolicy)
        checks.done()
        with self._context.use("subscriptions.ensure"):
            store = subscribing(self._context.store)
            store.subscriptions.ensure(name, self._context.principal, start=start or FeedCursor())
            return Subscription(self._context, store, name, retry or RetryPolicy(), float(lease_seconds))


def check_place(after: object) -> None:
    """Check a place in the feed at the edge.

    Raises:
        Invalid: It is neither a cursor nor a position of at least 0.
        BadCursor: It is a position that no feed can reach.
    """
    if not isinstance(after, FeedCursor):
        checks = Checks()
        check_position(checks, "after", after)
        checks.done()


def wait_for_news(context: Context, head: int, stop: threading.Event, seconds: float) -> None:
    """Wait until there may be news, or for a while."""
    store = waiting(context.store)
    if store is None:
        stop.wait(seconds)
    else:
        store.wait(head, seconds)
