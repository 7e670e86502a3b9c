"""Finding a backend, and every way in which that can fail."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from tests.plugins.conftest import SHELF, Install
from xzepr.errors import ConfigurationError, Invalid, Unavailable
from xzepr.plugins import PluginManager, StoreBackend, StoreURL, TokenServiceBackend, default_plugins, hookimpl
from xzepr.stores import Capabilities, Store

MEMBERS = ("scheme", "capabilities", "receivers", "groups", "events", "feed", "check", "close")


def a_backend(scheme: str = "shelf", **more: object) -> StoreBackend:
    """A backend whose stores show the URL that they were opened with."""
    fields: dict[str, Any] = {
        "summary": "a shelf",
        "open": lambda url: SimpleNamespace(**dict.fromkeys(MEMBERS, url)),
        "capabilities": Capabilities(),
        "contract_version": 1,
    }
    return StoreBackend(scheme=scheme, **fields | more)


class Plugin:
    """A plugin made by hand."""

    def __init__(self, *backends: object) -> None:
        self.backends = backends

    @hookimpl
    def xzepr_store_backends(self) -> tuple[object, ...]:
        """Offer what the test wants to be offered."""
        return self.backends


def having(*backends: object) -> PluginManager:
    """A manager that knows one plugin."""
    plugins = PluginManager(discover=False)
    plugins.register(Plugin(*backends))
    return plugins


def test_a_registered_backend_opens_its_store() -> None:
    """A plugin registered by hand opens the URLs of its scheme."""
    store: Any = having(a_backend()).open_store("shelf:box")

    assert store.scheme == StoreURL(scheme="shelf", path="box")


def test_an_alias_is_as_good_as_the_scheme() -> None:
    """A backend is found under each of its aliases."""
    backend = a_backend(aliases=("rack",))

    assert having(backend).store_backend("rack") is backend


def test_an_installed_plugin_is_found(install: Install) -> None:
    """An entry point named like the scheme is enough."""
    install("shelves", SHELF, "shelf")

    store: Any = PluginManager().open_store("shelf:box")

    assert store.scheme.path == "box"


def test_only_the_wanted_plugin_is_imported(install: Install) -> None:
    """Plugins with other names stay unimported."""
    install("shelves", SHELF, "shelf")
    install("other", "raise RuntimeError", "other")

    PluginManager().store_backend("shelf")

    assert "plugin_of_other" not in sys.modules


def test_a_scheme_without_an_entry_point_is_searched(install: Install) -> None:
    """A scheme that no entry point is named after is found in the plugin that offers it, past broken ones."""
    install("shelves", SHELF, "shelf")
    install("broken", "raise RuntimeError", "a")

    assert PluginManager().store_backend("rack").scheme == "shelf"


def test_two_entry_points_of_one_plugin_are_one_claim(install: Install) -> None:
    """A distribution may name its plugin twice: once for each scheme."""
    install("shelves", SHELF, "shelf", "rack")
    plugins = PluginManager()

    assert plugins.store_backend("shelf") is plugins.store_backend("rack")


def test_the_registered_one_goes_first(install: Install) -> None:
    """A plugin registered by hand hides the installed one: what a test wants."""
    install("shelves", SHELF, "shelf")
    plugins, backend = PluginManager(), a_backend()
    plugins.register(Plugin(backend))

    assert plugins.store_backend("shelf") is backend


def test_nothing_installed_is_found_without_discovery(install: Install) -> None:
    """Without discovery there is only what was registered."""
    install("shelves", SHELF, "shelf")

    assert PluginManager(discover=False).store_schemes() == ()


def test_schemes_are_listed_and_broken_plugins_logged(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    """The list has all that can be loaded; what cannot is a warning that names it."""
    install("shelves", SHELF, "shelf")
    install("broken", "raise RuntimeError", "a")

    schemes = PluginManager().store_schemes()

    assert {"rack", "shelf"} <= set(schemes)
    assert "plugin a of distribution broken" in caplog.text


def test_two_distributions_with_one_scheme_are_both_named(install: Install) -> None:
    """Of two distributions that claim a scheme neither wins, whichever comes first."""
    install("shelves", SHELF, "shelf")
    install("others", SHELF, "shelf")

    with pytest.raises(ConfigurationError, match=r"(?=.*distribution shelves)(?=.*distribution others).*uninstall"):
        PluginManager().store_backend("shelf")


def test_two_hidden_claims_are_both_named(install: Install) -> None:
    """Also where the scheme is the name of neither entry point."""
    install("shelves", SHELF, "shelf")
    install("others", SHELF.replace('"shelf"', '"board"'), "board")

    with pytest.raises(ConfigurationError, match=r"(?=.*distribution shelves)(?=.*distribution others)"):
        PluginManager().store_backend("rack")


def test_two_registered_plugins_with_one_scheme_are_refused() -> None:
    """The second registration of a scheme is an error."""
    plugins = having(a_backend())

    with pytest.raises(ConfigurationError, match="both offer shelf"):
        plugins.register(Plugin(a_backend()))


def test_an_unknown_scheme_names_the_nearest() -> None:
    """An unknown scheme is told together with the nearest one and all that are known."""
    with pytest.raises(
        ConfigurationError, match=r"no store backend shlef: did you mean shelf\? Known are board, shelf"
    ):
        having(a_backend(), a_backend("board")).open_store("shlef:")


@pytest.mark.parametrize("scheme", ["board+asyncpg", "board+psycopg2", "board+board"])
def test_a_scheme_with_a_driver_says_what_to_write(scheme: str) -> None:
    """Who knows SQLAlchemy's URLs learns that ours name no driver."""
    with pytest.raises(ConfigurationError, match=r"leave the driver out and write board://$"):
        having(a_backend("board")).open_store(f"{scheme}://ci:hunter2@host/x")


def test_a_known_scheme_that_is_not_installed_names_the_extra() -> None:
    """A scheme of ours says which extra it needs."""
    with pytest.raises(ConfigurationError, match=r'no store backend postgresql: pip install "xzepr\[postgres\]"'):
        PluginManager(discover=False).open_store("postgresql://ci:hunter2@db/x")


def test_an_unknown_scheme_tells_of_broken_plugins(install: Install) -> None:
    """A plugin that could not be loaded may be the one: it is named, and its error is kept."""
    install("broken", "raise RuntimeError('spilt')", "a")

    with pytest.raises(ConfigurationError, match="plugin a of distribution broken") as caught:
        PluginManager().store_backend("nothing-like-it")

    assert "spilt" in "".join(traceback.format_exception(caught.value))


def test_a_broken_plugin_keeps_its_error(install: Install) -> None:
    """The plugin that is wanted and fails is named, its own error being the cause."""
    install("broken", "raise RuntimeError('spilt')", "shelf")

    with pytest.raises(ConfigurationError, match=r"plugin shelf of distribution broken .*RuntimeError") as caught:
        PluginManager().store_backend("shelf")

    assert str(caught.value.__cause__) == "spilt"


def test_a_plugin_without_its_driver_names_what_is_missing(install: Install) -> None:
    """An import error inside a plugin says which module is missing."""
    install("broken", "import no_such_driver", "shelf")

    with pytest.raises(ConfigurationError, match="no module no_such_driver: install what it needs"):
        PluginManager().store_backend("shelf")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_our_own_plugin_without_its_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """For a scheme of ours an import error says which extra it needs."""
    monkeypatch.setitem(sys.modules, "xzepr_postgres.plugin", None)

    with pytest.raises(ConfigurationError, match=r'pip install "xzepr\[postgres\]"'):
        PluginManager().store_backend(scheme)


def test_an_entry_point_with_another_name_is_refused(install: Install) -> None:
    """An entry point has to be named like what it offers."""
    install("shelves", SHELF, "shell")

    with pytest.raises(
        ConfigurationError, match=r"plugin shell of distribution shelves offers rack, shelf: name its entry"
    ):
        PluginManager().store_backend("shell")


def test_a_misspelt_hook_is_refused() -> None:
    """A hook that does not exist is named, with the nearest that does."""

    class Misspelt:
        @hookimpl
        def xzepr_store_backend(self) -> list[StoreBackend]:
            return []

    with pytest.raises(
        ConfigurationError, match=r"xzepr_store_backend, which is no hook: did you mean xzepr_store_backends"
    ):
        PluginManager(discover=False).register(Misspelt())


def test_a_hook_with_arguments_is_refused() -> None:
    """A hook that asks for what it does not get says so."""

    class Curious:
        @hookimpl
        def xzepr_store_backends(self, url: str) -> list[StoreBackend]:
            raise NotImplementedError

    with pytest.raises(ConfigurationError, match="Curious has a hook with arguments"):
        PluginManager(discover=False).register(Curious())


@pytest.mark.parametrize("plugin", [object(), Plugin(), SHELF])
def test_a_plugin_that_offers_nothing_is_refused(plugin: object) -> None:
    """Somebody who registers a plugin expects something of it."""
    with pytest.raises(ConfigurationError, match=r"offers nothing: mark .* with xzepr\.plugins\.hookimpl"):
        PluginManager(discover=False).register(plugin)


def test_a_hook_that_returns_something_else_is_refused() -> None:
    """What is no descriptor is named by its type."""
    with pytest.raises(ConfigurationError, match="must return StoreBackend, not str"):
        having("shelf")


def test_a_hook_that_returns_no_iterable_is_refused() -> None:
    """One descriptor alone is not an iterable of them."""
    plugin = Plugin()
    plugin.backends = 5  # type: ignore[assignment]  # what the test is about

    with pytest.raises(ConfigurationError, match=r"xzepr_store_backends of the .* must return an iterable"):
        PluginManager(discover=False).register(plugin)


def test_a_hook_that_fails_keeps_its_error() -> None:
    """An error inside a hook is the cause of ours."""

    class Failing:
        @hookimpl
        def xzepr_store_backends(self) -> list[StoreBackend]:
            raise KeyError("spilt")

    with pytest.raises(ConfigurationError, match="Failing failed") as caught:
        PluginManager(discover=False).register(Failing())

    assert isinstance(caught.value.__cause__, KeyError)


def test_a_contract_from_the_future_is_refused() -> None:
    """A backend that was written for a newer contract says which xzepr it needs."""
    with pytest.raises(ConfigurationError, match="version 99 of the contract, this xzepr has version 1: upgrade xzepr"):
        having(a_backend(contract_version=99))


def test_one_plugin_that_offers_a_scheme_twice_is_refused() -> None:
    """A scheme belongs to one backend, also inside one plugin."""
    with pytest.raises(ConfigurationError, match="offers shelf twice"):
        having(a_backend(), a_backend("board", aliases=("shelf",)))


def test_a_descriptor_names_all_that_is_wrong_with_it() -> None:
    """A descriptor is checked when it is made."""
    wrong: Any = {"summary": "", "open": None, "capabilities": None, "contract_version": 0, "aliases": ("A",)}

    with pytest.raises(Invalid) as caught:
        a_backend("No Scheme", **wrong)

    assert caught.value.fields == ("scheme", "aliases", "summary", "open", "capabilities", "contract_version")


def test_a_driver_missing_at_open_names_the_extra() -> None:
    """A backend may import its driver as late as it opens."""

    def open_it(_: StoreURL) -> Store:
        raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")

    with pytest.raises(ConfigurationError, match=r'postgresql store .*: pip install "xzepr\[postgres\]"'):
        having(a_backend("postgresql", open=open_it)).open_store("postgresql:")


def test_an_error_of_ours_passes() -> None:
    """What a backend says in our own words is not wrapped."""

    def open_it(_: StoreURL) -> Store:
        raise Unavailable("the shelf is out of reach")

    with pytest.raises(Unavailable):
        having(a_backend(open=open_it)).open_store("shelf:")


def test_an_error_of_the_backend_is_the_cause() -> None:
    """Whatever else a backend raises becomes our error, and stays visible."""

    def open_it(_: StoreURL) -> Store:
        raise OSError("no such shelf")

    with pytest.raises(ConfigurationError, match=r"shelf backend failed to open the store \(OSError\)") as caught:
        having(a_backend(open=open_it)).open_store("shelf:")

    assert str(caught.value.__cause__) == "no such shelf"


@pytest.mark.parametrize("opened", [None, object(), SimpleNamespace(scheme="shelf")])
def test_what_is_no_store_is_refused(opened: object) -> None:
    """A backend that opens something else is named."""
    with pytest.raises(ConfigurationError, match="shelf backend is broken: what it opened has no"):
        having(a_backend(open=lambda _: opened)).open_store("shelf:")


def test_a_wrong_url_is_refused_before_any_plugin() -> None:
    """The URL's own violations come first."""
    with pytest.raises(Invalid, match="url/port"):
        PluginManager(discover=False).open_store("shelf://host:port/")


def test_c094_a_drivers_error_with_the_password_is_not_shown() -> None:
    """The cause is left out where its words hold a secret of the URL."""

    def open_it(url: StoreURL) -> Store:
        try:
            raise OSError(f"cannot open {url.reveal()}")  # noqa: TRY301  # as a driver would
        except OSError as error:
            raise RuntimeError("driver") from error

    url = "shelf://ci:hunter2@host/x"
    with pytest.raises(ConfigurationError, match="RuntimeError") as caught:
        having(a_backend(open=open_it)).open_store(url)

    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


class Odd(Exception):
    """Cannot say what it is."""

    def __str__(self) -> str:
        raise ValueError


def noted(text: str) -> Exception:
    """An error with a note."""
    error = RuntimeError("driver")
    error.add_note(text)
    return error


@pytest.mark.parametrize(
    "failure",
    [
        lambda url: RuntimeError(url.reveal()),
        lambda url: RuntimeError(url.password.reveal()),
        lambda url: noted(url.reveal()),
        lambda url: ExceptionGroup("two", [OSError("down"), OSError(url.reveal())]),
        lambda _: Odd(),
        lambda url: SystemExit(url.reveal()),
    ],
    ids=["as written", "decoded", "in a note", "in a group", "unspeakable", "exit"],
)
def test_c094_however_a_driver_spells_the_password_it_is_not_shown(
    failure: Callable[[StoreURL], BaseException],
) -> None:
    """Percent signs, notes and groups hide nothing; an error that cannot be read is taken to tell it."""

    def open_it(url: StoreURL) -> Store:
        raise failure(url)

    url = "shelf://ci:hunter%32%2fx@host/x"  # not in the line that the traceback shows
    with pytest.raises(ConfigurationError, match="the shelf backend failed to open") as caught:
        having(a_backend(open=open_it)).open_store(url)

    shown = "".join(traceback.format_exception(caught.value))
    assert "hunter" not in shown
    assert caught.value.__cause__ is None


def test_errors_that_come_from_each_other_are_read_once() -> None:
    """A ring of causes ends; what tells no secret stays the cause."""
    first, second = RuntimeError("first"), RuntimeError("second")
    first.__cause__, second.__cause__ = second, first

    def open_it(_: StoreURL) -> Store:
        raise first

    with pytest.raises(ConfigurationError) as caught:
        having(a_backend(open=open_it)).open_store("shelf://ci:hunter2@host/x")

    assert caught.value.__cause__ is first


@pytest.mark.parametrize("text", ["shelf://ci:hunter2@host:x/", "shlef://ci:hunter2@host/", "shelf:?password=hunter2"])
def test_c094_no_frame_of_ours_holds_the_url(text: str) -> None:
    """The locals of the frames below the caller's show no secret."""
    plugins = having(a_backend(open=lambda url: url.take_options({}, parts=("user", "password", "host"))))

    with pytest.raises((Invalid, ConfigurationError)) as caught:
        plugins.open_store(text)

    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in shown.stack if "test_manager" not in frame.filename]
    assert ours
    assert "hunter2" not in str([frame.locals for frame in ours])


def test_a_token_service_is_found_by_its_name(install: Install) -> None:
    """The second hook works like the first."""
    source = """
    @hookimpl
    def xzepr_token_services():
        return [TokenServiceBackend(name="seal", summary="wax", open=print, contract_version=1)]
    """
    install("seals", source, "seal")
    plugins = PluginManager()

    assert isinstance(plugins.token_service("seal"), TokenServiceBackend)
    assert "seal" in plugins.token_service_names()
    assert "seal" not in plugins.store_schemes()


def test_a_token_service_is_no_store(install: Install) -> None:
    """A name is looked for among its own kind."""
    install("shelves", SHELF, "shelf")

    with pytest.raises(ConfigurationError, match="no token service shelf"):
        PluginManager().token_service("shelf")


def test_the_default_plugins_are_made_once() -> None:
    """Threads that ask at once get the same object."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: default_plugins(), range(32)))

    assert len({id(each) for each in found}) == 1
