"""Pages of lists, and the cursors that lead from one to the next."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, Generic, TypeVar

import attrs

from xzepr.documents import JsonValue
from xzepr.errors import BadCursor, Damaged
from xzepr.model.checks import Checks
from xzepr.model.digests import canonical_fields
from xzepr.model.ulids import Ulid, ulid_from_int, ulid_to_int

T = TypeVar("T")

MAX_LIMIT: Final = 1_000
"""Most items on one page."""

MAX_EXAMINED_ROWS: Final = 20_000
"""Most rows that a store looks at for one page or count; filters without an index took seconds at 10⁷ (measured)."""

MAX_EXAMINED_BYTES: Final = 16 * 1024 * 1024
"""Most bytes of payload that a store reads for one page."""

_VERSION: Final = b"\x01"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DIGEST_BYTES: Final = 16
_LENGTH: Final = 1 + 8 + 16 + _DIGEST_BYTES


@attrs.frozen(order=True)
class Anchor:
    """The unique key by which lists are ordered: when a row was recorded, and its id."""

    recorded_at: datetime
    id: Ulid


@attrs.frozen(kw_only=True)
class Page(Generic[T]):
    """Some items of a list.

    A page may be short or empty and still have a next cursor, because a store looks at a bounded number of rows.

    Args:
        items: The items, in order.
        damaged: The rows that should stand here but cannot be decoded.
        next: The cursor of the next page; None at the end.
    """

    items: tuple[T, ...]
    damaged: tuple[Damaged, ...] = ()
    next: str | None = None

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@attrs.frozen
class Count:
    """How many rows match, as far as they were looked at.

    Args:
        value: How many were found.
        exact: Whether that is all of them; False when the count stopped at its bound.
    """

    value: int
    exact: bool


def check_limit(limit: object) -> int:
    """Take the size of a page at the edge.

    Raises:
        Invalid: It is not a whole number from 1 to 1,000.

    Example:
        >>> check_limit(50)
        50
    """
    checks = Checks()
    checks.whole("limit", limit, least=1, most=MAX_LIMIT)
    checks.done()
    assert isinstance(limit, int)  # noqa: S101 - what the check above has shown, for the type checker
    return limit


def query_digest(kind: str, query: Mapping[str, JsonValue]) -> bytes:
    """Return what binds a cursor to its list, filter and order."""
    return sha256(canonical_fields({"kind": kind, "query": dict(query)}).encode()).digest()


def encode_cursor(anchor: Anchor, query: bytes) -> str:
    """Write the cursor after a row.

    The digest makes an altered cursor visible. It is no secret and gives no right: permissions apply on each page.

    Args:
        anchor: The last row looked at.
        query: What :func:`query_digest` returned.

    Example:
        >>> query = query_digest("events", {})
        >>> anchor = Anchor(_EPOCH, Ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV"))
        >>> decode_cursor(encode_cursor(anchor, query), query) == anchor
        True
    """
    micros = (anchor.recorded_at - _EPOCH) // _MICROSECOND
    place = micros.to_bytes(8, "big", signed=True) + ulid_to_int(anchor.id).to_bytes(16, "big")
    return base64.urlsafe_b64encode(_VERSION + place + _seal(place, query)).rstrip(b"=").decode()


def decode_cursor(text: object, query: bytes) -> Anchor:
    """Read a cursor.

    Args:
        text: What the caller sent back.
        query: What :func:`query_digest` returns for the list that is asked for now.

    Raises:
        BadCursor: It is not ours, was altered, or belongs to another list, filter or order.
    """
    raw = _unpack(text)
    place, seal = raw[1:25], raw[25:]
    if raw[:1] != _VERSION or seal != _seal(place, query):
        raise BadCursor("the cursor was altered or belongs to another list, filter or order")
    micros = int.from_bytes(place[:8], "big", signed=True)
    try:
        recorded_at = _EPOCH + micros * _MICROSECOND
    except OverflowError as error:  # the digest is no secret: anybody can seal a moment that does not exist
        raise BadCursor("this is no cursor") from error
    return Anchor(recorded_at, ulid_from_int(int.from_bytes(place[8:], "big")))


def _unpack(text: object) -> bytes:
    if type(text) is not str or len(text) != -(-_LENGTH * 4 // 3) or not text.isascii():
        raise BadCursor("this is no cursor")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise BadCursor("this is no cursor") from error
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise BadCursor("this is no cursor")
    return raw


def _seal(place: bytes, query: bytes) -> bytes:
    return sha256(b"xzepr.cursor.v1\0" + query + place).digest()[:_DIGEST_BYTES]
