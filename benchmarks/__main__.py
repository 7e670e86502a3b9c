"""``python -m benchmarks``: measure everything, or with ``--only`` a part of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks import documents, importing, reading, recording
from benchmarks.postgres.sizes import FULL, QUICK, Size
from benchmarks.report import Report

PARTS: Final = ("memory", "importing", "documents", "postgres")
SECONDS: Final = 4.0
QUICK_SECONDS: Final = 0.1


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0: a budget that is missed is a finding, not a failure of the measurement.

    Args:
        argv: The arguments; by default those of the process.
    """
    arguments = _parser().parse_args(argv)
    seconds = arguments.seconds or (QUICK_SECONDS if arguments.quick else SECONDS)
    if arguments.profile:
        _profile(seconds)
        return 0
    report = Report()
    for part in arguments.only or PARTS:
        _measure(part, report, seconds, _size(arguments))
    report.sum_up()
    if arguments.json is not None:
        report.write(arguments.json)
    return 0


def _measure(part: str, report: Report, seconds: float, size: Size) -> None:
    if part == "memory":
        report.section("Memory store, one thread: record by the unavoidable work", recording.__doc__ or "")
        recording.measure(report, seconds=seconds)
        report.section("Memory store: reading", reading.__doc__ or "")
        reading.measure(report, seconds=seconds / 10)
    elif part == "importing":
        report.section("Importing", importing.__doc__ or "")
        importing.measure(report)
    elif part == "documents":
        report.section("Documents and model", documents.__doc__ or "")
        documents.measure(report, seconds=seconds / 20)
    else:
        from benchmarks.postgres import running  # noqa: PLC0415 - only this part needs a driver and a peer

        running.measure(report, seconds=seconds, size=size)


def _profile(seconds: float) -> None:
    from benchmarks.postgres import running  # noqa: PLC0415 - only this part needs a driver and a peer

    running.profile(seconds=seconds)


def _size(arguments: argparse.Namespace) -> Size:
    size = QUICK if arguments.quick else FULL
    return size if arguments.growth is None else size.up_to(arguments.growth)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--seconds", type=float, metavar="S", help=f"how long each ratio is measured ({SECONDS:g})")
    parser.add_argument("--only", action="append", choices=PARTS, help="measure this; may be given several times")
    parser.add_argument("--quick", action="store_true", help="see that everything runs; the figures mean little")
    parser.add_argument("--growth", type=int, metavar="N", help="grow to so many stored events, such as 10000000")
    parser.add_argument("--profile", action="store_true", help="print where the time of PostgreSQL's calls goes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
