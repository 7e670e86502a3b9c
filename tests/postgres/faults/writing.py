"""A program that appends batches for as long as it lives, and says of each one that it was acknowledged."""

from __future__ import annotations

import itertools
import sys

from xzepr import EventDraft, Registry, Unit

BATCH = 5


def main(url: str, receiver_id: str, name: str) -> None:
    """Append batches, each over several units, that complete and reopen."""
    with Registry.open(url) as registry:
        for number in itertools.count():
            report = registry.events.record_many(drafts(receiver_id, f"{name}-{number}"))
            assert report.recorded == BATCH, report
            sys.stdout.write(f"{name}-{number}\n")
            sys.stdout.flush()


def drafts(receiver_id: str, batch: str) -> list[EventDraft]:
    """Return the events of a batch."""
    return [
        EventDraft(
            unit=Unit(name=f"u{place % 3}", version="1", release="1", platform_id="linux", package="oci"),
            receiver=receiver_id,
            success=bool(place % 2),
            payload={"batch": batch},
            idempotency_key=f"{batch}/{place}",
        )
        for place in range(BATCH)
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
