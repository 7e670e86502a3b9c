"""What every use case shares: the store, who acts, the clock, the limits, the compiled schemas."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import attrs

from xzepr.documents import JsonLimits, SchemaCompiler
from xzepr.errors import Closed
from xzepr.model import Checks, Clock, EventReceiver, Principal, Ulid, UlidGenerator, is_ulid, ulid_time_ms
from xzepr.observe import AuditAction, AuditOutcome, Operation, Telemetry, audit
from xzepr.registry.limits import Limits
from xzepr.stores import Store

MAX_CACHED_RECEIVERS: Final = 1_000
"""Receivers whose definition a registry remembers; a stale one is noticed by the store and checked again."""

MAX_AHEAD_SECONDS: Final = 24 * 60 * 60
"""How far ahead of our clock the time in a caller's id may lie."""


class ReceiverCache:
    """The definitions of the receivers met last. The store has the last word on whether one is still right."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._receivers: OrderedDict[Ulid, EventReceiver] = OrderedDict()

    def get(self, receiver_id: Ulid) -> EventReceiver | None:
        """Return a receiver, if it is remembered."""
        return self._receivers.get(receiver_id)

    def put(self, receiver: EventReceiver) -> None:
        """Remember a receiver; forget the oldest beyond the bound."""
        with self._lock:
            self._receivers[receiver.id] = receiver
            if len(self._receivers) > MAX_CACHED_RECEIVERS:
                self._receivers.popitem(last=False)

    def drop(self, receiver_id: Ulid) -> None:
        """Forget a receiver."""
        with self._lock:
            self._receivers.pop(receiver_id, None)


class Lifetime:
    """Whether a registry was closed.

    Args:
        outer: The lifetime within which this one lies: it ends with it, but does not end it.
    """

    def __init__(self, outer: Lifetime | None = None) -> None:
        self._outer = outer
        self._ended = False

    @property
    def closed(self) -> bool:
        """Whether it is over."""
        return self._ended or (self._outer is not None and self._outer.closed)

    def end(self) -> None:
        """End it."""
        self._ended = True


@attrs.frozen(kw_only=True)
class Context:
    """What a registry hands to its use cases.

    Args:
        store: Where everything is kept.
        principal: Who acts.
        clock: Tells the time.
        new_id: Makes ids.
        limits: The limits of this registry.
        schemas: Compiles schemas, with the host's documents.
        telemetry: Where use cases are observed.
        sleep: Waits that many seconds between two attempts.
        receivers: The receivers remembered.
        lifetime: Whether the registry was closed.
        payload_limits: The limits of a payload.
    """

    store: Store
    principal: Principal
    clock: Clock
    new_id: UlidGenerator
    limits: Limits
    schemas: SchemaCompiler
    telemetry: Telemetry
    sleep: Callable[[float], None] = time.sleep
    receivers: ReceiverCache = attrs.field(factory=ReceiverCache)
    lifetime: Lifetime = attrs.field(factory=Lifetime)
    payload_limits: JsonLimits = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Let the lower of two limits count: the host's choice, or what the store can take."""
        chosen = self.limits.documents
        lower = min(chosen.max_bytes, self.store.capabilities.max_payload_bytes)
        object.__setattr__(self, "payload_limits", attrs.evolve(chosen, max_bytes=lower))

    def use(self, operation: str) -> Operation:
        """Open a use case.

        Raises:
            Closed: The registry was closed.
        """
        if self.lifetime.closed:
            raise Closed("registry")
        return self.telemetry.operation(operation)

    def receiver(self, receiver_id: Ulid) -> EventReceiver:
        """Return a receiver by its id, from memory if it was used before.

        Raises:
            NotFound: There is none.
        """
        known = self.receivers.get(receiver_id)
        if known is None:
            known = self.store.receivers.get(receiver_id)
            self.receivers.put(known)
        return known

    def audit(self, action: AuditAction, kind: str, key: str) -> None:
        """Write to the audit log that something was done."""
        audit(action=action, resource=f"{kind}/{key}", outcome=AuditOutcome.SUCCESS, actor=self.principal.identity)

    def check_id(self, value: object, checks: Checks, field: str = "id") -> None:
        """Check an id that a caller supplies, if one is: its form, and that it was not made in the far future."""
        if value is None:
            return
        if not is_ulid(value):
            checks.ulid(field, value)
        elif ulid_time_ms(value) > (self.clock().timestamp() + MAX_AHEAD_SECONDS) * 1_000:
            checks.add(field, "must not have been made more than a day ahead of our clock")
