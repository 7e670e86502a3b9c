"""The unit: what events are about."""

from __future__ import annotations

from hashlib import sha256

import attrs

from xzepr.model.checks import Checks
from xzepr.model.digests import canonical_fields

UNIT_FIELDS = ("name", "version", "release", "platform_id", "package")
"""The five fields of a unit, in the order of its name, the NVRPP."""


@attrs.frozen(kw_only=True)
class Unit:
    """What events are about: one build of one thing for one platform, the NVRPP.

    Args:
        name: What it is called.
        version: Its version.
        release: Which build of that version.
        platform_id: What it runs on.
        package: How it is packaged.

    Raises:
        Invalid: A field is not non-blank text of at most 255 characters without control characters.

    Example:
        >>> str(Unit(name="web", version="1.4.2", release="1", platform_id="linux-amd64", package="oci"))
        'web/1.4.2/1/linux-amd64/oci'
    """

    name: str
    version: str
    release: str
    platform_id: str
    package: str
    digest: str = attrs.field(init=False, repr=False, eq=False)
    """Hex SHA-256 over the canonical form of the five fields."""
    canonical: str = attrs.field(init=False, repr=False, eq=False)
    """The canonical form of the five fields."""
    key: bytes = attrs.field(init=False, repr=False, eq=False)
    """The first 16 bytes of the digest: the unit's key in a store, where the fields are compared as well."""

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        fields = self.fields()
        for field, value in fields.items():
            checks.text(field, value)
        checks.done()
        canonical = canonical_fields(fields)
        digest = sha256(canonical.encode())
        object.__setattr__(self, "canonical", canonical)
        object.__setattr__(self, "digest", digest.hexdigest())
        object.__setattr__(self, "key", digest.digest()[:16])

    def fields(self) -> dict[str, str]:
        """Return the five fields by name."""
        return {
            "name": self.name,
            "version": self.version,
            "release": self.release,
            "platform_id": self.platform_id,
            "package": self.package,
        }

    def __str__(self) -> str:
        return "/".join(self.fields().values())
