"""The picture as JSON."""

from __future__ import annotations

from tests.cli.picture.pictures import UNIT, reopened
from xzepr import json_form
from xzepr.cli.picture import picture_form


def test_everything_has_its_usual_form() -> None:
    """Events without payloads, groups with verdict and transitions, receivers, what is damaged."""
    world, events = reopened()
    world.forge(events[2])
    world.alter(events[0])
    picture = world.picture()
    form = picture_form(picture)
    [group] = picture.groups

    assert form["unit"] == UNIT.fields()
    assert form["events"] == [json_form(event) for event in picture.events]
    assert form["groups"] == [
        {
            "group": json_form(group.group),
            "verdict": json_form(world.registry.groups.verdict(group.group, UNIT)),
            "complete": True,
            "due": False,
            "transitions": [json_form(one) for one in world.registry.groups.transitions(group.group, UNIT)],
            "read_to_end": True,
        }
    ]
    assert form["tally"] == {"groups": 1, "complete": 1, "disabled": 0}
    assert [(one["kind"], one["key"]) for one in form["damaged"]] == [("event", events[2].id)]
    assert (form["altered"], form["recorded"], form["begins_at"], form["left_out"]) == ([events[0].id], 5, 1, [])


def test_receivers_are_told_once_each() -> None:
    """By id."""
    world, events = reopened()
    form = picture_form(world.picture())

    assert [one["id"] for one in form["receivers"]] == sorted({event.receiver_id for event in events})
