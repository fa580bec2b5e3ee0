"""The bus model in virtual time: exact throughput, arbitration, fault confinement, bounds."""

import random
from collections import Counter

import pytest

from edge.link.can.error import BusTrouble, ControllerState, decode_trouble
from edge.link.can.frame import ERROR, EXTENDED, CanFrame, frame_bits
from edge.link.can.ids import AcceptanceFilter, CanId
from edge.link.sim.can_bus import NS_PER_S, BusFullError, BusSettings, NodeSettings, SimCanBus


def bus_of(settings: BusSettings | None = None, seed: int = 1) -> SimCanBus:
    return SimCanBus(settings or BusSettings(), random.Random(seed).random)


def run(bus: SimCanBus, until_ns: int, refill=None):
    """Advance event by event; `refill(now)` acts at each of them."""
    out = []
    while True:
        if refill:
            refill(max((one.at_ns for one in out[-1:]), default=0))
        moment = bus.next_event_ns()
        if moment is None or moment > until_ns:
            return out
        out += bus.advance(moment)


def data_frame(source: int, data: bytes = b"", priority: int = 6) -> CanFrame:
    return CanFrame(CanId(priority, 0xF0, source).word, data)


@pytest.mark.parametrize("bitrate", [50_000, 125_000, 250_000, 500_000, 1_000_000])
def test_saturated_throughput_is_exact(bitrate):
    bus = bus_of(BusSettings(bitrate=bitrate))
    sender, _ = bus.attach(NodeSettings()), bus.attach(NodeSettings())
    chance, sent = random.Random(3), []

    def refill(now_ns):
        while bus.room(sender):
            sent.append(data_frame(1, chance.randbytes(8)))
            bus.enqueue(sender, sent[-1], now_ns)

    delivered = run(bus, NS_PER_S, refill)
    bits = sum(frame_bits(frame) for frame in sent[: len(delivered)])
    assert delivered[-1].at_ns == (bits - 3) * NS_PER_S // bitrate
    assert [one.frame for one in delivered] == sent[: len(delivered)]
    assert bus.counters["frames"] == len(delivered)
    assert bus.counters["busy_ns"] == bits * NS_PER_S // bitrate


def test_arbitration_at_each_idle_instant():
    bus = bus_of()
    nodes = [bus.attach(NodeSettings()) for _ in range(4)]
    # The first is alone when the bus is idle and is not pre-empted; then the smallest id wins each time.
    bus.enqueue(nodes[3], data_frame(4), 0)
    bus.advance(0)
    for number, source in zip(nodes, (3, 1, 2), strict=False):
        bus.enqueue(number, data_frame(source), 1)
    bus.enqueue(nodes[3], data_frame(9, priority=0), 2)
    sources = [one.frame.word & 0xFF for one in run(bus, NS_PER_S)]
    assert sources == [4, 9, 1, 2, 3]


def test_a_frame_queued_within_the_intermission_takes_part():
    bus = bus_of()
    one, other = bus.attach(NodeSettings()), bus.attach(NodeSettings())
    bus.enqueue(one, data_frame(5), 0)
    bus.enqueue(one, data_frame(6), 0)
    (first,) = bus.advance(bus.next_event_ns()) or bus.advance(bus.next_event_ns())
    bus.enqueue(other, data_frame(1), first.at_ns + 3 * bus.bit_ns)
    assert [delivery.frame.word & 0xFF for delivery in run(bus, NS_PER_S)] == [1, 6]


def test_the_highest_id_starves_on_a_full_bus():
    bus = bus_of()
    low, high, _ = (bus.attach(NodeSettings()) for _ in range(3))

    def refill(now_ns):
        for number, source in ((low, 1), (high, 2)):
            while bus.room(number):
                bus.enqueue(number, data_frame(source, bytes(8)), now_ns)

    delivered = run(bus, NS_PER_S, refill)
    assert Counter(one.frame.word & 0xFF for one in delivered).keys() == {1}


def test_a_priority_3_frame_waits_for_one_frame_at_most():
    """Acceptance idea of research "links" part 10, exact in virtual time."""
    bus = bus_of()
    loud, urgent, _ = (bus.attach(NodeSettings()) for _ in range(3))
    chance, asked_ns, waits = random.Random(5), [], []

    def refill(now_ns):
        while bus.room(loud):
            bus.enqueue(loud, data_frame(1, chance.randbytes(8)), now_ns)
        if len(asked_ns) == len(waits):
            asked_ns.append(now_ns)
            bus.enqueue(urgent, data_frame(9, b"\x01u", priority=3), now_ns)

    end_ns, out = NS_PER_S, []
    while (moment := bus.next_event_ns() or 0) <= end_ns:
        refill(moment)
        for one in bus.advance(moment):
            out.append(one)
            if one.frame.word & 0xFF == 9:
                waits.append(one.at_ns - asked_ns[-1])
    own_ns = frame_bits(data_frame(9, b"\x01u", priority=3)) * bus.bit_ns
    assert len(waits) > 100
    assert max(waits) <= own_ns + 160 * bus.bit_ns


def test_corrupted_half_goes_bus_off_within_half_a_second_and_the_others_lose_nothing():
    bus = bus_of(BusSettings(restart_ns=None))
    bad = bus.attach(NodeSettings(corruption=0.5, error_frames=True))
    good, listener = bus.attach(NodeSettings()), bus.attach(NodeSettings())
    sent = []

    def refill(now_ns):
        while bus.room(bad):
            bus.enqueue(bad, data_frame(1, bytes(8)), now_ns)
        if bus.room(good) > 8:
            sent.append(data_frame(2, len(sent).to_bytes(4)))
            bus.enqueue(good, sent[-1], now_ns)

    out = run(bus, 2 * NS_PER_S, refill)
    states = [(one.at_ns, decode_trouble(one.frame).state) for one in out if one.frame.word & ERROR]
    off_ns = [at_ns for at_ns, state in states if state is ControllerState.BUS_OFF]
    assert len(off_ns) == 1
    assert off_ns[0] < NS_PER_S // 2
    assert [s for _, s in states if s][:2] == [ControllerState.WARNING, ControllerState.PASSIVE]
    from_good = [one.frame for one in out if one.frame.word & 0xFF == 2 and listener in one.nodes]
    assert from_good == sent[: len(from_good)]
    assert len(sent) - len(from_good) <= 10
    assert bus.state(good)[0] is ControllerState.ACTIVE
    assert not bus.enqueue(bad, data_frame(1), 2 * NS_PER_S)


def test_five_percent_corruption_costs_time_and_nothing_else():
    bus = bus_of()
    bad, _ = bus.attach(NodeSettings(corruption=0.05)), bus.attach(NodeSettings())
    sent = []

    def refill(now_ns):
        while bus.room(bad):
            sent.append(data_frame(1, len(sent).to_bytes(4)))
            bus.enqueue(bad, sent[-1], now_ns)

    out = run(bus, 2 * NS_PER_S, refill)
    assert [one.frame for one in out] == sent[: len(out)]
    assert bus.counters["errors"] > 20
    assert bus.state(bad)[0] is ControllerState.ACTIVE


def test_bus_off_flushes_and_comes_back_after_the_restart_time():
    bus = bus_of(BusSettings(restart_ns=100_000_000))
    bad = bus.attach(NodeSettings(corruption=1.0, error_frames=True))
    bus.attach(NodeSettings())
    for _ in range(10):
        bus.enqueue(bad, data_frame(1), 0)
    out = run(bus, NS_PER_S)
    troubles = [(one.at_ns, decode_trouble(one.frame)) for one in out]
    off_ns = next(at_ns for at_ns, one in troubles if one.state is ControllerState.BUS_OFF)
    assert troubles[-1] == (off_ns + 100_000_000, BusTrouble(state=ControllerState.ACTIVE, restarted=True))
    assert bus.node_counters(bad)["flushed"] == 10
    assert bus.node_counters(bad)["failed"] == 32
    assert bus.state(bad) == (ControllerState.ACTIVE, 0, 0)
    assert bus.room(bad) == 10


def test_an_error_passive_node_waits_eight_bits_longer():
    """Two nodes with equal hunger: the passive one lets the other start first although its id is smaller."""
    bus = bus_of()
    bad, good, _ = bus.attach(NodeSettings(corruption=1.0)), bus.attach(NodeSettings()), bus.attach(NodeSettings())
    for _ in range(10):
        bus.enqueue(bad, data_frame(1), 0)
    now_ns = 0
    while bus.state(bad)[1] < 160:
        now_ns = bus.next_event_ns()
        bus.advance(now_ns)
    bus.configure(bad, NodeSettings())
    for _ in range(3):
        bus.enqueue(good, data_frame(2), now_ns)
    sources = [one.frame.word & 0xFF for one in run(bus, NS_PER_S)]
    assert sources[:6] == [2, 1, 2, 1, 2, 1]


def test_alone_on_the_bus_nobody_acknowledges():
    bus = bus_of()
    lone = bus.attach(NodeSettings(error_frames=True))
    bus.enqueue(lone, data_frame(1), 0)
    out = run(bus, NS_PER_S)
    assert not [one for one in out if not one.frame.word & ERROR]
    assert bus.state(lone)[0] is ControllerState.PASSIVE
    assert len(out) < 20
    other = bus.attach(NodeSettings())
    heard = [one for one in run(bus, 2 * NS_PER_S) if not one.frame.word & ERROR]
    assert [one.nodes for one in heard] == [(other,)]


def test_two_nodes_with_one_id_and_other_data_destroy_each_other():
    bus = bus_of(BusSettings(restart_ns=None))
    one, other, third = (bus.attach(NodeSettings()) for _ in range(3))
    bus.enqueue(one, data_frame(1, b"one"), 0)
    bus.enqueue(other, data_frame(1, b"two"), 0)
    bus.enqueue(third, data_frame(2), 0)
    out = run(bus, NS_PER_S)
    assert [delivery.frame for delivery in out] == [data_frame(2)]
    assert {bus.state(number)[0] for number in (one, other)} == {ControllerState.BUS_OFF}


def test_two_nodes_with_the_same_frame_send_it_once():
    bus = bus_of()
    one, other, third = (bus.attach(NodeSettings()) for _ in range(3))
    for number in (one, other):
        bus.enqueue(number, data_frame(1, b"same"), 0)
    assert [delivery.nodes for delivery in run(bus, NS_PER_S)] == [(third,)]
    assert bus.room(one) == bus.room(other) == 10


def test_filters_echo_and_both_id_forms():
    bus = bus_of()
    sender = bus.attach(NodeSettings(echo=True))
    std = bus.attach(NodeSettings(filters=(AcceptanceFilter(0x123, EXTENDED | 0x7FF),)))
    ext = bus.attach(NodeSettings(filters=(AcceptanceFilter(EXTENDED | 0x123, EXTENDED | 0x1FFFFFFF),)))
    for word in (0x123, EXTENDED | 0x123, 0x124):
        bus.enqueue(sender, CanFrame(word, b""), 0)
    assert [one.nodes for one in run(bus, NS_PER_S)] == [(sender, std), (sender, ext), (sender,)]


def test_the_queue_and_the_bus_have_bounds():
    bus = bus_of(BusSettings(nodes_max=2, tx_queue_max=3))
    node, _ = bus.attach(NodeSettings()), bus.attach(NodeSettings())
    assert [bus.enqueue(node, data_frame(1), 0) for _ in range(4)] == [True, True, True, False]
    assert bus.node_counters(node)["refused"] == 1
    assert not bus.enqueue(node, CanFrame(ERROR, bytes(8)), 0)
    with pytest.raises(BusFullError):
        bus.attach(NodeSettings())


def test_a_node_that_leaves_takes_its_queue_with_it():
    bus = bus_of()
    node, other, third = (bus.attach(NodeSettings()) for _ in range(3))
    for _ in range(3):
        bus.enqueue(node, data_frame(1), 0)
    bus.advance(0)
    bus.detach(node)
    assert [one.nodes for one in run(bus, NS_PER_S)] == [(other, third)]
    assert bus.next_event_ns() is None


@pytest.mark.parametrize("bitrate", [0, -1, 83_333, 33_333])
def test_odd_bit_rates_are_refused(bitrate):
    with pytest.raises(ValueError, match="bit/s"):
        bus_of(BusSettings(bitrate=bitrate))


def test_one_seed_is_one_story():
    def story(seed):
        bus = bus_of(seed=seed)
        nodes = [bus.attach(NodeSettings(corruption=0.08, error_frames=True)) for _ in range(4)]

        def refill(now_ns):
            for source, number in enumerate(nodes, 1):
                while bus.room(number) > 7:
                    bus.enqueue(number, data_frame(source, bytes(source)), now_ns)

        return run(bus, NS_PER_S // 4, refill)

    assert story(4) == story(4)
    assert story(4) != story(5)
