"""The environment, read strictly."""

from __future__ import annotations

import traceback

import attrs
import pytest

from xzepr.documents import JsonLimits
from xzepr.errors import Invalid, TooLarge
from xzepr.plugins import StoreURL
from xzepr.registry.limits import Limits
from xzepr.settings import Settings

STORE = {"XZEPR__STORE__URL": "memory:"}


def refused(environ: dict[str, str]) -> Invalid:
    """The refusal of an environment."""
    with pytest.raises(Invalid) as caught:
        Settings.from_environ(environ)
    return caught.value


def test_the_store_is_enough() -> None:
    """Everything but the store has a default."""
    settings = Settings.from_environ(STORE)

    assert settings.store.url == StoreURL(scheme="memory")
    assert settings.limits == Limits()


def test_every_limit_is_read() -> None:
    """Each variable of the section sets its limit."""
    settings = Settings.from_environ(
        STORE
        | {
            "XZEPR__LIMITS__MAX_PAYLOAD_BYTES": "1",
            "XZEPR__LIMITS__MAX_PAYLOAD_DEPTH": "2",
            "XZEPR__LIMITS__MAX_PAYLOAD_NODES": "3",
            "XZEPR__LIMITS__MAX_ENABLED_GROUPS": "4",
            "XZEPR__LIMITS__CHUNK_EVENTS": "5",
        }
    )

    documents = JsonLimits(max_bytes=1, max_depth=2, max_nodes=3)
    assert settings.limits == Limits(documents=documents, max_enabled_groups=4, chunk_events=5)


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument the variables of the process are read."""
    monkeypatch.setenv("XZEPR__STORE__URL", "memory:")

    assert Settings.from_environ().store.url.scheme == "memory"


def test_other_variables_are_not_looked_at() -> None:
    """Names without our prefix are somebody else's, also the ones near it."""
    assert Settings.from_environ(STORE | {"PATH": "/bin", "XZEPR_STORE_URL": "x", "xzepr__store__url": "x"})


def test_all_violations_are_told_at_once() -> None:
    """Unknown names, missing ones and wrong values come in one error, by name."""
    error = refused({"XZEPR__STORE__ULR": "memory:", "XZEPR__LIMITS__CHUNK_EVENTS": "yes", "XZEPR__LIMIT": "1"})

    assert set(error.fields) == {
        "XZEPR__STORE__ULR",
        "XZEPR__LIMIT",
        "XZEPR__STORE__URL",
        "XZEPR__LIMITS__CHUNK_EVENTS",
    }
    assert "XZEPR__STORE__ULR: is unknown: did you mean XZEPR__STORE__URL?" in str(error)
    assert "XZEPR__STORE__URL: is missing" in str(error)


@pytest.mark.parametrize("value", ["0", "-1", "1.0", "1e3", "1_000", " 1", "", "true", "\u0661"])
def test_a_limit_is_a_positive_whole_number(value: str) -> None:
    """No other spelling is taken for a number."""
    assert refused(STORE | {"XZEPR__LIMITS__CHUNK_EVENTS": value}).fields == ("XZEPR__LIMITS__CHUNK_EVENTS",)


def test_depth_is_bounded() -> None:
    """A depth beyond what a thread's stack bears is refused."""
    assert isinstance(refused(STORE | {"XZEPR__LIMITS__MAX_PAYLOAD_DEPTH": "129"}), TooLarge)


def test_an_odd_name_is_not_repeated() -> None:
    """A name with odd characters is described."""
    assert "\n" not in str(refused(STORE | {"XZEPR__A\nB": "1"}))


@pytest.mark.parametrize("url", ["postgresql://ci:hunter2@db:x/y", "hunter2", "x://a@hunter2@b", "x://hunter2@b/#c"])
def test_c094_a_wrong_url_is_not_repeated(url: str) -> None:
    """Neither the refusal nor the locals of our frames hold the value."""
    with pytest.raises(Invalid, match="XZEPR__STORE__URL: url") as caught:
        Settings.from_environ({"XZEPR__STORE__URL": url})

    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in str([frame.locals for frame in shown.stack if "test_settings" not in frame.filename])


@pytest.mark.parametrize("show", [str, repr, attrs.asdict])
def test_c094_settings_show_no_secret(show: object) -> None:
    """However settings are shown, the password in the URL is masked."""
    assert callable(show)
    settings = Settings.from_environ({"XZEPR__STORE__URL": "postgresql://ci:hunter2@db/x"})

    assert "hunter2" not in str(show(settings))
    assert settings.store.url.reveal() == "postgresql://ci:hunter2@db/x"
