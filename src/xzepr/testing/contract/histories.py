"""Promises 1, 3 and 4 on random histories, against the oracle: recorded one by one, in batches, in bulk."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from xzepr import EventDraft
from xzepr.model import KIND_OF_TRANSITION, EventReceiver, EventReceiverGroup, Transition
from xzepr.testing.checking import check_history
from xzepr.testing.contract._base import Contract
from xzepr.testing.oracle import Oracle
from xzepr.testing.strategies import History, histories
from xzepr.testing.world import World, new_event, open_world, unit

# Every store that adopts this runs the same function, which is what the health check asks about.
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.differing_executors])


class HistoriesContract(Contract):
    """Groups that share receivers, and whatever is recorded about a few units."""

    @given(history=histories())
    @SETTINGS
    def test_one_by_one(self, history: History) -> None:
        """Events recorded one by one give the transitions and verdicts of the oracle."""
        with open_world(self.harness_class) as world:
            play = Play(world, history)
            for step in history.steps:
                world.record(unit(step.unit), play.receivers[step.receiver], success=step.success)
            play.compare()

    @given(history=histories())
    @SETTINGS
    def test_in_batches(self, history: History) -> None:
        """Events appended in batches give the transitions and verdicts of the oracle, which takes them one by one."""
        with open_world(self.harness_class) as world:
            play = Play(world, history)
            for batch in history.batches:
                world.append(
                    *(new_event(unit(step.unit), play.receivers[step.receiver], success=step.success) for step in batch)
                )
            play.compare()

    @given(history=histories())
    @SETTINGS
    def test_in_bulk(self, history: History) -> None:
        """Events recorded in bulk give the transitions and verdicts of the oracle."""
        with open_world(self.harness_class) as world:
            play = Play(world, history)
            world.registry.events.record_many(
                EventDraft(
                    unit=unit(step.unit), receiver=play.receivers[step.receiver], success=step.success, payload=None
                )
                for step in history.steps
            )
            play.compare()

    @given(history=histories())
    @SETTINGS
    def test_feed_explains_it(self, history: History) -> None:
        """A replay of the feed agrees with every verdict at every position."""
        with open_world(self.harness_class) as world:
            play = Play(world, history)
            for batch in history.batches:
                world.append(
                    *(new_event(unit(step.unit), play.receivers[step.receiver], success=step.success) for step in batch)
                )
                world.registry.groups.reevaluate(play.groups[0])
            check_history(world.registry)


class Play:
    """A history in a world, and in the oracle.

    Args:
        world: The world, whose receivers and groups are created.
        history: The history.
    """

    def __init__(self, world: World, history: History) -> None:
        self._world = world
        self._history = history
        self.receivers: list[EventReceiver] = world.receivers(history.receivers)
        self.groups: list[EventReceiverGroup] = [
            world.group(
                *(self.receivers[each] for each in plan.receivers), name=f"group-{number}", enabled=plan.enabled
            )
            for number, plan in enumerate(history.groups)
        ]

    def compare(self) -> None:
        """Let the oracle take the history, and compare what it says with what the registry says."""
        oracle = Oracle()
        for number, plan in enumerate(self._history.groups):
            oracle.define(number, plan.receivers, enabled=plan.enabled)
        for number, step in enumerate(self._history.steps):
            oracle.record(number, None, (step.unit, step.receiver, step.success, None), named=False)
        for number, group in enumerate(self.groups):
            for about in {step.unit for step in self._history.steps}:
                expected = [(entry[0], entry[4]) for entry in oracle.transitions(number, about)]
                assert expected == [told(each) for each in self._world.transitions(group, unit(about))]
                assert oracle.complete(number, about) == self._world.complete(group, unit(about))


def told(transition: Transition) -> tuple[str, int]:
    """Return a transition in the oracle's words."""
    return str(KIND_OF_TRANSITION[transition.kind]), transition.number
