"""The SQLite store as a distribution of its own: built, installed, found, and its own tests run against it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from tests.examples.installing import EXAMPLES, install

EXAMPLE = EXAMPLES / "sqlite-store"
OWN_TESTS = sorted(path.stem for path in (EXAMPLE / "tests").glob("test_*.py"))
CONTRACT = "test_contract"
"""It runs whole in tests/contract, so only a part of it does here."""

COMMAND = str(Path(sysconfig.get_path("scripts"), "xzepr"))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the example is installed."""
    return install(EXAMPLE, tmp_path_factory.mktemp("sqlite"))


def run(site: Path, *command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a user who has the example installed."""
    env = {**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    env["HYPOTHESIS_STORAGE_DIRECTORY"] = str(site.parent / "hypothesis")
    return subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def report(site: Path) -> tuple[Counter[str], Counter[str], str]:
    """How many of its own tests ran and how many of them failed, by file; and what pytest said."""
    path = site.parent / "report.xml"
    only = f"not {CONTRACT} or TestLifecycle or TestDurability or TestCapabilities"
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", only, f"--junit-xml={path}")
    said = run(site, *command, folder=EXAMPLE).stdout
    ran, failed = Counter[str](), Counter[str]()
    for case in ET.parse(path).iter("testcase"):  # noqa: S314 - our own report
        name = str(case.get("classname")).split(".")
        file = next(part for part in name if part.startswith("test_"))
        ran[file] += 1
        failed[file] += any(case.find(kind) is not None for kind in ("failure", "error", "skipped"))
    return ran, failed, said


@pytest.mark.parametrize("file", OWN_TESTS)
def test_own_tests_pass(report: tuple[Counter[str], Counter[str], str], file: str) -> None:
    """Its own tests, run in its own folder by its own configuration, pass against what is installed."""
    ran, failed, said = report

    assert ran[file] > 0
    assert failed[file] == 0, said


def test_wheel_holds_the_source(site: Path) -> None:
    """The wheel holds the package as it stands, typed, and nothing else."""
    [wheel] = site.parent.glob("*.whl")
    source = EXAMPLE / "src"
    expected = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.suffix in {".py", ".typed"}}

    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert found == expected
    assert "xzepr_sqlite/py.typed" in found


def test_command_finds_it(site: Path, tmp_path: Path) -> None:
    """Installing it is all it takes: the command opens its URLs."""
    done = run(site, COMMAND, "migrate", "--store", "sqlite:here.db", folder=tmp_path)
    assert (done.returncode, "sqlite:here.db" in done.stdout) == (0, True), done.stderr

    done = run(site, COMMAND, "check", "--store", "sqlite:here.db", folder=tmp_path)
    assert (done.returncode, "sqlite:here.db" in done.stdout) == (0, True), done.stderr


def test_check_makes_no_file(site: Path, tmp_path: Path) -> None:
    """A misspelt file is not there, and looking for it does not change that."""
    done = run(site, COMMAND, "check", "--store", "sqlite:typo.db", folder=tmp_path)

    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(r"^found +nothing$", done.stdout, re.MULTILINE)
    assert list(tmp_path.iterdir()) == []


def test_command_does_not_find_what_is_not_installed(tmp_path: Path) -> None:
    """Without it the same command knows no such store: what the test above finds is what it has installed."""
    done = run(tmp_path, COMMAND, "check", "--store", "sqlite:here.db", folder=tmp_path)

    assert done.returncode != 0
    assert "sqlite" in done.stderr


def test_readme_runs(site: Path, tmp_path: Path) -> None:
    """The program on its page runs as it stands."""
    [program] = re.findall(r"```python\n(.*?)```", (EXAMPLE / "README.md").read_text(encoding="utf-8"), re.DOTALL)

    done = run(site, sys.executable, "-W", "error", "-c", program, folder=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "complete\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["provenance.db"]
