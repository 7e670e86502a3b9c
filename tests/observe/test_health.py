"""How a store is, in a few words that hold no secret."""

from __future__ import annotations

from typing import cast
from unittest.mock import Mock

import pytest

from xzepr.errors import Closed, ConfigurationError, Unavailable
from xzepr.observe import CheckName, Health, health_of
from xzepr.stores import Store


def store_where(check: Exception | None = None, head: Exception | None = None) -> Store:
    """A store that fails as told."""
    return cast(
        "Store", Mock(**{"check.side_effect": check, "feed.head.side_effect": head, "feed.head.return_value": 7})
    )


def codes(health: Health) -> dict[str, str]:
    """The findings by name."""
    return {check.name: check.code for check in health.checks}


def test_a_working_store_is_live_and_ready() -> None:
    """Where every look succeeds there is nothing to tell."""
    health = health_of(store_where())

    assert (health.live, health.ready) == (True, True)
    assert codes(health) == {"store": "ok", "feed": "ok"}


def test_an_unreachable_store_is_live_but_not_ready() -> None:
    """Restarting a process does not mend a database."""
    health = health_of(store_where(Unavailable("the database does not answer")))

    assert (health.live, health.ready) == (True, False)
    assert codes(health) == {"store": "unavailable"}


def test_a_closed_store_is_not_live() -> None:
    """A process that has closed its store can only be restarted."""
    health = health_of(store_where(Closed("store")))

    assert (health.live, health.ready) == (False, False)


def test_a_feed_that_cannot_be_read_is_not_ready() -> None:
    """A store that answers, but not about its feed, is not ready."""
    health = health_of(store_where(head=Unavailable("the feed is held")))

    assert (health.live, health.ready) == (True, False)
    assert codes(health) == {"store": "ok", "feed": "unavailable"}


def test_the_reason_says_what_to_do() -> None:
    """The words of our own errors are passed on."""
    (check,) = health_of(store_where(ConfigurationError("the schema is older: run xzepr migrate"))).checks

    assert (check.name, check.ok, check.reason) == (CheckName.STORE, False, "the schema is older: run xzepr migrate")
    assert check.seconds >= 0


def test_c094_words_of_others_are_not_passed_on() -> None:
    """Of any other error only the type is told."""
    (check,) = health_of(store_where(OSError("postgresql://ci:hunter2@db/x refused"))).checks

    assert (check.code, check.reason) == ("internal", "OSError")


def test_c092_a_reason_is_one_bounded_line() -> None:
    """A reason is escaped, masked and cut, should an error of ours say too much."""
    (check,) = health_of(store_where(Unavailable("postgresql://ci:hunter2@db/x\n" + "x" * 1_000))).checks

    assert "hunter2" not in check.reason
    assert "\n" not in check.reason
    assert len(check.reason) == 300


def test_an_interruption_passes() -> None:
    """Ctrl-C is not a finding."""
    with pytest.raises(KeyboardInterrupt):
        health_of(cast("Store", Mock(**{"check.side_effect": KeyboardInterrupt})))
