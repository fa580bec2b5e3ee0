"""A terminal that is told to be stolen: it believes a proof only, sells no more, and owes nothing."""

import pytest

from edge.link import messages as link
from edge.link.messages import Refusal, Type
from edge.terminal.taps.display import Bar
from edge.terminal.taps.steps import End


@pytest.fixture
def bench(bench):
    bench.memory = bench.school.memory()
    return bench


def sell(bench, count, amount=100):
    for _ in range(count):
        assert bench.sell(bench.memory, amount).end is End.DONE


def revoke(bench, reason=Refusal.REVOKED):
    """The edge proves it in the running session, and then lets the body drain, but not sell."""
    sealed = bench.edge.seal(Type.REFUSE, link.REFUSE_SEALED.encode(link.Refused(reason)))
    bench.edge.epoch_for = lambda hello: 0
    bench.deliver(sealed)


def test_a_body_that_is_proven_to_be_revoked_stops_selling_and_hands_over_what_it_owes(bench, school):
    bench.net = False
    sell(bench, 3)
    bench.net = True
    revoke(bench)
    assert bench.firmware.bar is Bar.REVOKED
    assert bench.sell(school.memory()).end is End.NOT_SELLING
    assert any("已挂失" in display.title.zh for display in bench.firmware.take_displays() + bench.displays)
    bench.wait(5)
    assert bench.edge.seqs() == [1, 2, 3]


def test_a_refusal_that_anybody_may_have_sent_stops_nothing(bench, school):
    bench.deliver(link.REFUSE.encode(link.Refused(Refusal.REVOKED)))
    bench.wait(3)
    bench.deliver(link.REFUSE.encode(link.Refused(Refusal.REVOKED)))
    assert bench.firmware.bar is None
    assert bench.sell(school.memory()).end is End.DONE


def test_another_proven_refusal_is_no_revocation(bench):
    revoke(bench, Refusal.BUSY)
    assert bench.firmware.bar is None


def test_a_forged_seal_stops_nothing(bench):
    sealed = bench.edge.seal(Type.REFUSE, link.REFUSE_SEALED.encode(link.Refused(Refusal.REVOKED)))
    bench.deliver(sealed[:-1] + bytes((sealed[-1] ^ 1,)))
    assert bench.firmware.bar is None


def test_welcomed_with_an_epoch_again_it_sells_again(bench, school):
    revoke(bench)
    bench.edge.epoch_for = lambda hello: 1
    bench.wait(20)
    assert bench.firmware.bar is None
    assert bench.sell(school.memory()).end is End.DONE


def test_it_stays_so_through_a_power_cut_without_a_network(bench, school):
    revoke(bench)
    bench.net = False
    bench.port.crash(lambda _: 0)
    bench.power_on()
    assert bench.firmware.bar is Bar.REVOKED
    assert bench.sell(school.memory()).end is End.NOT_SELLING
    bench.edge.epoch_for = lambda hello: 1
    bench.net = True
    bench.connect()
    bench.wait(1)
    bench.port.crash(lambda _: 0)
    bench.power_on()
    assert bench.firmware.bar is None
