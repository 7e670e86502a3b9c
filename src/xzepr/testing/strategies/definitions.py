"""Strategies for definitions: what a caller says when creating receivers and groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from hypothesis import strategies as st

from xzepr.documents import JsonValue
from xzepr.model import EventReceiver
from xzepr.testing.strategies.values import descriptions, texts

_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


class ReceiverDefinition(TypedDict):
    """The arguments of ``registry.receivers.create``."""

    name: str
    type: str
    version: str
    description: str
    schema: JsonValue


class GroupDefinition(TypedDict):
    """The arguments of ``registry.groups.create``."""

    name: str
    type: str
    version: str
    description: str
    receivers: list[EventReceiver]
    enabled: bool


def schemas() -> st.SearchStrategy[JsonValue]:
    """Make JSON Schemas that say which types a payload may have, or nothing."""
    types: st.SearchStrategy[JsonValue] = st.lists(st.sampled_from(_TYPES), min_size=1, max_size=3, unique=True).map(
        lambda names: {"type": list[JsonValue](names)}
    )
    return st.one_of(st.sampled_from([True, {}]), types)


def receiver_definitions() -> st.SearchStrategy[ReceiverDefinition]:
    """Make the arguments of ``registry.receivers.create``."""
    return st.builds(
        ReceiverDefinition,
        name=texts(40),
        type=texts(20),
        version=texts(20),
        description=descriptions(40),
        schema=schemas(),
    )


def group_definitions(receivers: Sequence[EventReceiver]) -> st.SearchStrategy[GroupDefinition]:
    """Make the arguments of ``registry.groups.create``.

    Args:
        receivers: The receivers that there are.
    """
    chosen = st.lists(st.sampled_from(list(receivers)), min_size=1, unique_by=lambda each: each.id)
    return st.builds(
        GroupDefinition,
        name=texts(40),
        type=texts(20),
        version=texts(20),
        description=descriptions(40),
        receivers=chosen,
        enabled=st.booleans(),
    )
