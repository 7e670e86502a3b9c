"""How the memory store is found: ``Registry.open("memory:")``."""

from __future__ import annotations

from xzepr.plugins import StoreBackend, StoreURL, hookimpl
from xzepr.stores import CONTRACT_VERSION
from xzepr_memory.store import CAPABILITIES, SCHEME, MemoryStore


def _open(url: StoreURL) -> MemoryStore:
    url.take_options({})
    return MemoryStore()


@hookimpl
def xzepr_store_backends() -> list[StoreBackend]:
    """Describe the memory store."""
    return [
        StoreBackend(
            scheme=SCHEME,
            summary="keeps everything in this process; for tests and trials",
            open=_open,
            capabilities=CAPABILITIES,
            contract_version=CONTRACT_VERSION,
        )
    ]
