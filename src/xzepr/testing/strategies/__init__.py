"""Hypothesis strategies for what a registry takes: units, text, payloads, definitions, histories.

Everything that they make is accepted; for what is refused, see the documentation of each limit.
"""

from xzepr.testing.strategies.definitions import group_definitions, receiver_definitions
from xzepr.testing.strategies.histories import GroupPlan, History, Step, histories
from xzepr.testing.strategies.values import descriptions, payloads, texts, ulids, units

__all__ = [
    "GroupPlan",
    "History",
    "Step",
    "descriptions",
    "group_definitions",
    "histories",
    "payloads",
    "receiver_definitions",
    "texts",
    "ulids",
    "units",
]
