"""How the memory store is found: ``Registry.open("memory:")``."""

from __future__ import annotations

from xzepr.plugins import StoreBackend, StoreURL, hookimpl
from xzepr.stores import CONTRACT_VERSION, Capabilities, Store


def _open(url: StoreURL) -> Store:
    from xzepr_memory.store import MemoryStore  # noqa: PLC0415 - a descriptor is light to import

    url.take_options({})
    return MemoryStore()


@hookimpl
def xzepr_store_backends() -> list[StoreBackend]:
    """Describe the memory store."""
    return [
        StoreBackend(
            scheme="memory",
            summary="keeps everything in this process; for tests and trials",
            open=_open,
            capabilities=Capabilities(durable=False, subscriptions=True, waiting=True),
            contract_version=CONTRACT_VERSION,
        )
    ]
