"""What `import xzepr` costs a host, in fresh interpreters that find its bytecode, as all but the first do."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import partial
from statistics import median
from typing import Final

from benchmarks.report import Report

BUDGET_MS: Final = 150.0
INTERPRETERS: Final = 11
TOP: Final = 10

UNWANTED: Final = frozenset(
    {
        *("sqlalchemy", "psycopg", "alembic", "redis"),
        *("starlette", "strawberry", "django", "flask", "fastapi", "litestar"),
        *("opentelemetry.sdk", "joserfc", "argon2", "hypothesis", "pytest", "xzepr_postgres", "xzepr_memory"),
    }
)
"""Drivers, frameworks, SDKs, tools and backends: nothing of these may be loaded."""

_TIMED: Final = "import time; start = time.perf_counter(); import xzepr; print((time.perf_counter() - start) * 1e3)"


def measure(report: Report) -> None:
    """Measure importing, list what takes longest, and look for what must not be loaded.

    Args:
        report: Where the figures go.
    """
    with tempfile.TemporaryDirectory() as cache:
        python = partial(_python, cache)
        python("-c", "import xzepr")
        times = [float(python("-c", _TIMED).stdout) for _ in range(INTERPRETERS)]
        loaded = set(python("-c", "import xzepr, sys; print(*sys.modules)").stdout.split())
        slowest = _slowest(python("-X", "importtime", "-c", "import xzepr").stderr)
    report.limited("import xzepr, median of fresh interpreters", median(times), "ms", at_most=BUDGET_MS)
    report.noted("import xzepr, the fastest of them", min(times), "ms")
    report.limited("drivers, frameworks, SDKs and backends loaded", len(loaded & UNWANTED), "modules", at_most=0)
    for name, own_ms in slowest:
        report.noted(f"import of {name} alone", own_ms, "ms")


def _python(cache: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with a place for bytecode, even where the user's shell forbids to write any."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(  # noqa: S603 - our own words
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**environ, "PYTHONPYCACHEPREFIX": cache},
    )


def _slowest(importtime: str) -> list[tuple[str, float]]:
    """Read what ``-X importtime`` wrote: ``import time: own µs | cumulative µs | name``."""
    rows = [line.removeprefix("import time:").split("|") for line in importtime.splitlines()]
    own = [(name.strip(), int(own) / 1e3) for own, _, name in rows if own.strip().isdigit()]
    return sorted(own, key=lambda row: -row[1])[:TOP]
