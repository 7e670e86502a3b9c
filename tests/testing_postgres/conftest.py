"""What the tests of the server for tests start from."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.testing_postgres.asking import eventually
from xzepr.testing.postgres import MAJOR_VARIABLE, URL_VARIABLE, Binaries, find_binaries


@pytest.fixture
def binaries() -> Binaries:
    """The programs that a server is started from by default."""
    found = find_binaries()
    assert found is not None
    return found


@pytest.fixture
def public() -> Iterator[Path]:
    """An empty folder that every account can reach, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="xzt"))
    folder.chmod(0o755)
    yield folder

    def removed() -> bool:
        # A watchdog may be removing what is inside at the same time.
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    assert eventually(removed)


@pytest.fixture
def temporary(public: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which servers, and nobody else, make theirs."""
    monkeypatch.setenv("TMPDIR", str(public))
    return public


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment that names no server and no daemon, outside of CI."""
    for name in (URL_VARIABLE, MAJOR_VARIABLE, "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    return monkeypatch
