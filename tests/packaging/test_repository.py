"""What no file of the project may name: the machine it was written on, or where a machine fetches packages from."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# A bracket in each keeps this file from finding itself.
FORBIDDEN = re.compile(
    r"p[y]pi\.org|python[h]osted|registry\.np[m]js|deb\.deb[i]an|arch[i]ve\.ubuntu|prox[y]\.golang|crat[e]s\.io"
    r"|/w[o]rk/|/f[a]rm/|/r[o]ot/|/h[o]me/|/U[s]ers/|/t[m]p/|/o[p]t/|[A-Z]:\\[U]sers"
)


def tracked_files() -> list[str]:
    """The files under version control."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607 - on PATH
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def found_in(text: str) -> list[str]:
    """What a text names that it must not."""
    return FORBIDDEN.findall(text)


def test_no_file_names_a_machine_or_a_package_registry() -> None:
    """The project works wherever it is put: no path of one machine, no host of a package registry."""
    texts = {name: (ROOT / name).read_text(encoding="utf-8", errors="replace") for name in tracked_files()}

    assert texts
    assert {name: found for name, text in texts.items() if (found := found_in(text))} == {}


@pytest.mark.parametrize("planted", ["https://{}.org/simple".format("py" + "pi"), "see /{}/main".format("wo" + "rk")])
def test_check_finds_a_planted_name(planted: str) -> None:
    """The check is one that can fail."""
    assert found_in(planted) != []
