"""What the PostgreSQL store can do: light to import, so that its plugin can tell without a driver."""

from __future__ import annotations

from typing import Final

from xzepr.stores import Capabilities

SCHEME: Final = "postgresql"
"""The scheme of its URLs."""

CAPABILITIES: Final = Capabilities(subscriptions=True, waiting=True, joining=True)
"""Everything there is."""
