"""Whether a store can be worked with: what a liveness and a readiness probe ask."""

from __future__ import annotations

from enum import StrEnum
from time import perf_counter
from typing import Final

import attrs

from xzepr.errors import Closed, XzeprError
from xzepr.observe.operations import OK, outcome_of
from xzepr.observe.safe import safe_text
from xzepr.stores import Store

MAX_REASON: Final = 300
"""Characters of a reason."""


class CheckName(StrEnum):
    """What is looked at."""

    STORE = "store"
    """It can be reached, and is set up for this version."""
    FEED = "feed"
    """Its feed can be read."""


@attrs.frozen(kw_only=True)
class CheckResult:
    """What one look found.

    Args:
        name: What was looked at.
        code: ``ok``, the ``code`` of the error, or ``internal`` for an error that is none of ours.
        reason: What is wrong and what to do; empty if nothing is. It holds no secret.
        seconds: How long it took.
    """

    name: CheckName
    code: str
    reason: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.code == OK


@attrs.frozen(kw_only=True)
class Health:
    """How a store is.

    Args:
        live: Whether waiting can help. If not, restart the process: it has closed its store.
        ready: Whether calls will succeed now.
        checks: What was found, up to the first failure.
    """

    live: bool
    ready: bool
    checks: tuple[CheckResult, ...]


def health_of(store: Store) -> Health:
    """Look at a store. It raises nothing; it takes as long as the store's own timeouts permit.

    A store that cannot be reached is not ready, but live: restarting a process does not mend a database.

    Example:
        >>> from xzepr import Registry
        >>> with Registry.open("memory:") as registry:
        ...     health = health_of(registry.store)
        >>> health.live, health.ready
        (True, True)
    """
    checks = [_look(store, CheckName.STORE)]
    if checks[-1].ok:
        checks.append(_look(store, CheckName.FEED))
    return Health(live=checks[-1].code != Closed.code, ready=checks[-1].ok, checks=tuple(checks))


def _look(store: Store, name: CheckName) -> CheckResult:
    started = perf_counter()
    try:
        if name is CheckName.STORE:
            store.check()
        else:
            store.feed.head()
    except Exception as error:  # noqa: BLE001  # also what a broken store raises
        return CheckResult(name=name, code=outcome_of(error), reason=_reason(error), seconds=perf_counter() - started)
    return CheckResult(name=name, code=OK, seconds=perf_counter() - started)


def _reason(error: Exception) -> str:
    """Return our own errors' words, and of others the type alone: their words may hold anything."""
    return safe_text(str(error), MAX_REASON) if isinstance(error, XzeprError) else type(error).__name__
