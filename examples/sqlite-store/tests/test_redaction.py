"""What redaction erases: not only in the tables."""

from __future__ import annotations

from harness import SqliteHarness
from xzepr.testing.world import UNIT, World

SECRET = "a word that nobody else uses"  # noqa: S105 - no password


def traces(world: World) -> list[str]:
    """Return the names of the files in which the secret can be read."""
    assert isinstance(world.harness, SqliteHarness)
    return [path.name for path in world.harness.folder.iterdir() if SECRET.encode() in path.read_bytes()]


def test_nothing_is_left_in_the_files(world: World) -> None:
    """After a redaction neither the file nor its log holds the payload, on any page."""
    build = world.receiver()
    event = world.event(UNIT, build, payload=[SECRET] * 1_000)
    world.record(UNIT, build, payload="another")
    assert traces(world)

    world.registry.events.redact(event.id, "asked for")

    assert traces(world) == []
