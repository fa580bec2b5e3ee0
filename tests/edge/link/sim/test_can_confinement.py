"""Fault confinement as the standard has it, and each fault of a bus in virtual time: who suffers, who loses nothing."""

import random

import pytest

from edge.link.can.error import ControllerState, decode_trouble
from edge.link.can.frame import ERROR, EXTENDED, CanFrame
from edge.link.can.ids import CanId, acceptance_filters
from edge.link.sim.can_bus import NS_PER_S, BusSettings, NodeSettings, SimCanBus, echo_errors
from edge.link.sim.can_confinement import ErrorCounters

EDGE = 0xF0


def listening(address: int, **faults) -> NodeSettings:
    return NodeSettings(acceptance_filters(address), error_frames=True, **faults)


class Chain:
    """An edge and terminals 1 to n that all send numbered frames; what the edge has heard of each."""

    def __init__(self, terminals: int, settings: BusSettings | None = None, seed: int = 7) -> None:
        self.bus = SimCanBus(settings or BusSettings(restart_ns=None), random.Random(seed).random)
        self.edge = self.bus.attach(listening(EDGE))
        self.nodes = {address: self.bus.attach(listening(address)) for address in range(1, terminals + 1)}
        self.sent = dict.fromkeys(self.nodes, 0)
        self.heard: dict[int, list[int]] = {address: [] for address in self.nodes}
        self.first: dict[int, int] = {}
        self.now_ns = 0

    def fault(self, address: int, **faults) -> None:
        self.bus.configure(self.nodes[address], listening(address, **faults))

    def run(self, seconds: float, every_ns: int = 20_000_000) -> None:
        """Each terminal sends a frame every 20 ms, one after the other."""
        end_ns = self.now_ns + int(seconds * NS_PER_S)
        step_ns = every_ns // len(self.nodes)
        while self.now_ns < end_ns:
            for address, number in self.nodes.items():
                self.now_ns += step_ns
                self.take(self.bus.advance(self.now_ns))
                word = CanId(6, EDGE, address).word
                if self.bus.enqueue(number, CanFrame(word, self.sent[address].to_bytes(4)), self.now_ns):
                    self.sent[address] += 1

    def take(self, deliveries) -> None:
        addresses = {number: address for address, number in self.nodes.items()}
        for one in deliveries:
            if one.frame.word & ERROR:
                trouble = decode_trouble(one.frame)
                for number in one.nodes:
                    self.first[addresses.get(number, EDGE)] = (
                        self.first.get(addresses.get(number, EDGE), 0) + trouble.first
                    )
            elif self.edge in one.nodes and one.frame.word & 0xFF in self.heard:
                self.heard[one.frame.word & 0xFF].append(int.from_bytes(one.frame.data))

    def settle(self) -> None:
        self.now_ns += NS_PER_S
        self.take(self.bus.advance(self.now_ns))

    def off(self) -> set[int]:
        return {a for a, number in self.nodes.items() if self.bus.node_counters(number)["bus_off"]}


def test_a_receiver_adds_one_the_first_flagger_nine_and_only_sending_leads_off():
    one = ErrorCounters()
    one.erred(first=False)
    assert (one.tec, one.rec) == (0, 1)
    one.erred(first=True)
    assert (one.tec, one.rec) == (0, 10)
    for _ in range(100):
        one.erred(first=True)
    assert (one.rec, one.state) == (255, ControllerState.PASSIVE), "no receive counter leads to bus-off"
    one.heard()
    assert 119 <= one.rec <= 127
    assert one.state is ControllerState.WARNING
    for _ in range(32):
        one.failed()
    assert one.state is ControllerState.BUS_OFF


def test_a_node_faulty_on_transmit_leaves_and_the_others_lose_nothing():
    chain = Chain(8)
    chain.fault(3, corruption=0.6)
    chain.run(3)
    chain.settle()
    assert chain.off() == {3}
    for address in chain.nodes:
        if address != 3:
            assert chain.heard[address] == list(range(chain.sent[address])), f"terminal {address} lost frames"
    assert max(chain.first.values()) == 0, "no receiver was the first to flag"


def test_a_node_faulty_on_receive_throws_the_innocent_off_and_stays():
    chain = Chain(8)
    chain.fault(3, misreading=0.3)
    chain.run(5, every_ns=12_000_000)
    assert chain.off(), "the innocent suffer"
    assert 3 not in chain.off(), "the culprit never leaves: only sending leads to bus-off"
    assert chain.first[3] > 20
    assert all(count == 0 for address, count in chain.first.items() if address != 3)


def test_who_misreads_all_becomes_passive_deaf_and_the_bus_is_clean():
    chain = Chain(8)
    chain.fault(3, misreading=1.0)
    chain.run(1)
    errors = chain.bus.counters["errors"]
    chain.run(2)
    assert chain.bus.counters["errors"] == errors, "a passive flag disturbs nobody"
    assert chain.bus.state(chain.nodes[3])[0] is ControllerState.PASSIVE
    assert chain.bus.node_counters(chain.nodes[3])["misread"] > 100


def test_a_cut_cable_parts_the_chain_and_the_near_end_loses_nothing():
    chain = Chain(6)
    chain.run(1)
    chain.bus.cut(4)
    chain.settle()
    before = {address: len(heard) for address, heard in chain.heard.items()}
    chain.run(1)
    chain.settle()
    for address, heard in chain.heard.items():
        grown = len(heard) - before[address]
        assert (grown > 0) is (address <= 4), address
        assert address > 4 or heard == list(range(chain.sent[address]))
    chain.bus.cut(None)
    chain.run(0.5)
    assert len(chain.heard[6]) > before[6]


def test_a_missing_terminator_costs_the_more_the_faster_the_bus():
    rates = [50_000, 125_000, 250_000, 500_000]
    shares = [echo_errors(rate, 200, 1) for rate in rates]
    assert shares == sorted(shares)
    assert shares[0] < 0.02 < 0.2 < shares[2] < shares[3]
    assert echo_errors(1_000_000, 10_000, 2) == 1.0
    assert echo_errors(125_000, 200, 0) == 0.0
    chain = Chain(6, BusSettings(unterminated=1, metres=200, restart_ns=None))
    chain.run(2)
    chain.settle()
    assert chain.bus.counters["errors"] > 5
    assert not chain.off()
    assert all(heard == list(range(chain.sent[a])) for a, heard in chain.heard.items()), "repeated until read"


def test_who_babbles_starves_all_until_it_is_off():
    chain = Chain(4)
    chain.fault(2, babbles=True)
    chain.run(0.5)
    starved = [len(heard) for address, heard in chain.heard.items() if address != 2]
    assert max(starved) < 5, "rubbish goes before everything"
    chain.fault(2, babbles=True, corruption=1.0)
    chain.run(0.5)
    assert chain.off() == {2}
    chain.settle()
    assert all(heard == list(range(chain.sent[a])) for a, heard in chain.heard.items() if a != 2)


def test_software_brings_its_node_back_after_128_times_11_bits():
    chain = Chain(2)
    chain.fault(1, corruption=1.0)
    chain.run(0.5)
    assert chain.off() == {1}
    chain.fault(1)
    chain.bus.restart(chain.nodes[1], chain.now_ns)
    chain.bus.advance(chain.now_ns + 128 * 11 * chain.bus.bit_ns - 1)
    assert chain.bus.state(chain.nodes[1])[0] is ControllerState.BUS_OFF
    chain.bus.advance(chain.now_ns + 128 * 11 * chain.bus.bit_ns)
    assert chain.bus.state(chain.nodes[1]) == (ControllerState.ACTIVE, 0, 0)


def test_two_of_one_address_are_found_and_destroy_each_other():
    chain = Chain(3)
    twin = chain.bus.attach(listening(2))
    assert chain.bus.numbers_of(2) == [chain.nodes[2], twin]
    word = CanId(6, EDGE, 2).word
    chain.bus.enqueue(chain.nodes[2], CanFrame(word, b"one"), 0)
    chain.bus.enqueue(twin, CanFrame(word, b"two"), 0)
    chain.settle()
    assert {chain.bus.state(n)[0] for n in (chain.nodes[2], twin)} == {ControllerState.BUS_OFF}
    assert chain.bus.state(chain.nodes[1])[0] is ControllerState.ACTIVE


@pytest.mark.parametrize("address", [1, 0xDF])
def test_a_node_has_the_address_that_it_listens_to(address):
    assert listening(address).position == listening(address).address == address
    assert listening(EDGE).position == 0
    assert NodeSettings().address == 0
    assert EXTENDED & listening(address).filters[0].word
