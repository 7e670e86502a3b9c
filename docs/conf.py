"""Configuration of the documentation: Sphinx, MyST and furo."""

from __future__ import annotations

import re
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docutils.nodes import Element, TextElement
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "xzepr"
author = "the xzepr authors"
version = release = installed_version("xzepr")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

nitpicky = True
nitpick_ignore_regex = [
    # Other projects' names are not linked: their inventories would make the build need the network.
    (r"py:.*", r"(?!xzepr).*"),
    # Type variables have no page.
    (r"py:.*", r"xzepr(_memory|_postgres)?\..*\.[A-Z]"),
    # Docstrings name modules that are not for users.
    (r"py:mod", r"xzepr(_memory|_postgres)?\..*"),
    # Nor is what a store's parts hand to each other.
    (r"py:.*", r"xzepr_postgres\.sessions\..*"),
    # Nor is linked what is private, or handed from one part of the registry to the other.
    (r"py:.*", r"xzepr\.registry\.context\..*"),
    (r"py:.*", r"xzepr(_memory|_postgres)?\.(.*\.)?_.*"),
]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True}
autodoc_preserve_defaults = True
# Shown by their names, not spelt out.
autodoc_type_aliases = {"JsonValue": "JsonValue", "Clock": "Clock"}
napoleon_numpy_docstring = False

html_theme = "furo"
# pytest would take the copy of a page whose name begins with "test" for a test.
html_copy_source = False
html_title = "xzepr"


def link_reexported(app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: TextElement) -> Element | None:
    """Link a name to the page of the module that defines it: docstrings use the shorter one of the package."""
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py" or not target.startswith("xzepr"):
        return None
    domain = env.domains.python_domain
    parts = target.split(".")
    splits = [(".".join(parts[:place]), ".".join(parts[place:])) for place in range(1, len(parts))]
    found = {
        known
        for package, name in splits
        for known in domain.objects
        if known.startswith(f"{package}.") and known.endswith(f".{name}")
    }
    if len(found) != 1:
        return None
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", found.pop(), node, contnode)


def keep_colons(  # noqa: PLR0917 - the arguments of the event
    app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]
) -> None:
    """Break the line behind a colon: napoleon takes what stands before it for the type of an attribute."""
    del app, name, value, options
    if what in {"attribute", "data", "property"} and lines and ": " in lines[0]:
        before, _, behind = lines[0].partition(": ")
        lines[:1] = [f"{before}:", behind]


def name_aliases(  # noqa: PLR0917 - the arguments of the event
    app: Sphinx, what: str, name: str, value: object, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Show an alias inside a generic type by its name alone, as it is shown elsewhere."""
    del app, what, name, value, options
    return signature and re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", signature), returns


def setup(app: Sphinx) -> None:
    """Add what the extensions above do not do."""
    app.connect("autodoc-process-docstring", keep_colons, priority=400)
    app.connect("autodoc-process-signature", name_aliases)
    app.connect("missing-reference", link_reexported)
