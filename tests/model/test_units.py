"""Units."""

# ruff: noqa: RUF001 - look-alikes are the point
from __future__ import annotations

import hashlib

import pytest

from tests.model.values import make_unit
from xzepr.errors import Invalid
from xzepr.model import UNIT_FIELDS, Unit


def test_the_digest_is_the_sha_256_of_the_canonical_form() -> None:
    """The digest is taken over five members in sorted order, without spaces, in UTF-8."""
    preimage = '{"name":"wéb","package":"oci","platform_id":"linux","release":"1","version":"1.4.2"}'
    unit = make_unit(name="wéb")
    assert hashlib.sha256(preimage.encode()).hexdigest() == unit.digest
    assert hashlib.sha256(preimage.encode()).digest()[:16] == unit.key


def test_the_digest_of_a_unit_never_changes() -> None:
    """The format is written down by a vector."""
    assert make_unit().digest == "b534a575e73e4db1f0e5ef411daa87f24f2de8aa3e146f6ed134778cdc9b28b5"


@pytest.mark.parametrize("field", UNIT_FIELDS)
def test_each_field_makes_another_unit(field: str) -> None:
    """No field is left out of equality or digest."""
    other = make_unit(**{field: "other"})
    assert other != make_unit()
    assert other.digest != make_unit().digest


def test_fields_that_read_alike_together_are_not_one_unit() -> None:
    """Where one field ends and the next begins counts."""
    assert make_unit(name="a", version="b/c").digest != make_unit(name="a/b", version="c").digest


def test_all_fields_are_refused_at_once() -> None:
    """One error names every wrong field."""
    with pytest.raises(Invalid) as caught:
        Unit(name="", version=1, release="\n", platform_id=None, package="a" * 256)  # type: ignore[arg-type]  # the fault
    assert caught.value.fields == UNIT_FIELDS


def test_c017_case_and_width_make_another_unit() -> None:
    """Names are compared by code point, never by a locale."""
    assert len({make_unit(name=name) for name in ("web", "Web", "ｗeb", "web ", "w\u0435b")}) == 5


def test_a_unit_cannot_be_changed() -> None:
    """Units are frozen."""
    with pytest.raises(AttributeError):
        make_unit().name = "other"  # type: ignore[misc]  # the fault


def test_the_digest_is_no_argument() -> None:
    """Digest and key are computed, never handed over."""
    with pytest.raises(TypeError):
        make_unit(digest="0")


def test_equal_units_are_one_in_a_set() -> None:
    """Units compare by their five fields."""
    assert len({make_unit(), make_unit()}) == 1


def test_a_unit_shows_its_fields_in_order() -> None:
    """The text is name, version, release, platform and package."""
    assert str(make_unit()) == "web/1.4.2/1/linux/oci"
