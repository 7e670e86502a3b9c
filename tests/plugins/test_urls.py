"""What a URL says, and that its secrets are never shown."""

from __future__ import annotations

import copy
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzepr.errors import ConfigurationError, Invalid, TooLarge
from xzepr.plugins import MAX_URL, URL_PARTS, StoreURL
from xzepr.plugins.texts import flag, whole
from xzepr.secret import Options, Secret

FULL = "postgresql://ci:hunter2@db.example:5433/provenance?pool_size=5&sslpassword=hunter2"


def refused(text: str) -> Invalid:
    """The refusal of a URL."""
    with pytest.raises(Invalid) as caught:
        StoreURL.parse(text)
    return caught.value


def test_every_part_is_read() -> None:
    """A full URL comes apart into its parts."""
    url = StoreURL.parse(FULL)

    assert (url.scheme, url.user, url.host, url.port, url.path) == (
        "postgresql",
        "ci",
        "db.example",
        5433,
        "/provenance",
    )
    assert url.password == Secret("hunter2")
    assert url.database == "provenance"
    assert dict(url.options) == {"pool_size": "5", "sslpassword": Secret("hunter2")}


def test_the_scheme_is_enough() -> None:
    """Everything but the scheme may be absent."""
    assert StoreURL.parse("memory:") == StoreURL(scheme="memory")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MEMORY:", StoreURL(scheme="memory")),
        ("memory://", StoreURL(scheme="memory")),
        ("memory:?", StoreURL(scheme="memory")),
        ("x:relative/path", StoreURL(scheme="x", path="relative/path")),
        ("x:///abs", StoreURL(scheme="x", path="/abs")),
        ("x://h/", StoreURL(scheme="x", host="h", path="/")),
        ("x://[::1]:1/", StoreURL(scheme="x", host="::1", port=1, path="/")),
        ("x://%2Frun%2Fpg/d", StoreURL(scheme="x", host="/run/pg", path="/d")),
        ("x://:p@h", StoreURL(scheme="x", password=Secret("p"), host="h")),
        ("x://u:@h", StoreURL(scheme="x", user="u", password=Secret(""), host="h")),
        ("x://u:a:b@h", StoreURL(scheme="x", user="u", password=Secret("a:b"), host="h")),
        ("x://u%40corp:p%2F%3F%23@h", StoreURL(scheme="x", user="u@corp", password=Secret("p/?#"), host="h")),
        ("x:?a=b+c&d=%26", StoreURL(scheme="x", options=Options([("a", "b+c"), ("d", "&")]))),
    ],
)
def test_legal_spellings_are_read(text: str, expected: StoreURL) -> None:
    """Each part is decoded once, and nothing but percent signs is decoded."""
    assert StoreURL.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", ("url",)),
        (" ", ("url",)),
        ("memory:\n", ("url",)),
        ("memory:\x00", ("url",)),
        ("memory:\ud800", ("url",)),
        ("memory: x", ("url",)),
        ("x://h/#f", ("url",)),
        ("x://a@b@c", ("url",)),
        ("x://u:12/ss@h/d", ("url",)),
        ("x://u:1?s=s@h/d", ("url",)),
        ("host=db password=hunter2", ("url/scheme",)),
        ("//host/db", ("url/scheme",)),
        ("1x:", ("url/scheme",)),
        ("postgresql+psycopg_async://ci:hunter2@host/db", ("url/scheme",)),
        ("x" * 65 + ":", ("url/scheme",)),
        ("x://h:", ("url/port",)),
        ("x://h:0", ("url/port",)),
        ("x://h:65536", ("url/port",)),
        ("x://h:\u0661", ("url/port",)),
        ("x://h:1_0", ("url/port",)),
        ("x://:1/", ("url/port",)),
        ("x://a:1:b", ("url/port",)),
        ("x://::1/", ("url/port",)),
        ("x://[::1/", ("url/host",)),
        ("x://[::g]/", ("url/host",)),
        ("x://[]/", ("url/host",)),
        ("x://a%0ab/", ("url/host",)),
        ("x://%zz@h", ("url/user",)),
        ("x://%ff@h", ("url/user",)),
        ("x://u:%00@h", ("url/password",)),
        ("x:%1", ("url/path",)),
        ("x:?a", ("url/options",)),
        ("x:?=b", ("url/options",)),
        ("x:?a=1&&b=2", ("url/options",)),
        ("x:?a%62=1", ("url/options",)),
        ("x:?a=1&a=1", ("url/options/a",)),
        ("x:?a=%0a", ("url/options/a",)),
        ("x://h:p/%?a&b=%", ("url/port", "url/path", "url/options", "url/options/b")),
    ],
)
def test_illegal_spellings_are_refused(text: str, fields: tuple[str, ...]) -> None:
    """Each violation is named by its part, all of them at once."""
    assert refused(text).fields == fields


def test_a_url_is_bounded() -> None:
    """A URL beyond the limit is an accident."""
    assert isinstance(refused("x:" + "y" * MAX_URL), TooLarge)


def test_only_text_is_read() -> None:
    """Something else than text is named by its type."""
    wrong: Any = 5

    assert str(refused(wrong)) == "url: must be text (str), not int"


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"scheme": "X"}, "url/scheme"),
        ({"scheme": "x", "port": 1}, "url/port"),
        ({"scheme": "x", "host": "h", "port": True}, "url/port"),
        ({"scheme": "x", "host": "h", "path": "p"}, "url/path"),
        ({"scheme": "x", "user": ""}, "url/user"),
        ({"scheme": "x", "options": Options([("a", "\n")])}, "url/options/a"),
    ],
)
def test_a_url_made_by_hand_is_checked(parts: dict[str, Any], field: str) -> None:
    """The constructor holds the same rules."""
    with pytest.raises(Invalid) as caught:
        StoreURL(**parts)

    assert caught.value.fields == (field,)


PART = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=20).filter(str.strip)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,10}", fullmatch=True)


@given(
    user=st.none() | PART,
    password=st.none() | PART,
    host=PART.filter(lambda host: ":" not in host),
    port=st.none() | st.integers(1, 65_535),
    path=st.just("") | PART.map("/".__add__),
    options=st.dictionaries(NAMES, PART, max_size=3),
)
def test_what_is_revealed_reads_back(  # noqa: PLR0917  # the parts of a URL
    user: str | None, password: str | None, host: str, port: int | None, path: str, options: dict[str, str]
) -> None:
    """Writing a URL out and reading it gives the same URL, whatever its parts hold."""
    secret = None if password is None else Secret(password)
    url = StoreURL(
        scheme="x", user=user, password=secret, host=host, port=port, path=path, options=Options(options.items())
    )

    assert StoreURL.parse(url.reveal()) == url


@given(st.text(max_size=10), st.text(max_size=10), st.sampled_from(["@", "/", "?a=", ":", "#", "%", "&password="]))
def test_c094_no_refusal_repeats_the_url(before: str, after: str, odd: str) -> None:
    """Whatever is wrong with a URL, its refusal does not hold the password."""
    try:
        shown = repr(StoreURL.parse(f"x://u:{before}hunter2{odd}{after}@h/d"))
    except Invalid as error:
        shown = f"{error!r} {error.violations!r}"

    assert "hunter2" not in shown


@pytest.mark.parametrize(
    "show", [str, repr, format, "{0}".format, lambda url: f"{url!r:>5}", attrs.asdict, attrs.astuple]
)
def test_c094_a_url_shows_no_secret(show: Callable[[StoreURL], object]) -> None:
    """However a URL is shown, password and secret options are masked."""
    assert "hunter2" not in str(show(StoreURL.parse(FULL)))


def test_c094_what_is_masked_is_still_told() -> None:
    """The rest of the URL stays readable."""
    assert str(StoreURL.parse(FULL)) == ("postgresql://ci:***@db.example:5433/provenance?pool_size=5&sslpassword=***")


def test_c094_a_pickle_holds_no_secret() -> None:
    """A pickle keeps the parts but not the secrets, and says so when they are asked for."""
    pickled = pickle.dumps(StoreURL.parse(FULL))
    url = pickle.loads(pickled)  # noqa: S301  # our own

    assert b"hunter2" not in pickled
    assert str(url) == str(StoreURL.parse(FULL))
    with pytest.raises(ConfigurationError, match="does not travel in a pickle"):
        url.reveal()


def test_c094_a_traceback_with_locals_shows_no_secret() -> None:
    """No frame of ours has the text of a refused URL among its locals."""
    with pytest.raises(Invalid) as caught:
        StoreURL.parse("x://ci:hunter2@host:bad/?password=hunter2")

    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "hunter2" not in str([frame.locals for frame in shown.stack if "test_urls" not in frame.filename])
    assert caught.value.__context__ is None


def test_a_copy_keeps_its_secrets() -> None:
    """Copies in this process are the same URL."""
    url = StoreURL.parse(FULL)

    assert copy.deepcopy(url).reveal() == copy.copy(url).reveal() == url.reveal()


def test_equal_urls_are_one_key() -> None:
    """URLs can stand in sets."""
    assert len({StoreURL.parse(FULL), StoreURL.parse(FULL), StoreURL.parse("memory:")}) == 2


@pytest.mark.parametrize("part", ["x'; DROP TABLE events; --", 'a"b', "$$", "pg_catalog.pg_sleep(9)"])
def test_c057_sql_in_a_part_is_text(part: str) -> None:
    """SQL in a part of a URL comes through as it was written, encoded where it has a meaning in a URL."""
    url = StoreURL(scheme="x", user=part, host=part, path="/" + part, options=Options([("schema", part)]))

    again = StoreURL.parse(url.reveal())

    assert (again.user, again.host, again.database, again.options["schema"]) == (part, part, part, part)


@pytest.mark.parametrize("name", ["a;b", "a b", "a'--", "a%27", "\u0131d", "a" * 65])
def test_c057_an_option_name_is_a_plain_word(name: str) -> None:
    """An option's name has letters, digits and little else; what it was is not repeated."""
    error = refused(f"x:?{name}=1")

    assert set(error.fields) <= {"url", "url/options"}
    assert name not in str(error)


def test_options_are_converted() -> None:
    """Each option that is there is converted by its name."""
    url = StoreURL.parse("x:?size=5&deep=true&token=t")
    taken = url.take_options({"size": whole, "deep": flag, "token": Secret, "other": str})

    assert taken == {"size": 5, "deep": True, "token": Secret("t")}


def test_unknown_options_are_refused_by_name() -> None:
    """All that is wrong with the options is told at once, without values."""
    with pytest.raises(Invalid) as caught:
        StoreURL.parse("x://h/?sise=5&deep=yes&token=hunter2").take_options({"size": whole, "deep": flag})

    assert caught.value.fields == ("url/host", "url/path", "url/options/sise", "url/options/deep", "url/options/token")
    assert "did you mean size?" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_parts_with_a_meaning_are_accepted() -> None:
    """A backend says which parts it understands."""
    assert StoreURL.parse(FULL).take_options({"pool_size": whole, "sslpassword": Secret}, parts=URL_PARTS)


@pytest.mark.parametrize("raised", [ValueError("hunter2"), Invalid([])])
def test_a_converters_own_refusal_is_told_without_its_words(raised: Exception) -> None:
    """What a converter raises may hold the value: only its kind is told."""

    def convert(_: str) -> str:
        raise raised

    with pytest.raises(Invalid) as caught:
        StoreURL.parse("x:?a=hunter2").take_options({"a": convert})

    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None


@attrs.frozen
class ShelfOptions:
    """The options of a shelf."""

    size: int = 10
    label: str | None = None
    token: Secret | None = None


def test_options_fill_a_class() -> None:
    """Options become typed fields, absent ones their defaults."""
    url = StoreURL.parse("x:?size=5&token=t")

    assert url.options_as(ShelfOptions) == ShelfOptions(size=5, token=Secret("t"))


def test_wrong_options_of_a_class_are_refused_by_name() -> None:
    """All that is wrong is told at once, as for converters."""
    with pytest.raises(Invalid) as caught:
        StoreURL.parse("x://h?size=five&lable=hunter2").options_as(ShelfOptions)

    assert set(caught.value.fields) == {"url/host", "url/options/size", "url/options/lable"}
    assert "hunter2" not in str(caught.value)
