"""Which store a command works on: the argument, then the variables, and nothing that is empty."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

import pytest

from xzepr.cli.store_url import FILE_VARIABLE, URL_VARIABLE, add_store_argument, store_url
from xzepr.errors import ConfigurationError, Invalid
from xzepr.plugins import StoreURL


def found(*arguments: str, **environ: str) -> StoreURL:
    """Return the URL that arguments and variables amount to."""
    parser = ArgumentParser()
    add_store_argument(parser)
    return store_url(parser.parse_args(arguments), environ)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file with a URL, as secrets are mounted."""
    path = tmp_path / "url"
    path.write_text("third://ci:hunter2@host/x\nnot this\n", encoding="utf-8")
    return path


def test_the_argument_comes_first(secret: Path) -> None:
    """Then the variable, then the file that the other variable names."""
    environ = {URL_VARIABLE: "second:", FILE_VARIABLE: str(secret)}

    assert found("--store", "first:", **environ).scheme == "first"
    assert found(**environ).scheme == "second"
    assert found(**{FILE_VARIABLE: str(secret)}).scheme == "third"


def test_without_any_all_three_are_named() -> None:
    """Who has set nothing learns what can be set."""
    with pytest.raises(ConfigurationError, match=r"Give --store URL, or set XZEPR_STORE_URL or XZEPR_STORE_URL_FILE"):
        found()


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_what_is_empty_is_an_error_and_hides_the_rest(secret: Path, blank: str) -> None:
    """An empty one is a mistake, not a reason to take another store."""
    with pytest.raises(ConfigurationError, match="--store is empty"):
        found(f"--store={blank}", **{URL_VARIABLE: "second:"})
    with pytest.raises(ConfigurationError, match="XZEPR_STORE_URL is empty"):
        found(**{URL_VARIABLE: blank, FILE_VARIABLE: str(secret)})
    secret.write_text(f"{blank}\nsecond:", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="the first line of the file of XZEPR_STORE_URL_FILE is empty"):
        found(**{FILE_VARIABLE: str(secret)})
    with pytest.raises(ConfigurationError, match="XZEPR_STORE_URL_FILE is empty"):
        found(**{FILE_VARIABLE: ""})


def test_an_option_that_comes_twice() -> None:
    """Of two stores nobody knows which one is meant."""
    with pytest.raises(SystemExit):
        found("--store=a:", "--store=b:")


def test_the_variable_of_a_service_is_another_one() -> None:
    """Who has set that one learns why it does not count."""
    with pytest.raises(ConfigurationError, match="XZEPR__STORE__URL is of services"):
        found(XZEPR__STORE__URL="memory:")


def test_a_byte_order_mark_is_no_part_of_it(secret: Path) -> None:
    """Some editors put one before the first line."""
    secret.write_bytes(b"\xef\xbb\xbfshelf:")

    assert found(**{FILE_VARIABLE: str(secret)}).scheme == "shelf"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", " \n"])
def test_the_end_of_the_line_is_not_part_of_it(secret: Path, ending: str) -> None:
    """However the file was written, its first line is the URL."""
    secret.write_bytes(b"shelf://host/x" + ending.encode())

    assert found(**{FILE_VARIABLE: str(secret)}) == StoreURL.parse("shelf://host/x")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * 100_000, b"shelf:\0"])
def test_c094_what_is_no_url_is_refused_unseen(secret: Path, content: bytes) -> None:
    """Bytes, an endless line, a NUL: refused, and not repeated."""
    secret.write_bytes(content)

    with pytest.raises((ConfigurationError, Invalid)) as caught:
        found(**{FILE_VARIABLE: str(secret)})

    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("path", ["postgresql://ci:hunter2@db/shop", "/", "a\0b"])
def test_c094_a_file_that_cannot_be_read_is_not_named(path: str) -> None:
    """By mistake its name may be the URL itself: the reason is told, the name is not."""
    with pytest.raises(ConfigurationError, match="the file that XZEPR_STORE_URL_FILE names cannot be read") as caught:
        found(**{FILE_VARIABLE: path})

    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None


def test_c094_a_wrong_url_is_not_repeated() -> None:
    """The violations are named, the URL is not."""
    with pytest.raises(Invalid, match="url/port") as caught:
        found("--store", "postgresql://ci:hunter2@host:port/x")

    assert "hunter2" not in str(caught.value)
