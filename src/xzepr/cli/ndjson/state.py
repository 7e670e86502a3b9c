"""How far the import of a file has come, kept beside it, so that a later run goes on from there.

The digest shows when the part of the file that was dealt with is no longer what it was, the cursor when the store has
another history: another store, or one that was restored.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

import attrs

from xzepr import FeedCursor, Registry
from xzepr.cli.files import naming_file, replacing
from xzepr.cli.ndjson.lines import Lines
from xzepr.cli.ndjson.places import Places, progress_path
from xzepr.cli.ndjson.strict import structured
from xzepr.cli.output import json_text
from xzepr.documents import parse
from xzepr.errors import BadCursor, ConfigurationError, Invalid

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
        refused: The file of refused lines, as :attr:`Places.refused_name` names it.
        refused_bytes: How long it was then.
        refused_digest: Hex SHA-256 over what it held then.
        feed: The cursor at the head of the store's feed then.
        counts: What became of the lines.
        receivers: The receivers that have another id in this store: theirs by that in the file.
    """

    form: int = FORM
    line: int
    offset: int
    digest: str
    refused: str | None
    refused_bytes: int
    refused_digest: str
    feed: str
    counts: Counts
    receivers: dict[str, str] = attrs.field(factory=dict)


_NOTHING: Final = sha256().hexdigest()

BEGINNING: Final = State(
    line=0,
    offset=0,
    digest=_NOTHING,
    refused=None,
    refused_bytes=0,
    refused_digest=_NOTHING,
    feed="0",
    counts=Counts(),
)
"""Where every import begins. It is never kept."""


def write_state(source: Path, state: State) -> None:
    """Keep a state, in the place of the one before.

    Raises:
        OSError: It cannot be written; the one before is still there.
    """
    with replacing(progress_path(source), like=source) as file:
        file.write(json_text(attrs.asdict(state)).encode())


def read_state(source: Path) -> State | None:
    """Return the state of a file's import, if one was begun and not ended.

    Raises:
        ConfigurationError: It is not readable as one.
    """
    path = progress_path(source)
    with naming_file(path):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
    state = _parsed(data)
    if state is None or state.form != FORM or min(state.line, state.offset, state.refused_bytes) < 0:
        raise ConfigurationError(f"{path} is damaged, or of another version of xzepr: delete it to {_AGAIN}")
    return state


def drop_state(source: Path) -> None:
    """Forget it: the import has ended."""
    with naming_file(progress_path(source)):
        progress_path(source).unlink(missing_ok=True)


def go_on(source: Path, state: State, lines: Lines, registry: Registry) -> None:
    """Bring the lines to where an import stands.

    Raises:
        ConfigurationError: The file has changed since, or the store is not the one that the import was begun with.
    """
    lines.pass_over(state.line, state.offset)
    _check_lines(source, state, lines)
    _check_store(source, state, registry)


def _check_lines(source: Path, state: State, lines: Lines) -> None:
    if (lines.offset, lines.digest) != (state.offset, state.digest):
        raise ConfigurationError(
            f"{source} is not the file that it was: its first {state.line:,} lines were imported, and have changed "
            f"since. To import it as it is now, delete {progress_path(source)}"
        )


def _check_store(source: Path, state: State, registry: Registry) -> None:
    try:
        registry.feed.read(FeedCursor.parse(state.feed), limit=1)
    except BadCursor:
        raise ConfigurationError(
            f"the import of {source} was begun with another store, or this one was restored from a copy: "
            f"delete {progress_path(source)} to {_AGAIN}"
        ) from None


def check_refused(source: Path, state: State, places: Places) -> None:
    """See that the refused lines of the earlier runs are where this one would write.

    Raises:
        ConfigurationError: They are elsewhere.
    """
    if state.refused != places.refused_name:
        was = "stderr, which is --refused -" if state.refused is None else state.refused
        raise ConfigurationError(
            f"so far the refused lines of {source} went to {was}: let them go there again, or delete "
            f"{progress_path(source)} to {_AGAIN}"
        )


def check_kept(source: Path, state: State, places: Places, kept: tuple[int, str]) -> None:
    """See that the refused lines of the earlier runs are still there.

    Args:
        source: The file that is imported.
        state: Where its import stands.
        places: Where its files are.
        kept: Of as much of the refused lines as were confirmed: how many bytes there are, and hex SHA-256 over them.

    Raises:
        ConfigurationError: Some of them are gone, or are others.
    """
    present, digest = kept
    if digest == state.refused_digest:
        return
    lost = f"has lost lines that were refused: it had {state.refused_bytes:,} bytes, and has {present:,}"
    other = "holds other refused lines than it did: another import has written there"
    raise ConfigurationError(
        f"{places.refused} {lost if present < state.refused_bytes else other}. "
        f"Put them back, or delete {progress_path(source)} to {_AGAIN}"
    )


def head_of(registry: Registry) -> str | None:
    """Return the cursor at the head of the feed, as text; None of an empty store: it could be any other one."""
    head = registry.feed.head()
    return str(registry.feed.read(head - 1, limit=1).cursor) if head else None


def added(counts: Counts, **more: int) -> Counts:
    """Return counts with more counted."""
    present: Mapping[str, int] = attrs.asdict(counts)
    return Counts(**{name: number + more.get(name, 0) for name, number in present.items()})


def _parsed(data: bytes) -> State | None:
    try:
        state = structured(State, parse(data))
        known = FeedCursor.parse(state.feed).position > 0
    except (Invalid, BadCursor):
        return None
    return state if known else None


_AGAIN: Final = "begin again from the first line; what was recorded is not recorded twice"
