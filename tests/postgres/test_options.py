"""The options of a URL: what they are by default, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest

from xzepr.errors import Invalid, TooLarge
from xzepr.plugins import StoreURL
from xzepr_postgres.options import PostgresOptions, read_options

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "set-up-postgresql.md"


def read(query: str = "", *, url: str = "postgresql://app:hunter2@db.example/shop") -> PostgresOptions:
    """Return the options of a URL with this query."""
    return read_options(StoreURL.parse(f"{url}?{query}" if query else url))


def test_every_wait_ends_by_default() -> None:
    """Without any option there is a bound for each thing that can take long."""
    options = read()
    waits = (options.connect_timeout, options.pool_timeout, options.lock_timeout, options.statement_timeout)
    assert waits == (5, 5.0, 5.0, 30.0)
    assert (options.schema, options.pool_size, options.attempts) == ("xzepr", 10, 4)


def test_each_option_is_read() -> None:
    """Every option has a spelling in the URL."""
    texts = {
        "schema": "Tenant 1",
        "pool_size": "3",
        "pool_timeout": "0.5",
        "connect_timeout": "2",
        "statement_timeout": "60",
        "lock_timeout": "0.25",
        "attempts": "1",
        "application_name": "shop",
        "sslmode": "verify-full",
        "sslrootcert": "ca.pem",
        "sslcert": "me.pem",
        "sslkey": "me.key",
        "sslpassword": "hunter3",
        "sslcrl": "crl.pem",
        "channel_binding": "require",
        "passfile": "pgpass",
        "target_session_attrs": "read-write",
    }
    options = read("&".join(f"{name}={text.replace(' ', '%20')}" for name, text in texts.items()))
    assert {*texts, "host"} == set(attrs.fields_dict(PostgresOptions))
    assert (options.schema, options.lock_timeout, str(options.target_session_attrs)) == ("Tenant 1", 0.25, "read-write")
    assert read("host=%2Frun%2Fpostgresql", url="postgresql:///shop").host == "/run/postgresql"


def test_no_option_shows_a_secret() -> None:
    """The text form of the options masks the password of the key."""
    assert "hunter3" not in repr(read("sslpassword=hunter3"))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("schema=", "schema"),
        ("schema=a%00b", "schema"),
        ("pool_size=0", "pool_size"),
        ("pool_size=1001", "pool_size"),
        ("pool_size=many", "pool_size"),
        ("pool_timeout=0", "pool_timeout"),
        ("pool_timeout=-1", "pool_timeout"),
        ("pool_timeout=inf", "pool_timeout"),
        ("connect_timeout=1", "connect_timeout"),
        ("connect_timeout=2.5", "connect_timeout"),
        ("statement_timeout=0", "statement_timeout"),
        ("lock_timeout=1e3", "lock_timeout"),
        ("attempts=0", "attempts"),
        ("attempts=21", "attempts"),
        ("application_name=", "application_name"),
        (f"application_name={'x' * 64}", "application_name"),
        ("sslmode=verify_full", "sslmode"),
        ("channel_binding=true", "channel_binding"),
        ("target_session_attrs=primry", "target_session_attrs"),
        ("options=-c%20geqo=off", "options"),
        ("sslmodus=require", "sslmodus"),
        ("host=other", "host"),
    ],
)
def test_a_wrong_option_is_named(query: str, field: str) -> None:
    """What is unknown, misspelt or out of bounds is refused by the name of the option."""
    with pytest.raises(Invalid) as caught:
        read(query)
    assert caught.value.fields == (f"url/options/{field}",)


@pytest.mark.parametrize("name", ["pool_timeout", "statement_timeout", "lock_timeout", "connect_timeout"])
def test_milliseconds_are_refused(name: str) -> None:
    """PostgreSQL's own timeouts are in milliseconds: 5000 seconds are a mistake."""
    with pytest.raises(TooLarge, match="must be at most 3,600"):
        read(f"{name}=5000")


def test_all_that_is_wrong_is_named_at_once() -> None:
    """Who mends one option learns of the others too."""
    with pytest.raises(Invalid) as caught:
        read("schema=%20&pool_size=0&lock_timeout=0")
    assert caught.value.fields == ("url/options/schema", "url/options/pool_size", "url/options/lock_timeout")


@pytest.mark.parametrize("url", ["postgresql://db.example", "postgresql://db.example/", "postgresql:"])
def test_a_url_names_its_database(url: str) -> None:
    """Without one libpq would take the database that is called like the user: nobody means that."""
    with pytest.raises(Invalid, match="url/path: must name the database"):
        read(url=url)


def test_the_guide_has_every_option_and_its_default() -> None:
    """The table in the documentation is the class, option by option."""
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| ([^|]*) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))
    fields = attrs.fields_dict(PostgresOptions)
    assert set(rows) == set(fields)
    told = {name: text.partition(" ")[0].strip("`") for name, text in rows.items() if fields[name].default is not None}
    assert told == {
        name: f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
        for name, field in fields.items()
        if field.default is not None
    }
