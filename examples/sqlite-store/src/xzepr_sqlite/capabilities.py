"""What the store is called and can do; apart, so that the plugin can say it without loading the store."""

from __future__ import annotations

from typing import Final

from xzepr.model import Checks
from xzepr.stores import Capabilities

SCHEME: Final = "sqlite"
CAPABILITIES: Final = Capabilities(durable=True, subscriptions=True)
DEFAULT_TIMEOUT: Final = 5.0
"""Seconds to wait for another process that is writing."""
MAX_TIMEOUT: Final = 2_147_483
"""SQLite counts milliseconds in 32 bits, and takes more of them for none."""


def check_timeout(seconds: float) -> None:
    """Refuse what SQLite would take for another timeout than it says.

    Raises:
        Invalid: It is no number of seconds from 0 to :data:`MAX_TIMEOUT`.
    """
    checks = Checks()
    checks.seconds("timeout", seconds)
    checks.done()
    if seconds > MAX_TIMEOUT:
        checks.add("timeout", f"must be at most {MAX_TIMEOUT:,} seconds", MAX_TIMEOUT)
    checks.done()
