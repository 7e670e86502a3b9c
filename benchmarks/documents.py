"""What the parts of the write path cost, each alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from benchmarks.report import Report
from benchmarks.samples import samples
from benchmarks.timing import microseconds
from xzepr import Unit
from xzepr.documents import SchemaCompiler, canonical, ordered_text, parse, read_canonical
from xzepr.model import UlidGenerator, payload_digest

_SALT: Final = bytes(16)


def measure(report: Report, *, seconds: float) -> None:
    """Measure reading, writing, checking and hashing of each sample, and making a unit and an id.

    Args:
        report: Where the figures go.
        seconds: For about how long each.
    """
    for sample in samples():
        text = canonical(sample.payload)
        given = ordered_text(sample.payload).encode()
        schema = SchemaCompiler().compile(ordered_text(sample.schema))
        parts: dict[str, Callable[[], object]] = {
            "parse": partial(parse, given),
            "canonical": partial(canonical, sample.payload),
            "read_canonical": partial(read_canonical, text),
            "check": partial(schema.check, sample.payload),
            "payload_digest": partial(payload_digest, _SALT, text),
        }
        for name, do in parts.items():
            report.timed(f"{name}, {sample.name} ({len(text):,} bytes)", microseconds(do, seconds=seconds, repeat=3))
    unit = partial(Unit, name="web", version="1", release="1", platform_id="linux-amd64", package="oci")
    report.timed("Unit(…)", microseconds(unit, seconds=seconds, repeat=10))
    report.timed("new id", microseconds(UlidGenerator(), seconds=seconds, repeat=10))
