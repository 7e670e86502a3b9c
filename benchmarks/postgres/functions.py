"""A table of functions by the time that they take."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable
from pathlib import Path
from typing import Final

FUNCTIONS: Final = 30


def print_functions(title: str, do: Callable[[], object], count: int, unit: str) -> None:
    """Print where the time goes, as cProfile sees it.

    Args:
        title: What to write above the table.
        do: What to do.
        count: How many units of work that is.
        unit: What one of them is called.
    """
    do()
    profiler = cProfile.Profile()
    profiler.runcall(do)
    rows = sorted(_rows(pstats.Stats(profiler)), key=lambda row: -row[1])
    print(f"\n{title}: microseconds per {unit}\n  {'own':>9} {'with callees':>12}")
    for name, own, whole in rows[:FUNCTIONS]:
        print(f"  {own / count * 1e6:>9,.2f} {whole / count * 1e6:>12,.2f}  {name}", flush=True)


def _rows(stats: pstats.Stats) -> list[tuple[str, float, float]]:
    """Return names, own seconds, and seconds with callees."""
    profile = stats.get_stats_profile().func_profiles
    return [
        (f"{Path(found.file_name).parent.name}/{Path(found.file_name).name} {name}", found.tottime, found.cumtime)
        for name, found in profile.items()
    ]
