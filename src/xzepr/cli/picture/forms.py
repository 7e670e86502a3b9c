"""Writes a unit's picture as one JSON object."""

from __future__ import annotations

from xzepr.cli.picture.unit_picture import GroupPicture, UnitPicture
from xzepr.documents import JsonValue
from xzepr.model import format_time
from xzepr.model.forms import json_form


def picture_form(picture: UnitPicture) -> dict[str, JsonValue]:
    """Return the JSON form of a picture; what stands in it has the forms that it has everywhere.

    Args:
        picture: The picture.
    """
    return {
        "unit": json_form(picture.unit),
        "read_at": format_time(picture.read_at),
        "recorded": picture.recorded,
        "begins_at": picture.begins_at,
        "events": [json_form(event) for event in picture.events],
        "groups": [_group_form(group) for group in picture.groups],
        "tally": {
            "groups": picture.tally.groups,
            "complete": picture.tally.complete,
            "disabled": picture.tally.disabled,
        },
        "receivers": [json_form(picture.receivers[one]) for one in sorted(picture.receivers)],
        "damaged": [json_form(error) for error in picture.damaged],
        "altered": [*sorted(picture.altered)],
        "left_out": list(picture.left_out),
    }


def _group_form(picture: GroupPicture) -> dict[str, JsonValue]:
    return {
        "group": json_form(picture.group),
        "verdict": None if picture.verdict is None else json_form(picture.verdict),
        "complete": picture.complete,
        "due": picture.due,
        "transitions": [json_form(transition) for transition in picture.transitions],
        "read_to_end": picture.read_to_end,
    }
