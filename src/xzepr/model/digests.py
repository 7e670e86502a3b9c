"""The forms that digests are taken over. Written down with vectors in the documentation: they never change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from xzepr.documents import JsonValue

EVENT_DOMAIN: Final = "xzepr.event.v1\0"
"""What stands before the canonical form of an event's fields, so that its digest is no other thing's digest."""

SALT_BYTES: Final = 16
"""Random bytes before a payload, so that its digest gives nothing away once the payload is redacted."""

_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical_fields(fields: Mapping[str, JsonValue]) -> str:
    """Return the canonical form (RFC 8785) of the model's own fields: ASCII keys, checked text, no floats.

    For such values the C encoder's sorted output is the canonical form; anything else goes through
    :func:`xzepr.documents.canonical`.

    Example:
        >>> canonical_fields({"b": True, "a": "é"})
        '{"a":"é","b":true}'
    """
    return _encode(fields)


def canonical_text(text: str) -> str:
    r"""Return the canonical form of a checked text.

    Example:
        >>> print(canonical_text('a "word"'))
        "a \"word\""
    """
    return _encode(text)


def payload_digest(salt: bytes, payload_text: str) -> str:
    """Return the hex SHA-256 over the salt and the canonical text of a payload."""
    return sha256(salt + payload_text.encode()).hexdigest()
