"""How the memory store is found."""

from __future__ import annotations

import pytest

from xzepr.errors import XzeprError
from xzepr.plugins import StoreURL
from xzepr_memory import MemoryStore
from xzepr_memory.plugin import xzepr_store_backends


def test_the_descriptor_says_what_the_store_says() -> None:
    """Scheme and capabilities are those of the store that it opens."""
    [backend] = xzepr_store_backends()
    store = backend.open(StoreURL.parse("memory:"))
    assert isinstance(store, MemoryStore)
    assert (backend.scheme, backend.capabilities) == (store.scheme, store.capabilities)


def test_an_unknown_option_is_refused_by_name() -> None:
    """The memory store has no options."""
    [backend] = xzepr_store_backends()
    with pytest.raises(XzeprError, match="size"):
        backend.open(StoreURL.parse("memory:?size=3"))
