"""The third-party suites as cases, found by listing their folders, and the rules by which we deviate from them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import attrs

from tests.shared_data import folder_or_skip
from xzepr.documents import SchemaCompiler, canonical, ordered_text, parse
from xzepr.documents.compiling import CompiledSchema
from xzepr.errors import Invalid

DRAFTS = {
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}


def files(folder: Path, pattern: str = "*.json") -> list[Path]:
    """List the files of a folder and those below it; none at all is a failure."""
    found = sorted(folder.rglob(pattern))
    assert found, f"no {pattern} in {folder.name}"
    return found


def load(path: Path) -> Any:  # noqa: ANN401 - test data has any shape
    """Read a file of a suite leniently: what it holds is what is tested."""
    return json.loads(path.read_bytes())


@attrs.frozen
class Outcome:
    """What became of one case.

    Args:
        case: Its description.
        expected: What the suite says.
        actual: What we say.
        rule: The rule that explains a difference, if one does.
    """

    case: str
    expected: object
    actual: object
    rule: str | None = None


def unexplained(outcomes: list[Outcome]) -> list[str]:
    """The cases that differ from the suite without a rule."""
    return [f"{one.case}: {one.actual}" for one in outcomes if one.actual != one.expected and one.rule is None]


def report(name: str, outcomes: list[Outcome], *more: str) -> None:
    """Print how many cases there were, and how many each rule explains; none at all is a failure."""
    assert outcomes, f"{name} has no cases"
    rules = Counter(one.rule for one in outcomes if one.actual != one.expected)
    lines = [f"{name}: {len(outcomes)} cases, {sum(rules.values())} deviations", *more]
    lines += [f"  {count}: {rule}" for rule, count in rules.items()]
    print("", *lines, sep="\n")  # noqa: T201 - the counts are there to be seen


# --- JSON Schema ------------------------------------------------------------------------------------------------------

NOT_IJSON = "a schema or a document that is not I-JSON is Invalid"
FORMAT_IS_ASSERTED = "format is asserted in every draft"


@cache
def remotes() -> SchemaCompiler:
    """A compiler that knows the documents the suite refers to, under the addresses it uses."""
    folder = folder_or_skip("json-schema-test-suite") / "remotes"
    return SchemaCompiler(
        {f"http://localhost:1234/{path.relative_to(folder).as_posix()}": load(path) for path in files(folder)}
    )


def schema_groups(draft: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The groups of tests of one draft: one schema, several documents."""
    folder = folder_or_skip("json-schema-test-suite") / "tests" / draft
    for path in files(folder):
        for group in load(path):
            yield path.relative_to(folder).with_suffix("").as_posix(), group


def schema_outcomes(draft: str) -> list[Outcome]:
    """Run the tests of one draft through registration and validation."""
    return [outcome for file, group in schema_groups(draft) for outcome in group_outcomes(file, group, DRAFTS[draft])]


def group_outcomes(file: str, group: dict[str, Any], draft: str) -> Iterator[Outcome]:
    """Run the tests of one schema; one that does not name its draft is of the draft whose folder it is in."""
    schema = group["schema"]
    if isinstance(schema, dict):
        schema = {"$schema": draft} | schema
    compiled = _compiled(schema)
    for test in group["tests"]:
        case = f"{file}: {group['description']}: {test['description']}"
        verdict = compiled if isinstance(compiled, str) else _verdict(compiled, test["data"])
        yield Outcome(case, test["valid"], verdict, _schema_rule(file, schema, test, verdict))


def _schema_rule(file: str, schema: object, test: dict[str, Any], verdict: object) -> str | None:
    if not (is_ijson(schema) and is_ijson(test["data"])):
        return NOT_IJSON
    if file == "format" and test["valid"] and verdict is False and "format" in ordered_text(schema):
        return FORMAT_IS_ASSERTED
    return None


def _compiled(schema: object) -> CompiledSchema | str:
    try:
        return remotes().compile(ordered_text(schema, field="schema"))
    except Invalid as error:
        return f"refused: {error}"


def _verdict(schema: CompiledSchema, document: Any) -> bool | str:  # noqa: ANN401 - a suite has documents that are none
    try:
        canonical(document)
    except Invalid as error:
        return f"refused: {error}"
    return accepts(schema, document)


def accepts(schema: CompiledSchema, document: Any) -> bool:  # noqa: ANN401
    """Whether a schema accepts a document."""
    try:
        schema.check(document)
    except Invalid:
        return False
    return True


def is_ijson(value: object) -> bool:
    """Decide, not by our own walk, whether a value is I-JSON without U+0000."""
    if isinstance(value, dict):
        return all(is_ijson(item) for pair in value.items() for item in pair)
    if isinstance(value, list):
        return all(map(is_ijson, value))
    if isinstance(value, str):
        return not any(map(_refused, value))
    if isinstance(value, int):
        return abs(value) < 2**53
    return not isinstance(value, float) or abs(value) < float("inf")


def _refused(character: str) -> bool:
    point = ord(character)
    return point == 0 or 0xD800 <= point <= 0xDFFF or 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE


# --- JSON text --------------------------------------------------------------------------------------------------------


def reads(text: bytes) -> bool:
    """Whether our reader takes a text."""
    try:
        parse(text)
    except Invalid:
        return False
    return True


def _lenient(text: bytes) -> object:
    return json.loads(text.decode())


def has_repeated_name(text: bytes) -> bool:
    """Whether an object in a text has a name twice."""
    found: list[bool] = []

    def note(pairs: list[tuple[str, object]]) -> None:
        found.append(len({name for name, _ in pairs}) < len(pairs))

    json.loads(text.decode(), object_pairs_hook=note)
    return any(found)


READER_RULES: dict[str, Callable[[bytes], bool]] = {
    "an object that has a name twice is Invalid": has_repeated_name,
    "U+0000 is Invalid": lambda text: (
        "\0" in json.dumps(_lenient(text), ensure_ascii=False) or "\\u0000" in text.decode()
    ),
    "noncharacters, surrogates and integers beyond 2^53-1 are Invalid": lambda text: not is_ijson(_lenient(text)),
}
"""Why a text that is JSON is refused: the rules of I-JSON, checked here by other code than our reader's."""


def parsing_outcomes() -> list[Outcome]:
    """Run the files that are named by whether a reader must take them (y), refuse them (n), or may do either (i)."""
    outcomes = []
    for path in files(folder_or_skip("jsontestsuite") / "test_parsing"):
        text, kind = path.read_bytes(), path.name[0]
        actual = reads(text)
        expected = actual if kind == "i" else kind == "y"
        rule = next((why for why, holds in READER_RULES.items() if kind == "y" and not actual and holds(text)), None)
        outcomes.append(Outcome(path.name, expected, actual, rule))
    return outcomes


# --- real documents ---------------------------------------------------------------------------------------------------

LOOK_AROUND = "patterns with look-around are outside the dialect, so such a schema is refused"
BRANCHING = "a schema that recurses twice on the same value is refused by the guard"
DATE_WITHOUT_ZONE = "format is asserted, and a date-time without a zone is none"


def expected_outcomes(suite: str, documents: dict[str, Any]) -> list[Outcome]:
    """Run the pairs of instance and schema that ``expected.json`` of a suite lists."""
    folder, compiler = folder_or_skip(suite), SchemaCompiler(documents)
    outcomes = []
    for case in load(folder / "expected.json"):
        text = (folder / case["schema"]).read_text(encoding="utf-8")
        document = parse((folder / case["instance"]).read_bytes())
        outcomes.append(_expected_outcome(compiler, text, document, case))
    return outcomes


def _expected_outcome(compiler: SchemaCompiler, text: str, document: Any, case: dict[str, Any]) -> Outcome:  # noqa: ANN401
    name, expected = case["instance"], case["valid"]
    try:
        schema = compiler.compile(text)
    except Invalid as error:
        return Outcome(name, expected, f"refused: {error}", _refusal_rule(text, error))
    try:
        schema.check(document)
    except Invalid as error:
        rule = DATE_WITHOUT_ZONE if {one.reason for one in error.violations} == {_NO_DATE} else None
        return Outcome(name, expected, actual=False, rule=rule)
    return Outcome(name, expected, actual=True)


_NO_DATE = "does not have the format date-time"


def _refusal_rule(text: str, error: Invalid) -> str | None:
    reasons = {one.reason for one in error.violations}
    if reasons == {"does not have the format regex"} and any(sign in text for sign in ("(?!", "(?=", "(?<!", "(?<=")):
        return LOOK_AROUND
    if all(reason.startswith("lets more than") for reason in reasons):
        return BRANCHING
    return None


def schemas_by_id(folder: Path) -> dict[str, Any]:
    """The schemas of a folder, each by the id that it has."""
    found = {}
    for path in files(folder):
        schema = load(path)
        if own := schema.get("$id", schema.get("id")):
            found[own] = schema
    return found
