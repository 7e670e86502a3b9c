"""Plugins that are wrong: each is named and told what to do, nothing of it is kept, and the others go on working."""

from __future__ import annotations

import logging

import pytest

from tests.plugins.conftest import SHELF, Install
from xzepr.errors import ConfigurationError, Invalid
from xzepr.plugins import PluginManager

BAD = {
    "no such module": ("import no_such_driver", "cannot be imported, as there is no module no_such_driver: install"),
    "no such name": (
        "from xzepr import no_such_name",
        "cannot be imported, as it misses a name in xzepr: install what it needs",
    ),
    "import error in its own words": (
        "raise ImportError('built for another Python')",
        "cannot be imported, as an import of it failed: install what it needs",
    ),
    "exits": ("import sys; sys.exit(0)", r"cannot be imported \(SystemExit\): see the cause"),
    "exits when asked": (
        """
        @hookimpl
        def xzepr_store_backends():
            raise SystemExit
        """,
        r"xzepr_store_backends of the plugin .* failed \(SystemExit\): see the cause",
    ),
    "no Python": ("def (", r"cannot be imported \(SyntaxError\): see the cause"),
    "raises": (
        """
        @hookimpl
        def xzepr_store_backends():
            raise KeyError("spilt")
        """,
        r"xzepr_store_backends of the plugin .* failed \(KeyError\): see the cause",
    ),
    "raises late": (
        """
        @hookimpl
        def xzepr_store_backends():
            yield backend("bad")
            raise KeyError("spilt")
        """,
        r"xzepr_store_backends of the plugin .* failed \(KeyError\): see the cause",
    ),
    "one alone": (
        """
        @hookimpl
        def xzepr_store_backends():
            return backend("bad")
        """,
        "must return an iterable, not StoreBackend",
    ),
    "wrong type": (
        """
        @hookimpl
        def xzepr_store_backends():
            return [backend("bad"), "bad"]
        """,
        "must return StoreBackend, not str",
    ),
    "nothing": (
        """
        @hookimpl
        def xzepr_store_backends():
            return None
        """,
        r"offers nothing: mark xzepr_store_backends or xzepr_token_services with xzepr\.plugins\.hookimpl",
    ),
    "misspelt": (
        """
        @hookimpl
        def xzepr_store_backend():
            return [backend("bad")]
        """,
        "xzepr_store_backend, which is no hook: did you mean xzepr_store_backends",
    ),
    "misspelt beside a right one": (
        """
        @hookimpl
        def xzepr_store_backends():
            return [backend("bad")]

        @hookimpl
        def xzepr_token_servises():
            return []
        """,
        "xzepr_token_servises, which is no hook: did you mean xzepr_token_services",
    ),
    "misspelt and unmarked": (
        """
        @hookimpl
        def xzepr_store_backends():
            return [backend("bad")]

        def xzepr_token_servises():
            return []
        """,
        "has xzepr_token_servises, which is no hook: did you mean xzepr_token_services",
    ),
    "unmarked": (
        """
        def xzepr_store_backends():
            return [backend("bad")]
        """,
        r"does not mark xzepr_store_backends: decorate it with xzepr\.plugins\.hookimpl",
    ),
    "from the future": (
        """
        @hookimpl
        def xzepr_store_backends():
            return [backend("good"), backend("bad", contract_version=2)]
        """,
        "was written for version 2 of the contract, this xzepr has version 1: upgrade xzepr",
    ),
    "from before the first version": (
        """
        @hookimpl
        def xzepr_store_backends():
            return [backend("bad", contract_version=0)]
        """,
        "describes wrongly what it offers: contract_version: must be at least 1",
    ),
    "no version": (
        """
        @hookimpl
        def xzepr_store_backends():
            return [backend("bad", contract_version="1.0")]
        """,
        r"describes wrongly what it offers: contract_version: must be a whole number \(int\), not str",
    ),
    "true version": (
        """
        @hookimpl
        def xzepr_store_backends():
            return [backend("bad", contract_version=True)]
        """,
        "describes wrongly what it offers: contract_version: must be a whole number",
    ),
    "one scheme twice": (
        """
        @hookimpl
        def xzepr_store_backends():
            return [backend("bad"), backend("good", aliases=("bad",))]
        """,
        "offers bad twice",
    ),
    "another name": (
        """
        @hookimpl
        def xzepr_store_backends():
            return [backend("good")]
        """,
        "offers good: name its entry point like that",
    ),
}
"""What is wrong with a plugin, its code, and what its user is told."""


@pytest.fixture(params=BAD)
def told(request: pytest.FixtureRequest, install: Install) -> str:
    """What is to be told of a bad plugin, which is installed beside a right one."""
    source, message = BAD[request.param]
    install("spoilt", source, "bad")
    install("shelves", SHELF, "shelf")
    return message


def test_bad_plugin_is_named(told: str) -> None:
    """Who asks for its scheme learns which distribution is wrong, and what to do."""
    with pytest.raises(ConfigurationError, match=told) as caught:
        PluginManager().open_store("bad:")

    assert "plugin bad of distribution spoilt" in str(caught.value)


def test_bad_plugin_stays_bad(told: str) -> None:
    """Whoever asks again is told the same: nothing of it was kept."""
    plugins = PluginManager()
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=told):
            plugins.store_backend("bad")


@pytest.mark.usefixtures("told")
def test_other_schemes_go_on() -> None:
    """The schemes of other plugins open, before and after somebody met the bad one."""
    plugins = PluginManager()
    before = plugins.store_backend("rack")
    with pytest.raises(ConfigurationError):
        plugins.store_backend("bad")

    assert plugins.store_backend("shelf") is before


def test_nothing_of_it_is_listed(told: str, caplog: pytest.LogCaptureFixture) -> None:
    """The list of schemes leaves out everything that a bad plugin offers, and the log says why."""
    with caplog.at_level(logging.WARNING):
        schemes = PluginManager().store_schemes()

    assert {"shelf", "rack"} <= set(schemes)
    assert {"bad", "good"} & set(schemes) == set()
    assert "plugin bad of distribution spoilt" in caplog.text
    assert told


def test_refused_registration_keeps_nothing(install: Install) -> None:
    """A plugin that clashes with a registered one is not half registered: none of its schemes is there."""
    install("shelves", SHELF, "shelf")
    install("others", SHELF.replace('"shelf"', '"board"'), "board")
    plugins = PluginManager(discover=False)
    plugins.register(__import__("plugin_of_shelves"))

    with pytest.raises(ConfigurationError, match=r"plugin_of_shelves and the .* plugin_of_others both offer rack"):
        plugins.register(__import__("plugin_of_others"))

    assert plugins.store_schemes() == ("rack", "shelf")


def test_two_claims_leave_the_other_schemes(install: Install) -> None:
    """Of two distributions that share one scheme, what only one of them has still opens."""
    install("shelves", SHELF, "shelf")
    install("others", SHELF.replace('"shelf"', '"board"'), "board")
    plugins = PluginManager()
    with pytest.raises(ConfigurationError, match=r"(?=.*distribution shelves)(?=.*distribution others).*uninstall"):
        plugins.store_backend("rack")

    assert [plugins.store_backend(scheme).scheme for scheme in ("shelf", "board")] == ["shelf", "board"]


def test_cause_names_the_field(install: Install) -> None:
    """What is wrong with a descriptor is kept as the cause, for programs."""
    install("spoilt", BAD["no version"][0], "bad")

    with pytest.raises(ConfigurationError) as caught:
        PluginManager().store_backend("bad")

    assert isinstance(caught.value.__cause__, Invalid)
    assert caught.value.__cause__.fields == ("contract_version",)


def test_hook_specification_may_be_imported(install: Install) -> None:
    """A plugin that imports a specification, to read it, implements nothing by that."""
    install("shelves", "from xzepr.plugins import xzepr_token_services\n" + SHELF, "shelf")

    assert PluginManager().store_backend("shelf").scheme == "shelf"
