"""Makes text safe to be logged: one line, bounded, without what looks like a secret."""

from __future__ import annotations

import re
from typing import Final

from xzepr.secret import MASK

_LOOKED_AT: Final = 8
"""How many times the limit is looked at: masking shortens, cutting first bounds the work."""

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_SECRETS: Final = (
    (re.compile(r"(?<=://)[^\s/@]*@"), f"{MASK}@"),
    (re.compile(r"\bxzepr_[0-9A-Za-z]{20,}"), f"xzepr_{MASK}"),
    (re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]*){1,4}"), MASK),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {MASK}"),
    (
        re.compile(
            r"([\w-]{0,40}(?:passw(?:or)?d|secret|token|api[_-]?key|credential)s?[\"']?\s{0,3}[=:]\s{0,3})"
            r"(?:\"[^\"]*\"|'[^']*'|[^\s,;&]+)",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
)


def safe_text(text: str, limit: int) -> str:
    r"""Return text as it may stand in a log.

    Control characters, line separators, and characters that reorder or hide what follows are written as escapes
    (CWE-117); the rest is cut. Passwords in URLs, tokens, API keys and ``password=…`` are masked: a net below the
    rule that nobody logs them, not a licence.

    Args:
        text: The text.
        limit: The most characters to keep.

    Example:
        >>> print(safe_text("one\ntwo postgresql://ci:hunter2@db/x", 200))
        one\ntwo postgresql://***@db/x
    """
    text = text[: limit * _LOOKED_AT]
    for pattern, mask in _SECRETS:
        text = pattern.sub(mask, text)
    text = _CONTROL.sub(_escaped, text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
