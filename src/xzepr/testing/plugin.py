"""The pytest plugin: one fixture, the kit's markers, and readable assertions in the contract.

pytest imports this module in every run of everybody who has xzepr installed. So it imports no store and no
Hypothesis; the fixture does what it needs when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from xzepr import Registry

MARKERS = (
    "xzepr_contract: a promise that every xzepr store keeps",
    "xzepr_race: threads race each other; the result does not depend on who wins",
)

pytest.register_assert_rewrite("xzepr.testing.contract", "xzepr.testing.checking", "xzepr.testing.machine")


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


@pytest.fixture
def xzepr_registry() -> Iterator[Registry]:
    """A fresh registry over a fresh store in memory, closed after the test."""
    with Registry.open("memory:") as registry:
        yield registry
