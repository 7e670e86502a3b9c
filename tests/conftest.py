"""What every test may use."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shared_data import folder_or_skip


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real third-party documents; see :mod:`tests.shared_data`."""
    return folder_or_skip()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let programs that are started hear Ctrl-C: a job in the background inherits that it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
