"""Markup that cannot be broken: text is escaped where it enters, and elements are always closed.

What it makes is HTML and well-formed XML at once, so that any parser can check it.
"""

from __future__ import annotations

from html import escape
from typing import Final

from xzepr.cli.output import shown

Value = str | int | float | None

_EMPTY: Final = frozenset({"br", "circle", "line", "link", "meta", "path", "rect", "use", "wbr"})
"""Elements without content, written `<br/>`."""


class Markup(str):
    """Text that is markup already, and is not escaped again."""

    __slots__ = ()


def text(value: str) -> Markup:
    r"""Escape a text: what marks up, and what a reader would not see, such as a switch of direction.

    Example:
        >>> print(text('<b> "web\u202e"'))
        &lt;b&gt; &quot;web\u202e&quot;
    """
    return value if isinstance(value, Markup) else Markup(escape(shown(value)))


def tag(name: str, /, *content: str, **attributes: Value) -> Markup:
    """Make an element.

    Args:
        name: Its name.
        content: What stands in it; text is escaped.
        attributes: Its attributes; a last ``_`` is dropped, others become ``-``; None leaves one out.

    Example:
        >>> print(tag("td", "a < b", class_="name", aria_label='"x"'))
        <td class="name" aria-label="&quot;x&quot;">a &lt; b</td>
    """
    opening = name + "".join(
        f' {_name(key)}="{_value(value)}"' for key, value in attributes.items() if value is not None
    )
    if name in _EMPTY:
        return Markup(f"<{opening}/>")
    return Markup(f"<{opening}>{''.join(map(text, content))}</{name}>")


def joined(*pieces: str) -> Markup:
    """Put pieces beside each other; text is escaped."""
    return Markup("".join(map(text, pieces)))


def breakable(value: str) -> Markup:
    """Escape a text that may be broken behind a slash, and elsewhere only if it must.

    Example:
        >>> print(breakable("scan/ci.scan/2"))
        scan/<wbr/>ci.scan/<wbr/>2
    """
    return Markup(text(value).replace("/", "/<wbr/>"))


def number(value: float) -> str:
    """Write a number as short as a drawing needs it.

    Example:
        >>> number(3.0), number(2.25), number(-0.001)
        ('3', '2.2', '0')
    """
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def _name(key: str) -> str:
    return key.removesuffix("_").replace("_", "-")


def _value(value: str | float) -> str:
    return text(value) if isinstance(value, str) else number(value)
