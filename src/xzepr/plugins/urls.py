"""The URL that names a store: parsed once, strictly, and never shown with its secrets.

``scheme://user:password@host:port/path?option=value``, where everything but the scheme may be absent: ``memory:`` is
one. Whatever has a meaning of its own (``@ : / ? # [ ] %`` and the space) is percent-encoded inside a part (RFC 3986);
``+`` means itself. Text that is not right is refused without being repeated: it may well be a password.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from ipaddress import IPv6Address
from typing import Final, TypeVar
from urllib.parse import quote, unquote_to_bytes

import attrs

from xzepr.errors import Invalid, Violation
from xzepr.model import Checks
from xzepr.plugins.texts import Refused, T, converted, did_you_mean, read_texts
from xzepr.secret import MASK, Options, Secret

MAX_URL: Final = 4_096
"""Characters in a URL; longer ones are accidents."""

MAX_PORT: Final = 65_535
"""The highest port of TCP (RFC 9293)."""

URL_PARTS: Final = ("user", "password", "host", "port", "path")
"""What a URL may have between its scheme and its options."""

V = TypeVar("V")

_PORT_REASON: Final = f"must be a whole number from 1 to {MAX_PORT:,}"
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{0,63}", re.ASCII)
_SCHEME_REASON: Final = "must be a lower-case letter, then letters, digits, + . or -; at most 64 in all"
_MISSING_REASON: Final = "is missing: a URL begins with it, as in memory: or postgresql://host/database"
_DRIVER: Final = re.compile(r"[a-z]+\+[a-z0-9]+_[a-z0-9_]*:", re.ASCII | re.IGNORECASE)
_DRIVER_REASON: Final = "must have no underscore: leave the driver out, as in postgresql://host/database"
_OPTION: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_URL: Final = re.compile(
    r"""(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):
        (?://(?:(?P<userinfo>[^@/?]*)@)?(?P<place>[^@/?]*))?
        (?P<path>[^@?]*)
        (?:\?(?P<query>[^@]*))?""",
    re.ASCII | re.VERBOSE,
)
_PLACE: Final = re.compile(r"(?:\[(?P<ipv6>[^\[\]]*)\]|(?P<name>[^:\[\]]*))(?::(?P<port>.*))?", re.DOTALL)
_ENCODED: Final = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*", re.DOTALL)


@attrs.frozen(kw_only=True, repr=False)
class StoreURL:
    """The URL of a store, in its decoded parts.

    ``str`` and ``repr`` mask the password and every option whose name suggests a secret.

    Args:
        scheme: Which backend opens it, in lower case.
        user: The user, if there is one.
        password: The password, if there is one.
        host: Name or address, IPv6 without brackets; None where the path says it all.
        port: 1 to 65,535, if there is one.
        path: What follows, with its leading slash if it has one.
        options: What follows the question mark.

    Raises:
        Invalid: A part is not what it has to be.

    Example:
        >>> url = StoreURL.parse("postgresql://ci:hunter2@db.example:5433/provenance?pool_size=5")
        >>> url
        StoreURL('postgresql://ci:***@db.example:5433/provenance?pool_size=5')
        >>> url.database, url.port, url.password.reveal()
        ('provenance', 5433, 'hunter2')
    """

    scheme: str
    user: str | None = None
    password: Secret | None = None
    host: str | None = None
    port: int | None = None
    path: str = ""
    options: Options = attrs.field(factory=Options)

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        check_scheme(checks, "url/scheme", self.scheme)
        for name, text in (("user", self.user), ("host", self.host)):
            if text is not None:
                checks.text(f"url/{name}", text)
        if self.password is not None:
            checks.text("url/password", self.password.reveal(), MAX_URL, blank=True)
        if self.port is not None:
            if type(self.port) is not int or not 1 <= self.port <= MAX_PORT:
                checks.add("url/port", _PORT_REASON)
            if self.host is None:
                checks.add("url/port", "needs a host in front of it")
        checks.text("url/path", self.path, MAX_URL, blank=True)
        if self._has_place() and self.path and not self.path.startswith("/"):
            checks.add("url/path", "must begin with a slash")
        for name, value in self.options.items():
            checks.text(f"url/options/{name}", _shown(value, reveal=True), MAX_URL, blank=True)
        checks.done()

    @classmethod
    def parse(cls, text: str) -> StoreURL:
        """Read a URL.

        Raises:
            Invalid: It is not one; every violation is named, and no part of the text repeated.

        Example:
            >>> StoreURL.parse("postgresql://ci:hunter2@db.example:5433x/provenance")
            Traceback (most recent call last):
            xzepr.errors.Invalid: url/port: must be a whole number from 1 to 65,535
        """
        outcome = read_url(text)
        del text  # or it would be among the locals of a traceback
        if isinstance(outcome, Invalid):
            raise outcome
        return outcome

    @property
    def database(self) -> str:
        """The path without its leading slash."""
        return self.path.removeprefix("/")

    def reveal(self) -> str:
        """Return the URL with its secrets, for a driver."""
        return self._text(reveal=True)

    def take_options(
        self, converters: Mapping[str, Callable[[str], V]], *, parts: Collection[str] = ()
    ) -> dict[str, V]:
        """Return the options that are there, converted; refuse what the backend does not know.

        Args:
            converters: For each option that the backend knows, what makes its value, such as
                :func:`~xzepr.plugins.texts.whole`; ``ValueError`` refuses it.
            parts: Which of :data:`URL_PARTS` mean something to the backend; the others must be absent.

        Raises:
            Invalid: An option is unknown or misspelt, or a part has no meaning here; all violations at once.

        Example:
            >>> from xzepr.plugins.texts import whole
            >>> StoreURL.parse("shelf:?size=5").take_options({"size": whole})
            {'size': 5}
            >>> StoreURL.parse("shelf:?sise=5").take_options({"size": whole})
            Traceback (most recent call last):
            xzepr.errors.Invalid: url/options/sise: is unknown: did you mean size? Known are size
        """
        checks = self._check_parts(parts)
        taken: dict[str, V] = {}
        for name, text in self.options.items():
            if name not in converters:
                checks.add(f"url/options/{name}", f"is unknown: {did_you_mean(name, converters)}")
                continue
            outcome = converted(text, converters[name])
            if isinstance(outcome, Refused):
                checks.add(f"url/options/{name}", outcome.reason)
            else:
                taken[name] = outcome
        checks.done()
        return taken

    def options_as(self, kind: type[T], *, parts: Collection[str] = ()) -> T:
        """Return the options as a value of an attrs class, one field for each that the backend knows.

        Args:
            kind: The class; :mod:`xzepr.plugins.texts` says which types and spellings there are.
            parts: As in :meth:`take_options`.

        Raises:
            Invalid: As in :meth:`take_options`, or the class refuses the values.

        Example:
            >>> @attrs.frozen
            ... class ShelfOptions:
            ...     size: int = 10
            >>> StoreURL.parse("shelf:?size=5").options_as(ShelfOptions)
            ShelfOptions(size=5)
        """
        checks = self._check_parts(parts)
        try:
            taken = read_texts(kind, self.options, field=lambda name: f"url/options/{name}")
        except Invalid as error:
            raise type(error)([*checks.found, *error.violations]) from None
        checks.done()
        return taken

    def _check_parts(self, parts: Collection[str]) -> Checks:
        checks = Checks()
        for part in URL_PARTS:
            if part not in parts and getattr(self, part) not in (None, ""):
                checks.add(f"url/{part}", f"has no meaning for {self.scheme}: leave it out")
        return checks

    def __str__(self) -> str:
        return self._text(reveal=False)

    def __repr__(self) -> str:
        return f"StoreURL({self._text(reveal=False)!r})"

    def _text(self, *, reveal: bool) -> str:
        options = "&".join(
            f"{name}={_shown(value, reveal=reveal, encode=True)}" for name, value in self.options.items()
        )
        place = self._place(reveal=reveal)
        return f"{self.scheme}:{place}{quote(self.path)}" + (f"?{options}" if options else "")

    def _place(self, *, reveal: bool) -> str:
        user = quote(self.user or "", safe="")
        if self.password is not None:
            user += ":" + _shown(self.password, reveal=reveal, encode=True)
        host = self.host or ""
        host = f"[{host}]" if ":" in host else quote(host, safe="")
        port = f":{self.port}" if self.port is not None else ""
        place = (f"{user}@" if user else "") + host + port
        return f"//{place}" if place or self.path.startswith("/") else ""

    def _has_place(self) -> bool:
        return any(part is not None for part in (self.user, self.password, self.host, self.port))


def check_scheme(checks: Checks, field: str, scheme: object) -> None:
    """Check a scheme: lower case, as RFC 3986 has it in canonical form."""
    if type(scheme) is not str or not _SCHEME.fullmatch(scheme):
        checks.add(field, _SCHEME_REASON)


def read_url(text: str) -> StoreURL | Invalid:
    """Return the URL that a text holds, or the error that names all that is wrong with it.

    For callers that do not want the text in the frames of the traceback; the others use :meth:`StoreURL.parse`.
    """
    try:
        return _read(text)
    except Invalid as error:
        return error.with_traceback(None)


def _read(text: str) -> StoreURL:
    checks = Checks()
    checks.text("url", text, MAX_URL)
    checks.done()
    match = _match(text, checks)
    user, password = _userinfo(match["userinfo"], checks)
    host, port = _host_and_port(match["place"] or "", checks)
    path = _decoded("url/path", match["path"], checks)
    options = Options(_options(match["query"], checks))
    checks.done()
    scheme = match["scheme"].lower()
    return StoreURL(scheme=scheme, user=user, password=password, host=host, port=port, path=path, options=options)


def _match(text: str, checks: Checks) -> re.Match[str]:
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text, re.ASCII):
        raise Invalid([Violation("url/scheme", _DRIVER_REASON if _DRIVER.match(text) else _MISSING_REASON)])
    if "#" in text:
        checks.add("url", "must have no fragment: write # as %23")
    if re.search(r"\s", text):
        checks.add("url", "must have no white space: write a space as %20")
    match = _URL.fullmatch(text)
    if match is None:
        checks.add(
            "url", "must have no @ but the one before the host: inside a part write @ as %40, / as %2F, ? as %3F"
        )
        raise Invalid(checks.found)
    return match


def _userinfo(userinfo: str | None, checks: Checks) -> tuple[str | None, Secret | None]:
    if userinfo is None:
        return None, None
    user, colon, password = userinfo.partition(":")
    decoded = _decoded("url/password", password, checks)
    return _decoded("url/user", user, checks) or None, Secret(decoded) if colon else None


def _host_and_port(place: str, checks: Checks) -> tuple[str | None, int | None]:
    match = _PLACE.fullmatch(place)
    if match is None:
        checks.add("url/host", "must be a name, an IPv4 address or an IPv6 address in brackets")
        return None, None
    if match["ipv6"] is not None and not _is_ipv6(match["ipv6"]):
        checks.add("url/host", "must have an IPv6 address, and nothing else, in its brackets")
    return match["ipv6"] or _decoded("url/host", match["name"] or "", checks) or None, _port(match["port"], checks)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _port(text: str | None, checks: Checks) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) or not 1 <= int(text) <= MAX_PORT:
        checks.add("url/port", _PORT_REASON)
        return None
    return int(text)


def _options(query: str | None, checks: Checks) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for number, pair in enumerate(query.split("&") if query else (), start=1):
        name, equals, value = pair.partition("=")
        if not equals or not _OPTION.fullmatch(name):
            checks.add("url/options", f"number {number} must be name=value, the name of letters, digits, _ . or -")
            continue
        if name in seen:
            checks.add(f"url/options/{name}", "is given twice")
        seen.add(name)
        yield name, _decoded(f"url/options/{name}", value, checks)


def _decoded(field: str, text: str, checks: Checks) -> str:
    """Return a part without its percent signs; the empty text where they are wrong."""
    if not _ENCODED.fullmatch(text):
        checks.add(field, "must write a percent sign as %25, and everything encoded as % and two hexadecimal digits")
        return ""
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        checks.add(field, "must be percent-encoded UTF-8")
        return ""


def _shown(value: str | Secret, *, reveal: bool, encode: bool = False) -> str:
    if isinstance(value, Secret) and not reveal:
        return MASK
    text = value.reveal() if isinstance(value, Secret) else value
    return quote(text, safe="") if encode else text
