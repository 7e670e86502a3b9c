"""Examples that are distributions of their own: built and installed as a user would, without a network."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def install(example: Path, folder: Path) -> Path:
    """Build the wheel of an example, and unpack it, which is what installing a wheel of pure Python comes to.

    Args:
        example: Its folder.
        folder: Where to.

    Returns:
        The folder that goes on the path of whoever is to have it.
    """
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=example, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    site = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


@contextmanager
def on_path(*folders: Path) -> Iterator[None]:
    """Let modules be imported from folders, for a while: what is imported stays, and nobody else finds more."""
    before = list(sys.path)
    sys.path[:0] = map(str, folders)
    try:
        yield
    finally:
        sys.path[:] = before
