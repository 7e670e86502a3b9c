"""Opening a store by URL: what a plugin offers, how it is found, and what a URL says.

A host calls :meth:`PluginManager.open_store`, or makes a store itself; a plugin author implements the hooks of
:mod:`xzepr.plugins.hooks`.
"""

from xzepr.plugins.hooks import StoreBackend, TokenServiceBackend, hookimpl, xzepr_store_backends, xzepr_token_services
from xzepr.plugins.manager import PluginManager, default_plugins
from xzepr.plugins.migrations import Migrations, Versions
from xzepr.plugins.urls import MAX_PORT, MAX_URL, URL_PARTS, StoreURL
from xzepr.secret import Secret

__all__ = [
    "MAX_PORT",
    "MAX_URL",
    "URL_PARTS",
    "Migrations",
    "PluginManager",
    "Secret",
    "StoreBackend",
    "StoreURL",
    "TokenServiceBackend",
    "Versions",
    "default_plugins",
    "hookimpl",
    "xzepr_store_backends",
    "xzepr_token_services",
]
