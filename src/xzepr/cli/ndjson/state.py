"""How far the import of a file has come, kept beside it, so that a later run goes on from there.

The digest shows when the part of the file that was dealt with is no longer what it was, the cursor when the store has
another history: another store, or one that was restored.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from xzepr import FeedCursor, Registry
from xzepr.cli.files import naming_file, replacing
from xzepr.cli.ndjson.lines import Lines
from xzepr.cli.ndjson.strict import structured
from xzepr.cli.output import json_text
from xzepr.documents import parse
from xzepr.errors import BadCursor, ConfigurationError, Invalid

SUFFIX: Final = ".progress"
"""What is added to the name of the file."""

FORM: Final = 1
"""The form of the state; another one is not read."""


@attrs.frozen(kw_only=True)
class Counts:
    """What became of the lines.

    Args:
        receivers: Receivers that are there now.
        groups: Groups that are there now.
        recorded: Events that were recorded.
        replayed: Events that had been recorded before.
        refused: Lines that were refused.
        transitions: Transitions that the recorded events caused.
    """

    receivers: int = 0
    groups: int = 0
    recorded: int = 0
    replayed: int = 0
    refused: int = 0
    transitions: int = 0


@attrs.frozen(kw_only=True)
class State:
    """Where an import stands.

    Args:
        form: See :data:`FORM`.
        line: How many lines were dealt with.
        offset: How many bytes these have.
        digest: Hex SHA-256 over them.
        refused_bytes: How long the file of refused lines was then.
        feed: The cursor at the head of the store's feed then.
        counts: What became of the lines.
        receivers: The receivers that have another id in this store: theirs by that in the file.
    """

    form: int = FORM
    line: int
    offset: int
    digest: str
    refused_bytes: int
    feed: str
    counts: Counts
    receivers: dict[str, str] = attrs.field(factory=dict)


def state_path(source: Path) -> Path:
    """Return where the state of a file's import is kept."""
    return source.with_name(source.name + SUFFIX)


def write_state(source: Path, state: State) -> None:
    """Keep a state, in the place of the one before.

    Raises:
        OSError: It cannot be written; the one before is still there.
    """
    with replacing(state_path(source)) as file:
        file.write(json_text(attrs.asdict(state)).encode())


def read_state(source: Path) -> State | None:
    """Return the state of a file's import, if one was begun and not ended.

    Raises:
        ConfigurationError: It is not readable as one.
    """
    path = state_path(source)
    with naming_file(path):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
    try:
        state = structured(State, parse(data))
        FeedCursor.parse(state.feed)
    except (Invalid, BadCursor):
        state = None
    if state is None or state.form != FORM or min(state.line, state.offset, state.refused_bytes) < 0:
        raise ConfigurationError(f"{path} is damaged, or of another version of xzepr: {_BEGIN_AGAIN}")
    return state


def drop_state(source: Path) -> None:
    """Forget it: the import has ended."""
    with naming_file(state_path(source)):
        state_path(source).unlink(missing_ok=True)


def go_on(source: Path, state: State, lines: Lines, registry: Registry) -> None:
    """Bring the lines to where an import stands.

    Raises:
        ConfigurationError: The file has changed since, or the store is not the one that the import was begun with.
    """
    lines.pass_over(state.line, state.offset)
    if (lines.offset, lines.digest) != (state.offset, state.digest):
        raise ConfigurationError(
            f"{source} is not the file that it was: its first {state.line:,} lines were imported, and have changed "
            f"since. To import it as it is now, delete {state_path(source)}"
        )
    try:
        registry.feed.read(FeedCursor.parse(state.feed), limit=1)
    except BadCursor:
        raise ConfigurationError(
            f"the import of {source} was begun with another store, or this one was restored from a copy: "
            f"{_BEGIN_AGAIN} ({state_path(source)})"
        ) from None


def head_of(registry: Registry) -> str:
    """Return the cursor at the head of the feed, as text."""
    return str(registry.feed.read(max(registry.feed.head() - 1, 0), limit=1).cursor)


def added(counts: Counts, **more: int) -> Counts:
    """Return counts with more counted."""
    present: Mapping[str, int] = attrs.asdict(counts)
    return Counts(**{name: number + more.get(name, 0) for name, number in present.items()})


_BEGIN_AGAIN: Final = "delete it to begin again from the first line; what was recorded is not recorded twice"
