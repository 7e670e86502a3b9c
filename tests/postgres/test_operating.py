"""An operator's work by URL: looking, migrating with a grant, opening; and what a crash in the middle leaves."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, event

from tests.postgres.catalog import catalog, rows
from tests.postgres.guarded import guarded_server, said, url_as
from tests.postgres.roles import NewRole, making_roles
from xzepr.errors import Closed, ConfigurationError, Invalid, Unavailable, XzeprError
from xzepr.plugins import StoreURL, Versions
from xzepr.testing.postgres import LocalServer, PostgresServer
from xzepr_postgres import Schema, newest_version
from xzepr_postgres.operating import migrate_at, open_store, script_for, versions_at

NEWEST = newest_version()
TURN = Schema().lock_key("migrations")
"""The advisory lock that a migration holds."""


@pytest.fixture
def empty(xzepr_postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database."""
    name = xzepr_postgres_server.create_database()
    yield xzepr_postgres_server.url(name)
    xzepr_postgres_server.drop_database(name)


@pytest.fixture
def url(empty: str) -> StoreURL:
    """The same, parsed."""
    return StoreURL.parse(empty)


@pytest.fixture
def owner(empty: str) -> Iterator[psycopg.Connection]:
    """A connection to the empty database, in autocommit mode."""
    with psycopg.connect(empty, autocommit=True) as connection:
        yield connection


@pytest.fixture
def new_role(owner: psycopg.Connection) -> Iterator[NewRole]:
    """Creates roles that may log in and nothing else."""
    with making_roles(owner) as create:
        yield create


def as_role(url: StoreURL, role: str) -> StoreURL:
    """Return the same URL for another role."""
    return StoreURL(scheme=url.scheme, user=role, host=url.host, port=url.port, path=url.path, options=url.options)


def test_versions_tell_nothing_then_the_newest(url: StoreURL) -> None:
    """A migration says what was there before, and what is there now."""
    assert versions_at(url) == Versions(found=None, needed=NEWEST)
    assert migrate_at(url) == Versions(found=None, needed=NEWEST)
    assert versions_at(url) == Versions(found=NEWEST, needed=NEWEST)
    assert migrate_at(url) == Versions(found=NEWEST, needed=NEWEST)


def test_looking_changes_nothing(url: StoreURL, owner: psycopg.Connection) -> None:
    """Who looks at an empty database leaves it empty."""
    versions_at(url)
    assert catalog(owner) == []


@pytest.mark.parametrize(("found", "newer"), [("9999", True), ("0000", True), (None, False)])
def test_another_version_is_told(url: StoreURL, owner: psycopg.Connection, found: str | None, *, newer: bool) -> None:
    """A version that nobody knows here counts as one of a later package; a table without one as none."""
    migrate_at(url)
    owner.execute("DELETE FROM xzepr.version")
    if found is not None:
        owner.execute("INSERT INTO xzepr.version VALUES (%s)", (found,))
    assert versions_at(url) == Versions(found=found, needed=NEWEST, newer=newer)


def test_the_schema_of_the_url_counts(empty: str) -> None:
    """Two registries in one database know nothing of each other."""
    one, two = (StoreURL.parse(f"{empty}?schema={name}") for name in ("Tenant%201", "tenant_2"))
    migrate_at(one)
    assert versions_at(one).current
    assert not versions_at(two).current


def test_migrating_grants_in_the_same_transaction(url: StoreURL, owner: psycopg.Connection, new_role: NewRole) -> None:
    """After one call the application's role can work; a grant that cannot be given leaves no tables either."""
    with pytest.raises(ConfigurationError, match="role to grant access to is not there: create it"):
        migrate_at(url, grant="nobody at all")
    assert catalog(owner) == []
    role = new_role("app")
    migrate_at(url, grant=role)
    assert versions_at(as_role(url, role)).current
    open_store(as_role(url, role)).close()


def test_a_role_without_access_is_told_what_to_run(url: StoreURL, new_role: NewRole) -> None:
    """Neither looking nor opening works before the grant, and both say who has to do what."""
    migrate_at(url)
    stranger = as_role(url, new_role("app"))
    for attempt in (versions_at, open_store):
        with pytest.raises(ConfigurationError, match=r"run `xzepr migrate --grant ROLE` as the owner of the tables"):
            attempt(stranger)


def test_a_role_without_a_right_cannot_migrate(url: StoreURL, owner: psycopg.Connection, new_role: NewRole) -> None:
    """Who may create no schema is told so; who may needs to be no superuser."""
    role = new_role("owner")
    with pytest.raises(ConfigurationError, match="the role may not migrate: connect as the owner of the tables"):
        migrate_at(as_role(url, role))
    database = sql.Identifier(owner.info.dbname)
    owner.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(database, sql.Identifier(role)))
    migrate_at(as_role(url, role))
    assert versions_at(url).current


def test_the_script_does_what_a_migration_does(url: StoreURL, empty: str, new_role: NewRole) -> None:
    """Run by hand, the printed SQL makes the same tables with the same rights, to the last entry of the catalog."""
    role = new_role("app")
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(script_for(url, grant=role))  # type: ignore[call-overload]  # a whole script, as psql runs it
        printed = (catalog(connection), rows(connection))
        connection.execute("DROP SCHEMA xzepr CASCADE")
        migrate_at(url, grant=role)
        assert (catalog(connection), rows(connection)) == printed


def test_a_script_needs_no_server() -> None:
    """Of the URL only the options count, and a role is checked all the same."""
    far = StoreURL.parse("postgresql://app:hunter2@nowhere.invalid/shop?schema=provenance")
    assert 'CREATE SCHEMA IF NOT EXISTS "provenance"' in script_for(far)
    assert 'TO "o""dd"' in script_for(far, grant='o"dd')
    with pytest.raises(Invalid, match="role:"):
        script_for(far, grant="public")


def test_opening_migrates_nothing(url: StoreURL, owner: psycopg.Connection) -> None:
    """A database that is not set up is not opened: the message names the command."""
    with pytest.raises(ConfigurationError, match="xzepr migrate"):
        open_store(url)
    assert catalog(owner) == []


def test_an_open_store_ends_its_connections(url: StoreURL, owner: psycopg.Connection) -> None:
    """A store that was opened by URL leaves no connection behind when it is closed."""
    migrate_at(url)
    store = open_store(StoreURL.parse(f"{url}?application_name=mine"))
    store.check()
    mine = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mine'"
    assert owner.execute(mine).fetchone() == (1,)
    store.close()
    while owner.execute(mine).fetchone() != (0,):
        pass
    with pytest.raises(Closed):
        store.check()


def test_a_store_that_cannot_be_opened_leaves_no_connection(url: StoreURL, owner: psycopg.Connection) -> None:
    """Nor does one that is refused."""
    with pytest.raises(ConfigurationError):
        open_store(StoreURL.parse(f"{url}?application_name=mine"))
    while owner.execute("SELECT FROM pg_stat_activity WHERE application_name = 'mine'").fetchone() is not None:
        pass


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_c079_no_registry_is_made_in_another_encoding(xzepr_postgres_server: PostgresServer, encoding: str) -> None:
    """Looking, migrating and opening refuse a database that cannot hold every text."""
    options = {"SQL_ASCII": "ENCODING 'SQL_ASCII'", "LATIN1": "ENCODING 'LATIN1'"}[encoding]
    name = xzepr_postgres_server.create_database("template0", f"{options} LOCALE 'C'")  # type: ignore[arg-type]
    url = StoreURL.parse(xzepr_postgres_server.url(name))
    for attempt in (versions_at, migrate_at, open_store):
        with pytest.raises(ConfigurationError, match=f"has the encoding {encoding} and must have UTF8"):
            attempt(url)
    xzepr_postgres_server.drop_database(name)


def test_c079_a_standby_is_told_from_a_primary(url: StoreURL) -> None:
    """Where only reading is possible nothing can be migrated: the message asks for the primary."""
    reading = StoreURL.parse(f"{url}?application_name=reads")

    def only_read(connection: psycopg.Connection, *_: object) -> None:
        connection.read_only = True

    event.listen(Engine, "checkout", only_read)
    try:
        with pytest.raises(ConfigurationError, match="this database only reads, as a standby does"):
            migrate_at(reading)
    finally:
        event.remove(Engine, "checkout", only_read)


@pytest.mark.slow
def test_c080_a_migration_waits_for_the_one_before_it(url: StoreURL, owner: psycopg.Connection) -> None:
    """Another migration is waited for longer than a registry waits for a lock."""
    short = StoreURL.parse(f"{url}?lock_timeout=0.01&statement_timeout=0.01")
    migrate_at(short)
    migrating = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with psycopg.connect(url.reveal()) as first:
        first.execute("SELECT pg_advisory_xact_lock(%s)", (TURN,))
        with subprocess.Popen([sys.executable, "-c", MIGRATE, short.reveal()]) as second:
            while owner.execute(migrating).fetchone() is None:
                assert second.poll() is None
            first.commit()
            assert second.wait(60) == 0


MIGRATE = """
import sys
from xzepr.plugins import StoreURL
from xzepr_postgres.operating import migrate_at
migrate_at(StoreURL.parse(sys.argv[1]))
"""


@pytest.mark.slow
def test_c080_processes_migrate_at_once(url: StoreURL, owner: psycopg.Connection) -> None:
    """Four processes that wait for the same turn end in one version; each of them succeeds."""
    owner.execute("SELECT pg_advisory_lock(%s)", (TURN,))
    started = [subprocess.Popen([sys.executable, "-c", MIGRATE, url.reveal()]) for _ in range(4)]
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while owner.execute(waiting).fetchone() != (4,):
        assert [process.poll() for process in started] == [None] * 4
    owner.execute("SELECT pg_advisory_unlock(%s)", (TURN,))
    assert [process.wait(60) for process in started] == [0] * 4
    assert versions_at(url).current


CRASH = """
import os, signal, sys
from sqlalchemy import Engine, event
from xzepr.plugins import StoreURL
from xzepr_postgres.operating import migrate_at

@event.listens_for(Engine, "after_cursor_execute")
def look(connection, cursor, statement, *_):
    if sys.argv[3] in statement:
        os.kill(os.getpid(), signal.SIGKILL)

migrate_at(StoreURL.parse(sys.argv[1]), grant=sys.argv[2])
"""


@pytest.mark.slow
@pytest.mark.parametrize("last", ["CREATE SCHEMA", "CREATE TRIGGER", "GRANT INSERT"])
def test_c080_a_process_that_dies_leaves_nothing(
    url: StoreURL, owner: psycopg.Connection, new_role: NewRole, last: str
) -> None:
    """Killed in the middle, a migration has done nothing; started again, it does all."""
    role = new_role("app")
    died = subprocess.run([sys.executable, "-c", CRASH, url.reveal(), role, last], check=False)
    assert died.returncode == -signal.SIGKILL
    assert catalog(owner) == []
    migrate_at(url, grant=role)
    assert versions_at(as_role(url, role)).current


class Stop(Exception):
    """Interrupts a migration."""


def interrupted_after(url: StoreURL, role: str, statements: int) -> bool:
    """Migrate, interrupted before a statement; say whether it came to that."""
    left = statements

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Stop

    event.listen(Engine, "before_cursor_execute", count)
    try:
        migrate_at(url, grant=role)
    except Stop:
        return True
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return False


@pytest.mark.slow
def test_c080_interrupted_anywhere_it_is_all_or_nothing(
    url: StoreURL, owner: psycopg.Connection, new_role: NewRole
) -> None:
    """Failing at every seventh statement until none fails: each time there is nothing, in the end everything."""
    role, statements = new_role("app"), 1
    while interrupted_after(url, role, statements):
        assert catalog(owner) == []
        statements += 7
    assert statements > 50
    assert versions_at(as_role(url, role)).current


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    """A server that asks for passwords."""
    with guarded_server() as running:
        yield running


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (("hunter2", "hunter3"), ConfigurationError),
        (("owner:", "nobody:"), ConfigurationError),
        (("/postgres", "/nothing"), ConfigurationError),
        (("hunter2", "hunter2@x"), Invalid),
        (("postgresql:", "postgresql:?schema=a&"), Invalid),
        (("/postgres", "/postgres?shcema=a"), Invalid),
        (("127.0.0.1", "no-such-host.invalid"), Unavailable),
    ],
    ids=["password", "role", "database", "typo", "mess", "option", "host"],
)
@pytest.mark.parametrize("attempt", [versions_at, migrate_at, open_store])
def test_c079_what_is_wrong_with_a_url_is_told_without_its_password(
    server: LocalServer, attempt: object, change: tuple[str, str], kind: type[XzeprError]
) -> None:
    """Whatever is wrong, the error is typed, and nothing that can be printed of it holds the password."""
    text = url_as(server, "owner").replace(*change)
    assert text != url_as(server, "owner")
    with pytest.raises(kind) as caught:
        attempt(StoreURL.parse(text))  # type: ignore[operator]
    assert "hunter" not in said(caught.value)
