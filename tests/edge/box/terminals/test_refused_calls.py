"""Calls that TLS has refused: each is counted, is its own fact, and changes nothing for those that have joined."""

import pytest

from edge.box.box import REFUSALS_BURST
from edge.link.port import CallFault, RefusedCall
from tests.edge.rig import device

WHERE = "tcp:10.0.0.7"
STRANGER = 77


def call(field, why, identity="", detail="", address="10.0.0.7"):
    field.run(field.box.on_refused(field.now(), "tcp", RefusedCall(why, address, identity, detail)))


def facts(field):
    return [(fact.code, fact.device, dict(fact.told)) for fact in field.facts]


@pytest.mark.parametrize(("why", "identity", "code", "told_of", "told"), [
    (CallFault.WRONG_KEY, device(1).hex(), "terminal-wrong-key", device(1), {"place": WHERE}),
    (CallFault.UNKNOWN, device(STRANGER).hex(), "terminal-unknown", device(STRANGER),
     {"device": device(STRANGER), "place": WHERE}),
    (CallFault.PLAIN, "", "terminal-plain", b"", {"place": WHERE}),
    (CallFault.UNBELIEVED, "", "terminal-certificate", b"", {"place": WHERE}),
    (CallFault.BROKEN, "", "terminal-tls-broken", b"", {"place": WHERE, "fault": "NO_SHARED_CIPHER"}),
    (CallFault.UNKNOWN, "../../etc/passwd", "terminal-tls-broken", b"", {"place": WHERE, "fault": "NO_SHARED_CIPHER"}),
    (CallFault.UNKNOWN, "00" * 300, "terminal-tls-broken", b"", {"place": WHERE, "fault": "NO_SHARED_CIPHER"}),
])  # fmt: skip
def test_each_is_its_own_fact(field, why, identity, code, told_of, told):
    body = field.joined()
    call(field, why, identity, "NO_SHARED_CIPHER")
    assert facts(field) == [(code, told_of, told)]
    assert field.box.counters["tls_refused"] == 1
    field.hear(("tcp", 1), body.sell())
    assert body.acked == {1: 1}


def test_a_stolen_number_is_told_as_that(field):
    """Its PSAM it cannot name before TLS stands; a body without one goes by its own number."""
    field.connect()
    field.revoke(3, (), (device(STRANGER),))
    call(field, CallFault.UNKNOWN, device(STRANGER).hex())
    assert field.codes() == ["stolen-elsewhere"]


def test_many_calls_of_one_address_are_one_fact_and_others_another(field):
    field.connect()
    for _ in range(10):
        call(field, CallFault.PLAIN)
    call(field, CallFault.PLAIN, address="10.0.0.8")
    assert [dict(fact.told)["place"] for fact in field.facts] == ["tcp:10.0.0.7", "tcp:10.0.0.8"]
    assert field.box.counters["tls_refused"] == 11


def test_a_flood_of_names_is_counted_and_not_told_name_by_name(field):
    field.connect()
    for n in range(500):
        call(field, CallFault.UNKNOWN, device(1000 + n).hex())
    assert field.codes() == ["terminal-unknown"] * int(REFUSALS_BURST)
    assert field.box.counters["tls_refused"] == 500
    field.wait(5)
    call(field, CallFault.WRONG_KEY, device(1).hex())
    assert field.codes()[-1] == "terminal-wrong-key"
