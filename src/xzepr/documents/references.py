"""Everything that a schema reaches: its own schemas, and those of the documents it refers to.

:class:`Closure` walks a schema keyword by keyword, as its draft says, collects what can be referred to, and resolves
every reference, used or not, among the document itself, the documents that the host registered and the official
meta-schemas. It opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import attrs

from xzepr.documents.drafts import Draft, draft_named, metaschemas
from xzepr.documents.uris import ROOT, document_uri, resolve, shown
from xzepr.documents.values import JsonValue, pointer
from xzepr.errors import Violation

_Path = tuple["_Path", str | int] | None
_Reached = dict[str, Any] | bool
_INDEX = re.compile("0|[1-9][0-9]{0,8}")
_HOPS = 8
"""How many meta-schemas of meta-schemas are followed to a known draft."""


@attrs.frozen(eq=False)
class Place:
    """One schema that is an object, where it stands.

    Args:
        schema: The schema.
        base: The URI against which its references resolve.
        draft: The draft that it is of.
        document: What the document is called in errors.
        path: The way to it from the root of the document, innermost step first.
    """

    schema: dict[str, Any]
    base: str
    draft: Draft
    document: str
    path: _Path

    def field(self, *steps: str | int) -> str:
        """Name this place, or one below it, for a violation."""
        path = self.path
        found = [*reversed(steps)]
        while path:
            path, step = path
            found.append(step)
        return pointer(self.document, reversed(found))


class Closure:
    """The schemas reached from one schema, and what each of its references refers to.

    Args:
        schema: The schema, an object.
        draft: Its draft.
        registered: Documents that it may refer to, by URI.
    """

    def __init__(self, schema: dict[str, Any], draft: Draft, registered: Mapping[str, JsonValue]) -> None:
        self.places: dict[int, Place] = {}
        """Every schema that is an object, by identity, in the order met."""
        self.documents: dict[str, JsonValue] = {}
        """The documents referred to, by URI."""
        self.violations: list[Violation] = []
        self._draft = draft
        self._registered = registered
        self._resources: dict[str, _Reached] = {}
        self._anchors: dict[tuple[str, str], dict[str, Any]] = {}
        self._dynamic: dict[str, list[_Reached]] = {}
        self._recursive: list[_Reached] = []
        self._targets: dict[int, list[tuple[str, str, _Reached]]] = {}
        self._pending: list[tuple[Place, str]] = []
        self._enter(schema, ROOT, "schema")
        for place, keyword in self._pending:  # which grows meanwhile
            self._follow(place, keyword)

    def alternatives(self, place: Place) -> Iterator[list[_Reached]]:
        """Find what the references of a schema may refer to.

        Args:
            place: The schema.

        Yields:
            For each reference the schemas of which it is one; several, where that depends on how it was reached.
        """
        for keyword, fragment, target in self._targets.get(id(place.schema), ()):
            others: list[_Reached] = []
            if keyword == "$dynamicRef":
                others = self._dynamic.get(fragment, [])
            elif keyword == "$recursiveRef":
                others = self._recursive
            yield [target, *(other for other in others if other is not target)]

    def _enter(self, document: _Reached, base: str, name: str) -> None:
        self._resources[base] = document
        self._scan(document, base, self._draft, name, None)

    def _scan(self, schema: _Reached, base: str, draft: Draft, document: str, path: _Path) -> None:
        stack: list[tuple[_Reached, str, Draft, _Path]] = [(schema, base, draft, path)]
        while stack:
            inner, base, draft, path = stack.pop()
            if type(inner) is not dict or id(inner) in self.places:
                continue
            place = self._placed(inner, base, draft, document, path)
            self.places[id(inner)] = place
            self._pending += [(place, keyword) for keyword in place.draft.references if keyword in inner]
            stack += reversed(
                [
                    (member, place.base, place.draft, (path, keyword) if name is None else ((path, keyword), name))
                    for keyword, name, member in place.draft.schemas(inner)
                ]
            )

    def _placed(self, schema: dict[str, Any], base: str, draft: Draft, document: str, path: _Path) -> Place:
        """Read what a schema says about itself: its draft, its URI, its names."""
        if "$schema" in schema:
            draft = self._switched(Place(schema, base, draft, document, path))
        own = schema.get(draft.id_keyword)
        legacy = draft.named_by_fragment
        if isinstance(own, str) and not (legacy and "$ref" in schema and not own.startswith("#")):
            uri, fragment = resolve(base, own)
            if uri != base or not fragment:
                base = uri
                self._claim(self._resources, uri, schema, Place(schema, base, draft, document, path), draft.id_keyword)
            if fragment and legacy:
                self._name(fragment, Place(schema, base, draft, document, path), draft.id_keyword)
        place = Place(schema, base, draft, document, path)
        if not legacy:
            self._modern_names(place)
        return place

    def _modern_names(self, place: Place) -> None:
        schema = place.schema
        if isinstance(name := schema.get("$anchor"), str):
            self._name(name, place, "$anchor")
        if schema.get("$recursiveAnchor") is True:
            self._recursive.append(schema)
        if "$dynamicRef" in place.draft.references and isinstance(name := schema.get("$dynamicAnchor"), str):
            self._name(name, place, "$dynamicAnchor")
            self._dynamic.setdefault(name, []).append(schema)

    def _name(self, name: str, place: Place, keyword: str) -> None:
        self._claim(self._anchors, (place.base, name), place.schema, place, keyword)

    def _claim(self, names: dict[Any, Any], key: object, schema: object, place: Place, keyword: str) -> None:
        """Refuse a name that two schemas have: the guard and the validator might take different ones."""
        if names.setdefault(key, schema) is not schema:
            self._refuse(place.field(keyword), "names two schemas alike: rename one of them")

    def _switched(self, place: Place) -> Draft:
        named = place.schema["$schema"]
        found = known_draft(named, self._registered)
        if found is None:
            self._refuse(place.field("$schema"), unknown_draft(named))
        elif draft_named(named) is None:
            self._resource(document_uri(named))  # the validator reads its vocabularies
        return found or place.draft

    def _follow(self, place: Place, keyword: str) -> None:
        reference = place.schema[keyword]
        if not isinstance(reference, str):
            self._refuse(place.field(keyword), "must be a string that refers to a schema")
            return
        uri, fragment = resolve(place.base, reference)
        fragment = unquote(fragment)
        document = self._resource(uri)
        if document is None:
            self._refuse(place.field(keyword), f"refers to {shown(reference)}: register that document first")
            return
        target = self._within(document, fragment)
        if target is None:
            self._refuse(place.field(keyword), f"refers to {shown(reference)}, where there is no schema")
            return
        self._targets.setdefault(id(place.schema), []).append((keyword, fragment, target))

    def _resource(self, uri: str) -> _Reached | None:
        if uri not in self._resources:
            document = self._registered.get(uri, metaschemas().get(uri))
            if not isinstance(document, dict | bool):
                return None
            self.documents[uri] = document
            self._enter(document, uri, f"{shown(uri)}#")
        return self._resources[uri]

    def _within(self, document: _Reached, fragment: str) -> _Reached | None:
        if not fragment:
            return document
        if not isinstance(document, dict):
            return None
        place = self.places[id(document)]
        if fragment.startswith("/"):
            return self._pointed(place, fragment)
        return self._anchors.get((place.base, fragment))

    def _pointed(self, place: Place, fragment: str) -> _Reached | None:
        """Follow a JSON Pointer; what it leads to is a schema, also where no keyword says so."""
        value: Any = place.schema
        path = place.path
        for token in fragment[1:].split("/"):
            key = token.replace("~1", "/").replace("~0", "~")
            if type(value) is dict and key in value:
                value, path = value[key], (path, key)
            elif type(value) is list and _INDEX.fullmatch(key) and int(key) < len(value):
                value, path = value[int(key)], (path, int(key))
            else:
                return None
            place = self.places.get(id(value), place)
        if not isinstance(value, dict | bool):
            return None
        self._scan(value, place.base, place.draft, place.document, path)
        return value

    def _refuse(self, field: str, reason: str) -> None:
        self.violations.append(Violation(field, reason))


def known_draft(named: object, registered: Mapping[str, JsonValue]) -> Draft | None:
    """Find the draft that a ``$schema`` leads to, through meta-schemas that the host registered.

    Args:
        named: What stands in ``$schema``.
        registered: The host's documents, by URI.

    Returns:
        The draft, or ``None`` if the way ends before one.
    """
    for _ in range(_HOPS):
        if not isinstance(named, str):
            return None
        if draft := draft_named(named):
            return draft
        document = registered.get(document_uri(named))
        named = document.get("$schema") if isinstance(document, dict) else None
    return None


def unknown_draft(named: object) -> str:
    """Say that a ``$schema`` leads to no draft."""
    name = shown(named) if isinstance(named, str) else "no string"
    return f"is {name}: name a draft from 4 to 2020-12, or a meta-schema that is registered"
