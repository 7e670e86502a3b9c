"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared_data import folder_or_skip


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real third-party documents; see :mod:`tests.shared_data`."""
    return folder_or_skip()
