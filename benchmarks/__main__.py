"""``python -m benchmarks``: measure everything, in less than a minute."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import documents, importing, reading, recording
from benchmarks.report import Report


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0: a budget that is missed is a finding, not a failure of the measurement.

    Args:
        argv: The arguments; by default those of the process.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--seconds", type=float, default=4.0, metavar="S", help="how long each ratio is measured (4)")
    arguments = parser.parse_args(argv)
    report = Report()
    report.section("Memory store, one thread: record by the unavoidable work", recording.__doc__ or "")
    recording.measure(report, seconds=arguments.seconds)
    report.section("Memory store: reading", reading.__doc__ or "")
    reading.measure(report, seconds=arguments.seconds / 10)
    report.section("Importing", importing.__doc__ or "")
    importing.measure(report)
    report.section("Documents and model", documents.__doc__ or "")
    documents.measure(report, seconds=arguments.seconds / 20)
    report.sum_up()
    if arguments.json is not None:
        report.write(arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
