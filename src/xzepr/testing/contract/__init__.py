"""The contract: the promises of :mod:`xzepr.stores`, one class per behaviour, one fact per test.

All of it, for a store whose harness is ``ShelfHarness``, is one line in a test module::

    globals().update(adopt(ShelfHarness))

A single behaviour is adopted by a class, which is how a new store begins::

    class TestAppending(AppendingContract):
        harness_class = ShelfHarness

The core is always among what :func:`adopt` returns; a behaviour that needs a capability is, if the harness declares it.
A store that can do what it does not declare fails :class:`CapabilitiesContract`, so nothing is left untested unseen.
"""

from __future__ import annotations

from typing import Final

import pytest

from xzepr.testing.contract._base import Contract
from xzepr.testing.contract.appending import AppendingContract
from xzepr.testing.contract.atomicity import AtomicityContract
from xzepr.testing.contract.concurrency import ConcurrencyContract
from xzepr.testing.contract.damaged import DamagedRowsContract
from xzepr.testing.contract.definitions import DefinitionsContract
from xzepr.testing.contract.feed import FeedContract
from xzepr.testing.contract.figures import CountingContract, StatisticsContract
from xzepr.testing.contract.filters import FiltersContract
from xzepr.testing.contract.gates import GatesContract
from xzepr.testing.contract.group_changes import GroupChangesContract
from xzepr.testing.contract.groups import GroupsContract
from xzepr.testing.contract.histories import HistoriesContract
from xzepr.testing.contract.idempotency import IdempotencyContract
from xzepr.testing.contract.leases import LeasesContract
from xzepr.testing.contract.lifecycle import (
    CapabilitiesContract,
    DurabilityContract,
    LifecycleContract,
    WaitingContract,
)
from xzepr.testing.contract.pages import PagesContract
from xzepr.testing.contract.past import PastContract
from xzepr.testing.contract.receiver_changes import ReceiverChangesContract
from xzepr.testing.contract.receivers import ReceiversContract
from xzepr.testing.contract.redaction import RedactionContract
from xzepr.testing.contract.subscriptions import DeliveryContract
from xzepr.testing.contract.values import ValuesContract
from xzepr.testing.harness import StoreHarness

BEHAVIOURS: Final[tuple[type[Contract], ...]] = (
    AppendingContract,
    AtomicityContract,
    IdempotencyContract,
    ReceiversContract,
    ReceiverChangesContract,
    GroupsContract,
    GroupChangesContract,
    GatesContract,
    DefinitionsContract,
    PastContract,
    HistoriesContract,
    PagesContract,
    FiltersContract,
    CountingContract,
    StatisticsContract,
    RedactionContract,
    FeedContract,
    ValuesContract,
    DamagedRowsContract,
    ConcurrencyContract,
    LifecycleContract,
    CapabilitiesContract,
    DeliveryContract,
    LeasesContract,
    WaitingContract,
    DurabilityContract,
)
"""Every behaviour; those with ``needs`` apply only to stores that declare that capability."""


def adopt(harness_class: type[StoreHarness]) -> dict[str, type[Contract]]:
    """Return test classes for all that a store has to do.

    Args:
        harness_class: The harness of the store.

    Returns:
        The classes by name, to be put into the globals of a test module.
    """
    wanted = [each for each in BEHAVIOURS if each.needs is None or getattr(harness_class.capabilities, each.needs)]
    return {name_of(each): _adopted(each, harness_class) for each in wanted}


def name_of(behaviour: type[Contract]) -> str:
    """Return what the adopted class is called: ``TestAppending`` for ``AppendingContract``."""
    return f"Test{behaviour.__name__.removesuffix('Contract')}"


def _adopted(behaviour: type[Contract], harness_class: type[StoreHarness]) -> type[Contract]:
    adopted = type(name_of(behaviour), (behaviour,), {"harness_class": harness_class, "__doc__": behaviour.__doc__})
    return pytest.mark.xzepr_contract(adopted)


__all__ = [
    "BEHAVIOURS",
    "AppendingContract",
    "AtomicityContract",
    "CapabilitiesContract",
    "ConcurrencyContract",
    "Contract",
    "CountingContract",
    "DamagedRowsContract",
    "DefinitionsContract",
    "DeliveryContract",
    "DurabilityContract",
    "FeedContract",
    "FiltersContract",
    "GatesContract",
    "GroupChangesContract",
    "GroupsContract",
    "HistoriesContract",
    "IdempotencyContract",
    "LeasesContract",
    "LifecycleContract",
    "PagesContract",
    "PastContract",
    "ReceiverChangesContract",
    "ReceiversContract",
    "RedactionContract",
    "StatisticsContract",
    "ValuesContract",
    "WaitingContract",
    "adopt",
    "name_of",
]
