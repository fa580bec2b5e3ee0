"""A stolen body or PSAM at a box where it was never registered: not merely unknown, but refused and urgent."""

import pytest

from edge.link.messages import Refusal
from tests.edge.rig import Body, device, psam

STRANGER = 77
TCP1 = ("tcp", 1)


def facts(field):
    return [(fact.code, fact.level, fact.device, dict(fact.told)) for fact in field.facts]


@pytest.mark.parametrize(
    ("psams", "devices"), [((), (device(STRANGER),)), ((psam(STRANGER),), ())], ids=["the body", "the PSAM in it"]
)
def test_it_is_refused_as_revoked_and_told_as_urgent(field, psams, devices):
    field.connect()
    field.revoke(3, psams, devices)
    body = field.join(Body(STRANGER), TCP1)
    assert (body.refused, body.welcome) == (Refusal.REVOKED, None)
    told = {"device": device(STRANGER), "psam": psam(STRANGER), "place": "tcp:1"}
    assert facts(field) == [("stolen-elsewhere", "urgent", device(STRANGER), told)]


def test_others_are_still_merely_unknown(field):
    field.connect()
    field.revoke(3, (psam(5),), (device(5),))
    body = field.join(Body(STRANGER), TCP1)
    assert body.refused is Refusal.UNKNOWN_DEVICE
    assert field.codes() == ["terminal-unknown"]


def test_the_list_is_held_through_a_restart_without_the_centre(field):
    field.connect()
    field.revoke(3, (), (device(STRANGER),))
    field.crash()
    assert field.join(Body(STRANGER), TCP1).refused is Refusal.REVOKED
    field.connect()
    assert "stolen-elsewhere" in field.codes()
