"""Where the third-party test data is: ``XZEPR_DATA``, or ``../shared/data`` beside the project.

It is no part of the project. Without it the tests that need it are skipped, except in CI, where they fail.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parent.parent


def folder_or_skip(name: str = "") -> Path:
    """The data folder or one of its suites; skips the test without it, and fails it in CI or when it is empty."""
    folder = Path(os.environ.get("XZEPR_DATA", _ROOT.parent / "shared" / "data")).joinpath(name)
    if not folder.is_dir():
        reason = "no third-party data here: set XZEPR_DATA to its folder"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    if not any(folder.iterdir()):
        pytest.fail(f"the data folder {name} is empty")
    return folder
