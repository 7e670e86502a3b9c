"""Real documents, recorded as the payloads of receivers that have their real schemas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs
import rfc8785

from tests.documents.suites import Outcome, files
from xzepr import Event, EventReceiver, Recorded, Registry, Unit
from xzepr.documents import parse
from xzepr.errors import Invalid


@attrs.frozen(kw_only=True)
class Case:
    """One document, and what is known about it.

    Args:
        name: Its file.
        text: Its bytes.
        schema: The file of its schema.
        valid: Whether the schema accepts it.
    """

    name: str
    text: bytes
    schema: Path
    valid: bool = True


@attrs.frozen(kw_only=True)
class Recording:
    """What became of one document.

    Args:
        case: The document.
        event: The event as it reads back, if it was recorded.
        error: Why it was refused, if it was.
    """

    case: Case
    event: Event | None = None
    error: Invalid | None = None

    @property
    def accepted(self) -> bool:
        """Whether it was recorded."""
        return self.event is not None


def record_all(registry: Registry, cases: Iterable[Case]) -> list[Recording]:
    """Record each document: one receiver for each schema, one unit for each document."""
    receivers: dict[Path, EventReceiver] = {}
    recordings = []
    for case in cases:
        if case.schema not in receivers:
            receivers[case.schema] = register(registry, case.schema)
        unit = Unit(name=case.name, version="1", release="1", platform_id="any", package="document")
        try:
            recorded = record(registry, unit, receivers[case.schema], parse(case.text))
        except Invalid as error:
            recordings.append(Recording(case=case, error=error))
        else:
            recordings.append(Recording(case=case, event=registry.events.get(recorded.event.id)))
    return recordings


def register(registry: Registry, schema: Path) -> EventReceiver:
    """Make the receiver of a schema."""
    name = f"{schema.parent.name}/{schema.name}"
    return registry.receivers.ensure(name=name, type="document", version="1", schema=parse(schema.read_bytes()))


def record(registry: Registry, unit: Unit, receiver: EventReceiver, document: Any) -> Recorded:  # noqa: ANN401 - any JSON
    """Record a document."""
    return registry.events.record(unit, receiver, success=True, payload=document)


def verdicts(recordings: Iterable[Recording], rules: Mapping[str, str]) -> list[Outcome]:
    """Compare what became of the documents with what is known.

    Args:
        recordings: What became of them.
        rules: Why a document may be refused though it is called valid: the reason given, and the rule behind it.
    """
    return [
        Outcome(one.case.name, one.case.valid, one.accepted, _rule(one.error, rules) if one.case.valid else None)
        for one in recordings
    ]


def _rule(error: Invalid | None, rules: Mapping[str, str]) -> str | None:
    reasons = {violation.reason for violation in error.violations} if error else set()
    return rules.get(reasons.pop()) if len(reasons) == 1 else None


def altered(recordings: Iterable[Recording]) -> list[str]:
    """The documents that read back as something else than their canonical value, or whose event does not verify."""
    return [one.case.name for one in recordings if one.event is not None and not _intact(one.case, one.event)]


def _intact(case: Case, event: Event) -> bool:
    document: Any = parse(case.text)
    written = rfc8785.dumps(document).decode()
    return event.payload_text == written and event.payload == parse(written) and event.verify()


def unnamed(recordings: Iterable[Recording]) -> list[str]:
    """The documents that were refused without a field inside the payload and a reason."""
    return [
        one.case.name
        for one in recordings
        if one.error is not None
        and not all(found.field.startswith("payload") and found.reason for found in one.error.violations)
    ]


def cases_in(folder: Path, pattern: str, schema: Path) -> list[Case]:
    """Every document of a folder, all of one schema."""
    return [
        Case(name=path.relative_to(folder).as_posix(), text=path.read_bytes(), schema=schema)
        for path in files(folder, pattern)
    ]
