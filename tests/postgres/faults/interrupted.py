"""A program that records, is interrupted by Ctrl-C in the middle, and records the same again when it is told to."""

from __future__ import annotations

import json
import sys

from xzepr import Recorded, Registry, Unit

UNIT = Unit(name="web", version="1", release="1", platform_id="linux", package="oci")


def main(url: str, receiver_id: str, event_id: str) -> None:
    """Record over a pool of one; say what became of it."""
    with Registry.open(url) as registry:

        def record() -> Recorded:
            return registry.events.record(UNIT, receiver_id, success=True, payload={}, id=event_id)

        registry.receivers.get(receiver_id)
        try:
            record()
        except KeyboardInterrupt:
            say("interrupted")
        sys.stdin.readline()
        say(record().replayed)
        say(registry.feed.head())


def say(what: object) -> None:
    """Tell the test."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
