"""Receivers and groups from lines: those that are there already are used, if they say the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from xzepr import EventReceiver, EventReceiverGroup, Registry
from xzepr.cli.ndjson.forms import GroupForm, ReceiverForm
from xzepr.errors import AlreadyExists, Invalid, Violation, refuse
from xzepr.model import receiver_fingerprint


def take_receiver(registry: Registry, form: ReceiverForm) -> EventReceiver:
    """Return the receiver that a line defines; create it, with the line's id, if there is none.

    Raises:
        Invalid: The line is wrong.
        AlreadyExists: There is one of this name, type and version with another schema, or its id is taken.
    """
    stored = registry.receivers.find(name=form.name, type=form.type, version=form.version)
    if stored is None:
        return registry.receivers.create(
            id=form.id,
            name=form.name,
            type=form.type,
            version=form.version,
            schema=form.schema,
            description=form.description,
        )
    if stored.fingerprint != receiver_fingerprint(form.name, form.type, form.version, form.schema):
        raise AlreadyExists("receiver", "/".join(stored.naming), stored.id, ["schema"])
    return stored


def take_group(registry: Registry, form: GroupForm, receiver_ids: Iterable[str]) -> EventReceiverGroup:
    """Return the group that a line defines; create it, with the line's id, if there is none.

    Args:
        registry: Where.
        form: The line.
        receiver_ids: Its receivers, by their ids in this registry.

    Raises:
        Invalid: The line is wrong.
        NotFound: A receiver does not exist.
        AlreadyExists: There is one of this name, type and version that differs, or its id is taken.
    """
    needed = list(receiver_ids)
    stored = registry.groups.find(name=form.name, type=form.type, version=form.version)
    if stored is None:
        return _created(registry, form, needed)
    differs = ["receivers"] if set(needed) != set(stored.receiver_ids) else []
    if form.enabled != stored.enabled:
        differs.append("enabled")
    if differs:
        raise AlreadyExists("group", "/".join(stored.naming), stored.id, differs)
    return stored


def _created(registry: Registry, form: GroupForm, receiver_ids: Iterable[str]) -> EventReceiverGroup:
    try:
        return registry.groups.create(
            id=form.id,
            name=form.name,
            type=form.type,
            version=form.version,
            receivers=receiver_ids,
            description=form.description,
            enabled=form.enabled,
        )
    except Invalid as error:
        violations = error.violations
    refuse(map(_placed, violations))
    raise AssertionError  # there is a violation


def _placed(found: Violation) -> Violation:
    """Name a place as the line does."""
    key, slash, rest = found.field.partition("/")
    return attrs.evolve(found, field=f"{_KEYS.get(key, key)}{slash}{rest}")


_KEYS: Final = {"receivers": "receiver_ids"}
"""What the library calls otherwise than the line."""
