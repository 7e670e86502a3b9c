"""What is exported of a use case, and that no exporter reaches the caller."""

from __future__ import annotations

import asyncio
import logging
import timeit
from collections.abc import Callable
from unittest.mock import Mock

import pytest
from opentelemetry import trace
from opentelemetry.metrics import Meter, MeterProvider
from opentelemetry.sdk.trace import TracerProvider as SdkTracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import Span, StatusCode, Tracer, TracerProvider

from tests.observe.conftest import Observed
from xzepr.errors import Closed, XzeprError
from xzepr.model import TransitionKind
from xzepr.observe import BUCKETS, OPERATIONS, Telemetry


def test_a_use_case_is_a_span(observed: Observed) -> None:
    """An operation exports a span with its name and its store."""
    with observed.telemetry.operation("events.record"):
        pass

    (span,) = observed.spans
    assert (span.name, dict(span.attributes or {})) == ("events.record", {"xzepr.store": "memory"})
    assert span.status.status_code is StatusCode.UNSET


def test_a_span_inside_is_a_child(observed: Observed) -> None:
    """What happens inside an operation belongs to its span, and nothing after it does."""
    with observed.telemetry.operation("events.record_many"):
        outer = trace.get_current_span()
        with observed.telemetry.operation("events.record"):
            pass

    child, parent = observed.spans
    assert child.parent == parent.context == outer.get_span_context()
    assert not trace.get_current_span().get_span_context().is_valid


def test_a_duration_is_recorded_in_seconds(observed: Observed) -> None:
    """The histogram counts seconds, in buckets that fit them."""
    with observed.telemetry.operation("events.record"):
        pass

    metric = observed.metrics["xzepr.operation.duration"]
    (point,) = metric.data.data_points
    assert (metric.unit, point.explicit_bounds, point.count) == ("s", BUCKETS, 1)
    assert 0 < point.sum < 60
    assert point.attributes == {"operation": "events.record", "outcome": "ok", "store": "memory"}


def test_events_and_transitions_are_counted(observed: Observed) -> None:
    """The counters add up what they are told, by closed labels."""
    observed.telemetry.event("recorded")
    observed.telemetry.event("recorded")
    observed.telemetry.event("recorded")
    observed.telemetry.transition(TransitionKind.COMPLETED)

    (events,) = observed.metrics["xzepr.events"].data.data_points
    (transitions,) = observed.metrics["xzepr.transitions"].data.data_points
    assert (events.value, events.attributes) == (3, {"outcome": "recorded", "store": "memory"})
    assert (transitions.value, transitions.attributes) == (1, {"kind": "completed", "store": "memory"})


class Coined(XzeprError):
    """An error that somebody else derived, with a code of their own."""

    code = "user-4711"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Closed("store"), "closed"),
        (Coined(), "error"),
        (ZeroDivisionError("hunter2"), "internal"),
        (KeyboardInterrupt(), "interrupted"),
        (asyncio.CancelledError(), "interrupted"),
        (GeneratorExit(), "interrupted"),
    ],
)
def test_an_error_is_told_by_its_code(observed: Observed, error: BaseException, outcome: str) -> None:
    """An error passes unchanged; span and label have its code and nothing of its words."""
    with pytest.raises(type(error)) as caught, observed.telemetry.operation("events.get"):
        raise error

    (span,) = observed.spans
    assert caught.value is error
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, outcome)
    assert dict(span.attributes or {}) == {"xzepr.store": "memory", "error.type": outcome}
    assert span.events == ()
    assert observed.labels("xzepr.operation.duration") == [
        {"operation": "events.get", "outcome": outcome, "store": "memory"}
    ]


def test_an_unsampled_span_is_not_attached() -> None:
    """A span that nobody records leaves the context alone."""
    tracers = SdkTracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)

    with Telemetry(tracers).operation("events.get"):
        assert not trace.get_current_span().get_span_context().is_valid


def test_c092_a_secret_in_an_exception_is_not_exported(observed: Observed) -> None:
    """Nothing of an exception's words is in a span, however long or odd they are."""
    words = "hunter2\n\x1b[31m%s" * 10_000

    with pytest.raises(ValueError, match="hunter2"), observed.telemetry.operation("events.record"):
        raise ValueError(words)

    (span,) = observed.spans
    assert "hunter2" not in span.to_json()


@pytest.mark.parametrize("odd", ["user-4711", "events.record\n", "", "x" * 100_000])
def test_c093_labels_come_from_closed_sets(observed: Observed, odd: str) -> None:
    """A label that is not one of ours becomes `other`, so that no input multiplies the series."""
    with observed.telemetry.operation(odd):
        observed.telemetry.event(odd)

    assert observed.labels("xzepr.operation.duration") == [{"operation": "other", "outcome": "ok", "store": "memory"}]
    assert observed.labels("xzepr.events") == [{"outcome": "other", "store": "memory"}]
    assert [span.name for span in observed.spans] == ["other"]


def test_c093_a_thousand_names_make_one_series(observed: Observed) -> None:
    """Many unknown names cost one series, and no memory."""
    for number in range(1_000):
        with observed.telemetry.operation(f"user-{number}"):
            pass

    assert len(observed.labels("xzepr.operation.duration")) == 1


class Broken(Exception):
    """What a broken provider raises."""


def tracer_where(**methods: object) -> TracerProvider:
    """A tracer provider whose spans behave as told."""
    span = Mock(Span, **{"is_recording.return_value": True, **methods})
    return Mock(TracerProvider, **{"get_tracer.return_value": Mock(Tracer, **{"start_span.return_value": span})})


def raising(name: str) -> Callable[[], Telemetry]:
    """A telemetry whose span raises in one method."""
    return lambda: Telemetry(tracer_where(**{f"{name}.side_effect": Broken("hunter2")}))


BROKEN: dict[str, Callable[[], Telemetry]] = {
    "no tracer": lambda: Telemetry(Mock(TracerProvider, **{"get_tracer.side_effect": Broken("hunter2")})),
    "no span": lambda: Telemetry(
        Mock(TracerProvider, **{"get_tracer.return_value": Mock(Tracer, **{"start_span.side_effect": Broken})})
    ),
    "a span that is none": lambda: Telemetry(
        Mock(TracerProvider, **{"get_tracer.return_value": Mock(Tracer, **{"start_span.return_value": None})})
    ),
    **{name: raising(name) for name in ("is_recording", "set_attributes", "set_attribute", "set_status", "end")},
    "no meter": lambda: Telemetry(None, Mock(MeterProvider, **{"get_meter.side_effect": Broken("hunter2")})),
    "no instruments": lambda: Telemetry(
        None,
        Mock(
            MeterProvider,
            **{
                "get_meter.return_value": Mock(
                    Meter, **{"create_histogram.side_effect": Broken, "create_counter.side_effect": Broken}
                )
            },
        ),
    ),
    "instruments that raise": lambda: Telemetry(
        None,
        Mock(
            MeterProvider,
            **{
                "get_meter.return_value": Mock(
                    Meter,
                    **{
                        "create_histogram.return_value.record.side_effect": Broken,
                        "create_counter.return_value.add.side_effect": Broken,
                    },
                )
            },
        ),
    ),
}


@pytest.mark.parametrize("make", BROKEN.values(), ids=BROKEN)
def test_c095_a_broken_provider_never_affects_a_call(
    make: Callable[[], Telemetry], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever part of the telemetry raises, calls go on; it is counted, and logged once, by its type alone."""
    with caplog.at_level(logging.WARNING, "xzepr"):
        telemetry = make().for_store("memory")
        for _ in range(3):
            telemetry.event("recorded")
            telemetry.transition(TransitionKind.REOPENED)
            with pytest.raises(Closed), telemetry.operation("events.record"):
                raise Closed("store")

    assert telemetry.failures >= 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "hunter2" not in caplog.text
    assert not trace.get_current_span().get_span_context().is_valid


def test_c095_a_broken_log_handler_does_not_matter_either() -> None:
    """The one warning may fail as well."""

    class Failing(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            raise Broken

    handler, logger = Failing(), logging.getLogger("xzepr")
    logger.addHandler(handler)
    try:
        with BROKEN["no span"]().operation("events.record"):
            pass
    finally:
        logger.removeHandler(handler)


def test_a_failing_span_is_still_ended() -> None:
    """Where one step at the end of a span fails, the others are still taken."""
    tracers = tracer_where(**{"set_status.side_effect": Broken})

    with pytest.raises(Closed), Telemetry(tracers).operation("events.record"):
        raise Closed("store")

    tracers.get_tracer("").start_span("").end.assert_called_once()


def test_without_a_provider_an_operation_costs_next_to_nothing() -> None:
    """With nobody watching, an operation with its counter stays far below a call (2 µs; the bound allows for CI)."""
    telemetry = Telemetry().for_store("memory")

    def observe() -> None:
        with telemetry.operation("events.record"):
            telemetry.event("recorded")

    assert min(timeit.repeat(observe, number=2_000, repeat=10)) / 2_000 < 0.000_02


def test_the_operations_are_named_alike() -> None:
    """An operation is a room and a verb."""
    assert all(name.count(".") == 1 and name.replace("_", "").replace(".", "").isalpha() for name in OPERATIONS)
