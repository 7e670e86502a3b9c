"""What is noticed while a picture is read: stored rows that are damaged, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable

from xzepr.errors import Damaged, NotFound


class Notes:
    """Collects what is damaged, each row once, and what is left out, in words."""

    def __init__(self) -> None:
        self._damaged: dict[tuple[str, str], Damaged] = {}
        self._left_out: list[str] = []

    @property
    def damaged(self) -> tuple[Damaged, ...]:
        """The rows that could not be decoded."""
        return tuple(self._damaged.values())

    @property
    def damaged_events(self) -> int:
        """How many of them are events."""
        return sum(kind == "event" for kind, _ in self._damaged)

    @property
    def left_out(self) -> tuple[str, ...]:
        """What is not shown."""
        return tuple(self._left_out)

    def damage(self, damaged: Iterable[Damaged]) -> None:
        """Note rows that could not be decoded."""
        for error in damaged:
            self._damaged[error.kind, error.key] = error

    def failure(self, error: Damaged | NotFound) -> None:
        """Note what is damaged; what is gone is not to be shown."""
        if isinstance(error, Damaged):
            self.damage([error])

    def omit(self, text: str) -> None:
        """Note what is left out."""
        self._left_out.append(text)
