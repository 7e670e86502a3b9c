"""The public suites, through our own registration, reading and writing."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.documents import suites
from tests.documents.suites import DRAFTS, Outcome, expected_outcomes, files, load, report, schemas_by_id, unexplained
from tests.shared_data import folder_or_skip
from xzepr.documents import SchemaCompiler, canonical, parse, read_canonical

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("draft", DRAFTS)
def test_json_schema_suite(draft: str) -> None:
    """Every test of the JSON Schema suite gives the verdict it wants, or one that a rule explains."""
    outcomes = suites.schema_outcomes(draft)
    report(draft, outcomes)

    assert unexplained(outcomes) == []


def test_json_schema_suite_can_fail() -> None:
    """A flipped verdict in the JSON Schema suite is found."""
    group = {
        "description": "a number",
        "schema": {"type": "number"},
        "tests": [{"description": "is one", "data": 1, "valid": False}],
    }

    outcomes = list(suites.group_outcomes("type", group, DRAFTS["draft7"]))

    assert len(unexplained(outcomes)) == 1


def test_json_parsing_suite() -> None:
    """Every file that a reader must take is taken, or refused by a rule; every one it must refuse is refused."""
    outcomes = suites.parsing_outcomes()
    report("JSONTestSuite, parsing", outcomes)

    assert unexplained(outcomes) == []


def test_json_parsing_suite_can_fail() -> None:
    """A file in the wrong place of the parsing suite is found."""
    flipped = Outcome("y_array_empty.json", expected=False, actual=suites.reads(b"[]"))

    assert unexplained([flipped]) == ["y_array_empty.json: True"]


def test_json_transform_suite() -> None:
    """Every text that parsers read differently is refused, or read as the standard library reads it."""
    paths = files(folder_or_skip("jsontestsuite") / "test_transform")
    outcomes = [
        Outcome(path.name, load(path), parse(path.read_bytes())) for path in paths if suites.reads(path.read_bytes())
    ]
    refused = [path for path in paths if not suites.reads(path.read_bytes())]
    report("JSONTestSuite, transform, read", outcomes, f"  {len(refused)} more are refused")

    assert unexplained(outcomes) == []
    assert [path.name for path in refused if not _is_refused_by_rule(path)] == []


def _is_refused_by_rule(path: Path) -> bool:
    text = path.read_bytes()
    try:
        return any(holds(text) for holds in suites.READER_RULES.values())
    except UnicodeDecodeError:
        return True


def test_canonicalization_suite() -> None:
    """The canonical text of every vector of RFC 8785's authors is theirs, byte by byte."""
    folder = folder_or_skip("json-canonicalization")
    outcomes = [
        Outcome(
            path.name,
            bytes.fromhex((folder / "outhex" / path.with_suffix(".txt").name).read_text(encoding="ascii")),
            canonical(parse(path.read_bytes())).encode(),
        )
        for path in files(folder / "input")
    ]
    report("RFC 8785", outcomes)

    assert unexplained(outcomes) == []


@pytest.mark.parametrize(
    ("suite", "schemas"),
    [("cyclonedx", "schemas"), ("github-webhooks", "schemas"), ("schemastore", None)],
)
def test_documents_with_known_verdicts(suite: str, schemas: str | None) -> None:
    """Real documents get the verdict that is known, or one that a rule explains."""
    documents = schemas_by_id(folder_or_skip(suite) / schemas) if schemas else {}
    outcomes = expected_outcomes(suite, documents)
    report(suite, outcomes)

    assert unexplained(outcomes) == []


def test_documents_with_known_verdicts_can_fail() -> None:
    """A flipped verdict of a real document is found."""
    compiler = SchemaCompiler()
    case = {"instance": "one", "valid": False}

    outcome = suites._expected_outcome(compiler, '{"type": "number"}', 1, case)  # noqa: SLF001 - the harness itself

    assert unexplained([outcome]) == ["one: True"]


def test_cdevents() -> None:
    """Every CDEvents example is accepted by its schema, which refers to shared parts by their ids."""
    folder = folder_or_skip("cdevents")
    compiler = SchemaCompiler(schemas_by_id(folder / "schemas"))
    outcomes = []
    for path in files(folder / "conformance"):
        schema = folder / "schemas" / path.name.replace("_", "")
        outcomes.append(_accepted(compiler, schema.read_text(encoding="utf-8"), path.read_bytes(), path.name))
    report("CDEvents", outcomes)

    assert unexplained(outcomes) == []


def test_eiffel() -> None:
    """Every event of the Eiffel stream is accepted by the schema of its type and version."""
    folder, compiler, outcomes = folder_or_skip("eiffel"), SchemaCompiler(), []
    for number, line in enumerate((folder / "stream" / "events.jsonl").read_bytes().splitlines()):
        meta = json.loads(line)["meta"]
        schema = (folder / "schemas" / meta["type"] / f"{meta['version']}.json").read_text(encoding="utf-8")
        outcomes.append(_accepted(compiler, schema, line, str(number)))
    report("Eiffel", outcomes)

    assert unexplained(outcomes) == []


def _accepted(compiler: SchemaCompiler, schema: str, document: bytes, name: str) -> Outcome:
    return Outcome(name, expected=True, actual=suites.accepts(compiler.compile(schema), parse(document)))


@pytest.mark.parametrize("suite", ["cdevents", "eiffel", "cyclonedx", "github-webhooks", "schemastore"])
def test_real_schemas_pass_the_guard(suite: str) -> None:
    """Every real schema is accepted, or refused by a rule."""
    folder = folder_or_skip(suite) / "schemas"
    documents = {} if suite in {"eiffel", "schemastore"} else schemas_by_id(folder)
    compiler, outcomes = SchemaCompiler(documents), []
    for path in files(folder):
        case = {"instance": path.name, "valid": "accepted"}
        text = path.read_text(encoding="utf-8")
        found = suites._expected_outcome(compiler, text, None, case)  # noqa: SLF001 - the harness itself
        actual = found.actual if isinstance(found.actual, str) else "accepted"
        outcomes.append(Outcome(path.name, "accepted", actual, found.rule))
    report(f"schemas of {suite}", outcomes)

    assert unexplained(outcomes) == []


@pytest.mark.parametrize(
    ("suite", "pattern"),
    [("github-webhooks/examples", "*.json"), ("cyclonedx/instances", "*.json"), ("slsa-provenance", "*.jsonl")],
)
def test_real_documents_survive(suite: str, pattern: str) -> None:
    """Every real document is read, and read back from its canonical text as an equal value."""
    outcomes = []
    for path in files(folder_or_skip(suite), pattern):
        for text in path.read_bytes().splitlines() if pattern == "*.jsonl" else [path.read_bytes()]:
            value = parse(text)
            outcomes.append(Outcome(path.name, value, read_canonical(canonical(value))))
    report(suite, outcomes)

    assert unexplained(outcomes) == []


def test_slsa_payloads() -> None:
    """The signed statement inside every SLSA envelope is read."""
    outcomes = []
    for path in files(folder_or_skip("slsa-provenance"), "*.jsonl"):
        envelope = json.loads(path.read_bytes().splitlines()[0])
        payload = base64.b64decode(envelope.get("dsseEnvelope", envelope)["payload"])
        outcomes.append(Outcome(path.name, json.loads(payload), parse(payload)))
    report("SLSA statements", outcomes)

    assert unexplained(outcomes) == []


def test_empty_folders_fail(tmp_path: Path) -> None:
    """A suite without files is a failure, not a success."""
    with pytest.raises(AssertionError, match=r"no \*\.json"):
        files(tmp_path)
    with pytest.raises(AssertionError, match="has no cases"):
        report("nothing", [])
