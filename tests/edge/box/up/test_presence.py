"""A box tells that it has started, and how long it was without its connection: one fact an event."""

import pytest

from edge.box.up.presence import OUTAGE_S
from shared.facts.boxes import BoxStarted, BrokerBack
from tests.edge.rig import Field


def told(field: Field, code: str) -> list[object]:
    return [fact.told for fact in field.facts if fact.code == code]


def test_a_start_is_told_with_what_waits(field, body):
    for _ in range(3):
        field.answering = False
        field.hear(("tcp", 1), body.sell())
    field.crash()
    field.connect()
    assert [fact.told for fact in field.starts] == [BoxStarted(0).params(), BoxStarted(3).params()]
    assert told(field, "outage-over") == [], "nobody knows how long it was off"


@pytest.mark.parametrize("away_s", [OUTAGE_S, 90.5])
def test_an_outage_is_told_once_with_its_length_when_it_is_over(field, away_s):
    field.connect()
    field.disconnect()
    field.wait(away_s / 2)
    field.disconnect()
    field.wait(away_s / 2)
    assert told(field, "outage-over") == []
    field.connect()
    assert told(field, "outage-over") == [BrokerBack(int(away_s)).params()]


def test_a_reconnect_is_no_outage(field):
    field.connect()
    field.disconnect()
    field.wait(OUTAGE_S - 0.1)
    field.connect()
    field.connect()
    assert told(field, "outage-over") == []
