"""Strategies for the values of the model that have a JSON form, of any content that the model accepts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

import attrs
from hypothesis import strategies as st

from tests.model.values import make_event, make_group, make_receiver
from xzepr.documents import canonical
from xzepr.errors import Damaged
from xzepr.model import (
    Change,
    ChangeKind,
    Event,
    EventReceiver,
    EventReceiverGroup,
    Gate,
    GateState,
    GroupRef,
    Identity,
    ReceiverRef,
    Redaction,
    Transition,
    TransitionKind,
    Verdict,
    payload_digest,
)
from xzepr.testing.strategies import descriptions, payloads, texts, ulids, units

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-11))])
POSITIONS = st.integers(1, 2**63 - 1)


def times(zones: st.SearchStrategy[tzinfo] = ZONES) -> st.SearchStrategy[datetime]:
    """Moments of all years that can be told in every zone."""
    return st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=zones)  # noqa: DTZ001 - the zone is drawn


def identities() -> st.SearchStrategy[Identity]:
    """Who somebody is."""
    return st.builds(Identity, texts(20), texts(20))


@st.composite
def events(draw: st.DrawFn, *, whole: bool = False) -> Event:
    """Events: with their payload, and unless they are to be whole, without it or redacted."""
    text, salt = canonical(draw(payloads(8))), draw(st.binary(min_size=16, max_size=16))
    event = make_event(
        id=draw(ulids()),
        unit=draw(units()),
        success=draw(st.booleans()),
        payload_text=text,
        salt=salt,
        payload_digest=payload_digest(salt, text),
        description=draw(descriptions(20)),
        owner=draw(identities()),
        occurred_at=draw(times(st.just(UTC))),
        recorded_at=draw(times(st.just(UTC))),
        n=draw(POSITIONS),
    )
    if whole or draw(st.booleans()):
        return event
    return draw(st.sampled_from([event.without_payload(), attrs.evolve(event, payload_text=None, salt=None)]))


def receivers() -> st.SearchStrategy[EventReceiver]:
    """Receivers with schemas of many forms."""
    schema = st.sampled_from(["true", "{}", '{"type": "object", "additionalProperties": false}', '{"z": 1, "a": 2.50}'])
    return st.builds(
        make_receiver,
        id=ulids(),
        name=texts(20),
        type=texts(20),
        version=texts(20),
        description=descriptions(20),
        schema_text=schema,
        owner=identities(),
        revision=POSITIONS,
        created_at=times(),
        updated_at=times(),
    )


def groups() -> st.SearchStrategy[EventReceiverGroup]:
    """Groups of up to five receivers."""
    return st.builds(
        make_group,
        id=ulids(),
        name=texts(20),
        receiver_ids=st.lists(ulids(), min_size=1, max_size=5, unique=True).map(tuple),
        enabled=st.booleans(),
        owner=identities(),
        revision=POSITIONS,
        created_at=times(),
    )


def group_refs() -> st.SearchStrategy[GroupRef]:
    """Groups as others mention them."""
    return st.builds(GroupRef, ulids(), POSITIONS, texts(20), texts(20), texts(20))


def transitions(kinds: st.SearchStrategy[TransitionKind] | None = None) -> st.SearchStrategy[Transition]:
    """Transitions, with and without an event that caused them."""
    return st.builds(
        Transition,
        group=group_refs(),
        unit=units(),
        number=POSITIONS,
        kind=st.sampled_from(TransitionKind) if kinds is None else kinds,
        event_id=st.none() | ulids(),
        recorded_at=times(),
    )


@st.composite
def gates(draw: st.DrawFn) -> Gate:
    """Gates in each of the three states."""
    receiver = ReceiverRef(draw(ulids()), draw(texts(20)), draw(texts(20)), draw(texts(20)))
    state = draw(st.sampled_from(GateState))
    if state is GateState.MISSING:
        return Gate(receiver=receiver, state=state)
    return Gate(receiver=receiver, state=state, event_id=draw(ulids()), recorded_at=draw(times()))


def verdicts() -> st.SearchStrategy[Verdict]:
    """Verdicts, complete and pending."""
    return st.builds(
        Verdict,
        group=group_refs(),
        enabled=st.booleans(),
        unit=units(),
        gates=st.lists(gates(), min_size=1, max_size=4).map(tuple),
        as_of=st.none() | POSITIONS,
    )


def damaged() -> st.SearchStrategy[Damaged]:
    """Rows that cannot be decoded, named by whatever could still be read of them."""
    kinds = st.sampled_from(["event", "receiver", "group", "change"])
    return st.builds(Damaged, kinds, ulids() | st.text(max_size=20), st.text(max_size=20))


def subjects(kind: ChangeKind) -> st.SearchStrategy[Any]:
    """What a change of this kind is about."""
    return {
        ChangeKind.EVENT_RECORDED: events(),
        ChangeKind.EVENT_REDACTED: st.builds(Redaction, event_id=ulids(), reason=texts(20)),
        ChangeKind.RECEIVER_CREATED: receivers(),
        ChangeKind.RECEIVER_UPDATED: receivers(),
        ChangeKind.RECEIVER_DELETED: receivers(),
        ChangeKind.GROUP_CREATED: groups(),
        ChangeKind.GROUP_UPDATED: groups(),
        ChangeKind.GROUP_DELETED: groups(),
        ChangeKind.GROUP_COMPLETED: transitions(st.just(TransitionKind.COMPLETED)),
        ChangeKind.GROUP_REOPENED: transitions(st.just(TransitionKind.REOPENED)),
    }[kind] | damaged()


@st.composite
def changes(draw: st.DrawFn, kind: ChangeKind | None = None) -> Change:
    """Changes: of one kind, or of any."""
    chosen = kind or draw(st.sampled_from(ChangeKind))
    return Change(
        position=draw(POSITIONS),
        id=draw(ulids()),
        kind=chosen,
        recorded_at=draw(times()),
        actor=draw(identities()),
        subject=draw(subjects(chosen)),
    )
