"""From prepared events to what ``append_v1`` and ``append_one_v1`` are given: JSON, payloads as they are.

A payload is spliced in as the canonical text that it is. Encoding it again would cost as much as everything else, and
``json_to_recordset`` gives back the text of a ``json`` column to the letter.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from xzepr.model import NewEvent, Ulid, format_time, ulid_to_int

_quote: Final = json.JSONEncoder(ensure_ascii=False).encode


def uuid_text(ulid: Ulid) -> str:
    """Return an id as PostgreSQL's ``uuid`` reads it: the same 128 bits.

    Example:
        >>> uuid_text(Ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV"))
        '01563e3ab5d3d6764c61efb99302bd5b'
    """
    return f"{ulid_to_int(ulid):032x}"


def batch_text(events: Sequence[NewEvent]) -> str:
    """Write a batch.

    Args:
        events: The events, in the order in which they are to be judged.
    """
    return "[" + ",".join(item_text(place, event) for place, event in enumerate(events)) + "]"


def item_text(place: int, event: NewEvent) -> str:
    """Write one event, as an item of a batch.

    Args:
        place: Its place in the batch.
        event: The event.
    """
    key = "null" if event.idempotency_key is None else _quote(event.idempotency_key)
    return (
        f'{{"place":{place},"id":"{uuid_text(event.id)}","unit_key":"{event.unit.key.hex()}"'
        f',"receiver_id":"{uuid_text(event.receiver_id)}"'
        f',"receiver_fingerprint":"\\\\x{event.receiver_fingerprint}"'
        f',"success":{"true" if event.success else "false"},"payload":{event.payload_text}'
        f',"salt":"\\\\x{event.salt.hex()}","payload_digest":"\\\\x{event.payload_digest}"'
        f',"description":{_quote(event.description)},"occurred_at":"{format_time(event.occurred_at)}"'
        f',"owner_issuer":{_quote(event.owner.issuer)},"owner_subject":{_quote(event.owner.subject)}'
        f',"digest":"\\\\x{event.digest}","idempotency_key":{key},{event.unit.canonical[1:]}'
    )
