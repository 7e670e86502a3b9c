"""The memory store keeps the whole contract."""

from __future__ import annotations

from tests.contract.harness import MemoryHarness
from xzepr.testing.contract import adopt

globals().update(adopt(MemoryHarness))
