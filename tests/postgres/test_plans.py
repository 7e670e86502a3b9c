"""Every statement of the store, in its functions too, finds what it needs over indexes, however much there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import psycopg
import pytest
from sqlalchemy import create_engine

from tests.postgres.asking import Asker, Looked, look, look_at_all
from tests.postgres.cases import CASES
from tests.postgres.counting import CountedSession
from tests.postgres.explaining import ExplainedSession, explains
from tests.postgres.filtering import COUNTS, LISTS, SHORT_LISTS
from tests.postgres.growing import Grown, analyze, grow, keep_statistics
from tests.postgres.meeting import statements_of, unmet, unmet_in_functions, unmet_in_modules
from xzepr.testing.postgres import PostgresServer, find_server, search_server
from xzepr_postgres import migrate
from xzepr_postgres.schema import Schema

FEW, MANY = 10_000, 100_000
EXPLAINING: Final = (18, 15)
"""Versions whose builds have all that is needed; that of 16 in the wheel has not."""
ALL: Final = CASES | SHORT_LISTS | COUNTS
GENERIC, CUSTOM = {"plan_cache_mode": "force_generic_plan"}, {"plan_cache_mode": "force_custom_plan"}


def _changed(function: str, right: str, wrong: str) -> str:
    """Return the SQL that replaces a function by another."""
    [source] = [sql for sql in Schema().statements("definitions.sql") if f'FUNCTION "xzepr".{function}(' in sql]
    assert right in source
    return source.replace(right, wrong).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


HASHED: Final = _changed("reevaluate_v1", " OFFSET 0)", ")")
BRANCHED: Final = _changed(
    "redact_v1",
    "RETURN QUERY SELECT 'done'",
    "IF asked IS NULL THEN PERFORM FROM units u WHERE u.n = 7; END IF; RETURN QUERY SELECT 'done'",
)
UNCALLED: Final = """
CREATE FUNCTION xzepr.planted_v1() RETURNS void LANGUAGE plpgsql AS 'BEGIN UPDATE feed_head SET head = 0; END'
"""


@pytest.fixture(scope="module")
def explaining(xzepr_postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """The server of the run, or another one if its build cannot explain what functions do."""
    if explains(xzepr_postgres_server.url()):
        yield xzepr_postgres_server
        return
    other = next(filter(None, map(search_server, EXPLAINING)), None)
    with other or find_server(EXPLAINING[0]) as server:
        yield server


@pytest.fixture(scope="module")
def databases(explaining: PostgresServer) -> Iterator[dict[str, str]]:
    """The same registry when it had few events, and with many: statistics taken when there were few, and now."""
    few = _grown(explaining, explaining.create_database(), 0, FEW)
    analyze(explaining.url(few))
    old = _grown(explaining, explaining.create_database(few), FEW, MANY)
    many = explaining.create_database(old)
    analyze(explaining.url(many))
    yield {"few": explaining.url(few), "old": explaining.url(old), "many": explaining.url(many)}
    for name in (few, old, many):
        explaining.drop_database(name)


def _grown(server: PostgresServer, database: str, start: int, end: int) -> str:
    url = server.url(database)
    if start == 0:
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        migrate(engine)
        engine.dispose()
        keep_statistics(url)
    grow(url, start, end)
    return database


@pytest.fixture(scope="module")
def asker(databases: dict[str, str]) -> Iterator[Callable[..., Asker]]:
    """Asks one of the registries, over a session with some settings."""
    askers: list[Asker] = []

    def open_asker(which: str, **settings: str) -> Asker:
        grown = Grown(databases[which], FEW if which == "few" else MANY)
        askers.append(Asker(grown, ExplainedSession(databases[which], **settings)))
        return askers[-1]

    yield open_asker
    for each in askers:
        each.session.close()


@pytest.fixture(scope="module")
def many(asker: Callable[..., Asker]) -> Asker:
    """Asks the registry with many events."""
    return asker("many")


@pytest.fixture(scope="module")
def looked(many: Asker) -> dict[str, Looked]:
    """What was looked at for each case, over many events."""
    return look_at_all(many, ALL)


@pytest.fixture(scope="module")
def looked_at_few(asker: Callable[..., Asker]) -> dict[str, Looked]:
    """What was looked at for each case, over few events."""
    return look_at_all(asker("few"), ALL)


@pytest.fixture(scope="module")
def sessions(many: Asker, looked: dict[str, Looked], asker: Callable[..., Asker]) -> list[ExplainedSession]:
    """The sessions that have asked everything: also appends above READ COMMITTED, which read one row more."""
    assert looked
    above = asker("many", default_transaction_isolation="repeatable read")
    look_at_all(above, {name: CASES[name] for name in ("events: append", "events: append many")})
    return [many.session, above.session]


@pytest.mark.parametrize("name", ALL)
def test_looks_at_no_more_rows_than_it_needs(name: str, looked: dict[str, Looked]) -> None:
    """No sequential scan, no walk of a whole index, no rows thrown away or collected beyond a page."""
    assert not looked[name].faults


@pytest.mark.parametrize("name", [name for name, case in ALL.items() if not case.grows])
def test_looks_at_as_much_when_there_is_ten_times_as_much(
    name: str, looked: dict[str, Looked], looked_at_few: dict[str, Looked]
) -> None:
    """Ten times the events, units, receivers, groups, changes and subscriptions cost the same rows and blocks."""
    few, many = looked_at_few[name], looked[name]
    assert many.rows <= 1.3 * few.rows + 10
    assert many.blocks <= 1.3 * few.blocks + 40


@pytest.mark.slow
@pytest.mark.parametrize(("which", "settings"), [("many", GENERIC), ("many", CUSTOM), ("old", {}), ("old", GENERIC)])
def test_looks_at_no_more_whatever_the_planner_knows(
    which: str, settings: dict[str, str], asker: Callable[..., Asker]
) -> None:
    """Plans for the parameters given and for any, with statistics of today and from when there was a tenth."""
    found = look_at_all(asker(which, **settings), ALL)
    assert _faults(found) == []


@pytest.mark.slow
@pytest.mark.parametrize("which", ["many", "old"])
@pytest.mark.parametrize("what", LISTS)
def test_walks_along_one_index_until_the_page_is_full(which: str, what: str, asker: Callable[..., Asker]) -> None:
    """Any filter, either order, any range of times, from the beginning or from the middle."""
    assert _faults(look_at_all(asker(which), LISTS[what], rounds=1)) == []


def test_every_statement_of_the_modules_is_explained(sessions: list[ExplainedSession]) -> None:
    """What a module holds or puts together and nobody has asked for here would be a query without a plan test."""
    assert unmet_in_modules(sessions) == []


def test_every_statement_in_the_functions_is_explained(
    sessions: list[ExplainedSession], databases: dict[str, str]
) -> None:
    """The same inside of the database: every place where a function touches a table."""
    with psycopg.connect(databases["many"]) as connection:
        assert unmet_in_functions(connection, sessions) == []


def test_a_statement_that_nobody_has_explained_is_named(sessions: list[ExplainedSession]) -> None:
    """The collector finds what is planted: a constant, a text with a gap, and one that differs in a column."""
    planted = """
_COUNT: Final = "SELECT count(*) FROM {schema}.events"
_KNOWN: Final = "SELECT version_num FROM {schema}.version"
def latest(kind):
    return f"SELECT max(created_at) FROM {{schema}}.{kind}s"
"""
    values = {"_COUNT": "SELECT count(*) FROM {schema}.events", "_KNOWN": "SELECT version_num FROM {schema}.version"}
    found = unmet(statements_of("planted", planted, values), sessions)
    assert found == ["planted: _COUNT", "planted: line 5"]


def test_a_place_in_a_function_to_which_nobody_has_come_is_named(
    sessions: list[ExplainedSession], databases: dict[str, str]
) -> None:
    """One that was called is no excuse: each of its branches counts."""
    with psycopg.connect(databases["many"]) as connection:
        connection.execute(UNCALLED)
        connection.execute(BRANCHED)
        found = unmet_in_functions(connection, sessions)
        connection.rollback()
    assert sorted(found) == ["planted_v1: UPDATE feed_head SET head = 0", "redact_v1: FROM units u WHERE u.n = 7"]


@pytest.mark.parametrize(
    ("broken", "name", "fault"),
    [
        ("DROP INDEX xzepr.events_gate", "groups: verdict", "rows were looked at, and 20 may be"),
        ("DROP INDEX xzepr.events_gate", "events: append of a busy receiver", "rows were looked at"),
        ("DROP INDEX xzepr.group_receivers_enabled", "events: append", "rows were looked at, and 40 may be"),
        ("DROP INDEX xzepr.events_receiver", "events: list a calm receiver", "rows were looked at"),
        ("DROP INDEX xzepr.receivers_created", "receivers: list", "Seq Scan of receivers reads the whole table"),
        ("ALTER TABLE xzepr.staging DROP CONSTRAINT staging_pkey", "feed: head", "Seq Scan of staging reads"),
        ("DROP INDEX xzepr.events_unit", "events: list a busy unit", "rows were looked at"),
        (HASHED, "groups: reevaluate", "transitions reads"),
    ],
)
def test_a_fault_that_is_planted_is_named(broken: str, name: str, fault: str, many: Asker) -> None:
    """Without an index, or with the statement as it once was, the same case fails and says why."""
    with many.session.spoiled(broken):
        found = look(many, ALL[name]).faults
    assert any(fault in each for each in found), found


@pytest.fixture(scope="module")
def counted_database(
    xzepr_postgres_server: PostgresServer, explaining: PostgresServer, databases: dict[str, str]
) -> Iterator[str]:
    """A registry with many events on the server of the run."""
    if explaining is xzepr_postgres_server:
        yield databases["many"]
        return
    name = _grown(xzepr_postgres_server, xzepr_postgres_server.create_database(), 0, MANY)
    analyze(xzepr_postgres_server.url(name))
    yield xzepr_postgres_server.url(name)
    xzepr_postgres_server.drop_database(name)


@pytest.fixture(scope="module")
def counted(counted_database: str) -> Iterator[Asker]:
    """Asks a registry with many events, on the server of the run, which counts by itself."""
    session = CountedSession(counted_database)
    yield Asker(Grown(counted_database, MANY), session)
    session.close()


def test_the_database_counts_no_more_rows_either(counted: Asker) -> None:
    """Its own figures of each statement with all that it calls: no table from end to end, no more rows than needed."""
    assert _faults(look_at_all(counted, ALL, rounds=1)) == []


@pytest.mark.parametrize(
    ("index", "name", "fault"),
    [
        ("receivers_created", "receivers: list", "Seq Scan of receivers reads the whole table"),
        ("events_gate", "events: append of a busy receiver", "rows were looked at"),
    ],
)
def test_the_figures_show_a_fault_that_is_planted(index: str, name: str, fault: str, counted: Asker) -> None:
    """Without an index the same case fails and says why."""
    with counted.session.spoiled(f"DROP INDEX xzepr.{index}"):
        found = look(counted, ALL[name]).faults
    assert any(fault in each for each in found), found


def _faults(found: dict[str, Looked]) -> list[str]:
    return [f"{name}: {fault}" for name, each in found.items() for fault in each.faults]
