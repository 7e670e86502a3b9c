"""References between documents: resolving them (RFC 3986, section 5.2) and showing them."""

from __future__ import annotations

import re

from xzepr.documents.values import JsonValue, printable

_PARTS = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?",
    re.DOTALL,
)
ROOT = "json-schema:///"
"""The URI of a document that has none: relative names are taken to stand below it, as jsonschema-rs does."""

_USER = re.compile(r"//[^/?#@]*@")


def resolve(base: str, reference: str) -> tuple[str, str]:
    """Resolve a reference against the URI of the document that holds it.

    Args:
        base: The URI, without fragment; empty if the document has none.
        reference: Absolute, relative, or only a fragment.

    Returns:
        The URI of the document referred to, and the fragment.

    Example:
        >>> resolve("http://a.test/b/c.json", "../d.json#/e")
        ('http://a.test/d.json', '/e')
    """
    if reference.startswith("#"):
        return base, reference[1:]
    scheme, authority, path, query, fragment = _parts(reference)
    if scheme is None:
        scheme, base_authority, base_path, base_query, _ = _parts(base)
        if authority is None:
            authority = base_authority
            query = base_query if not path and query is None else query
            path = _merged(base_path or "", path or "", absolute=authority is not None)
    return _joined(scheme, authority, _straight(path or ""), query), fragment or ""


def document_uri(uri: str) -> str:
    """Name a document: an absolute URI, without a fragment.

    Example:
        >>> document_uri("http://json-schema.org/draft-07/schema#")
        'http://json-schema.org/draft-07/schema'
    """
    return resolve(ROOT, uri)[0]


def shown(uri: str) -> str:
    """Make a URI fit for a message: no user or password, not too long.

    Example:
        >>> shown("http://me:secret@a.test/b")
        'http://a.test/b'
    """
    return printable(_USER.sub("//", uri))


def _parts(uri: str) -> tuple[str | None, ...]:
    match = _PARTS.fullmatch(uri)
    return match.groups() if match else ()  # every text matches; this is for the type checker


def _merged(base: str, path: str, *, absolute: bool) -> str:
    if not path:
        return base
    if path.startswith("/"):
        return path
    folder, slash, _ = base.rpartition("/")
    return folder + (slash or ("/" if absolute else "")) + path


def _straight(path: str) -> str:
    """Take ``.`` and ``..`` out of a path."""
    if "." not in path:
        return path
    *folders, last = path.split("/")
    kept: list[str] = []
    for part in folders:
        _step(kept, part)
    if last in {".", ".."}:
        _step(kept, last)
        last = ""
    return "/".join([*kept, last])


def _step(kept: list[str], part: str) -> None:
    if part == "..":
        if kept and kept != [""]:
            kept.pop()
    elif part != ".":
        kept.append(part)


def _joined(scheme: str | None, authority: str | None, path: str, query: str | None) -> str:
    return "".join(
        (
            f"{scheme}:" if scheme is not None else "",
            f"//{authority}" if authority is not None else "",
            path,
            f"?{query}" if query is not None else "",
        )
    )


def make_id_absolute(document: JsonValue, uri: str) -> str | None:
    """Write out a relative id of a document, so that nobody resolves it against another URI.

    Args:
        document: The document; it is changed.
        uri: Where it stands; an id that means this is replaced by it.

    Returns:
        The id; None if there is none.
    """
    if not isinstance(document, dict):
        return None
    keyword = "$id" if "$id" in document else "id"
    named = document.get(keyword)
    if not isinstance(named, str) or named.startswith("#"):
        return None
    absolute = uri if document_uri(named) == uri else resolve(uri, named)[0]
    if not named.startswith(absolute):
        document[keyword] = absolute
    return absolute
