"""What things are: frozen values and pure rules. No I/O, no clock, no globals.

Start with :mod:`~xzepr.model.units`, :mod:`~xzepr.model.receivers`, :mod:`~xzepr.model.events` and
:mod:`~xzepr.model.groups`, which are what a registry keeps. :mod:`~xzepr.model.gates` is the completion rule.
:mod:`~xzepr.model.changes` is the feed, :mod:`~xzepr.model.filters` and :mod:`~xzepr.model.pages` are how lists are
asked for, :mod:`~xzepr.model.principals` says who may do what.
"""

from xzepr.model.changes import (
    CLOUDEVENT_SOURCE,
    KIND_OF_TRANSITION,
    Change,
    ChangeKind,
    FeedCursor,
    Redaction,
    check_position,
)
from xzepr.model.checks import MAX_DESCRIPTION, MAX_TEXT, MAX_WHOLE, Checks, fold
from xzepr.model.digests import EVENT_DOMAIN, SALT_BYTES, canonical_fields, payload_digest
from xzepr.model.events import Event, NewEvent, Recorded, differences, event_digest, payload_bytes, payload_intact
from xzepr.model.filters import EventFilter, GroupFilter, ReceiverFilter
from xzepr.model.forms import Formed, JsonObject, json_form
from xzepr.model.gates import (
    Gate,
    GateState,
    Transition,
    TransitionKind,
    Verdict,
    gate_state,
    is_complete,
    transition_due,
)
from xzepr.model.groups import MAX_ENABLED_GROUPS, MAX_RECEIVERS, EventReceiverGroup, GroupRef, check_receiver_ids
from xzepr.model.pages import (
    MAX_EXAMINED_BYTES,
    MAX_EXAMINED_ROWS,
    MAX_LIMIT,
    Anchor,
    Count,
    Page,
    check_limit,
    decode_cursor,
    encode_cursor,
    query_digest,
)
from xzepr.model.principals import (
    LOCAL_ISSUER,
    MATRIX,
    SYSTEM,
    Identity,
    Permission,
    Principal,
    Role,
    permissions_of,
)
from xzepr.model.receivers import EventReceiver, ReceiverRef, check_naming, receiver_fingerprint
from xzepr.model.statistics import Mention, ReceiverStatistics
from xzepr.model.subscriptions import Delivery, Lease, Parked, SubscriptionState
from xzepr.model.times import Clock, ask, format_time, parse_time, utc_now
from xzepr.model.ulids import Ulid, UlidGenerator, is_ulid, parse_ulid, ulid_from_int, ulid_time_ms, ulid_to_int
from xzepr.model.units import UNIT_FIELDS, Unit

__all__ = [
    "CLOUDEVENT_SOURCE",
    "EVENT_DOMAIN",
    "KIND_OF_TRANSITION",
    "LOCAL_ISSUER",
    "MATRIX",
    "MAX_DESCRIPTION",
    "MAX_ENABLED_GROUPS",
    "MAX_EXAMINED_BYTES",
    "MAX_EXAMINED_ROWS",
    "MAX_LIMIT",
    "MAX_RECEIVERS",
    "MAX_TEXT",
    "MAX_WHOLE",
    "SALT_BYTES",
    "SYSTEM",
    "UNIT_FIELDS",
    "Anchor",
    "Change",
    "ChangeKind",
    "Checks",
    "Clock",
    "Count",
    "Delivery",
    "Event",
    "EventFilter",
    "EventReceiver",
    "EventReceiverGroup",
    "FeedCursor",
    "Formed",
    "Gate",
    "GateState",
    "GroupFilter",
    "GroupRef",
    "Identity",
    "JsonObject",
    "Lease",
    "Mention",
    "NewEvent",
    "Page",
    "Parked",
    "Permission",
    "Principal",
    "ReceiverFilter",
    "ReceiverRef",
    "ReceiverStatistics",
    "Recorded",
    "Redaction",
    "Role",
    "SubscriptionState",
    "Transition",
    "TransitionKind",
    "Ulid",
    "UlidGenerator",
    "Unit",
    "Verdict",
    "ask",
    "canonical_fields",
    "check_limit",
    "check_naming",
    "check_position",
    "check_receiver_ids",
    "decode_cursor",
    "differences",
    "encode_cursor",
    "event_digest",
    "fold",
    "format_time",
    "gate_state",
    "is_complete",
    "is_ulid",
    "json_form",
    "parse_time",
    "parse_ulid",
    "payload_bytes",
    "payload_digest",
    "payload_intact",
    "permissions_of",
    "query_digest",
    "receiver_fingerprint",
    "transition_due",
    "ulid_from_int",
    "ulid_time_ms",
    "ulid_to_int",
    "utc_now",
]
