"""Traces and metrics of the use cases, through the OpenTelemetry API alone.

Instruments: ``xzepr.operation.duration`` (seconds, by operation, outcome and store), ``xzepr.events`` (by outcome and
store) and ``xzepr.transitions`` (by kind and store). Labels come from closed sets, whatever the callers send.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import copy
from threading import Lock
from typing import Final, TypeVar

from opentelemetry.metrics import Counter, Histogram, Meter, MeterProvider, NoOpMeter, get_meter
from opentelemetry.trace import NoOpTracer, Tracer, TracerProvider, get_tracer

from xzepr.model import TransitionKind
from xzepr.observe.operations import Operation

SCOPE: Final = "xzepr"
"""The name of the tracer and the meter."""

OPERATIONS: Final = frozenset(
    {
        *("events.record", "events.record_many", "events.get", "events.list", "events.count", "events.redact"),
        *("receivers.create", "receivers.ensure", "receivers.get", "receivers.find", "receivers.list"),
        *("receivers.update", "receivers.delete", "receivers.statistics"),
        *("groups.create", "groups.ensure", "groups.get", "groups.find", "groups.list", "groups.update"),
        *("groups.delete", "groups.revisions", "groups.verdict", "groups.transitions", "groups.reevaluate"),
        *("feed.read", "feed.head"),
        *("subscriptions.ensure", "subscriptions.get", "subscriptions.read", "subscriptions.delete"),
        *("subscriptions.acquire", "subscriptions.acknowledge", "subscriptions.parked"),
    }
)
"""The operations that are told apart; any other is labelled :data:`OTHER`."""

EVENT_OUTCOMES: Final = frozenset({"recorded", "replayed", "refused"})
OTHER: Final = "other"

BUCKETS: Final = (
    *(0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005),
    *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
"""Seconds. A memory store answers in tens of microseconds, a database in milliseconds (measured)."""

_logger = logging.getLogger(__name__)

T = TypeVar("T")


class Telemetry:
    """Where use cases are observed. A broken provider costs its own data and one warning, never a call.

    Args:
        tracer_provider: Makes the spans; by default the global provider, also one that is set later.
        meter_provider: Makes the metrics; by default the global provider, also one that is set later.

    Example:
        >>> telemetry = Telemetry()
        >>> with telemetry.operation("events.record"):
        ...     telemetry.event("recorded")
        >>> telemetry.failures
        0
    """

    __slots__ = ("_events", "_failures", "_labels", "_store", "_transitions", "durations", "span_attributes", "tracer")

    def __init__(
        self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        self._failures = _Failures()
        self.tracer = self._made(lambda: get_tracer(SCOPE, tracer_provider=tracer_provider), _tracer())
        meter = self._made(lambda: get_meter(SCOPE, meter_provider=meter_provider), _meter())
        self.durations = self._made(lambda: _histogram(meter), _histogram(_meter()))
        self._events = self._made(lambda: _events(meter), _events(_meter()))
        self._transitions = self._made(lambda: _transitions(meter), _transitions(_meter()))
        self._label_with({})

    def for_store(self, scheme: str) -> Telemetry:
        """Return the same telemetry, labelled with the scheme of the store that is observed."""
        bound = copy(self)
        bound._label_with({"store": scheme})  # noqa: SLF001  # another one of us
        return bound

    @property
    def failures(self) -> int:
        """How often a provider failed."""
        return self._failures.count

    def operation(self, name: str) -> Operation:
        """Return the context manager for one use case; ``name`` is one of :data:`OPERATIONS`."""
        return Operation(self, name if name in OPERATIONS else OTHER)

    def event(self, outcome: str) -> None:
        """Count an event: ``recorded``, ``replayed`` or ``refused``."""
        self._count(self._events, "outcome", outcome if outcome in EVENT_OUTCOMES else OTHER)

    def transition(self, kind: TransitionKind) -> None:
        """Count a transition by its kind."""
        self._count(self._transitions, "kind", kind.value)

    def failed(self, error: Exception) -> None:
        """Note that a provider failed; the first time it is logged, by its type alone."""
        self._failures.note(error)

    def labels(self, name: str, outcome: str) -> Mapping[str, str]:
        """Return the labels of an operation's duration, made once for each combination."""
        found = self._labels.get((name, outcome))
        if found is None:
            found = {"operation": name, "outcome": outcome, **self._store}
            self._labels[name, outcome] = found
        return found

    def _label_with(self, store: dict[str, str]) -> None:
        self._store = store
        self._labels: dict[tuple[str, str], dict[str, str]] = {}
        self.span_attributes = {f"xzepr.{name}": value for name, value in store.items()}

    def _count(self, counter: Counter, label: str, value: str) -> None:
        try:
            counter.add(1, {label: value, **self._store})
        except Exception as error:  # noqa: BLE001  # whatever a meter raises
            self.failed(error)

    def _made(self, make: Callable[[], T], instead: T) -> T:
        try:
            return make()
        except Exception as error:  # noqa: BLE001  # whatever a provider raises
            self.failed(error)
            return instead


class _Failures:
    """Counts what went wrong with a telemetry, and logs the first of it."""

    __slots__ = ("_lock", "count")

    def __init__(self) -> None:
        self._lock = Lock()
        self.count = 0

    def note(self, error: Exception) -> None:
        with self._lock:
            self.count += 1
            first = self.count == 1
        if first:
            with suppress(Exception):  # a handler may be as broken as the exporter
                _logger.warning("telemetry fails (%s) and is left out: calls go on", type(error).__name__)


def _tracer() -> Tracer:
    return NoOpTracer()


def _meter() -> Meter:
    return NoOpMeter(SCOPE)


def _histogram(meter: Meter) -> Histogram:
    return meter.create_histogram(
        "xzepr.operation.duration",
        unit="s",
        description="How long a use case took.",
        explicit_bucket_boundaries_advisory=BUCKETS,
    )


def _events(meter: Meter) -> Counter:
    return meter.create_counter("xzepr.events", unit="{event}", description="Events by what became of them.")


def _transitions(meter: Meter) -> Counter:
    return meter.create_counter("xzepr.transitions", unit="{transition}", description="Verdicts that changed.")
