"""Why there is no connection: each reason is an error of ours that says what to do, soon and without the password."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from time import monotonic

import pytest
from sqlalchemy import Connection, Engine, create_engine

from tests.postgres.guarded import guarded_server, said, url_as
from xzepr.errors import ConfigurationError, Unavailable, XzeprError
from xzepr.plugins import StoreURL
from xzepr.testing.postgres import LocalServer
from xzepr_postgres import make_engine, read_options
from xzepr_postgres.connecting import connect, take_turn, transact
from xzepr_postgres.schema import Schema


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    """A server that asks for passwords."""
    with guarded_server() as running:
        yield running


@pytest.fixture
def engine(xzepr_postgres_database: str) -> Iterator[Engine]:
    """An engine for a database."""
    engine = engine_of(xzepr_postgres_database)
    yield engine
    engine.dispose()


def engine_of(url: str) -> Engine:
    """Return the engine of a URL."""
    parsed = StoreURL.parse(url)
    return make_engine(parsed, read_options(parsed))


def refusal(url: str) -> XzeprError:
    """Return why there is no connection by a URL; what anybody can print of it holds no password."""
    with pytest.raises(XzeprError) as caught:
        connect(engine_of(url))
    assert "hunter" not in said(caught.value)
    return caught.value


def test_the_right_password_lets_in(server: LocalServer) -> None:
    """The control: with what is right there is a connection."""
    engine = engine_of(url_as(server, "app"))
    with connect(engine) as connection:
        assert connection.exec_driver_sql("SELECT current_user").scalar() == "app"
    engine.dispose()


@pytest.mark.parametrize(
    ("role", "database", "password"),
    [("app", "postgres", "hunter3"), ("nobody", "postgres", "hunter2"), ("app", "nothing", "hunter2")],
    ids=["password", "role", "database"],
)
def test_c079_a_url_that_the_server_refuses(server: LocalServer, role: str, database: str, password: str) -> None:
    """A wrong password, role or database is a mistake in the configuration; the server does not tell which one."""
    error = refusal(url_as(server, role, database, password=password))
    assert type(error) is ConfigurationError
    assert "see that user, password, database and TLS options of the URL are right" in str(error)


def test_c079_a_password_that_is_missing_is_asked_for(server: LocalServer) -> None:
    """A URL without a password, where one is wanted, says so."""
    error = refusal(url_as(server, "app", password=None))
    assert type(error) is ConfigurationError
    assert "asks for a password: put it into the URL" in str(error)


def test_c079_tls_that_the_server_has_not(server: LocalServer) -> None:
    """A server without TLS is none that a URL with ``sslmode=require`` means."""
    assert type(refusal(url_as(server, "app") + "?sslmode=require")) is ConfigurationError


@pytest.mark.parametrize("host", ["127.0.0.1:1", "no-such-host.invalid", "%2Fno%2Fsuch%2Ffolder"])
def test_c079_a_server_that_is_not_there(host: str) -> None:
    """A port where nobody listens, a name that nobody knows, a socket that does not exist: safe to retry."""
    error = refusal(f"postgresql://app:hunter2@{host}/shop")
    assert type(error) is Unavailable
    assert "see that it runs, and that host and port are right" in str(error)


@pytest.mark.slow
def test_c079_a_server_that_says_nothing_is_given_up_in_time() -> None:
    """Who takes the connection and never answers is not waited for beyond the timeout."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = monotonic()
        error = refusal(f"postgresql://app:hunter2@127.0.0.1:{silent.getsockname()[1]}/shop?connect_timeout=2")
        assert monotonic() - began < 4
    assert type(error) is Unavailable
    assert "did not answer in time" in str(error)


STARTING = """
import socket
fields = b"SFATAL\\0VFATAL\\0C57P03\\0Mthe database system is starting up\\0\\0"
with socket.create_server(("127.0.0.1", 0)) as listening:
    print(listening.getsockname()[1], flush=True)
    while True:
        with listening.accept()[0] as taken:
            while taken.recv(4096)[4:6] == b"\\x04\\xd2":  # asks for TLS
                taken.sendall(b"N")
            taken.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
"""
"""A server that refuses everybody as PostgreSQL does while it starts. A process: libpq's ping holds the interpreter."""


def test_c079_a_server_that_is_starting_is_to_be_tried_again() -> None:
    """A server that does not take connections yet says so in its protocol, and we say: retry."""
    with subprocess.Popen([sys.executable, "-c", STARTING], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        error = refusal(f"postgresql://app:hunter2@127.0.0.1:{int(server.stdout.readline())}/shop")
        server.kill()
    assert type(error) is Unavailable
    assert "is starting or stopping: retry" in str(error)


def test_c078_a_pool_without_a_free_connection(xzepr_postgres_database: str) -> None:
    """A pool that is used up is no reason to look at the server."""
    engine = engine_of(f"{xzepr_postgres_database}?pool_size=1&pool_timeout=0.02")
    with connect(engine), pytest.raises(Unavailable, match="every connection of the pool is in use"):
        connect(engine)
    engine.dispose()


def fail(statement: str) -> Callable[[Connection], None]:
    """Return work that runs a statement."""

    def work(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE public.left_behind ()")
        connection.exec_driver_sql(statement)

    return work


@pytest.mark.parametrize(
    ("statement", "kind", "sqlstate"),
    [
        ("SELECT 1 / 0", ConfigurationError, "22012"),
        ("SELECT * FROM nothing", ConfigurationError, "42P01"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", Unavailable, "57P01"),
        ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(60)", Unavailable, "57014"),
    ],
)
def test_a_failing_statement_becomes_an_error_of_ours(
    engine: Engine, statement: str, kind: type[XzeprError], sqlstate: str
) -> None:
    """Of the driver's error only the SQLSTATE is kept, and nothing that was done before it."""
    with pytest.raises(kind) as caught:
        transact(engine, fail(statement))
    assert getattr(caught.value.__cause__, "sqlstate", None) == sqlstate
    assert "SELECT" not in f"{caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}"
    with connect(engine) as connection:
        assert connection.exec_driver_sql("SELECT to_regclass('public.left_behind')").scalar() is None


def test_a_right_that_is_missing_is_told_in_the_callers_words(engine: Engine) -> None:
    """Who knows what was tried says what right it takes."""
    statement = "SET ROLE pg_monitor; CREATE TABLE public.mine ()"
    with pytest.raises(ConfigurationError, match=r"^ask for it$"):
        transact(engine, fail(statement), no_right="ask for it")


def test_a_commit_that_fails_is_an_error_of_ours(engine: Engine) -> None:
    """What is checked at the end of the transaction fails there, and not as an error of the driver."""

    def work(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE public.late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        connection.exec_driver_sql("INSERT INTO public.late VALUES (1), (1)")

    with pytest.raises(ConfigurationError) as caught:
        transact(engine, work)
    assert getattr(caught.value.__cause__, "sqlstate", None) == "23505"


def test_a_connection_of_the_callers_stays_in_its_transaction(engine: Engine) -> None:
    """Work on a connection is not committed, and its end is the caller's to choose."""
    with connect(engine) as connection:
        transact(connection, lambda own: own.exec_driver_sql("CREATE TABLE public.mine ()"))
        assert connection.in_transaction()
        connection.rollback()
        assert connection.exec_driver_sql("SELECT to_regclass('public.mine')").scalar() is None


def test_a_turn_needs_a_transaction(engine: Engine) -> None:
    """In autocommit mode the lock would be gone with its statement: refused."""
    with engine.begin() as connection:
        take_turn(connection, Schema())
        take_turn(connection, Schema())
    alone = engine.execution_options(isolation_level="AUTOCOMMIT")
    with alone.connect() as connection, pytest.raises(ConfigurationError, match="not in autocommit mode"):
        take_turn(connection, Schema())


def test_a_hosts_own_engine_is_explained_too() -> None:
    """An engine without our settings gets the same words."""
    engine = create_engine("postgresql+psycopg://app:hunter2@127.0.0.1:1/shop")
    with pytest.raises(Unavailable, match="no server answers"):
        connect(engine)
