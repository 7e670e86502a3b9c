"""Receivers that change or go while hosts' transactions are open: frozen by their first event, in both orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Barrier

import pytest

from tests.postgres.histories import GUARD, LEVELS, Begin, Host, make_group, make_receiver, refuse_stale
from xzepr import Event as EventOf
from xzepr import Registry
from xzepr.errors import InUse, Invalid, NotFound, XzeprError
from xzepr.model import EventReceiver
from xzepr.testing.checking import check_history
from xzepr.testing.racing import race
from xzepr.testing.world import read_feed, unit

READ_COMMITTED = LEVELS[0]
UNIT = unit()

NULLS = {"type": "null"}

at_every_level = pytest.mark.parametrize("level", LEVELS)


@at_every_level
@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_a_change_of_a_receiver_waits_for_its_first_event(
    registry: Registry, host: Host, waiting: Begin, ends: str
) -> None:
    """Once the first event is committed, the schema is frozen; if it is rolled back, the schema changes."""
    build = make_receiver(registry)
    host.record(UNIT, build)
    change = waiting(lambda: registry.receivers.update(build, expected_revision=1, schema=NULLS))
    getattr(host, ends)()
    if ends == "commit":
        with pytest.raises(InUse):
            change.result()
    else:
        assert change.result().revision == 2
    assert_frozen(registry, [build])


@at_every_level
@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_a_first_event_waits_for_a_change_of_its_receiver(
    registry: Registry, host: Host, changer: Host, waiting: Begin, ends: str
) -> None:
    """It is checked against the schema that was committed, never against one that is gone."""
    build = make_receiver(registry)
    host.registry.receivers.get(build.id)
    host.rollback()
    changer.registry.receivers.update(build, expected_revision=1, schema={"type": "object"})
    append = waiting(lambda: host.until_committed(lambda own: own.record(UNIT, build)))
    getattr(changer, ends)()
    if ends == "commit":
        with pytest.raises(Invalid):
            append.result()
    else:
        append.result()
    host.rollback()
    assert registry.receivers.statistics(build).succeeded == (ends == "rollback")
    assert_frozen(registry, [build])


@at_every_level
def test_a_snapshot_from_before_a_change_of_the_receiver_records_nothing(registry: Registry, host: Host) -> None:
    """A host that still sees the old schema is refused; at READ COMMITTED its event is checked against the new one."""
    build = make_receiver(registry)
    host.registry.receivers.get(build.id)
    registry.receivers.update(build, expected_revision=1, schema=NULLS)
    refuse_stale(host, lambda: host.record(UNIT, build))
    assert registry.receivers.statistics(build).succeeded == (host.level == READ_COMMITTED)
    assert_frozen(registry, [build])


def assert_frozen(registry: Registry, receivers: Sequence[EventReceiver]) -> int:
    """Look whether every event was checked against the schema that its receiver has; return how many there are."""
    known = {each.id: registry.receivers.get(each.id).fingerprint for each in receivers}
    events = [change.subject for change in read_feed(registry) if isinstance(change.subject, EventOf)]
    assert all(event.receiver_fingerprint == known[event.receiver_id] for event in events)
    return len(events)


@pytest.mark.slow
@at_every_level
def test_a_first_event_and_a_change_of_its_receiver_race(
    registry: Registry, xzepr_postgres_database: str, level: str
) -> None:
    """From one barrier, for 150 receivers: whoever wins, no event was checked against another schema."""
    receivers = [make_receiver(registry, f"step-{number}") for number in range(150)]
    line = Barrier(3, timeout=GUARD)
    counts: Counter[str] = Counter()

    def change() -> None:
        for each in receivers:
            line.wait()
            try:
                registry.receivers.update(each, expected_revision=1, schema=NULLS)
                counts["changed"] += 1
            except InUse:
                counts["frozen"] += 1

    def record_as_host() -> None:
        with Host(registry, xzepr_postgres_database, level) as host:
            for each in receivers:
                line.wait()
                host.until_committed(lambda own, each=each: own.record(UNIT, each))

    def record() -> None:
        for each in receivers:
            line.wait()
            registry.events.record(unit(2), each, success=True, payload=None)

    race([change, record_as_host, record])
    print(level, dict(counts))  # noqa: T201 - what was generated
    assert assert_frozen(registry, receivers) == 300
    assert sum(counts.values()) == 150


@at_every_level
@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_a_deletion_waits_for_the_first_event(registry: Registry, host: Host, waiting: Begin, ends: str) -> None:
    """What an event refers to stays; if the event is rolled back, the receiver goes."""
    build = make_receiver(registry)
    host.record(UNIT, build)
    deletion = waiting(lambda: registry.receivers.delete(build, expected_revision=1))
    getattr(host, ends)()
    assert outcome_of(deletion) == ("in_use" if ends == "commit" else "done")
    assert exists(registry, build) == (ends == "commit")


@at_every_level
@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_a_first_event_waits_for_a_deletion(
    registry: Registry, host: Host, changer: Host, waiting: Begin, ends: str
) -> None:
    """No event comes to a receiver that is gone."""
    build = make_receiver(registry)
    changer.registry.receivers.delete(build, expected_revision=1)
    append = waiting(lambda: host.until_committed(lambda own: own.record(UNIT, build)))
    getattr(changer, ends)()
    assert outcome_of(append) == ("not_found" if ends == "commit" else "done")
    assert exists(registry, build) == (ends == "rollback")


@at_every_level
@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_a_deletion_waits_for_a_new_group(registry: Registry, host: Host, waiting: Begin, ends: str) -> None:
    """What a group names stays; if the group is rolled back, the receiver goes."""
    build = make_receiver(registry)
    make_group(host.registry, build)
    deletion = waiting(lambda: registry.receivers.delete(build, expected_revision=1))
    getattr(host, ends)()
    assert outcome_of(deletion) == ("in_use" if ends == "commit" else "done")
    assert exists(registry, build) == (ends == "commit")


@at_every_level
@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_a_new_group_waits_for_a_deletion(
    registry: Registry, host: Host, changer: Host, waiting: Begin, ends: str
) -> None:
    """No group names a receiver that is gone."""
    build = make_receiver(registry)
    changer.registry.receivers.delete(build, expected_revision=1)
    creation = waiting(lambda: host.until_committed(lambda own: make_group(own.registry, build)))
    getattr(changer, ends)()
    assert outcome_of(creation) == ("not_found" if ends == "commit" else "done")
    assert len(registry.groups.list().items) == (ends == "rollback")


def outcome_of(future: Future[object]) -> str:
    """Say how something ended: ``done``, or the code of its error."""
    try:
        future.result()
    except XzeprError as error:
        return error.code
    return "done"


def exists(registry: Registry, receiver: EventReceiver) -> bool:
    """Whether a receiver is there."""
    return registry.receivers.find(name=receiver.name, type=receiver.type, version=receiver.version) is not None


@pytest.mark.slow
@at_every_level
def test_deletions_first_events_and_new_groups_race(
    registry: Registry, xzepr_postgres_database: str, level: str
) -> None:
    """From one barrier, for 100 receivers: what is referred to is there, what is gone is not referred to."""
    receivers = [make_receiver(registry, f"step-{number}") for number in range(100)]
    line = Barrier(3, timeout=GUARD)

    def delete() -> list[bool]:
        return [
            tried(lambda each=each: registry.receivers.delete(each, expected_revision=1), line) for each in receivers
        ]

    def create() -> list[bool]:
        return [tried(lambda each=each: make_group(registry, each, name=each.name), line) for each in receivers]

    def record() -> list[bool]:
        with Host(registry, xzepr_postgres_database, level) as host:
            return [
                tried(lambda each=each: host.until_committed(lambda own: own.record(UNIT, each)), line)
                for each in receivers
            ]

    gone, grouped, recorded = race([delete, create, record])
    print(level, sum(gone), sum(grouped), sum(recorded))  # noqa: T201 - what was generated
    assert all(not (lost and (named or told)) for lost, named, told in zip(gone, grouped, recorded, strict=True))
    assert all(lost or (named and told) for lost, named, told in zip(gone, grouped, recorded, strict=True))
    assert [not exists(registry, each) for each in receivers] == gone
    check_history(registry, every_position=False)


def tried(work: Callable[[], object], line: Barrier) -> bool:
    """Do something from a barrier on; say whether it was done or refused."""
    line.wait()
    try:
        work()
    except (InUse, NotFound):
        return False
    return True
