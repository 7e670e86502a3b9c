"""Payloads of three sizes, with schemas as their senders have them. All made up."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import attrs

from xzepr.documents import JsonValue, ordered_text

_TEXT: Final[JsonValue] = {"type": "string", "minLength": 1}
_TIME: Final[JsonValue] = {"type": "string", "format": "date-time"}


@attrs.frozen(kw_only=True)
class Sample:
    """A payload and the schema of its receiver.

    Args:
        name: What the tables call it.
        schema: The JSON Schema.
        payload: A payload that it accepts.
        block: How many events make a round of some ten milliseconds.
    """

    name: str
    schema: JsonValue
    payload: JsonValue
    block: int

    @property
    def size(self) -> int:
        """The bytes of the payload."""
        return len(ordered_text(self.payload))


def samples() -> tuple[Sample, ...]:
    """Return the samples, the smallest first."""
    return _small(), _event(), _bom()


def _object(**properties: JsonValue) -> JsonValue:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _small() -> Sample:
    return Sample(
        name="6 keys",
        schema=_object(
            commit={"type": "string", "pattern": "^[0-9a-f]{40}$"},
            branch=_TEXT,
            number={"type": "integer", "minimum": 0},
            clean={"type": "boolean"},
            tags={"type": "array", "items": _TEXT},
            runner=_TEXT,
        ),
        payload={
            "commit": sha256(b"commit").hexdigest()[:40],
            "branch": "main",
            "number": 3,
            "clean": True,
            "tags": ["nightly", "release"],
            "runner": "linux-amd64-7",
        },
        block=240,
    )


def _event() -> Sample:
    """Something like a CDEvent of 1 KB."""
    link = _object(linkType={"enum": ["RELATION"]}, linkKind=_TEXT, target=_object(contextId=_TEXT))
    context = _object(
        specversion=_TEXT,
        id=_TEXT,
        source={"type": "string", "format": "uri-reference"},
        type={"enum": ["dev.example.build.finished.0.3.0"]},
        timestamp=_TIME,
        chainId={"type": "string", "format": "uuid"},
        links={"type": "array", "items": link},
    )
    subject = _object(id=_TEXT, source=_TEXT, content=_object(artifactId=_TEXT, durationSeconds={"type": "number"}))
    return Sample(
        name="event",
        schema=_object(context=context, subject=subject, customData={"type": "object"}),
        payload={
            "context": {
                "specversion": "0.6.0",
                "id": "271069a8-fc18-44f1-b38f-9d70a1695819",
                "source": "/event/source/123",
                "type": "dev.example.build.finished.0.3.0",
                "timestamp": "2026-11-23T14:27:05.315384Z",
                "chainId": "4c8cb7dd-3448-41de-8768-eec704e2829b",
                "links": [
                    {"linkType": "RELATION", "linkKind": "TRIGGER", "target": {"contextId": sha256(name).hexdigest()}}
                    for name in (b"a", b"b")
                ],
            },
            "subject": {
                "id": "build-4711",
                "source": "/builds",
                "content": {
                    "artifactId": "pkg:oci/web@sha256%3A" + sha256(b"web").hexdigest(),
                    "durationSeconds": 87.25,
                },
            },
            "customData": {f"runner-label-{number}": f"value of label {number}" for number in range(5)},
        },
        block=120,
    )


def _bom() -> Sample:
    """Something like a CycloneDX document of 100 KB."""
    component = _object(
        type={"enum": ["library"]},
        name=_TEXT,
        version=_TEXT,
        purl={"type": "string", "format": "uri"},
        hashes={"type": "array", "items": _object(alg=_TEXT, content={"type": "string", "pattern": "^[0-9a-f]{64}$"})},
        licenses={"type": "array", "items": _object(license=_object(id=_TEXT))},
    )
    components = {"type": "array", "items": component}
    return Sample(
        name="SBOM",
        schema=_object(bomFormat={"enum": ["CycloneDX"]}, specVersion=_TEXT, components=components),
        payload={"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [_component(n) for n in range(385)]},
        block=4,
    )


def _component(number: int) -> JsonValue:
    return {
        "type": "library",
        "name": f"library-{number}",
        "version": f"1.{number}.0",
        "purl": f"pkg:generic/library-{number}@1.{number}.0",
        "hashes": [{"alg": "SHA-256", "content": sha256(str(number).encode()).hexdigest()}],
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
