"""Receivers: named, typed, versioned kinds of evidence."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

import attrs

from xzepr.documents import JsonValue, accepts_anything, canonical, parse
from xzepr.model.checks import MAX_DESCRIPTION, Checks
from xzepr.model.principals import Identity
from xzepr.model.ulids import Ulid


@attrs.frozen
class ReceiverRef:
    """A receiver as others mention it."""

    id: Ulid
    name: str
    type: str
    version: str

    def __str__(self) -> str:
        return self.name


@attrs.frozen(kw_only=True)
class EventReceiver:
    """A kind of evidence, such as "unit tests passed", with a JSON Schema for its payloads.

    Unique by name, type and version. Once an event refers to it, everything but its description is frozen.

    Args:
        id: Its id.
        name: Its name.
        type: The type of its events, such as ``ci.build``.
        version: Its version; another schema is another version.
        description: What it is for; may be empty.
        schema_text: Its JSON Schema as JSON text, in the order of keys in which it was given.
        fingerprint: Hex SHA-256 over the canonical form of name, type, version and schema.
        owner: Who created it.
        revision: 1, 2, 3 … with every change.
        created_at: When it was created.
        updated_at: When it was last changed.

    Raises:
        Invalid: A field is wrong; every one is named.
    """

    id: Ulid
    name: str
    type: str
    version: str
    description: str
    schema_text: str = attrs.field(repr=False)
    fingerprint: str
    owner: Identity
    revision: int
    created_at: datetime
    updated_at: datetime

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        checks.ulid("id", self.id)
        check_naming(checks, self.name, self.type, self.version, self.description)
        checks.digest("fingerprint", self.fingerprint)
        checks.whole("revision", self.revision, least=1)
        checks.exactly("owner", self.owner, Identity)
        checks.time("created_at", self.created_at)
        checks.time("updated_at", self.updated_at)
        checks.done()

    @property
    def schema(self) -> JsonValue:
        """The JSON Schema: a fresh value with the caller's order of keys."""
        return parse(self.schema_text, field="schema")

    @property
    def accepts_anything(self) -> bool:
        """Whether the schema refuses nothing: worth a warning wherever the receiver is shown."""
        return accepts_anything(self.schema)

    @property
    def naming(self) -> tuple[str, str, str]:
        """Name, type and version: what makes it unique."""
        return self.name, self.type, self.version

    @property
    def ref(self) -> ReceiverRef:
        """The receiver as others mention it."""
        return ReceiverRef(self.id, self.name, self.type, self.version)


def check_naming(checks: Checks, name: object, type_: object, version: object, description: object) -> None:
    """Check the texts that receivers and groups have alike."""
    checks.text("name", name)
    checks.text("type", type_)
    checks.text("version", version)
    checks.text("description", description, MAX_DESCRIPTION, blank=True)


def receiver_fingerprint(name: str, type_: str, version: str, schema: JsonValue) -> str:
    """Return the hex SHA-256 over the canonical form of name, type, version and schema.

    Reordering the keys of the schema does not change it; anything else does.

    Example:
        >>> receiver_fingerprint("build", "ci.build", "1", {"type": "object"})[:16]
        'ab443ae62d389e90'
    """
    fields: JsonValue = {"name": name, "type": type_, "version": version, "schema": schema}
    return sha256(canonical(fields, field="schema").encode()).hexdigest()
