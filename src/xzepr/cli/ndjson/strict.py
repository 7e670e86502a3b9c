"""From JSON to typed values, strictly.

Nothing is converted but times, nothing unknown is passed over, and all that is wrong is named by its JSON Pointer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar, get_origin

import attrs

from xzepr.cli.ndjson.kinds import CHECKS, Mismatch, exactly
from xzepr.documents import JsonValue
from xzepr.errors import MAX_VIOLATIONS, Invalid, Violation, refuse
from xzepr.plugins.texts import did_you_mean, showable

if TYPE_CHECKING:
    # At run time inside the functions: importing it takes longer than the rest of the command.
    from cattrs import ClassValidationError, Converter

T = TypeVar("T", bound=attrs.AttrsInstance)


def structured(kind: type[T], value: JsonValue) -> T:
    """Build a value from JSON.

    Args:
        kind: An attrs class whose fields are texts, whole numbers, booleans, JSON values, kinds of
            :data:`~xzepr.cli.ndjson.kinds.CHECKS`, other such classes, lists and dictionaries of these, or one of these
            or None.
        value: What was read.

    Raises:
        Invalid: Something is missing, unknown or wrong: everything, by its JSON Pointer.

    Example:
        >>> @attrs.frozen
        ... class Point:
        ...     x: int
        ...     y: int = 0
        >>> structured(Point, {"x": "1", "z": 2})
        Traceback (most recent call last):
        xzepr.errors.Invalid: z: is unknown: known are x, y; x: must be a whole number, not text
    """
    from cattrs import ClassValidationError  # noqa: PLC0415

    found: list[Violation] = []
    try:
        return _converter().structure(value, kind)
    except Mismatch as error:
        found += _reasons(error, "")
    except ClassValidationError as error:
        found += islice(_violations(error, ""), MAX_VIOLATIONS + 1)
    refuse(found)
    raise AssertionError  # there is a violation


def _violations(error: ClassValidationError, path: str) -> Iterator[Violation]:
    from cattrs import ForbiddenExtraKeysError  # noqa: PLC0415

    of_fields, others = error.group_exceptions()
    for other in others:
        if isinstance(other, ForbiddenExtraKeysError):
            for name in sorted(other.extra_fields):
                yield Violation(_joined(path, showable(name)), f"is unknown: {did_you_mean(name, _names(other.cl))}")
        else:
            yield from _reasons(other, path)
    for problem, note in of_fields:
        yield from _of_field(problem, _joined(path, note.name))


def _of_field(problem: Exception, path: str) -> Iterator[Violation]:
    from cattrs import ClassValidationError, IterableValidationError  # noqa: PLC0415

    match problem:
        case ClassValidationError():
            yield from _violations(problem, path)
        case IterableValidationError():
            with_index, _ = problem.group_exceptions()
            for inner, note in with_index:
                yield from _of_field(inner, _joined(path, str(note.index)))
        case KeyError():
            yield Violation(path, "is missing")
        case _:
            yield from _reasons(problem, path)


def _reasons(problem: Exception, path: str) -> Iterator[Violation]:
    """Say what is wrong; the message of a stranger may hold the value."""
    match problem:
        case Invalid():
            for found in problem.violations:
                yield attrs.evolve(found, field=_joined(path, found.field))
        case Mismatch():
            yield Violation(path, str(problem))
        case _:
            yield Violation(path, "is refused")


def _names(kind: type[attrs.AttrsInstance]) -> Iterable[str]:
    return (field.name for field in attrs.fields(kind) if field.init)


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path and name else path or name


@cache
def _converter() -> Converter:
    from cattrs import Converter  # noqa: PLC0415

    converter = Converter(forbid_extra_keys=True)
    for wanted in (str, int, bool):
        converter.register_structure_hook(wanted, _hook(partial(exactly, wanted=wanted)))
    for kind, check in CHECKS.items():
        converter.register_structure_hook(kind, _hook(check))
    _register_containers(converter)
    return converter


def _register_containers(converter: Converter) -> None:
    from cattrs.cols import list_structure_factory, mapping_structure_factory  # noqa: PLC0415
    from cattrs.gen import make_dict_structure_fn  # noqa: PLC0415

    of_class = partial(make_dict_structure_fn, _cattrs_forbid_extra_keys=True)
    for chosen, wanted, make in (
        (attrs.has, dict, of_class),
        (partial(_is, list), list, list_structure_factory),
        (partial(_is, dict), dict, mapping_structure_factory),
    ):
        converter.register_structure_hook_factory(chosen, partial(_container_hook, converter, wanted, make))


def _container_hook(converter: Converter, wanted: type, make: Callable[..., Any], kind: Any) -> Any:  # noqa: ANN401 - a type, and a hook of cattrs
    inner = make(kind, converter)
    return lambda value, cls: inner(exactly(value, wanted), cls)


def _hook(check: Callable[[object], object]) -> Any:  # noqa: ANN401 - a hook of cattrs
    return lambda value, _: check(value)


def _is(wanted: type, kind: Any) -> bool:  # noqa: ANN401 - a type
    origin: object = get_origin(kind)
    return origin is wanted
