"""Retries that are not recognised, or not as what they are."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from xzepr.model import NewEvent, Principal, Recorded
from xzepr.stores import Conflicting, Outcome
from xzepr_memory.events import MemoryEvents


class OverwritesKnownIds(MemoryEvents):
    """Inserts an event or, if its id is there, replaces it."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append as an upsert."""
        for event in events:
            self._tables.events.pop(event.id, None)
        return super().append(events, principal)


class IgnoresKeys(MemoryEvents):
    """Knows nothing of idempotency keys."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append without the keys."""
        return super().append([attrs.evolve(event, idempotency_key=None) for event in events], principal)


class SharesKeys(MemoryEvents):
    """Has a unique index over the key alone, without its owner."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, one owner's key counting for all."""
        known = {key: event_id for (_, key), event_id in self._tables.keys.items()}
        for event in events:
            if event.idempotency_key in known:
                self._tables.keys[event.owner, event.idempotency_key] = known[event.idempotency_key]
        return super().append(events, principal)


class FoldsKeys(MemoryEvents):
    """Compares keys by the rules of a collation that knows no case."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append under lower-case keys."""
        return super().append(
            [
                attrs.evolve(each, idempotency_key=each.idempotency_key and each.idempotency_key.lower())
                for each in events
            ],
            principal,
        )


class ForgetsWhatARetryCaused(MemoryEvents):
    """Answers a replay without the transitions of the first time."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, and leave the transitions of replays out."""
        return [
            attrs.evolve(outcome, transitions=()) if isinstance(outcome, Recorded) and outcome.replayed else outcome
            for outcome in super().append(events, principal)
        ]


class NamesOneField(MemoryEvents):
    """Stops comparing at the first difference."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, and name one field of a conflict."""
        return [
            attrs.evolve(outcome, differs=outcome.differs[:1]) if isinstance(outcome, Conflicting) else outcome
            for outcome in super().append(events, principal)
        ]


class ComparesGeneratedTimes(MemoryEvents):
    """Compares what the caller did not supply."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append as if every time had been given."""
        return super().append(
            [attrs.evolve(event, supplied=event.supplied | {"occurred_at"}) for event in events], principal
        )
