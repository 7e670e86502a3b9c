"""Configuration of the documentation: Sphinx, MyST and furo."""

from __future__ import annotations

from importlib.metadata import version as installed_version

project = "xzepr"
author = "the xzepr authors"
version = release = installed_version("xzepr")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

nitpicky = True
# Other projects' names are not linked: their inventories would make the build need the network.
nitpick_ignore_regex = [(r"py:.*", r"(?!xzepr).*")]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = "xzepr"
