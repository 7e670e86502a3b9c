"""A process that owns a subscription, so that tests can stop it in the middle, let it go on, or kill it.

It tells each step as a line on its standard output. Run as a program: ``subscriber.py MODE URL LEASE_SECONDS LEVEL``.
"""

from __future__ import annotations

import sys
from threading import Event

import psycopg
from psycopg import IsolationLevel
from sqlalchemy import create_engine

from xzepr import Delivery, Registry, RetryPolicy, Subscription
from xzepr.errors import LeaseLost
from xzepr_postgres import PostgresStore

NAME = "shared"
ONCE = RetryPolicy(attempts=1)
QUICKLY = RetryPolicy(attempts=60, first_delay=0.01, max_delay=0.05)


def tell(what: object) -> None:
    """Tell the test something."""
    print(what, flush=True)  # noqa: T201 - that is how it hears it


def step_by_step(subscription: Subscription) -> None:
    """Hand over changes, each as long as the test wants it to take, until the lease is lost."""

    def handle(delivery: Delivery) -> None:
        tell(f"took {delivery.change.position}")
        if sys.stdin.readline() != "handled\n":
            raise ValueError

    try:
        while True:
            if subscription.deliver(handle):
                tell("up to date")
            Event().wait(0.01)
    except LeaseLost:
        tell("lost the lease")


def work(registry: Registry, subscription: Subscription, url: str, level: str) -> None:
    """Write each change down, and acknowledge it in the same transaction, until killed."""
    host, pause = psycopg.connect(url), Event()
    host.isolation_level = IsolationLevel[level.replace(" ", "_")]

    def handle(delivery: Delivery) -> None:
        position = delivery.change.position
        tell(f"took {position}")
        with host.transaction():
            host.execute("INSERT INTO public.effects VALUES (%s)", (position,))
            pause.wait(0.005)  # work, in which it may be stopped
            registry.joined(host).feed.subscription(NAME).acknowledge(delivery)

    subscription.run(handle, stop=pause)


def main(mode: str, url: str, lease_seconds: str, level: str) -> None:
    """Open the registry, and work."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with Registry(PostgresStore(engine)) as registry:
        retry = ONCE if mode == "step" else QUICKLY
        subscription = registry.feed.subscription(NAME, retry=retry, lease_seconds=float(lease_seconds))
        if mode == "step":
            step_by_step(subscription)
        else:
            work(registry, subscription, url, level)
    engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
