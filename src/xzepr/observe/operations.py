"""One observed use case: a span if somebody records it, its duration, and how it ended.

This stands on the path of every call, so it is a plain class with slots, makes a context only for a span that is
recorded, and takes its labels from dictionaries made before.
"""

from __future__ import annotations

from contextvars import Token
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from opentelemetry import context as contexts
from opentelemetry.context import Context
from opentelemetry.trace import Span, Status, StatusCode, set_span_in_context

from xzepr.errors import XzeprError

if TYPE_CHECKING:
    from xzepr.observe.telemetry import Telemetry

OK: Final = "ok"
INTERNAL: Final = "internal"
"""The outcome of an error that is none of ours."""
INTERRUPTED: Final = "interrupted"
"""The outcome of a call that was stopped: Ctrl-C, the end of a generator, a cancelled task."""


def _codes(kind: type[XzeprError]) -> frozenset[str]:
    return frozenset({kind.code}).union(*map(_codes, kind.__subclasses__()))


CODES: Final = _codes(XzeprError)
"""The codes of our own errors: the other values that an outcome has."""


def outcome_of(error: BaseException) -> str:
    """Return the label for an error: its code if it is one of ours, never anything that came from outside.

    Example:
        >>> from xzepr.errors import Closed
        >>> outcome_of(Closed("store")), outcome_of(ZeroDivisionError())
        ('closed', 'internal')
    """
    if isinstance(error, XzeprError):
        return error.code if error.code in CODES else XzeprError.code
    return INTERNAL if isinstance(error, Exception) else INTERRUPTED


class Operation:
    """The context manager around one use case; made by :meth:`Telemetry.operation`, used once."""

    __slots__ = ("_name", "_span", "_started", "_telemetry", "_token")

    def __init__(self, telemetry: Telemetry, name: str) -> None:
        self._telemetry = telemetry
        self._name = name
        self._span: Span | None = None
        self._token: Token[Context] | None = None
        self._started = 0.0

    def __enter__(self) -> Self:
        try:
            span = self._telemetry.tracer.start_span(self._name)
            if span.is_recording():
                self._span = span
                span.set_attributes(self._telemetry.span_attributes)
                self._token = contexts.attach(set_span_in_context(span))
        except Exception as error:  # noqa: BLE001  # whatever a tracer raises
            self._telemetry.failed(error)
        self._started = perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        seconds = perf_counter() - self._started
        outcome = OK if error is None else outcome_of(error)
        try:
            self._telemetry.durations.record(seconds, self._telemetry.labels(self._name, outcome))
        except Exception as failure:  # noqa: BLE001  # whatever a meter raises
            self._telemetry.failed(failure)
        if self._span is not None:
            self._end(self._span, outcome)

    def _end(self, span: Span, outcome: str) -> None:
        """End the span, each step even if the one before failed. Errors are told by code: messages may hold more."""
        if self._token is not None:
            contexts.detach(self._token)  # logs its own failures
        try:
            if outcome != OK:
                span.set_attribute("error.type", outcome)
                span.set_status(Status(StatusCode.ERROR, outcome))
        except Exception as failure:  # noqa: BLE001  # whatever a span raises
            self._telemetry.failed(failure)
        try:
            span.end()
        except Exception as failure:  # noqa: BLE001  # whatever an exporter raises
            self._telemetry.failed(failure)
