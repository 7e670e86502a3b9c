"""Text that is never shown: passwords, keys, tokens.

A :class:`Secret` looks the same wherever somebody might look by accident: ``repr``, ``str``, formatting, the locals of
a traceback, ``attrs.asdict``, a pickle. The text is there for whoever asks for it by name, with ``reveal()``.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping

from xzepr.errors import ConfigurationError

MASK = "***"
"""What is shown in place of a secret."""

_SUGGESTIVE = re.compile(
    r"passw|pwd|passphrase|^pass$|secret|token|key|credential|private|auth|bearer|cookie", re.IGNORECASE
)


def suggests_secret(name: str) -> bool:
    """Say whether a name sounds as if its value had to be kept secret. It errs on the safe side.

    Example:
        >>> suggests_secret("sslpassword"), suggests_secret("api_key"), suggests_secret("pool_size")
        (True, True, False)
    """
    return _SUGGESTIVE.search(name) is not None


class Secret:
    """A text that masks itself.

    A pickle holds the mask only: what comes out of it says so when it is asked to reveal.

    Args:
        text: What to keep.

    Example:
        >>> password = Secret("hunter2")
        >>> print(password, repr(password), f"{password:>5}")
        *** Secret('***')   ***
        >>> password.reveal()
        'hunter2'
    """

    __slots__ = ("_text",)

    def __init__(self, text: str | None) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text.

        Raises:
            ConfigurationError: It came out of a pickle, which does not hold it.
        """
        if self._text is None:
            raise ConfigurationError("a secret does not travel in a pickle: give it to the other process as text")
        return self._text

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret('{MASK}')"

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        """Compare without telling by the time it takes where the two differ."""
        if not isinstance(other, Secret):
            return NotImplemented
        if self._text is None or other._text is None:
            return self is other
        return hmac.compare_digest(
            self._text.encode("utf-8", "surrogatepass"), other._text.encode("utf-8", "surrogatepass")
        )

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce__(self) -> tuple[type[Secret], tuple[None]]:
        return Secret, (None,)


class Options(Mapping[str, str | Secret]):
    """Texts by name, as somebody configured them; those whose name suggests a secret are kept as :class:`Secret`.

    Args:
        pairs: The names and texts.

    Example:
        >>> Options([("pool_size", "5"), ("sslpassword", "hunter2")])
        Options({'pool_size': '5', 'sslpassword': Secret('***')})
    """

    __slots__ = ("_texts",)

    def __init__(self, pairs: Iterable[tuple[str, str | Secret]] = ()) -> None:
        self._texts: dict[str, str | Secret] = {}
        for name, text in pairs:
            self._texts[name] = Secret(text) if isinstance(text, str) and suggests_secret(name) else text

    def __getitem__(self, name: str) -> str | Secret:
        return self._texts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __hash__(self) -> int:
        return hash(frozenset(self._texts.items()))

    def __repr__(self) -> str:
        return f"Options({self._texts!r})"
