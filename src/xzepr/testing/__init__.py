"""The test kit: for those who test a service that uses xzepr, and for those who write a store.

Who tests a service asks for the fixture ``xzepr_registry``: a fresh registry in memory, the same behaviour as every
other store, no server. It needs ``pytest`` and is there as soon as xzepr is installed.

Who writes a store fills in one :class:`~xzepr.testing.harness.StoreHarness` and lets the contract run against it::

    from xzepr.testing.contract import adopt

    from tests.harness import ShelfHarness

    globals().update(adopt(ShelfHarness))

What there is, each in its module:

- :mod:`~xzepr.testing.harness`: what the kit has to know about a store.
- :mod:`~xzepr.testing.contract`: the promises of a store, one class per behaviour.
- :mod:`~xzepr.testing.machine`: random programs, the store against an oracle.
- :mod:`~xzepr.testing.oracle`: the registry's rules once more, the slow and simple way.
- :mod:`~xzepr.testing.checking`: does a feed explain every verdict and transition there is?
- :mod:`~xzepr.testing.strategies`: Hypothesis strategies for units, payloads, definitions and histories.
- :mod:`~xzepr.testing.postgres`: a real PostgreSQL server, started for the tests and gone with them.
- :mod:`~xzepr.testing.world`, :mod:`~xzepr.testing.clock`, :mod:`~xzepr.testing.racing`: what tests are written with.

The kit needs ``pip install "xzepr[testing]"``. This module imports nothing, because pytest loads it everywhere.
"""
