"""The work of compiling a schema, and the schema that comes out of it.

A schema passes four gates before it checks anything: it is I-JSON within limits, it is a schema by the meta-schema of
its draft, the static guard (:mod:`xzepr.documents.guard`) accepts it, and jsonschema-rs compiles it, offline and with
patterns that match in linear time. ``format`` is asserted in every draft, so that one schema means one thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, cast

import attrs
import jsonschema_rs

from xzepr.documents.annotations import accepts_anything
from xzepr.documents.drafts import LATEST, Draft, metaschemas
from xzepr.documents.guard import judge
from xzepr.documents.reading import parse
from xzepr.documents.reasons import violation
from xzepr.documents.references import Closure, known_draft, unknown_draft
from xzepr.documents.selfcheck import require_safe_validator
from xzepr.documents.uris import ROOT, document_uri, make_id_absolute
from xzepr.documents.values import JsonLimits, JsonValue
from xzepr.errors import MAX_VIOLATIONS, Invalid, TooLarge, Violation, refuse

SCHEMA_LIMITS = JsonLimits(max_bytes=1024 * 1024)
"""How large a schema may be."""

MAX_WORK = 100_000_000
"""How many schemas may look at the values of one document, all together: 8 s at the 85 ns of the slowest measured."""

MAX_REPORT_WORK = 200_000
"""The same, where every violation is listed: each costs some 10 µs, and all are made before the first is seen."""

_PATTERNS = jsonschema_rs.RegexOptions(size_limit=512 * 1024, dfa_size_limit=1024 * 1024)
"""Linear patterns, and the bytes that one may take, compiled and at work (the real ones measured: 32 KiB at most)."""


@attrs.frozen(kw_only=True, eq=False)
class CompiledSchema:
    """A compiled schema. Any number of threads may use it at once.

    Args:
        draft: The name of its draft.
        accepts_anything: It says nothing about values, so every document is right.
    """

    draft: str
    accepts_anything: bool
    _validator: jsonschema_rs.Validator = attrs.field(repr=False)
    _work: int = attrs.field(repr=False)
    _bounded: bool = attrs.field(repr=False)

    def check(self, value: JsonValue, *, field: str = "payload") -> None:
        """Check a document.

        Args:
            value: What :func:`~xzepr.documents.parse` returned or :func:`~xzepr.documents.canonical` accepted: the
                validator relies on its depth.
            field: What errors call the document.

        Raises:
            TooLarge: The document has too many values to be checked against a schema as costly as this.
            Invalid: The schema refuses it. All violations are listed, up to a hundred, or only the first where finding
                all would take too long.

        Example:
            >>> from xzepr.documents import SchemaCompiler
            >>> schema = SchemaCompiler().compile('{"properties": {"n": {"type": "integer"}}, "required": ["ok"]}')
            >>> schema.check({"n": "three"})
            Traceback (most recent call last):
            xzepr.errors.Invalid: payload: lacks the member ok; payload/n: is not of type integer
        """
        if self._bounded and _more_values(value, limit := MAX_WORK // self._work):
            reason = f"has more than {limit} values, too many for a schema as costly as this one"
            raise TooLarge([Violation(field, reason, limit)])
        if not self._validator.is_valid(value):
            raise Invalid(_distinct(self._errors(value), field))

    def _errors(self, value: JsonValue) -> Iterator[jsonschema_rs.ValidationError]:
        if not _more_values(value, MAX_REPORT_WORK // self._work):
            yield from islice(self._validator.iter_errors(value), MAX_VIOLATIONS + 1)
            return
        try:
            self._validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            yield error


def _distinct(errors: Iterable[jsonschema_rs.ValidationError], field: str) -> list[Violation]:
    """Say each thing once: one rule can be reached by several ways."""
    return list(dict.fromkeys(violation(error, field) for error in errors))


def _more_values(value: JsonValue, limit: int) -> bool:
    """Whether a document has more values than this."""
    count, level = 1, [value]
    while level and count <= limit:
        below: list[JsonValue] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
        count += len(below)
        level = below
    return count > limit


def compile_schema(schema_text: str, documents: Mapping[str, JsonValue], limits: JsonLimits) -> CompiledSchema:
    """Compile a schema.

    Args:
        schema_text: Its JSON text.
        documents: What it may refer to, by URI.
        limits: How large the documents may be that are to be checked.

    Raises:
        TooLarge: It is beyond a limit, or one document could cost too much to check.
        Invalid: It is no schema of its draft, or refers to what is not known; every violation names the place.
        ConfigurationError: The installed jsonschema-rs does not keep what we rely on.
    """
    require_safe_validator()
    schema = parse(schema_text, field="schema", limits=SCHEMA_LIMITS)
    if not isinstance(schema, dict | bool):
        raise Invalid([Violation("schema", "is neither an object nor true nor false")])
    if isinstance(schema, bool):
        validator = _validator(LATEST, schema, None)
        return CompiledSchema(draft=LATEST.name, accepts_anything=schema, validator=validator, work=1, bounded=False)
    make_id_absolute(schema, ROOT)
    draft = _draft(schema, documents)
    _require_schema(draft, schema)
    closure = Closure(schema, draft, documents)
    work = judge(closure, schema, depth=limits.max_depth)
    return CompiledSchema(
        draft=draft.name,
        accepts_anything=accepts_anything(schema),
        validator=_validator(draft, schema, _registry(closure, draft)),
        work=work,
        bounded=work * limits.max_nodes > MAX_WORK,
    )


def _draft(schema: Mapping[str, JsonValue], documents: Mapping[str, JsonValue]) -> Draft:
    if "$schema" not in schema:
        return LATEST
    draft = known_draft(schema["$schema"], documents)
    if draft is None:
        raise Invalid([Violation("schema/$schema", unknown_draft(schema["$schema"]))])
    return draft


def _require_schema(draft: Draft, schema: JsonValue) -> None:
    metaschema = _metaschema(draft)
    if not metaschema.is_valid(schema):
        errors = islice(metaschema.iter_errors(schema), MAX_VIOLATIONS + 1)
        refuse(_distinct(errors, "schema"))


@cache
def _metaschema(draft: Draft) -> jsonschema_rs.Validator:
    return _validator(draft, metaschemas()[document_uri(draft.uri)], None)


def _registry(closure: Closure, draft: Draft) -> jsonschema_rs.Registry | None:
    """Hand over only what is referred to: a registry resolves all it has, so one broken document would spoil it."""
    if not closure.documents:
        return None
    # Its own argument for the draft would hold for documents of another draft too.
    documents = [
        (uri, {"$schema": draft.uri} | document if isinstance(document, dict) else document)
        for uri, document in closure.documents.items()
    ]
    try:
        return jsonschema_rs.Registry(documents)
    except (jsonschema_rs.ReferencingError, ValueError) as error:
        raise Invalid([Violation("schema", "refers to documents that cannot be used together")]) from error


def _validator(draft: Draft, schema: JsonValue, registry: jsonschema_rs.Registry | None) -> jsonschema_rs.Validator:
    try:
        return draft.validator(
            cast("dict[str, Any] | bool", schema),
            registry=registry,
            offline=True,
            validate_formats=True,
            pattern_options=_PATTERNS,
        )
    except jsonschema_rs.ValidationError as error:
        raise Invalid([violation(error, "schema")]) from None
