"""Runs tests of the contract on broken stores, in a process of its own, and tells which of them failed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.contract.broken.base import Fault

ROOT = Path(__file__).parents[3]

MODULE = """
from tests.contract.broken.table import harness_of
from xzepr.testing.contract import adopt

globals().update(adopt(harness_of({name!r})))
"""

CONFTEST = """
from hypothesis import Phase, settings

# What is drawn at random finds more of the same, in more time: the other tests have to do.
settings.register_profile("broken", phases=[Phase.explicit], derandomize=True, database=None, print_blob=False)
settings.load_profile("broken")
"""

Results = Mapping[str, Mapping[str, bool]]
"""For each fault, by its name, which tests passed."""


def run(folder: Path, wanted: Mapping[Fault, Sequence[str] | None]) -> Results:
    """Run tests on stores.

    Args:
        folder: Where to put the test modules.
        wanted: Which tests on the store of each fault; None for the whole contract but what is random in it.

    Returns:
        For each fault, by its name, which tests passed.
    """
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n", encoding="utf-8")
    for fault in wanted:
        (folder / f"{fault.module}.py").write_text(MODULE.format(name=fault.name), encoding="utf-8")
    report = folder / "report.xml"
    done = subprocess.run(
        _command(folder, report, wanted), check=False, cwd=ROOT, env=_environment(), capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found = _read(report)
    return {fault.name: found.get(fault.module, {}) for fault in wanted}


def missed(fault: Fault, results: Results) -> list[str]:
    """Return the tests that should have caught a fault, and did not: they passed, or there are none of that name."""
    failed = {name for name, passed in results[fault.name].items() if not passed}
    return [test for test in fault.caught_by if not any(name.partition("[")[0] == test for name in failed)]


def catching(fault: Fault, results: Results) -> list[str]:
    """Return the tests that caught a fault, each once, however many parameters it has."""
    return sorted({name.partition("[")[0] for name, passed in results[fault.name].items() if not passed})


def _command(folder: Path, report: Path, wanted: Mapping[Fault, Sequence[str] | None]) -> Iterable[str]:
    chosen = [
        str(folder / f"{fault.module}.py") + (f"::{test}" if test else "")
        for fault, tests in wanted.items()
        for test in (tests if tests is not None else ("",))
    ]
    options = ["-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:randomly", f"--junitxml={report}"]
    return [sys.executable, "-m", "pytest", "-c", str(folder / "pytest.ini"), f"--rootdir={folder}", *options, *chosen]


def _environment() -> dict[str, str]:
    """The process is no worker of this run."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def _read(report: Path) -> dict[str, dict[str, bool]]:
    found: dict[str, dict[str, bool]] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - our own
        module, _, behaviour = case.get("classname", "").rpartition(".")
        passed = case.find("failure") is None and case.find("error") is None
        found.setdefault(module, {})[f"{behaviour}::{case.get('name')}"] = passed
    return found
