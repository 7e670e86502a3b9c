"""Batches as text."""

from __future__ import annotations

import json

from tests.postgres.appending import event, new_id, unit
from xzepr.model import ulid_to_int
from xzepr_postgres.batches import batch_text, uuid_text


def test_a_batch_is_json_with_payloads_as_they_are() -> None:
    """The text holds each canonical payload to the letter, and every other field as JSON."""
    new = event(unit('a "b"\\'), new_id(), payload_text='{"a":100000000000000000000}', description='é"\\')
    text = batch_text([new, event(unit("web"), new_id(), idempotency_key='k"')])
    first, second = json.loads(text)
    assert '"payload":{"a":100000000000000000000}' in text
    assert (first["place"], first["name"], first["description"]) == (0, 'a "b"\\', 'é"\\')
    assert first["digest"] == f"\\x{new.digest}"
    assert (first["idempotency_key"], second["idempotency_key"]) == (None, 'k"')


def test_an_id_is_the_same_number_as_a_uuid() -> None:
    """Text form aside, nothing changes."""
    ulid = new_id()
    assert int(uuid_text(ulid), 16) == ulid_to_int(ulid)
