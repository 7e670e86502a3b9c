"""Filters: what a list can be narrowed to. Every field given must hold."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Final

import attrs

from xzepr.documents import JsonValue
from xzepr.model.checks import Checks, fold
from xzepr.model.events import Event
from xzepr.model.groups import EventReceiverGroup
from xzepr.model.pages import MAX_LIMIT
from xzepr.model.principals import Identity
from xzepr.model.receivers import EventReceiver
from xzepr.model.times import format_time
from xzepr.model.ulids import Ulid
from xzepr.model.units import UNIT_FIELDS, Unit

_NAMING: Final = ("name", "type", "version")


def _ids(values: Iterable[str] | None) -> tuple[str, ...] | None:
    """Read no more than is allowed, and one; what is no list is left to the checks."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        return values  # type: ignore[return-value]  # the checks refuse it by name
    return tuple(islice(values, MAX_LIMIT + 1))


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if isinstance(moment, datetime) and moment.tzinfo is not None else moment


@attrs.frozen(kw_only=True)
class _Filter:
    """What all filters have.

    Args:
        ids: Only these ids; at most 1,000.
        owner: Only what this identity owns.
        recorded_from: Only from this time on.
        recorded_until: Only before this time: the range is half-open.
        name_contains: Only where the name holds this text, case and width folded; no character is a wildcard.
    """

    ids: tuple[Ulid, ...] | None = attrs.field(default=None, converter=_ids)
    owner: Identity | None = None
    recorded_from: datetime | None = None
    recorded_until: datetime | None = None
    name_contains: str | None = None
    _folded: str = attrs.field(init=False, eq=False, repr=False, default="")

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        self._check(checks)
        checks.done()
        object.__setattr__(self, "_folded", fold(self.name_contains or ""))
        object.__setattr__(self, "recorded_from", _utc(self.recorded_from))
        object.__setattr__(self, "recorded_until", _utc(self.recorded_until))

    def _check(self, checks: Checks) -> None:
        if self.ids is not None:
            _check_ids(checks, self.ids)
        if self.owner is not None:
            checks.exactly("owner", self.owner, Identity)
        if self.name_contains is not None:
            checks.text("name_contains", self.name_contains, blank=True)
        _check_range(checks, self.recorded_from, self.recorded_until)

    def query(self) -> dict[str, JsonValue]:
        """Return the fields that were given, as JSON: what a cursor is bound to."""
        given = {name: _as_json(getattr(self, name)) for name in sorted(self._names())}
        return {name: value for name, value in given.items() if value is not None}

    @classmethod
    def _names(cls) -> tuple[str, ...]:
        return tuple(field.name for field in attrs.fields(cls) if field.init)

    def _matches(self, row_id: Ulid, owner: Identity, recorded_at: datetime, name: str) -> bool:
        return (
            (self.ids is None or row_id in self.ids)
            and (self.owner is None or owner == self.owner)
            and (self.recorded_from is None or recorded_at >= self.recorded_from)
            and (self.recorded_until is None or recorded_at < self.recorded_until)
            and (not self._folded or self._folded in fold(name))
        )


@attrs.frozen(kw_only=True)
class EventFilter(_Filter):
    """Narrows a list of events.

    Args:
        ids: Only these ids; at most 1,000.
        owner: Only what this identity recorded.
        recorded_from: Only recorded from this time on.
        recorded_until: Only recorded before this time: the range is half-open.
        name_contains: Only of units whose name holds this text, case and width folded; no character is a wildcard.
        name: Only of units with this name.
        version: Only of units with this version.
        release: Only of units with this release.
        platform_id: Only of units for this platform.
        package: Only of units packaged like this.
        receiver_id: Only of this receiver.
        success: Only successes, or only failures.

    Raises:
        Invalid: A field is wrong; every one is named.

    Example:
        >>> EventFilter(name="web", success=False).query()
        {'name': 'web', 'success': False}
    """

    name: str | None = None
    version: str | None = None
    release: str | None = None
    platform_id: str | None = None
    package: str | None = None
    receiver_id: Ulid | None = None
    success: bool | None = None

    @classmethod
    def of(cls, unit: Unit) -> EventFilter:
        """Return the filter for the events of one unit."""
        return cls(
            name=unit.name,
            version=unit.version,
            release=unit.release,
            platform_id=unit.platform_id,
            package=unit.package,
        )

    def _check(self, checks: Checks) -> None:
        super()._check(checks)
        _check_texts(checks, self, UNIT_FIELDS)
        if self.receiver_id is not None:
            checks.ulid("receiver_id", self.receiver_id)
        if self.success is not None:
            checks.kind("success", self.success, bool)

    def matches(self, event: Event) -> bool:
        """Say whether an event belongs to the list."""
        return (
            all(getattr(self, field) in (None, value) for field, value in event.unit.fields().items())
            and self.receiver_id in (None, event.receiver_id)
            and self.success in (None, event.success)
            and self._matches(event.id, event.owner, event.recorded_at, event.unit.name)
        )


@attrs.frozen(kw_only=True)
class ReceiverFilter(_Filter):
    """Narrows a list of receivers.

    Args:
        ids: Only these ids; at most 1,000.
        owner: Only what this identity owns.
        recorded_from: Only created from this time on.
        recorded_until: Only created before this time: the range is half-open.
        name_contains: Only where the name holds this text, case and width folded; no character is a wildcard.
        name: Only with this name.
        type: Only of this type.
        version: Only of this version.

    Raises:
        Invalid: A field is wrong; every one is named.
    """

    name: str | None = None
    type: str | None = None
    version: str | None = None

    def _check(self, checks: Checks) -> None:
        super()._check(checks)
        _check_texts(checks, self, _NAMING)

    def matches(self, receiver: EventReceiver) -> bool:
        """Say whether a receiver belongs to the list."""
        return all(getattr(self, field) in (None, getattr(receiver, field)) for field in _NAMING) and self._matches(
            receiver.id, receiver.owner, receiver.created_at, receiver.name
        )


@attrs.frozen(kw_only=True)
class GroupFilter(_Filter):
    """Narrows a list of groups.

    Args:
        ids: Only these ids; at most 1,000.
        owner: Only what this identity owns.
        recorded_from: Only created from this time on.
        recorded_until: Only created before this time: the range is half-open.
        name_contains: Only where the name holds this text, case and width folded; no character is a wildcard.
        name: Only with this name.
        type: Only of this type.
        version: Only of this version.
        receiver_id: Only those that hold this receiver.
        enabled: Only enabled ones, or only disabled ones.

    Raises:
        Invalid: A field is wrong; every one is named.
    """

    name: str | None = None
    type: str | None = None
    version: str | None = None
    receiver_id: Ulid | None = None
    enabled: bool | None = None

    def _check(self, checks: Checks) -> None:
        super()._check(checks)
        _check_texts(checks, self, _NAMING)
        if self.receiver_id is not None:
            checks.ulid("receiver_id", self.receiver_id)
        if self.enabled is not None:
            checks.kind("enabled", self.enabled, bool)

    def matches(self, group: EventReceiverGroup) -> bool:
        """Say whether a group belongs to the list."""
        return (
            all(getattr(self, field) in (None, getattr(group, field)) for field in _NAMING)
            and (self.receiver_id is None or self.receiver_id in group.receiver_ids)
            and self.enabled in (None, group.enabled)
            and self._matches(group.id, group.owner, group.created_at, group.name)
        )


def _check_ids(checks: Checks, ids: object) -> None:
    if not isinstance(ids, tuple):
        checks.add("ids", f"must be a list of ids, not {type(ids).__name__}")
        return
    if len(ids) > MAX_LIMIT:
        checks.add("ids", f"must be at most {MAX_LIMIT:,} ids: ask in several calls", MAX_LIMIT)
        return
    for index, value in enumerate(ids):
        checks.ulid(f"ids/{index}", value)


def _check_texts(checks: Checks, values: _Filter, fields: Iterable[str]) -> None:
    for field in fields:
        value = getattr(values, field)
        if value is not None:
            checks.text(field, value)


def _check_range(checks: Checks, start: datetime | None, end: datetime | None) -> None:
    before = len(checks.found)
    if start is not None:
        checks.time("recorded_from", start)
    if end is not None:
        checks.time("recorded_until", end)
    if len(checks.found) == before and start is not None and end is not None and start > end:
        checks.add("recorded_from", "must not be after recorded_until")


def _as_json(value: object) -> JsonValue:
    match value:
        case datetime():
            return format_time(value)
        case Identity():
            return {"issuer": value.issuer, "subject": value.subject}
        case tuple():
            return [str(item) for item in value]
        case bool() | str():
            return value
        case _:
            return None
