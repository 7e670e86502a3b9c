"""A registry as the role of an application, which was granted access and owns nothing: all of it works."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import create_engine

from tests.postgres.faults.conftest import OpenRegistry
from tests.postgres.faults.worlds import WRITES, attempt, empty, make_ready, picture, sizes
from tests.postgres.roles import making_roles
from xzepr import Registry
from xzepr.testing.checking import check_history
from xzepr.testing.world import read_feed
from xzepr_postgres import grant_access, require_access


@pytest.fixture
def application(connection: psycopg.Connection, database: str) -> Iterator[str]:
    """The URL of the same database, for a role that was granted access."""
    owner = create_engine(database.replace("postgresql://", "postgresql+psycopg://"))
    with making_roles(connection) as new_role:
        role = new_role("app")
        grant_access(owner, role)
        yield database.replace("//postgres@", f"//{quote(role)}@")
    owner.dispose()


@pytest.mark.parametrize("name", WRITES)
def test_an_application_does_each_write(
    name: str, application: str, database: str, direct: Registry, open_registry: OpenRegistry
) -> None:
    """From an empty registry to the write, and what is stored is what the owner would have stored."""
    WRITES[name](make_ready(direct))
    expected = sizes(picture(database))
    empty(database)
    registry = open_registry(application)
    assert attempt(lambda: WRITES[name](make_ready(registry))) is None
    assert sizes(picture(database)) == expected


def test_an_application_reads_everything(application: str, direct: Registry, open_registry: OpenRegistry) -> None:
    """Every list, every definition, every verdict and the whole feed, as the owner reads them."""
    ready = make_ready(direct)
    ready.record()
    registry = open_registry(application)
    assert read_feed(registry, payloads=True) == read_feed(direct, payloads=True)
    assert registry.receivers.list().items == direct.receivers.list().items
    assert registry.groups.list().items == direct.groups.list().items
    assert registry.groups.revisions(ready.group) == direct.groups.revisions(ready.group)
    assert registry.receivers.statistics(ready.build) == direct.receivers.statistics(ready.build)
    assert registry.events.list().items == direct.events.list().items
    check_history(registry)


def test_an_application_is_ready(application: str, open_registry: OpenRegistry) -> None:
    """What an operator's look and a health check say of it is so."""
    engine = create_engine(application.replace("postgresql://", "postgresql+psycopg://"))
    assert attempt(partial(require_access, engine)) is None
    assert open_registry(application).health().ready
    engine.dispose()


def test_what_an_application_calls_is_not_compiled_first(connection: psycopg.Connection) -> None:
    """Without sequential scans the cost of a plan may look endless, and compiling it took 26 ms a call (measured)."""
    rows = connection.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'xzepr'::regnamespace AND prosecdef"
        " AND NOT coalesce(proconfig @> ARRAY['jit=off'], false)"
    )
    assert [name for (name,) in rows] == []
