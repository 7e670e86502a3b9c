"""GitHub webhooks, CycloneDX documents and SLSA envelopes, recorded with their schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents.suites import DATE_WITHOUT_ZONE, load, report, schemas_by_id, unexplained
from tests.realdata.recordings import Case, Recording, altered, cases_in, record_all, unnamed, verdicts
from tests.shared_data import folder_or_skip
from xzepr import EventFilter, Registry

RULES = {"does not have the format date-time": DATE_WITHOUT_ZONE}

ENVELOPE = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "anyOf": [{"$ref": "#/$defs/envelope"}, {"$ref": "#/$defs/bundle"}],
    "$defs": {
        "base64": {"type": "string", "pattern": "^[A-Za-z0-9+/]+={0,2}$"},
        "envelope": {
            "type": "object",
            "required": ["payloadType", "payload", "signatures"],
            "properties": {
                "payloadType": {"const": "application/vnd.in-toto+json"},
                "payload": {"$ref": "#/$defs/base64"},
                "signatures": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["sig"],
                        "properties": {"sig": {"$ref": "#/$defs/base64"}, "keyid": {"type": "string"}},
                    },
                },
            },
        },
        "bundle": {
            "type": "object",
            "required": ["mediaType", "verificationMaterial", "dsseEnvelope"],
            "properties": {"mediaType": {"type": "string"}, "dsseEnvelope": {"$ref": "#/$defs/envelope"}},
        },
    },
}
"""A DSSE envelope (https://github.com/secure-systems-lab/dsse), or a bundle around one: they come without a schema."""


def expected(suite: str) -> list[Case]:
    """The cases that a suite lists."""
    folder = folder_or_skip(suite)
    return [
        Case(
            name=case["instance"],
            text=(folder / case["instance"]).read_bytes(),
            schema=folder / case["schema"],
            valid=case["valid"],
        )
        for case in load(folder / "expected.json")
    ]


@pytest.fixture(scope="module", params=["github-webhooks", "cyclonedx"])
def suite(request: pytest.FixtureRequest) -> str:
    """A suite of documents with schemas that refer to each other."""
    return str(request.param)


@pytest.fixture(scope="module")
def registry(suite: str) -> Iterator[Registry]:
    """A registry that knows the schemas of the suite."""
    with Registry.open("memory:", documents=schemas_by_id(folder_or_skip(suite) / "schemas")) as registry:
        yield registry


@pytest.fixture(scope="module")
def recordings(registry: Registry, suite: str) -> list[Recording]:
    """What became of the suite's documents."""
    return record_all(registry, expected(suite))


def test_documents_are_recorded_or_refused_as_known(suite: str, recordings: list[Recording]) -> None:
    """What the suite calls valid is recorded, or refused by a rule; what it calls invalid is refused."""
    outcomes = verdicts(recordings, RULES)
    report(f"{suite}, recorded", outcomes)

    assert unexplained(outcomes) == []


def test_recorded_documents_read_back(recordings: list[Recording]) -> None:
    """Each payload comes back equal to its canonical value, and each event verifies."""
    assert any(one.accepted for one in recordings)
    assert altered(recordings) == []


def test_refusals_name_field_and_reason(recordings: list[Recording]) -> None:
    """Each refusal says where in the payload, and why."""
    assert unnamed(recordings) == []


def test_refused_documents_leave_nothing(registry: Registry, recordings: list[Recording]) -> None:
    """The registry holds an event for each document it accepted, and none for the others."""
    refused = [one.case.name for one in recordings if not one.accepted]

    assert registry.events.count().value == len(recordings) - len(refused)
    assert [name for name in refused if registry.events.count(EventFilter(name=name)).value] == []


def test_github_payloads_without_a_verdict_are_recorded(tmp_path: Path) -> None:
    """Every other GitHub payload is a payload of a receiver that takes any object."""
    schema = tmp_path / "any.json"
    schema.write_text('{"type": "object"}', encoding="utf-8")
    cases = cases_in(folder_or_skip("github-webhooks") / "examples", "*.json", schema)
    with Registry.open("memory:") as registry:
        recordings = record_all(registry, cases)
    outcomes = verdicts(recordings, {})
    report("github-webhooks, all examples", outcomes)

    assert unexplained(outcomes) == []
    assert altered(recordings) == []


def test_slsa_envelopes_are_recorded(tmp_path: Path) -> None:
    """Every signed envelope is recorded, and reads back with each byte of what was signed."""
    schema = tmp_path / "envelope.json"
    schema.write_text(json.dumps(ENVELOPE), encoding="utf-8")
    cases = cases_in(folder_or_skip("slsa-provenance"), "*.intoto.jsonl", schema)
    with Registry.open("memory:") as registry:
        recordings = record_all(registry, cases)
    outcomes = verdicts(recordings, {})
    report("SLSA envelopes, recorded", outcomes)

    assert unexplained(outcomes) == []
    assert altered(recordings) == []


def test_harness_can_fail(recordings: list[Recording]) -> None:
    """A flipped verdict is found, and so is a payload that is not the document's."""
    one = next(one for one in recordings if one.accepted)
    flipped = Case(name="flipped", text=one.case.text, schema=one.case.schema, valid=False)
    another = Case(name="another", text=b'{"another": "document"}', schema=one.case.schema)

    assert len(unexplained(verdicts([Recording(case=flipped, event=one.event)], RULES))) == 1
    assert altered([Recording(case=another, event=one.event)]) == ["another"]
