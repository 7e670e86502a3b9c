"""The CDEvents conformance events, recorded with their schemas."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.documents.suites import files, load, report, schemas_by_id, unexplained
from tests.realdata.recordings import Case, Recording, altered, record, record_all, register, verdicts
from tests.shared_data import folder_or_skip
from xzepr import Registry, Unit
from xzepr.errors import Invalid

UNIT = Unit(name="corrupted", version="1", release="1", platform_id="any", package="document")


@pytest.fixture(scope="module")
def folder() -> Path:
    """The folder of the suite."""
    return folder_or_skip("cdevents")


@pytest.fixture(scope="module")
def registry(folder: Path) -> Iterator[Registry]:
    """A registry that knows the shared parts, to which the schemas refer by their ids."""
    with Registry.open("memory:", documents=schemas_by_id(folder / "schemas")) as registry:
        yield registry


@pytest.fixture(scope="module")
def cases(folder: Path) -> list[Case]:
    """Every conformance event, and the custom one: `<a>_<b>.json` has the schema `<ab>.json`."""
    found = [
        Case(name=path.name, text=path.read_bytes(), schema=folder / "schemas" / path.name.replace("_", ""))
        for path in files(folder / "conformance")
    ]
    custom = [
        Case(name=f"custom/{path.name}", text=path.read_bytes(), schema=path.with_name("schema.json"))
        for path in files(folder / "custom", "conformance*.json")
    ]
    return found + custom


@pytest.fixture(scope="module")
def recordings(registry: Registry, cases: list[Case]) -> list[Recording]:
    """What became of them."""
    return record_all(registry, cases)


def test_every_event_is_recorded(recordings: list[Recording]) -> None:
    """All the conformance events are accepted by receivers with their schemas."""
    outcomes = verdicts(recordings, {})
    report("CDEvents, recorded", outcomes)

    assert unexplained(outcomes) == []


def test_every_event_reads_back(recordings: list[Recording]) -> None:
    """Each payload comes back equal to its canonical value, and each event verifies."""
    assert altered(recordings) == []


def test_every_schema_makes_a_receiver(registry: Registry, folder: Path) -> None:
    """Those schemas that no conformance event uses are usable, too."""
    own = [path for path in files(folder / "schemas") if path.parent.name == "schemas"]

    assert [path.name for path in own if register(registry, path).accepts_anything] == []


def corruptions(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """One event, made wrong in one place at a time, and the place."""
    for field in ("type", "timestamp"):
        wrong = copy.deepcopy(document)
        wrong["context"][field] = "not what it says"
        yield f"payload/context/{field}", wrong
    wrong = copy.deepcopy(document)
    del wrong["subject"]["id"]
    yield "payload/subject", wrong


def test_corrupted_events_are_refused_by_field_and_reason(registry: Registry, folder: Path, cases: list[Case]) -> None:
    """An event made wrong in one place is refused with exactly that place and a reason, and is not stored."""
    receivers = {case.name: register(registry, case.schema) for case in cases if not case.name.startswith("custom/")}
    before = registry.feed.head()
    wrong = [
        (path.name, place, document)
        for path in files(folder / "conformance")
        for place, document in corruptions(load(path))
    ]
    found = []
    for name, place, document in wrong:
        with pytest.raises(Invalid) as caught:
            record(registry, UNIT, receivers[name], document)
        found.append((name, place, caught.value.fields))
        assert all(violation.reason for violation in caught.value.violations)

    assert [(name, place, fields) for name, place, fields in found if fields != (place,)] == []
    assert registry.feed.head() == before


def test_reference_to_an_unknown_document_is_refused(folder: Path) -> None:
    """Without the shared parts a schema that refers to them makes no receiver: nothing is fetched."""
    with Registry.open("memory:") as registry, pytest.raises(Invalid, match="schema"):
        register(registry, files(folder / "schemas", "buildfinished.json")[0])


def test_harness_can_fail(recordings: list[Recording]) -> None:
    """A flipped verdict is found."""
    [one, *_] = recordings
    flipped = Recording(
        case=Case(name="flipped", text=one.case.text, schema=one.case.schema, valid=False), event=one.event
    )

    assert len(unexplained(verdicts([flipped], {}))) == 1
