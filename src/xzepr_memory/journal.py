"""What makes a write all or nothing: each step notes how it is undone before it is done."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import TypeVar

from xzepr_memory.rows import AnchorKey

K = TypeVar("K")
V = TypeVar("V")


class Journal:
    """The undo steps of one write. Undoing a step that was not done yet does no harm."""

    __slots__ = ("_undo",)

    def __init__(self) -> None:
        self._undo: list[tuple[Callable[..., object], *tuple[object, ...]]] = []

    def put(self, mapping: dict[K, V], key: K, value: V) -> None:
        """Set an item of a mapping."""
        if key in mapping:
            self._undo.append((dict.__setitem__, mapping, key, mapping[key]))
        else:
            self._undo.append((dict.pop, mapping, key, None))
        mapping[key] = value

    def drop(self, mapping: dict[K, V], key: K) -> None:
        """Delete an item of a mapping, if it is there."""
        if key in mapping:
            self._undo.append((dict.__setitem__, mapping, key, mapping[key]))
            del mapping[key]

    def push(self, items: list[V], item: V) -> None:
        """Append an item to a list."""
        self._undo.append((_truncate, items, len(items)))
        items.append(item)

    def insert(self, keys: list[AnchorKey], key: AnchorKey) -> None:
        """Insert a new key into a sorted list; nearly always at its end."""
        if not keys or keys[-1] < key:
            self.push(keys, key)
        else:
            self._undo.append((_discard, keys, key))
            insort(keys, key)

    def remove(self, keys: list[AnchorKey], key: AnchorKey) -> None:
        """Remove a key from a sorted list."""
        self._undo.append((_restore, keys, key))
        _discard(keys, key)

    def change(self, row: object, field: str, value: object) -> None:
        """Set a field of a row."""
        self._undo.append((setattr, row, field, getattr(row, field)))
        setattr(row, field, value)

    def undo(self) -> None:
        """Take every step back, the last one first; an interrupt waits until all is undone."""
        interrupt: KeyboardInterrupt | None = None
        while self._undo:
            try:
                step, *arguments = self._undo[-1]
                step(*arguments)
                self._undo.pop()
            except KeyboardInterrupt as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt


def _truncate(items: list[object], length: int) -> None:
    del items[length:]


def _stands(keys: list[AnchorKey], key: AnchorKey) -> bool:
    place = bisect_left(keys, key)
    return place < len(keys) and keys[place] == key


def _discard(keys: list[AnchorKey], key: AnchorKey) -> None:
    if _stands(keys, key):
        del keys[bisect_left(keys, key)]


def _restore(keys: list[AnchorKey], key: AnchorKey) -> None:
    if not _stands(keys, key):
        insort(keys, key)
