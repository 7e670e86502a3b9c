"""From JSON to typed values, strictly.

Nothing is converted, nothing unknown is passed over, and all that is wrong is named by its JSON Pointer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, get_origin

import attrs

from xzepr.documents import JsonValue
from xzepr.errors import Violation, refuse
from xzepr.plugins.texts import did_you_mean, showable

if TYPE_CHECKING:
    # At run time inside the functions: importing it takes longer than the rest of the command.
    from cattrs import ClassValidationError, Converter

T = TypeVar("T", bound=attrs.AttrsInstance)


class Mismatch(ValueError):
    """A value is not of the type that is wanted; the message is the reason, and never holds the value."""


def structured(kind: type[T], value: JsonValue) -> T:
    """Build a value from JSON.

    Args:
        kind: An attrs class whose fields are texts, whole numbers, booleans, JSON values, other such classes, lists and
            dictionaries of these, or one of these or None.
        value: What was read.

    Raises:
        Invalid: Something is missing, unknown or of another type: everything, by its JSON Pointer.

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
        found.append(Violation("", str(error)))
    except ClassValidationError as error:
        found += _violations(error, "")
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
            yield Violation(path, _reason(other))
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
            yield Violation(path, _reason(problem))


def _reason(problem: Exception) -> str:
    """Say what is wrong; the message of a stranger may hold the value."""
    return str(problem) if isinstance(problem, Mismatch) else "is refused"


def _names(kind: type[attrs.AttrsInstance]) -> Iterable[str]:
    return attrs.fields_dict(kind)


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


NAMES = {
    dict: "an object",
    list: "a list",
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}
"""How the types of JSON are called."""


def _exactly(wanted: type) -> Any:  # noqa: ANN401 - a hook of cattrs
    def hook(value: object, _: object) -> object:
        return exactly(value, wanted)

    return hook


def exactly(value: object, wanted: type) -> Any:  # noqa: ANN401 - of the type that is wanted
    """Return a value of a type of JSON.

    Raises:
        Mismatch: It is of another one.
    """
    if type(value) is not wanted:
        raise Mismatch(f"must be {NAMES[wanted]}, not {NAMES.get(type(value), 'null')}")
    return value


def _is(wanted: type) -> Callable[[Any], bool]:
    def predicate(kind: Any) -> bool:  # noqa: ANN401 - a type
        origin: object = get_origin(kind)
        return origin is wanted

    return predicate


@cache
def _converter() -> Converter:
    from cattrs import Converter  # noqa: PLC0415
    from cattrs.cols import list_structure_factory, mapping_structure_factory  # noqa: PLC0415
    from cattrs.gen import make_dict_structure_fn  # noqa: PLC0415

    converter = Converter(forbid_extra_keys=True)
    for wanted in (str, int, bool):
        converter.register_structure_hook(wanted, _exactly(wanted))

    def of_class(kind: type[T]) -> Any:  # noqa: ANN401 - a hook of cattrs
        inner = make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True)
        return lambda value, cls: inner(exactly(value, dict), cls)

    def of_list(kind: Any) -> Any:  # noqa: ANN401 - a type, and a hook of cattrs
        inner = list_structure_factory(kind, converter)
        return lambda value, cls: inner(exactly(value, list), cls)

    def of_dictionary(kind: Any) -> Any:  # noqa: ANN401 - a type, and a hook of cattrs
        inner = mapping_structure_factory(kind, converter)
        return lambda value, cls: inner(exactly(value, dict), cls)

    converter.register_structure_hook_factory(attrs.has, of_class)
    converter.register_structure_hook_factory(_is(list), of_list)
    converter.register_structure_hook_factory(_is(dict), of_dictionary)
    return converter
