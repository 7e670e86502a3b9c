"""Text that is never shown."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import attrs
import pytest

from xzepr.errors import ConfigurationError
from xzepr.secret import Options, Secret, suggests_secret


@attrs.frozen
class Holder:
    """A value that holds a secret."""

    secret: Secret


@pytest.mark.parametrize(
    "show",
    [str, repr, "{}".format, "{0!r:>20}".format, lambda secret: f"{secret:>9}", "%s".__mod__],
)
def test_c094_a_secret_shows_three_stars(show: Callable[[Secret], str]) -> None:
    """Every way of showing a secret masks it."""
    shown = show(Secret("hunter2"))

    assert "***" in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize("show", [attrs.asdict, attrs.astuple, repr])
def test_c094_a_value_that_holds_a_secret_masks_it(show: Callable[[Holder], object]) -> None:
    """What attrs makes of a value does not show the secrets in it."""
    assert "hunter2" not in str(show(Holder(Secret("hunter2"))))


def test_c094_a_secret_has_no_dict() -> None:
    """There is no `__dict__` to look into."""
    assert not hasattr(Secret("hunter2"), "__dict__")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_c094_a_pickle_holds_the_mask_alone(protocol: int) -> None:
    """What comes out of a pickle looks the same, and says why it has nothing to reveal."""
    pickled = pickle.dumps(Secret("hunter2"), protocol)
    secret = pickle.loads(pickled)  # noqa: S301  # our own

    assert b"hunter2" not in pickled
    assert str(secret) == "***"
    with pytest.raises(ConfigurationError, match="does not travel in a pickle"):
        secret.reveal()


def test_a_pickled_secret_equals_itself_alone() -> None:
    """Two secrets without text are not known to be equal."""
    one, other = Secret(None), Secret(None)

    assert one == one  # noqa: PLR0124  # what the test is about
    assert one != other


def test_a_secret_reveals_its_text() -> None:
    """Who asks by name gets the text, from copies too."""
    secret = Secret("hunter2")

    assert {secret.reveal(), copy.copy(secret).reveal(), copy.deepcopy(secret).reveal()} == {"hunter2"}


def test_secrets_compare_by_their_text() -> None:
    """Equal texts are equal secrets, of any characters, and no text is equal to its secret."""
    assert Secret("ü\ud800") == Secret("ü\ud800")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


@pytest.mark.parametrize(
    "name",
    ["password", "PGPASSWORD", "pwd", "pass", "passphrase", "client_secret", "token", "apikey", "sslkey", "Auth"],
)
def test_c094_names_that_suggest_a_secret(name: str) -> None:
    """A name that sounds like a secret masks its value."""
    assert suggests_secret(name)
    assert "hunter2" not in repr(Options([(name, "hunter2")]))


@pytest.mark.parametrize("name", ["pool_size", "passive", "schema", "sslmode", "host", "application_name"])
def test_other_names_are_shown(name: str) -> None:
    """An ordinary name shows its value."""
    assert repr(Options([(name, "5")])) == f"Options({{'{name}': '5'}})"


def test_options_are_a_mapping() -> None:
    """Options read like any mapping, and survive a pickle but for their secrets."""
    options = Options([("size", "5"), ("token", "t")])
    again = pickle.loads(pickle.dumps(options))  # noqa: S301  # our own

    assert (options["size"], list(options), len(options)) == ("5", ["size", "token"], 2)
    assert hash(options) == hash(Options([("token", "t"), ("size", "5")]))
    assert again["size"] == "5"
    assert again != options
