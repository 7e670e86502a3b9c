"""Every write, cut off at its n-th request, n = 1, 2, 3 … until it meets no fault any more: all of it or nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial

import attrs
import pytest

from tests.postgres.faults.conftest import OpenRegistry
from tests.postgres.faults.proxy import Fault, Plan, Proxy
from tests.postgres.faults.worlds import (
    UNREPEATABLE,
    WRITES,
    Picture,
    Ready,
    attempt,
    empty,
    make_ready,
    picture,
    sizes,
)
from xzepr import Registry
from xzepr.errors import CommitUnknown, Conflict, NotFound, Unavailable, XzeprError
from xzepr.testing.checking import check_history

FOR_EVER = 1_000_000
STEPS = frozenset(name for name in WRITES if name.startswith("subscriptions."))
"""Steps of a subscription. The lease makes a second attempt harmless, so nobody is told that they are in doubt."""


@attrs.frozen(kw_only=True)
class Trial:
    """What became of a write that met a fault.

    Args:
        ready: What it worked on, through a registry that meets none.
        error: How it failed, if it did.
        before: What was stored before.
        after: What is stored now.
    """

    ready: Ready
    error: XzeprError | None
    before: Picture
    after: Picture


class Trials:
    """Does one write over and over, each time with a fault one request later.

    Args:
        name: The write.
        database: Where.
        direct: A registry that meets no fault.
        open_faulty: Opens one that goes through the proxy.
        proxy: The proxy.
    """

    def __init__(
        self, name: str, database: str, direct: Registry, open_faulty: Callable[[], Registry], proxy: Proxy
    ) -> None:
        self._write = WRITES[name]
        self._database = database
        self._direct = direct
        self._open_faulty = open_faulty
        self._proxy = proxy
        self._write(self._fresh())
        self.done = sizes(picture(database))
        """How many rows each table has once the write is done."""

    def run(self, fault: Fault, times: int) -> Iterator[Trial]:
        """Yield a trial for each request that meets the fault.

        Each has a registry of its own: one that has lost a connection sends other requests for a while.
        """
        for number in itertools.count(1):
            ready = self._fresh()
            faulty = self._open_faulty()
            before = picture(self._database)
            self._proxy.plan(Plan(fault, number, times))
            error = attempt(partial(self._write, ready.through(faulty)))
            met = self._proxy.requests >= number
            self._proxy.plan(None)
            if not met:
                assert number > 1
                return
            yield Trial(ready=ready, error=error, before=before, after=picture(self._database))
            check_history(self._direct, every_position=False)

    def resolve(self, trial: Trial) -> None:
        """Do it again, as whoever was told of a failure would: then it is done, and once."""
        error = attempt(partial(self._write, trial.ready))
        assert error is None or isinstance(error, Conflict | NotFound)
        assert sizes(picture(self._database)) == self.done

    def _fresh(self) -> Ready:
        empty(self._database)
        return make_ready(self._direct)


@pytest.fixture(params=WRITES)
def name(request: pytest.FixtureRequest) -> str:
    """The name of a write."""
    return str(request.param)


@pytest.fixture
def trials(name: str, database: str, direct: Registry, proxy: Proxy, open_registry: OpenRegistry) -> Trials:
    """The trials of a write."""
    return Trials(name, database, direct, lambda: open_registry(proxy.url, attempts=3), proxy)


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", [Fault.UNSEEN, Fault.UNANSWERED])
def test_c076_a_write_that_is_cut_off_once_is_done_or_in_doubt(name: str, fault: Fault, trials: Trials) -> None:
    """The second attempt does it, and nothing twice; where there is no second one, the caller is told."""
    for trial in trials.run(fault, 1):
        undone = trial.after == trial.before
        assert undone or sizes(trial.after) == trials.done
        if trial.error is not None:
            assert isinstance(trial.error, CommitUnknown)
            assert name in UNREPEATABLE or not undone
            assert undone == (fault is Fault.UNSEEN and name in UNREPEATABLE)
            trials.resolve(trial)
        else:
            assert not undone


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", [Fault.UNSEEN, Fault.UNANSWERED])
def test_c077_a_write_that_is_cut_off_for_good_is_whole(name: str, fault: Fault, trials: Trials) -> None:
    """Nothing was done, or all of it; "unavailable" means nothing, and in doubt is only what may have been done."""
    for trial in trials.run(fault, FOR_EVER):
        assert trial.after == trial.before or sizes(trial.after) == trials.done
        if trial.error is None:
            assert trial.after != trial.before
        elif isinstance(trial.error, Unavailable):
            assert trial.after == trial.before or name in STEPS
        else:
            assert isinstance(trial.error, CommitUnknown)
        trials.resolve(trial)


def test_a_write_in_two_halves_would_be_seen(
    database: str, direct: Registry, proxy: Proxy, open_registry: OpenRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: of a write that is two, some cut leaves the first half."""

    def write_twice(ready: Ready) -> None:
        for name in ("first", "second"):
            ready.registry.receivers.create(name=name, type="t", version="1", schema=True)

    monkeypatch.setitem(WRITES, "two halves", write_twice)
    trials = Trials("two halves", database, direct, lambda: open_registry(proxy.url, attempts=1), proxy)
    found = [trial.after == trial.before or sizes(trial.after) == trials.done for trial in trials.run(Fault.UNSEEN, 1)]
    assert not all(found)
