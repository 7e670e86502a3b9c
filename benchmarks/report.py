"""Printing figures as they come, and keeping them for machines."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path

import attrs

from benchmarks.timing import Comparison

_NAME = 52


@attrs.define
class Report:
    """What was measured so far."""

    rows: list[dict[str, str | float | bool]] = attrs.field(factory=list)

    def section(self, title: str, explanation: str) -> None:
        """Begin a section."""
        print(f"\n{title}\n{'-' * len(title)}")
        print(explanation.strip(), end="\n\n")

    def compared(self, name: str, found: Comparison, baseline: str, *, at_least: float | None = None) -> None:
        """Note our throughput by another's, and hold it to a budget if there is one."""
        kept = at_least is None or found.ratio >= at_least
        budget = "" if at_least is None else f"  BUDGET >= {at_least:g}: {_word(kept)}"
        print(
            f"{name:<{_NAME}} {found.ours_us:>9,.1f} us  {baseline} {found.theirs_us:>9,.1f} us  "
            f"ratio {found.ratio:.2f} ({found.low:.2f}..{found.high:.2f}, {found.rounds} rounds){budget}",
            flush=True,
        )
        self.rows.append({"name": name, "baseline": baseline, **attrs.asdict(found), **_verdict(at_least, kept)})

    def slower(self, name: str, found: Comparison, baseline: str, *, at_most: float | None = None) -> None:
        """Note how many times another's time ours is, and hold it to a budget if there is one."""
        kept = at_most is None or found.times <= at_most
        budget = "" if at_most is None else f"  BUDGET <= {at_most:g}: {_word(kept)}"
        print(
            f"{name:<{_NAME}} {found.ours_us:>9,.1f} us  {baseline} {found.theirs_us:>9,.1f} us  "
            f"times {found.times:.2f} ({1 / found.high:.2f}..{1 / found.low:.2f}, {found.rounds} rounds){budget}",
            flush=True,
        )
        row = {"name": name, "baseline": baseline, **attrs.asdict(found), "times": found.times}
        self.rows.append({**row, **_verdict(at_most, kept)})

    def limited(self, name: str, value: float, unit: str, *, at_most: float) -> None:
        """Note a figure that has a budget."""
        kept = value <= at_most
        print(f"{name:<{_NAME}} {value:>9,.1f} {unit}  BUDGET <= {at_most:g}: {_word(kept)}", flush=True)
        self.rows.append({"name": name, "value": value, "unit": unit, **_verdict(at_most, kept)})

    def timed(self, name: str, microseconds: float) -> None:
        """Note how long something takes."""
        self.noted(name, microseconds, "us")

    def noted(self, name: str, value: float, unit: str) -> None:
        """Note a figure."""
        print(f"{name:<{_NAME}} {value:>9,.1f} {unit}", flush=True)
        self.rows.append({"name": name, "value": value, "unit": unit})

    def sum_up(self) -> None:
        """Say how many budgets were kept, and name the others."""
        judged = [row for row in self.rows if "kept" in row]
        missed = [row["name"] for row in judged if not row["kept"]]
        print(f"\n{len(judged) - len(missed)} of {len(judged)} budgets kept")
        for name in missed:
            print(f"  missed: {name}")

    def write(self, path: Path) -> None:
        """Write everything as JSON."""
        machine = {"python": platform.python_version(), "machine": platform.machine(), "xzepr": version("xzepr")}
        path.write_text(json.dumps({**machine, "figures": self.rows}, indent=1) + "\n", encoding="utf-8")


def _word(kept: bool) -> str:  # noqa: FBT001 - the one argument
    return "ok" if kept else "MISSED"


def _verdict(budget: float | None, kept: bool) -> dict[str, float | bool]:  # noqa: FBT001 - the budget's own answer
    return {} if budget is None else {"budget": budget, "kept": kept}
