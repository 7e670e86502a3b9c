"""Databases on a server, and the URLs that lead to them."""

from __future__ import annotations

import pytest

from tests.testing_postgres.asking import ask, encoding_of, tell
from xzepr.errors import ConfigurationError
from xzepr.testing.postgres import PostgresServer
from xzepr.testing.postgres.finding import NamedServer
from xzepr.testing.postgres.server import connect


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("postgresql://u:p@h:1/a", "postgresql://u:p@h:1/b%2Fc"),
        ("postgres+psycopg://h/a?sslmode=disable", "postgresql://h/b%2Fc?sslmode=disable"),
        ("postgresql:///a?host=%2Frun", "postgresql:///b%2Fc?host=%2Frun"),
    ],
)
def test_url_differs_in_the_database_only(address: str, url: str) -> None:
    """The URL of a database keeps role, host, port and options of the server's; a driver is left out."""
    assert NamedServer(address, 18).url("b/c") == url


def test_url_without_a_database_is_the_given_one() -> None:
    """Without a name, the URL is the one to connect to for administration."""
    assert NamedServer("postgresql+psycopg://h/a", 18).url() == "postgresql://h/a"


def test_server_prints_without_its_url() -> None:
    """What a server prints has no password in it."""
    assert repr(NamedServer("postgresql://u:hunter2@h/a", 18)) == "<NamedServer: PostgreSQL 18>"


def test_database_is_a_copy_of_its_template(xzepr_postgres_server: PostgresServer) -> None:
    """A database has what its template had."""
    template = xzepr_postgres_server.create_database()
    tell(xzepr_postgres_server, "CREATE TABLE brought AS SELECT 5 AS n", template)
    copy = xzepr_postgres_server.create_database(template)

    assert ask(xzepr_postgres_server, "SELECT n FROM brought", copy) == "5"


def test_database_takes_options(xzepr_postgres_server: PostgresServer) -> None:
    """A database can have an encoding that the store has to refuse."""
    name = xzepr_postgres_server.create_database("template0", "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")

    assert encoding_of(xzepr_postgres_server, name) == "SQL_ASCII"


def test_database_is_dropped_under_its_users(xzepr_postgres_server: PostgresServer) -> None:
    """Dropping a database ends the connections that a test forgot; dropping it again does nothing."""
    name = xzepr_postgres_server.create_database()
    with connect(xzepr_postgres_server.url(name)) as forgotten:
        xzepr_postgres_server.drop_database(name)
        xzepr_postgres_server.drop_database(name)
        forgotten.close()

    assert encoding_of(xzepr_postgres_server, name) is None


def test_refusal_is_told(xzepr_postgres_server: PostgresServer) -> None:
    """What the server says to a template that is not there is in the error."""
    with pytest.raises(ConfigurationError, match='template database "nowhere" does not exist'):
        xzepr_postgres_server.create_database("nowhere")
