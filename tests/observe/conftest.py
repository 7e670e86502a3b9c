"""A telemetry with exporters in memory: providers of its own, never the global ones."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Metric
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from xzepr.observe import Telemetry


@attrs.frozen
class Observed:
    """A telemetry, and what it has exported."""

    telemetry: Telemetry
    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """The spans that have ended."""
        return self.exporter.get_finished_spans()

    @property
    def metrics(self) -> dict[str, Metric]:
        """The metrics by name."""
        data = self.reader.get_metrics_data()
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics] if data else []
        return {metric.name: metric for scope in scopes for metric in scope.metrics}

    def labels(self, name: str) -> list[dict[str, object]]:
        """The labels of one metric's points."""
        return [dict(point.attributes or {}) for point in self.metrics[name].data.data_points]


@pytest.fixture
def observed() -> Iterator[Observed]:
    """A telemetry whose exports can be looked at."""
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracers, meters = TracerProvider(shutdown_on_exit=False), MeterProvider([reader], shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    yield Observed(Telemetry(tracers, meters).for_store("memory"), exporter, reader)
    tracers.shutdown()
    meters.shutdown()
