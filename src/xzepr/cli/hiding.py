"""Keeps passwords out of messages: out of wrong arguments, and out of what plugins and drivers say.

Each pattern begins where a word begins, or at a fixed text, so that a long text takes no longer than its length.
"""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "(a URL)"
"""What stands in the place of what is hidden."""

_LINE: Final = re.compile(".+")
_START: Final = re.compile(r"(?<!\S)[^\s:]*:(?=\S)|//")
"""How a URL begins, or what is left of one after a slip of the hand."""

_PASSWORD: Final = re.compile(r"password=\S*", re.IGNORECASE)
_URL: Final = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*:/\S*")


def without_urls(text: str) -> str:
    """Return a text without what may be a URL, or what is left of one after a slip of the hand: it may hold a password.

    Example:
        >>> without_urls("no host in postgresql:ci:secret@db")
        'no host in (a URL)'
    """
    return _URL.sub(HIDDEN, without_secrets(text))


def without_secrets(text: str) -> str:
    """Return a text without what may be a password with a URL around it; other URLs stay.

    Example:
        >>> without_secrets("it is sqlite:///here.db"), without_secrets("no postgresql://ci:a secret@db")
        ('it is sqlite:///here.db', 'no (a URL)')
    """
    return _PASSWORD.sub(HIDDEN, _LINE.sub(lambda line: _without_credentials(line[0]), text))


def _without_credentials(line: str) -> str:
    """Hide all from where a URL begins to the last at sign and its word: a password may hold blanks and at signs."""
    last = line.rfind("@")
    start = _START.search(line, 0, last) if last > 0 else None
    if start is None:
        return line
    behind = line[last:].split(maxsplit=1)
    rest = f" {behind[1]}" if len(behind) > 1 else ""
    return f"{line[: start.start()]}{HIDDEN}{rest}"
