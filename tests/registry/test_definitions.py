"""Receivers and groups: every way in which they are refused."""

# ruff: noqa: ANN401 - what is given is wrong on purpose
from __future__ import annotations

from typing import Any

import pytest

from tests.model.values import IDS, make_unit
from tests.registry.worlds import Around, make_group, make_receiver, make_registry
from xzepr import ChangeKind, EventReceiver, EventReceiverGroup, Limits, Registry
from xzepr.errors import AlreadyExists, BadCursor, InUse, Invalid, NotFound, RevisionConflict, TooLarge
from xzepr.model import SYSTEM
from xzepr.stores import Reevaluated
from xzepr_memory import MemoryStore

BUILD = {"name": "build", "type": "ci.build", "version": "1", "schema": {"type": "object"}}


@pytest.fixture
def registry() -> Registry:
    """Make a registry with the receivers build and scan, and the group release over both."""
    registry = make_registry()
    make_group(registry, make_receiver(registry), make_receiver(registry, "scan"))
    return registry


def build_of(registry: Registry) -> EventReceiver:
    """Return the receiver build."""
    return registry.receivers.list(newest_first=False).items[0]


def release_of(registry: Registry) -> EventReceiverGroup:
    """Return the group release."""
    return registry.groups.list().items[0]


def record(registry: Registry, name: str = "web", *, success: bool = True) -> None:
    """Record events of both receivers."""
    for receiver in registry.receivers.list().items:
        registry.events.record(make_unit(name=name), receiver, success=success, payload={})


def test_creating_an_identity_again_is_refused(registry: Registry) -> None:
    """The error names the one that exists; nothing was announced."""
    head = registry.feed.head()
    with pytest.raises(AlreadyExists, match=r"receiver build/ci\.build/1 exists as") as caught:
        make_receiver(registry)
    assert caught.value.existing_id == build_of(registry).id
    with pytest.raises(AlreadyExists, match=r"group release/ci\.gate/1 exists as"):
        make_group(registry, build_of(registry))
    assert registry.feed.head() == head


def test_creating_with_the_same_id_is_a_retry() -> None:
    """Equal content returns what is stored, other content is refused with the differences."""
    registry = make_registry()
    receiver = make_receiver(registry, id=IDS[1])
    assert make_receiver(registry, id=IDS[1]) == receiver
    with pytest.raises(AlreadyExists) as caught:
        make_receiver(registry, "other", id=IDS[1], schema=True)
    assert caught.value.differs == ("name", "type", "schema")
    group = make_group(registry, receiver, id=IDS[2])
    assert make_group(registry, receiver, id=IDS[2]) == group
    with pytest.raises(AlreadyExists) as caught:
        make_group(registry, receiver, id=IDS[2], enabled=False, description="x")
    assert caught.value.differs == ("description", "enabled")
    assert registry.feed.head() == 2


def test_ensuring_returns_what_is_equal(registry: Registry) -> None:
    """The order of keys and receivers does not matter; what is not given is not compared."""
    build, release = build_of(registry), release_of(registry)
    registry.receivers.update(build, expected_revision=1, description="builds")
    registry.groups.update(release, expected_revision=1, description="gates", enabled=False)
    ids = list(reversed(release.receiver_ids))
    assert registry.receivers.ensure(**BUILD).id == build.id
    assert registry.receivers.ensure(**BUILD, description="builds").id == build.id
    same = {"name": "release", "type": "ci.gate", "version": "1", "receivers": ids}
    assert registry.groups.ensure(**same).id == release.id
    assert registry.groups.ensure(**same, description="gates", enabled=False).id == release.id


def test_ensuring_refuses_what_differs(registry: Registry) -> None:
    """The error names every difference."""
    with pytest.raises(AlreadyExists) as caught:
        registry.receivers.ensure(**BUILD | {"schema": True, "description": "x"})
    assert caught.value.differs == ("schema", "description")
    with pytest.raises(AlreadyExists) as caught:
        registry.groups.ensure(
            name="release", type="ci.gate", version="1", receivers=[build_of(registry)], description="x", enabled=False
        )
    assert caught.value.differs == ("receivers", "description", "enabled")


@pytest.mark.parametrize("description", [False, 0, [], b""], ids=repr)
def test_ensuring_changes_no_value_silently(registry: Registry, description: Any) -> None:
    """What is false is not therefore empty text."""
    with pytest.raises(Invalid, match="description: must be text"):
        registry.receivers.ensure(**BUILD | {"name": "new"}, description=description)
    with pytest.raises(Invalid, match="description: must be text"):
        registry.groups.ensure(
            name="new", type="t", version="1", receivers=[build_of(registry)], description=description
        )


@pytest.mark.parametrize("equal", [True, False])
def test_two_processes_may_ensure_at_once(equal: bool) -> None:  # noqa: FBT001 - a parameter
    """Who comes second finds what the first one has created, equal or not."""
    store = MemoryStore()
    other = Registry(store)

    def not_yet(*naming: str) -> None:
        """Find nothing, but let the other process create it meanwhile."""
        if naming[0] == "build":
            make_receiver(other, schema={"type": "object"} if equal else True)
        else:
            make_group(other, *other.receivers.list().items, enabled=equal)

    registry = Registry(
        Around(store, receivers=Around(store.receivers, find=not_yet), groups=Around(store.groups, find=not_yet))  # type: ignore[arg-type]  # a store
    )
    gate = {"name": "release", "type": "ci.gate", "version": "1", "enabled": True}
    if equal:
        build = registry.receivers.ensure(**BUILD)
        assert registry.groups.ensure(**gate, receivers=[build]) == other.groups.list().items[0]
    else:
        with pytest.raises(AlreadyExists, match="differs in schema"):
            registry.receivers.ensure(**BUILD)
        with pytest.raises(AlreadyExists, match="differs in enabled"):
            registry.groups.ensure(**gate, receivers=other.receivers.list().items)


def test_every_violation_of_a_receiver_is_named_at_once(registry: Registry) -> None:
    """Fields, id and schema are refused together."""
    with pytest.raises(Invalid) as caught:
        registry.receivers.create(name="", type="\n", version=1, description=None, id="x", schema={"type": "foo"})  # type: ignore[arg-type]  # the fault
    assert caught.value.fields[:5] == ("name", "type", "version", "description", "id")
    assert caught.value.fields[5].startswith("schema")


def test_every_violation_of_a_group_is_named_at_once(registry: Registry) -> None:
    """Fields, receivers, id and the switch are refused together."""
    with pytest.raises(Invalid) as caught:
        make_group(registry, name="", type=None, version="\n", description=0, receivers=[{}, "x"], enabled=1, id="y")
    expected = ("name", "type", "version", "description", "receivers/0", "receivers/1", "enabled", "id")
    assert expected == caught.value.fields


@pytest.mark.parametrize("receivers", [None, 5, IDS[1], "", object()], ids=lambda value: type(value).__name__)
def test_c060_receivers_are_a_list(registry: Registry, receivers: Any) -> None:
    """A single id or receiver is Invalid, and no TypeError."""
    for given in (receivers, build_of(registry)):
        with pytest.raises(Invalid, match="receivers: must be a list of receivers or of their ids"):
            make_group(registry, receivers=given, name="x")


def test_c062_receivers_without_an_end_are_too_large(registry: Registry) -> None:
    """A source is read no further than the limit."""
    with pytest.raises(TooLarge, match="at most 100 receivers"):
        make_group(registry, receivers=iter(lambda: IDS[1], None), name="x")


def test_c075_a_group_of_an_absent_receiver_is_not_found(registry: Registry) -> None:
    """The receiver is named, and nothing stored."""
    with pytest.raises(NotFound, match=f"there is no receiver {IDS[9]}"):
        make_group(registry, receivers=[build_of(registry), IDS[9]], name="x")
    assert registry.groups.find(name="x", type="ci.gate", version="1") is None


def test_c075_a_receiver_stands_in_a_limited_number_of_enabled_groups() -> None:
    """The limit is the host's; disabled groups do not count; enabling one is refused like creating one."""
    registry = make_registry(limits=Limits(max_enabled_groups=2))
    build = make_receiver(registry)
    for name in ("a", "b"):
        make_group(registry, build, name=name)
    with pytest.raises(TooLarge, match="receivers/0: stands in 2 enabled groups already") as caught:
        make_group(registry, build, name="c")
    assert caught.value.violations[0].limit == 2
    disabled = make_group(registry, build, name="c", enabled=False)
    with pytest.raises(TooLarge):
        registry.groups.update(disabled, expected_revision=1, enabled=True)
    first = registry.groups.list(newest_first=False).items[0]
    registry.groups.update(first, expected_revision=1, description="still two")
    registry.groups.delete(first, expected_revision=2)
    assert registry.groups.update(disabled, expected_revision=1, enabled=True).enabled


@pytest.mark.parametrize(
    "revision", [0, -1, pytest.param(10**5_000, id="5,001 digits"), True, 1.0, "1", None, float("nan")]
)
def test_c060_a_revision_is_a_whole_number(registry: Registry, revision: Any) -> None:
    """Every use of a revision refuses what is none."""
    build, release = build_of(registry), release_of(registry)
    for use in (
        lambda: registry.receivers.update(build, expected_revision=revision),
        lambda: registry.receivers.delete(build, expected_revision=revision),
        lambda: registry.groups.update(release, expected_revision=revision),
        lambda: registry.groups.delete(release, expected_revision=revision),
    ):
        with pytest.raises(Invalid, match="expected_revision: must be"):
            use()


def test_a_stale_or_future_revision_is_a_conflict(registry: Registry) -> None:
    """The error says what is stored; nothing changed."""
    build, release = build_of(registry), release_of(registry)
    head = registry.feed.head()
    for revision in (2, 2**63 - 1):
        for kind, use in (
            ("receiver", lambda r=revision: registry.receivers.update(build, expected_revision=r, description="x")),
            ("receiver", lambda r=revision: registry.receivers.delete(build, expected_revision=r)),
            ("group", lambda r=revision: registry.groups.update(release, expected_revision=r, description="x")),
            ("group", lambda r=revision: registry.groups.delete(release, expected_revision=r)),
        ):
            with pytest.raises(RevisionConflict) as caught:
                use()
            assert (caught.value.kind, caught.value.expected, caught.value.actual) == (kind, revision, 1)
    assert registry.feed.head() == head


@pytest.mark.parametrize("kind", ["receivers", "groups"])
def test_a_definition_that_changes_between_reading_and_writing_is_a_conflict(kind: str) -> None:
    """What is left out of a change stays as it was in the expected revision, or nothing changes."""
    store = MemoryStore()
    other = Registry(store)
    build = make_receiver(other)
    target: Any = build if kind == "receivers" else make_group(other, build)
    inner = getattr(store, kind)

    def get(thing_id: str) -> Any:
        """Return what is stored, and let another process change it at once."""
        stored = inner.get(thing_id)
        getattr(other, kind).update(stored, expected_revision=stored.revision, description="theirs")
        return stored

    registry: Any = Registry(Around(store, **{kind: Around(inner, get=get)}))  # type: ignore[arg-type]  # a store
    for expected in (1, 3):
        with pytest.raises(RevisionConflict):
            getattr(registry, kind).update(target, expected_revision=expected, name="ours")
    assert inner.get(target.id).description == "theirs"
    assert inner.get(target.id).name == target.name


def test_c029_a_receiver_with_events_keeps_its_definition(registry: Registry) -> None:
    """Name, type, version and schema are frozen, the description is not; it cannot be deleted."""
    build = build_of(registry)
    record(registry)
    for change in ({"name": "x"}, {"type": "x"}, {"version": "2"}, {"schema": True}, {"schema": {}}):
        with pytest.raises(InUse, match="is in use by events: create another version instead"):
            registry.receivers.update(build, expected_revision=1, **change)  # type: ignore[arg-type]  # one of them
    updated = registry.receivers.update(build, expected_revision=1, description="x")
    assert (updated.revision, updated.fingerprint, updated.created_at) == (2, build.fingerprint, build.created_at)
    with pytest.raises(InUse, match="by events"):
        registry.receivers.delete(build, expected_revision=2)


def test_a_receiver_in_a_group_cannot_be_deleted(registry: Registry) -> None:
    """Not even when the group was deleted: its revisions still name it."""
    build, release = build_of(registry), release_of(registry)
    for _ in range(2):
        with pytest.raises(InUse, match="is in use by groups"):
            registry.receivers.delete(build, expected_revision=1)
        if release is not None:
            registry.groups.delete(release, expected_revision=1)
            release = None  # type: ignore[assignment]  # deleted once


def test_a_change_may_not_take_another_ones_name(registry: Registry) -> None:
    """A receiver or group keeps its own name, and cannot have another's."""
    scan = registry.receivers.find(name="scan", type="ci.scan", version="1")
    assert scan is not None
    with pytest.raises(AlreadyExists):
        registry.receivers.update(scan, expected_revision=1, name="build", type="ci.build")
    other = make_group(registry, scan, name="other")
    with pytest.raises(AlreadyExists):
        registry.groups.update(other, expected_revision=1, name="release")
    assert registry.groups.update(other, expected_revision=1, name="third").name == "third"
    assert registry.groups.find(name="other", type="ci.gate", version="1") is None


def test_what_was_deleted_is_not_found(registry: Registry) -> None:
    """A deleted group keeps its revisions and transitions, and nothing else."""
    spare = make_receiver(registry, "spare")
    registry.receivers.delete(spare, expected_revision=1)
    release = release_of(registry)
    record(registry)
    registry.groups.delete(release, expected_revision=1)
    for use in (
        lambda: registry.receivers.get(spare.id),
        lambda: registry.receivers.statistics(spare),
        lambda: registry.receivers.update(spare, expected_revision=1),
        lambda: registry.receivers.delete(spare, expected_revision=1),
        lambda: registry.groups.get(release.id),
        lambda: registry.groups.update(release, expected_revision=1),
        lambda: registry.groups.delete(release, expected_revision=1),
        lambda: registry.groups.verdict(release, make_unit()),
        lambda: registry.groups.reevaluate(release),
    ):
        with pytest.raises(NotFound):
            use()
    assert len(registry.groups.transitions(release, make_unit())) == 1
    assert registry.groups.revisions(release) == (release,)
    assert registry.groups.list().items == ()


@pytest.mark.parametrize("thing", ["x", None, 5, {}, b"", True], ids=repr)
def test_what_is_no_id_is_refused_everywhere(registry: Registry, thing: Any) -> None:
    """Each use names what it wanted."""
    for use in (
        lambda: registry.receivers.get(thing),
        lambda: registry.receivers.update(thing, expected_revision=1),
        lambda: registry.receivers.delete(thing, expected_revision=1),
        lambda: registry.receivers.statistics(thing),
        lambda: registry.groups.get(thing),
        lambda: registry.groups.update(thing, expected_revision=1),
        lambda: registry.groups.delete(thing, expected_revision=1),
        lambda: registry.groups.revisions(thing),
        lambda: registry.groups.verdict(thing, make_unit()),
        lambda: registry.groups.transitions(thing, make_unit()),
        lambda: registry.groups.reevaluate(thing),
        lambda: registry.events.get(thing),
        lambda: registry.events.redact(thing, "x"),
    ):
        with pytest.raises(Invalid, match="must be a ULID"):
            use()


def test_what_was_never_there_is_not_found(registry: Registry) -> None:
    """An unknown id is NotFound in every use."""
    for use in (
        lambda: registry.groups.revisions(IDS[9]),
        lambda: registry.groups.transitions(IDS[9], make_unit()),
        lambda: registry.groups.verdict(IDS[9], make_unit(), as_of=1),
        lambda: registry.events.get(IDS[9]),
        lambda: registry.events.redact(IDS[9], "x"),
    ):
        with pytest.raises(NotFound):
            use()


def test_c060_the_arguments_of_a_verdict_are_checked(registry: Registry) -> None:
    """Unit, position, number and limit are refused by name."""
    release: Any = release_of(registry)
    bad: Any = "web"
    for use, fields in (
        (lambda: registry.groups.verdict(release, bad), ("unit",)),
        (lambda: registry.groups.verdict(release, make_unit(), as_of=True), ("as_of",)),
        (lambda: registry.groups.verdict(release, bad, as_of=-1), ("unit", "as_of")),
        (lambda: registry.groups.transitions(release, bad, after=-1), ("unit", "after")),
        (lambda: registry.groups.transitions(release, make_unit(), limit=0), ("limit",)),
    ):
        with pytest.raises(Invalid) as caught:
            use()
        assert caught.value.fields == fields


def test_c058_a_verdict_beyond_the_head_is_a_bad_cursor(registry: Registry) -> None:
    """Also a position that no database could count."""
    for position in (registry.feed.head() + 1, 2**63, 10**30, 10**5_000):
        with pytest.raises(BadCursor, match="beyond the head"):
            registry.groups.verdict(release_of(registry), make_unit(), as_of=position)


def test_c075_changing_a_group_judges_nothing_until_it_is_reevaluated(registry: Registry) -> None:
    """The verdict is live; the transitions are those of appends and of re-evaluations."""
    release = release_of(registry)
    record(registry, "web")
    disabled = registry.groups.update(release, expected_revision=1, enabled=False)
    assert not registry.groups.verdict(release, make_unit()).complete
    assert len(registry.groups.transitions(release, make_unit())) == 1
    steps: list[int] = []
    done = registry.groups.reevaluate(disabled, progress=lambda step: steps.append(step.units))
    assert (done.revision, done.units, done.transitions, steps) == (2, 1, 1, [1])
    last = registry.groups.transitions(release, make_unit())[-1]
    assert (str(last.kind), last.event_id, last.group.revision, last.number) == ("reopened", None, 2, 2)
    assert registry.groups.reevaluate(disabled).transitions == 0
    assert registry.groups.verdict(release, make_unit(), as_of=registry.feed.head() - 2).complete


def test_c075_a_group_edited_in_flight_is_judged_by_its_present_revision(registry: Registry) -> None:
    """A unit that was half done under one definition is judged under the next from its next event on."""
    build, release = build_of(registry), release_of(registry)
    registry.events.record(make_unit(), build, success=False, payload={})
    registry.groups.update(release, expected_revision=1, receivers=[build])
    recorded = registry.events.record(make_unit(), build, success=True, payload={})
    assert [(t.group.revision, str(t.kind)) for t in recorded.transitions] == [(2, "completed")]


def test_a_reevaluation_begins_again_when_the_group_changes_between_its_steps() -> None:
    """After it has returned, every unit was judged by one revision."""
    store = MemoryStore()
    revisions = iter([(1, "a"), (1, "b"), (2, "c"), (2, "a"), (2, None)])
    asked: list[str | None] = []

    def reevaluate(*_: object, after: str | None, limit: int) -> Reevaluated:
        asked.append(after)
        revision, onward = next(revisions)
        return Reevaluated(revision=revision, units=limit, transitions=(), next=onward)

    registry = Registry(Around(store, groups=Around(store.groups, reevaluate=reevaluate)))  # type: ignore[arg-type]  # a store
    steps: list[int] = []
    done = registry.groups.reevaluate(IDS[1], progress=lambda step: steps.append(step.revision))
    assert asked == [None, "a", "b", None, "a"]
    assert steps == [1, 1, 2, 2, 2]
    assert done.revision == 2


def test_a_reevaluation_whose_last_step_meets_a_change_begins_again() -> None:
    """Also at the end the revision counts."""
    store = MemoryStore()
    steps = iter([(1, "a"), (2, None), (2, None)])

    def reevaluate(*_: object, after: str | None, limit: int) -> Reevaluated:
        assert limit > 0
        revision, onward = next(steps)
        assert after in {None, "a"}
        return Reevaluated(revision=revision, units=1, transitions=(), next=onward)

    registry = Registry(Around(store, groups=Around(store.groups, reevaluate=reevaluate)))  # type: ignore[arg-type]  # a store
    assert registry.groups.reevaluate(IDS[1]).units == 3


def test_a_reevaluation_walks_in_steps(registry: Registry) -> None:
    """Chunks join to all units concerned, whatever their size."""
    for place in range(7):
        record(registry, f"u{place}")
    late = make_group(registry, build_of(registry), name="late")
    after, units, transitions = None, 0, 0
    while True:
        step = registry.store.groups.reevaluate(late.id, SYSTEM, after=after, limit=3)
        units, transitions = units + step.units, transitions + len(step.transitions)
        if step.next is None:
            break
        after = step.next
    assert (units, transitions) == (7, 7)


def test_statistics_are_kept_up(registry: Registry) -> None:
    """Total, successes, failures, the latest and the latest successful one."""
    build = build_of(registry)
    assert registry.receivers.statistics(build).latest is None
    for success in (True, False):
        registry.events.record(make_unit(), build, success=success, payload={})
    figures = registry.receivers.statistics(build.id)
    newest, older = registry.events.list().items
    assert (figures.total, figures.succeeded, figures.failed, figures.rate) == (2, 1, 1, 0.5)
    assert figures.latest is not None
    assert figures.latest_successful is not None
    assert {figures.latest.event_id, figures.latest_successful.event_id} == {newest.id, older.id}
    assert figures.latest_successful.event_id == registry.events.list().items[1 if newest.n == 2 else 0].id


def test_each_change_is_announced_with_what_it_changed(registry: Registry) -> None:
    """The feed tells what happened, in order."""
    spare = make_receiver(registry, "spare")
    registry.receivers.update(spare, expected_revision=1, description="x")
    registry.receivers.delete(spare, expected_revision=2)
    release = registry.groups.update(release_of(registry), expected_revision=1, description="x")
    registry.groups.delete(release, expected_revision=2)
    kinds = [change.kind for change in registry.feed.read()]
    assert kinds == [
        *(ChangeKind.RECEIVER_CREATED, ChangeKind.RECEIVER_CREATED, ChangeKind.GROUP_CREATED),
        *(ChangeKind.RECEIVER_CREATED, ChangeKind.RECEIVER_UPDATED, ChangeKind.RECEIVER_DELETED),
        *(ChangeKind.GROUP_UPDATED, ChangeKind.GROUP_DELETED),
    ]
