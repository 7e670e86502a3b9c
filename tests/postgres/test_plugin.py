"""How the PostgreSQL store is found: by every spelling of its scheme, and without its driver until it is opened."""

from __future__ import annotations

import subprocess
import sys

import pytest

import xzepr_postgres
from xzepr import Registry, Unit
from xzepr.errors import ConfigurationError, Invalid
from xzepr.plugins import PluginManager, StoreURL
from xzepr_postgres.plugin import PostgresMigrations, xzepr_store_backends

DRIVERS = {"psycopg", "psycopg_binary", "sqlalchemy", "alembic"}


def run(program: str) -> str:
    """Run a program in a fresh interpreter; return what it prints."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_registry_is_opened_by_url(xzepr_postgres_database: str, scheme: str) -> None:
    """Each spelling of the scheme opens the same store; what is recorded outlives the registry."""
    url = xzepr_postgres_database.replace("postgresql:", f"{scheme}:")
    unit = Unit(name="web", version="1", release="1", platform_id="linux-amd64", package="oci")
    with Registry.open(url) as registry:
        build = registry.receivers.ensure(name="build", type="ci.build", version="1", schema=True)
        event = registry.events.record(unit, build, success=True, payload={"n": 1}).event
        assert registry.health().ready
    with Registry.open(url) as registry:
        assert registry.events.get(event.id) == event


def test_the_options_of_the_url_reach_the_store(xzepr_postgres_database: str) -> None:
    """The schema is one of them: another one is not set up."""
    with pytest.raises(ConfigurationError, match="xzepr migrate"):
        Registry.open(f"{xzepr_postgres_database}?schema=elsewhere")
    with pytest.raises(Invalid, match=r"pool_sise: is unknown: did you mean pool_size\?"):
        Registry.open(f"{xzepr_postgres_database}?pool_sise=5")


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg2", "pg8000", "psycopg2cffi"])
def test_another_driver_says_what_to_write(driver: str) -> None:
    """The URL of a host's engine, pasted, is answered with the way to write it."""
    with pytest.raises(ConfigurationError, match=r"leave the driver out and write postgresql://$"):
        Registry.open(f"postgresql+{driver}://app:hunter2@db.example/shop")


def test_a_driver_that_is_no_scheme_says_it_too() -> None:
    """SQLAlchemy's name of psycopg's asynchronous side has an underscore, which no scheme of a URL may have."""
    with pytest.raises(Invalid, match="no underscore: leave the driver out, as in postgresql://host/database"):
        Registry.open("postgresql+psycopg_async://app:hunter2@db.example/shop")


def test_the_descriptor_says_what_the_store_says(xzepr_postgres_database: str) -> None:
    """Scheme and capabilities are those of the store that it opens."""
    [backend] = xzepr_store_backends()
    store = backend.open(StoreURL.parse(xzepr_postgres_database))
    assert (backend.scheme, backend.capabilities) == (store.scheme, store.capabilities)
    store.close()


def test_the_plugin_brings_its_migrations(xzepr_postgres_database: str) -> None:
    """A command finds them under the scheme."""
    migrations = PluginManager().migrations("postgres")
    assert migrations is not None
    assert migrations.versions(StoreURL.parse(xzepr_postgres_database)).current
    assert "CREATE SCHEMA" in migrations.script(StoreURL.parse("postgresql://host/shop"))


@pytest.fixture
def without_driver() -> str:
    """The beginning of a program for which neither driver nor SQLAlchemy is installed."""
    return f"import sys; sys.modules.update(dict.fromkeys({sorted(DRIVERS)})); "


def test_asking_the_plugin_loads_no_driver() -> None:
    """Who lists the schemes, or mistypes one, pays for no driver."""
    program = (
        "from xzepr.plugins import PluginManager; PluginManager().store_schemes(); import sys; print(*sys.modules)"
    )
    loaded = set(run(program).split())
    assert "xzepr_postgres.plugin" in loaded
    assert loaded & DRIVERS == set()


@pytest.mark.parametrize("work", ["open_store(url).close()", "versions_at(url)"])
def test_who_migrates_nothing_waits_for_no_alembic(xzepr_postgres_database: str, work: str) -> None:
    """It takes a second to import: neither a service that opens a store nor a check pays for it."""
    names = "from xzepr_postgres.operating import open_store, versions_at; from xzepr.plugins import StoreURL"
    url = f"url = StoreURL.parse({xzepr_postgres_database!r})"
    loaded = set(run(f"{names}; {url}; {work}; import sys; print(*sys.modules)").split())
    assert "psycopg" in loaded
    assert "alembic" not in loaded


def test_without_the_driver_the_extra_is_named(without_driver: str) -> None:
    """The wheel always has the store; opening it without what it needs says how to install that."""
    program = """
from xzepr import Registry
from xzepr.errors import ConfigurationError
try:
    Registry.open("postgresql://app:hunter2@db.example/shop")
except ConfigurationError as error:
    print(error)
"""
    printed = run(without_driver + program)
    assert printed.strip().endswith('what is not installed (ModuleNotFoundError): pip install "xzepr[postgres]"')


@pytest.mark.parametrize("command", [["check"], ["migrate"], ["migrate", "--sql"]])
def test_without_the_driver_a_command_names_the_extra(without_driver: str, command: list[str]) -> None:
    """So do the commands."""
    arguments = [*command, "--store", "postgresql://app:hunter2@db.example/shop"]
    program = f"sys.stderr = sys.stdout; from xzepr.cli import main; print(main({arguments}))"
    printed = run(without_driver + program)
    assert 'pip install "xzepr[postgres]"\n2\n' in printed
    assert "hunter2" not in printed


def test_without_the_driver_the_scheme_is_still_known(without_driver: str) -> None:
    """So it is no unknown scheme, and nothing is said of it when another one is."""
    assert "postgresql" in run(
        without_driver + "from xzepr.plugins import PluginManager as P; print(P().store_schemes())"
    )


def test_every_public_name_is_there() -> None:
    """The package imports its names when they are asked for: each one can be, and no other."""
    found = {name: getattr(xzepr_postgres, name) for name in xzepr_postgres.__all__}
    assert all(thing.__module__.startswith("xzepr_postgres.") for thing in found.values())
    with pytest.raises(AttributeError, match="has no attribute 'migrat'"):
        xzepr_postgres.migrat  # noqa: B018


def test_migrations_by_hand_are_those_of_the_plugin(xzepr_postgres_database: str) -> None:
    """Migrating what is migrated changes nothing."""
    versions = PostgresMigrations().migrate(StoreURL.parse(xzepr_postgres_database))
    assert versions.current
