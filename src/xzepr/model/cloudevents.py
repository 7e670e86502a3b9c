"""Changes as CloudEvents 1.0 (https://cloudevents.io), in the JSON form of that specification.

The text of the model is stricter than what CloudEvents asks of an attribute: it holds no control characters, no lone
surrogates and no noncharacters. A position does not fit the integers of CloudEvents, which have 32 bits: it stands in
the documented extension ``sequence``, as text that sorts as the positions do.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final

from xzepr.documents import JsonValue
from xzepr.errors import Damaged
from xzepr.model.changes import Change, Redaction
from xzepr.model.checks import Checks
from xzepr.model.forms import JsonObject, subject_form
from xzepr.model.gates import Transition
from xzepr.model.times import format_time
from xzepr.model.ulids import is_ulid

TYPE_PREFIX: Final = "io.xzepr."
"""What stands before the kind of a change in the ``type`` of its event."""

SEQUENCE_DIGITS: Final = 19
"""Digits of the largest position there can be."""

MAX_SOURCE: Final = 2_000
"""Characters in a source."""

_NAME: Final = r"A-Za-z0-9._~!$&'()*+,;=\-"
_PERCENT: Final = "%[0-9A-Fa-f]{2}"
_SEGMENT: Final = rf"(?:[{_NAME}:@]|{_PERCENT})*"
_ADDRESS: Final = rf"\[(?:v[0-9A-Fa-f]+\.[{_NAME}:]+|(?P<ip6>[0-9A-Fa-f:.]+))\]"
_AUTHORITY: Final = rf"(?:(?:[{_NAME}:]|{_PERCENT})*@)?(?:{_ADDRESS}|(?:[{_NAME}]|{_PERCENT})*)(?::[0-9]*)?"
_TAIL: Final = rf"(?:[{_NAME}:@/?]|{_PERCENT})*"
_URI_REFERENCE: Final = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.-]*:|(?![^/?#]*:))"
    rf"(?://{_AUTHORITY}(?:/{_SEGMENT})*|(?!//){_SEGMENT}(?:/{_SEGMENT})*)"
    rf"(?:\?{_TAIL})?(?:\#{_TAIL})?"
)
"""A URI, or a relative reference (RFC 3986, section 4.1)."""


def cloudevent(change: Change, source: str) -> JsonObject:
    """Write a change as a CloudEvent; see :meth:`Change.to_cloudevent`."""
    _check_source(source)
    return {
        "specversion": "1.0",
        "id": change.id,
        "source": source,
        "type": f"{TYPE_PREFIX}{change.kind}",
        **_subject(change),
        "time": format_time(change.recorded_at),
        "datacontenttype": "application/json",
        "sequence": f"{change.position:0{SEQUENCE_DIGITS}d}",
        "actorissuer": change.actor.issuer,
        "actorsubject": change.actor.subject,
        "data": subject_form(change.subject),
    }


def _subject(change: Change) -> dict[str, JsonValue]:
    """Name what the first word of the kind means by its id; the attribute is optional, and never empty."""
    match change.subject:
        case Redaction() as redaction:
            return {"subject": redaction.event_id}
        case Transition() as transition:
            return {"subject": transition.group.id}
        case Damaged() as damaged:
            named = change.kind.startswith(f"{damaged.kind}.") and is_ulid(damaged.key)
            return {"subject": damaged.key} if named else {}
        case subject:
            return {"subject": subject.id}


def _check_source(source: object) -> None:
    checks = Checks()
    checks.text("source", source, MAX_SOURCE)
    if not checks.found and not _is_uri_reference(str(source)):
        checks.add("source", "must be a URI or a relative reference (RFC 3986), such as https://registry.example/")
    checks.done()


def _is_uri_reference(text: str) -> bool:
    match = _URI_REFERENCE.fullmatch(text)
    if match is None or match["ip6"] is None:
        return match is not None
    try:
        IPv6Address(match["ip6"])
    except AddressValueError:
        return False
    return True
