"""What the store is called and can do; apart, so that the plugin can say it without loading the store."""

from __future__ import annotations

from typing import Final

from xzepr.stores import Capabilities

SCHEME: Final = "sqlite"
CAPABILITIES: Final = Capabilities(durable=True, subscriptions=True)
DEFAULT_TIMEOUT: Final = 5.0
"""Seconds to wait for another process that is writing."""
