"""Configuration of the documentation: Sphinx, MyST and furo."""

from __future__ import annotations

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
    (r"py:.*", r"xzepr(_memory)?\..*\.[A-Z]"),
    # Docstrings name modules that are not for users.
    (r"py:mod", r"xzepr(_memory)?\..*"),
    # Nor is linked what is private, or handed from one part of the registry to the other.
    (r"py:.*", r"xzepr\.registry\.context\..*"),
    (r"py:.*", r"xzepr(_memory)?\.(.*\.)?_.*"),
]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": False}
napoleon_numpy_docstring = False

html_theme = "furo"
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


def setup(app: Sphinx) -> None:
    """Add what the extensions above do not do."""
    app.connect("missing-reference", link_reexported)
