"""The how-to about stores, done step by step in an empty folder: what it says passes, passes, and did not before."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import attrs
import pytest

from tests.examples.installing import install
from xzepr.testing.contract import BEHAVIOURS, name_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "write-a-store.md"
CORE = {name_of(behaviour) for behaviour in BEHAVIOURS if behaviour.needs is None}
BLOCK = re.compile(r"^```\{code-block\} \w+\n:caption: (at the end of )?(\S+)\n\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PASSES = re.compile(r"^Passes now: (.*?)\.$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.slow


@attrs.frozen
class Step:
    """One step of the page.

    Args:
        blocks: The files that it writes: whether it adds to one that is there, its name, the text.
        passes: The classes that it says pass now.
    """

    blocks: tuple[tuple[bool, str, str], ...]
    passes: frozenset[str]

    def write(self, folder: Path) -> None:
        """Do what the step says."""
        for adds, name, text in self.blocks:
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            before = path.read_text(encoding="utf-8") + "\n" if adds else ""
            path.write_text(before + text, encoding="utf-8")


def steps(page: str) -> list[Step]:
    """Read the steps of a page."""
    parts = re.split(r"^## Step \d+: .*$", page, flags=re.MULTILINE)[1:]
    return [
        Step(
            blocks=tuple((bool(adds), name, text) for adds, name, text in BLOCK.findall(part)),
            passes=frozenset(name for listed in PASSES.findall(part) for name in re.findall(r"`(\w+)`", listed)),
        )
        for part in parts
    ]


STEPS = steps(PAGE.read_text(encoding="utf-8"))


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder."""
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = (sys.executable, *arguments)
    return subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True, timeout=300)


def outcomes(folder: Path, classes: frozenset[str]) -> dict[str, bool]:
    """Run some classes of the contract, and say of each whether all of it passed."""
    report = folder / "report.xml"
    only = " or ".join(sorted(classes))
    said = run(folder, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", "-k", only, f"--junit-xml={report}")
    passed: dict[str, bool] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - our own report
        name = str(case.get("classname")).rpartition(".")[2]
        bad = any(case.find(kind) is not None for kind in ("failure", "error", "skipped"))
        passed[name] = passed.get(name, True) and not bad
    assert passed, said.stdout
    return {name: passed[name] for name in classes}


@pytest.fixture(scope="module")
def progress(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, bool]]]:
    """The folder at the end; and after each step, how the classes fare that were named so far or are named next."""
    folder = tmp_path_factory.mktemp("shelf")
    found = []
    for number, step in enumerate(STEPS):
        step.write(folder)
        named = [each.passes for each in STEPS[: number + 2]]
        found.append(outcomes(folder, frozenset().union(*named)))
    return folder, found


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_step_does_what_it_says(progress: tuple[Path, list[dict[str, bool]]], number: int) -> None:
    """After a step, the classes that it names pass, and so do those of the steps before."""
    _, found = progress
    promised = frozenset().union(*(step.passes for step in STEPS[: number + 1]))

    assert STEPS[number].passes
    assert {name: found[number][name] for name in promised} == dict.fromkeys(promised, True)


@pytest.mark.parametrize("number", range(1, len(STEPS)))
def test_step_is_needed(progress: tuple[Path, list[dict[str, bool]]], number: int) -> None:
    """Before a step, none of the classes that it names passed."""
    _, found = progress

    assert {name: found[number - 1][name] for name in STEPS[number].passes} == dict.fromkeys(
        STEPS[number].passes, False
    )


def test_steps_name_the_whole_core() -> None:
    """The steps name every class of the core, each once, and no other."""
    named = [name for step in STEPS for name in step.passes]

    assert sorted(named) == sorted(CORE)


def test_store_is_as_small_as_the_page_says(progress: tuple[Path, list[dict[str, bool]]]) -> None:
    """The page keeps its word about the size of the store, as an editor counts it."""
    folder, _ = progress
    [said] = re.findall(r"in some (\d+) lines", PAGE.read_text(encoding="utf-8"))
    lines = [line for path in (folder / "shelf").glob("*.py") for line in path.read_text(encoding="utf-8").splitlines()]

    assert len(lines) == pytest.approx(int(said), rel=0.05)


def test_installed_store_opens_by_its_url(progress: tuple[Path, list[dict[str, bool]]], tmp_path: Path) -> None:
    """What the page has made can be built, installed and opened by its URL."""
    folder, _ = progress
    site = install(folder, tmp_path)
    program = f"""
import sys
sys.path.insert(0, {str(site)!r})
from xzepr import Registry, errors
with Registry.open("shelf:") as registry:
    print(registry.store.scheme, registry.feed.head())
try:
    Registry.open("shelf:?size=5")
except errors.Invalid as error:
    print(*error.fields)
"""

    done = run(tmp_path, "-c", program)

    assert (done.stdout, done.stderr) == ("shelf 0\nurl/options/size\n", "")


def test_blocks_are_found_in_a_page() -> None:
    """The reader of pages sees whole files, additions, and what passes; so a step cannot be lost unseen."""
    page = "## Step 1: a\n```{code-block} py\n:caption: a/b.py\n\nx = 1\n```\nPasses now: `TestA`,\n`TestB`.\n"
    more = "## Step 2: b\n```{code-block} py\n:caption: at the end of a/b.py\n\ny = 2\n```\n"

    assert steps(page + more) == [
        Step(((False, "a/b.py", "x = 1\n"),), frozenset({"TestA", "TestB"})),
        Step(((True, "a/b.py", "y = 2\n"),), frozenset()),
    ]
    assert PAGE.read_text(encoding="utf-8").count("```{code-block}") == sum(len(step.blocks) for step in STEPS)
