"""A program that forks after it has opened a registry; run by the tests of forks, in a process without threads.

It prints, as JSON, what the child was told by each call, and what the parent could still do once the child was gone.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable

from xzepr import Registry, Unit
from xzepr.errors import XzeprError

UNIT = Unit(name="web", version="1", release="1", platform_id="linux", package="oci")


def told(call: Callable[[], object]) -> str:
    """Do something; return the code of the error that came of it."""
    try:
        call()
    except XzeprError as error:
        return error.code
    return "done"


def calls(registry: Registry) -> dict[str, str]:
    """Call this and that."""
    receiver = registry.receivers.ensure
    return {
        "ensure": told(lambda: receiver(name="build", type="t", version="1", schema=True)),
        "read": told(registry.feed.head),
        "list": told(registry.events.list),
        "subscribe": told(lambda: registry.feed.subscription("mail")),
        "wait": told(lambda: registry.store.wait(10**6, 0.01)),  # type: ignore[attr-defined]  # it can
        "check": told(registry.store.check),
        "join": told(lambda: registry.joined(object())),
    }


def in_child(registry: Registry, *, closes: bool) -> dict[str, str]:
    """Fork; return what the child was told."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        found = calls(registry)
        if closes:
            registry.close()
        os.write(writing, json.dumps(found).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        found = json.loads(pipe.read())
    os.waitpid(pid, 0)
    return dict(found)


def main(url: str, end: str) -> None:
    """Open, use, fork, and use again."""
    with Registry.open(url) as registry:
        build = registry.receivers.ensure(name="build", type="t", version="1", schema=True)
        before = registry.store.wait(0, 0.1), registry.events.record(UNIT, build, success=True, payload={}).event.n  # type: ignore[attr-defined]
        pids = backends(registry)
        child = in_child(registry, closes=end == "closes")
        after = registry.events.record(UNIT, build, success=True, payload={}).event.n
        same = pids == backends(registry)
        sys.stdout.write(json.dumps({"child": child, "before": before[1], "after": after, "same": same}))


def backends(registry: Registry) -> list[int]:
    """Return the processes that serve this one."""
    rows = registry.store._session.read(  # type: ignore[attr-defined]  # noqa: SLF001 - from within
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'xzepr' ORDER BY pid", {}
    )
    return [pid for (pid,) in rows]


if __name__ == "__main__":
    main(*sys.argv[1:])
