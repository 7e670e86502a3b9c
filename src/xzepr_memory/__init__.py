"""The in-memory store: every promise of the contract, no server, no threads, no timers.

What it holds ends with the process. It is fast enough that nobody needs to mock a registry.
"""

from xzepr_memory.store import MemoryStore

__all__ = ["MemoryStore"]
