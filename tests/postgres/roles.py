"""Roles other than the owner, and what the tests about them share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Final

import psycopg
from psycopg import sql
from sqlalchemy import create_engine

from tests.postgres.appending import append, event, sequence, unit
from xzepr.model import Ulid
from xzepr_postgres import grant_access

NewRole = Callable[[str], str]
"""Creates a role and returns its name, which begins with a given text."""

READ: Final = (
    *("definitions", "receivers", "groups", "group_revisions", "group_receivers", "units", "events", "transitions"),
    *("staging", "feed", "receiver_figures", "feed_head", "deleted_receivers", "version"),
)
"""The tables that an application only reads."""


def connect_as(owner: psycopg.Connection, role: str, *, autocommit: bool = True) -> psycopg.Connection:
    """Connect to the same database as another role."""
    info = owner.info
    return psycopg.connect(host=info.host, port=info.port, dbname=info.dbname, user=role, autocommit=autocommit)


@contextmanager
def making_roles(connection: psycopg.Connection) -> Iterator[NewRole]:
    """Create roles that may log in and nothing else; in the end they are dropped, with all that they have."""
    made: list[str] = []

    def create(name: str) -> str:
        role = f"{name} {token_hex(4)}"
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        made.append(role)
        return role

    yield create
    for role in made:
        connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(role)))
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@contextmanager
def working_as(owner: psycopg.Connection, role: str, known: Ulid) -> Iterator[psycopg.Connection]:
    """Grant access to a role and connect as it, to a registry with one event in its feed and one in staging."""
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: connect_as(owner, owner.info.user, autocommit=False)
    )
    grant_access(engine, role)
    engine.dispose()
    append(owner, [event(unit("web"), known)])
    sequence(owner)
    append(owner, [event(unit("api"), known)])
    owner.execute(sql.SQL("CREATE SCHEMA evil AUTHORIZATION {}").format(sql.Identifier(role)))
    with connect_as(owner, role) as app:
        yield app


def count(connection: psycopg.Connection, table: str) -> int:
    """Count the rows of a table of the registry."""
    query = sql.SQL("SELECT count(*) FROM xzepr.{}").format(sql.Identifier(table))
    [(number,)] = connection.execute(query).fetchall()
    return int(number)
