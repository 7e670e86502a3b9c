"""The registry's rules once more, the slow way: one list of what happened, every answer found by walking it.

It judges every store, the one in memory too, so it shares no code with any of them, nor with :mod:`xzepr.model`.
Units, receivers, groups and events are known to it by any hashable name; it is told what a caller supplied, and says
what the store has to answer.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

Name = Hashable
Entry = tuple[Hashable, ...]
"""An entry of the feed: its kind, what it is about, and what has to be said about that."""

Definition = tuple[int, tuple[Name, ...], bool]
"""Revision, receivers and enabled of a group."""


class Oracle:
    """Remembers the feed, and what each event said.

    Attributes:
        feed: What happened, in order: ``(kind, …)``.
        events: What each event said: unit, receiver, success, payload.
        keys: The event recorded under each idempotency key.
        definitions: What each revision of a group said.
    """

    def __init__(self) -> None:
        self.feed: list[Entry] = []
        self.events: dict[Name, tuple[Name, Name, bool, Name]] = {}
        self.keys: dict[str, Name] = {}
        self.definitions: dict[Entry, Definition] = {}

    def receiver(self, receiver: Name) -> None:
        """A receiver was created."""
        self.feed.append(("receiver.created", receiver))

    def define(self, group: Name, receivers: Sequence[Name], *, enabled: bool) -> None:
        """A group was created, or got its next revision. It judges no unit."""
        last = self.definition(group)
        revision = last[0] + 1 if last else 1
        entry = ("group.updated" if last else "group.created", group, revision, tuple(receivers), enabled)
        self.feed.append(entry)
        self.definitions[entry] = (revision, tuple(receivers), enabled)

    def delete(self, group: Name) -> None:
        """A group was deleted."""
        self.feed.append(("group.deleted", group))

    def record(self, event: Name, key: str | None, said: tuple[Name, Name, bool, Name], *, named: bool) -> str:
        """An event was handed over.

        Args:
            event: Its id.
            key: Its idempotency key, if it has one.
            said: Unit, receiver, success, payload.
            named: Whether the caller chose the id.

        Returns:
            ``recorded``, ``replayed`` or ``conflict``.
        """
        stored = event if event in self.events else self.keys.get(key or "")
        if stored is not None:
            return "replayed" if self._same(stored, event, key, said, named=named) else "conflict"
        before = self.gate(said[0], said[1])
        self.events[event] = said
        if key is not None:
            self.keys[key] = event
        self.feed.append(("event.recorded", event))
        if before != said[2]:
            for group in self.groups():
                definition = self.definition(group)
                if definition and said[1] in definition[1] and definition[2]:
                    self._judge(group, said[0], event)
        return "recorded"

    def redact(self, event: Name) -> None:
        """An event was redacted; only the first time is told."""
        if ("event.redacted", event) not in self.feed:
            self.feed.append(("event.redacted", event))

    def reevaluate(self, group: Name) -> None:
        """A group judged every unit there is."""
        for unit in dict.fromkeys(said[0] for said in self.events.values()):
            self._judge(group, unit, None)

    def gate(self, unit: Name, receiver: Name, position: int | None = None) -> bool | None:
        """Say what the latest event of a receiver about a unit said; None when there is none."""
        for entry in reversed(self.feed[:position]):
            if entry[0] == "event.recorded" and self.events[entry[1]][:2] == (unit, receiver):
                return self.events[entry[1]][2]
        return None

    def definition(self, group: Name, position: int | None = None) -> Definition | None:
        """Return revision, receivers and enabled of a group; None where it does not exist."""
        for entry in reversed(self.feed[:position]):
            if entry[:2] == ("group.deleted", group):
                return None
            if entry[:2] in (("group.created", group), ("group.updated", group)):
                return self.definitions[entry]
        return None

    def complete(self, group: Name, unit: Name, position: int | None = None) -> bool | None:
        """Say whether a group is complete for a unit; None where the group does not exist."""
        definition = self.definition(group, position)
        if definition is None:
            return None
        return definition[2] and all(self.gate(unit, receiver, position) for receiver in definition[1])

    def groups(self) -> list[Name]:
        """Return the groups that there ever were."""
        return [entry[1] for entry in self.feed if entry[0] == "group.created"]

    def transitions(self, group: Name, unit: Name) -> list[Entry]:
        """Return the transitions of a group for a unit: kind, group, revision, unit, number, cause."""
        return [entry for entry in self._about(group, "group.completed", "group.reopened") if entry[3] == unit]

    def _about(self, group: Name, *kinds: str) -> Iterator[Entry]:
        return (entry for entry in self.feed if entry[0] in kinds and entry[1] == group)

    def _judge(self, group: Name, unit: Name, cause: Name) -> None:
        definition, known = self.definition(group), self.transitions(group, unit)
        complete, was = self.complete(group, unit), bool(known) and known[-1][0] == "group.completed"
        if definition is not None and complete != was:
            kind = "group.completed" if complete else "group.reopened"
            self.feed.append((kind, group, definition[0], unit, len(known) + 1, cause))

    def _same(
        self, stored: Name, event: Name, key: str | None, said: tuple[Name, Name, bool, Name], *, named: bool
    ) -> bool:
        """Compare what the caller supplied with what is stored; a redacted payload cannot be compared."""
        redacted = ("event.redacted", stored) in self.feed
        known = self.events[stored]
        return (
            (not named or stored == event)
            and (key is None or self.keys.get(key) == stored)
            and known[:3] == said[:3]
            and (redacted or known[3] == said[3])
        )
