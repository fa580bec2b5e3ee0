"""Claims of an address: what goes onto the bus, when, and what an answer changes."""

import random
from itertools import count, islice

import pytest

from edge.link.can.claims import (
    ANSWERS_MAX,
    MOVE_S,
    PAUSE_MAX_S,
    PAUSE_S,
    Answering,
    Claiming,
    answer_frame,
    attempt_of,
    claim_frame,
    read_answer,
    read_claim,
)
from edge.link.can.frame import EXTENDED, CanFrame
from edge.link.can.ids import EDGE_ADDRESS, NO_ADDRESS, AddressError, acceptance_filters
from edge.link.can.node import CanNode
from edge.link.port import CLAIMANTS
from edge.link.sim.can_bus import NS_PER_S, BusSettings, NodeSettings
from edge.link.sim.can_world import VirtualCan
from shared.errors import WireFault

US = bytes.fromhex("000100000007")
OTHER = bytes.fromhex("000100000008")


def hears(address: int, frame: CanFrame, *, claims: bool = False) -> bool:
    return any(one.accepts(frame.word) for one in acceptance_filters(address, claims=claims))


def test_who_hears_what():
    claim, answer = claim_frame(US, 0), answer_frame(US, 9)
    assert hears(EDGE_ADDRESS, claim)
    assert not hears(EDGE_ADDRESS, answer)
    assert hears(NO_ADDRESS, answer, claims=True)
    assert hears(7, answer, claims=True)
    assert not hears(7, answer), "a configured terminal, and one of before, never sees page 3"
    assert not any(hears(address, claim, claims=True) for address in (NO_ADDRESS, 7))
    with pytest.raises(AddressError):
        CanNode(NO_ADDRESS)


@pytest.mark.parametrize(
    "frame",
    [CanFrame(claim_frame(US, 0).word, US[:5]), CanFrame(claim_frame(US, 0).word, US + b"\1"), answer_frame(US, 1),
     CanFrame(EXTENDED | 0x18DAF003, US)],
)  # fmt: skip
def test_what_is_no_claim(frame):
    with pytest.raises(WireFault):
        read_claim(frame)


@pytest.mark.parametrize("data", [b"", US, US + b"\0", US + b"\xe0", US + b"\xf0", US + b"\1\1"])
def test_what_is_no_answer(data):
    with pytest.raises(WireFault):
        read_answer(CanFrame(answer_frame(US, 1).word, data))


def test_every_attempt_has_a_tag_and_a_pause_of_its_own():
    one = Claiming(US)
    now_s, words, pauses = 0.0, set(), []
    for _ in range(12):
        words.add(one.next_frame(now_s).word)
        assert one.next_frame(now_s) is None, "not before its pause"
        pauses.append(one.due_s() - now_s)
        now_s = one.due_s()
    assert len(words) == 12
    assert all(
        base <= pause < 2 * base
        for base, pause in zip((min(PAUSE_S * 2**n, PAUSE_MAX_S) for n in count()), pauses, strict=False)
    )


def test_an_answer_counts_for_its_device_alone():
    one = Claiming(US)
    one.next_frame(0.0)
    assert not one.hear(answer_frame(OTHER, 4), 0.1)
    assert one.is_claiming
    assert one.hear(answer_frame(US, 5), 0.2)
    assert (one.address, one.is_claiming, one.next_frame(100.0)) == (5, False, None)


def test_what_nobody_asked_for_counts_once_in_a_while():
    one = Claiming(US, 5)
    assert one.hear(answer_frame(US, 6), 10.0)
    assert not one.hear(answer_frame(US, 7), 10.0 + MOVE_S / 2)
    assert one.hear(answer_frame(US, 7), 10.0 + MOVE_S)
    assert one.address == 7


def test_a_silent_edge_is_asked_and_one_that_speaks_ends_it():
    one = Claiming(US, 5)
    assert one.next_frame(0.0) is None
    one.begin()
    first = one.next_frame(1.0)
    one.begin()
    assert one.next_frame(1.1) is None, "it began already"
    assert first == claim_frame(US, 0)
    one.settle()
    assert not one.is_claiming
    nobody = Claiming(US)
    nobody.settle()
    assert nobody.is_claiming, "who has no address hears nothing but answers"


def test_the_edge_answers_with_the_claims_tag_and_holds_so_many():
    edge = Answering()
    assert edge.hear(claim_frame(US, 3)) == US
    assert edge.hear(CanFrame(claim_frame(US, 3).word, b"short")) is None
    assert edge.malformed == 1
    assert edge.offer(US + b"\5")
    assert edge.next_frame() == answer_frame(US, 5, attempt_of(US, 3).tag)
    assert edge.next_frame() is None
    assert all(edge.offer(US + b"\5") for _ in range(ANSWERS_MAX))
    assert not edge.offer(US + b"\5")


def colliding(attempt: int = 0) -> tuple[bytes, bytes]:
    """Two device numbers whose tags are the same at an attempt."""
    seen: dict[int, bytes] = {}
    for number in count(1):
        device = b"\0\1" + number.to_bytes(4, "big")
        before = seen.setdefault(attempt_of(device, attempt).tag, device)
        if before != device:
            return before, device
    raise AssertionError


class Bus:
    """An edge that gives addresses in turn, and claimants, on the bus model."""

    def __init__(self, devices: list[bytes], seed: int, loss: float = 0.0) -> None:
        self.world = VirtualCan(BusSettings(restart_ns=NS_PER_S // 10, nodes_max=80), seed)
        self.given: dict[bytes, int] = {}
        self.chance = random.Random(seed).random
        self.loss = loss
        self.edge = CanNode(EDGE_ADDRESS)
        self.world.add(self.edge, self._claimed, NodeSettings(acceptance_filters(EDGE_ADDRESS)))
        self.claimants = [Claiming(device) for device in devices]
        for one in self.claimants:
            filters = acceptance_filters(NO_ADDRESS, claims=True)
            self.world.add(CanNode(NO_ADDRESS, claiming=one), lambda *_: None, NodeSettings(filters))

    def _claimed(self, peer, device):
        assert peer == CLAIMANTS
        if self.chance() < self.loss:
            return
        self.given.setdefault(device, len(self.given) + 1)
        if self.chance() >= self.loss:
            self.edge.offer(CLAIMANTS, device + bytes((self.given[device],)))

    def run(self, seconds: float) -> float:
        """When all had one."""
        for tick in range(int(seconds * 20)):
            self.world.run_until(tick * NS_PER_S // 20)
            if all(one.address for one in self.claimants):
                return tick / 20
        raise AssertionError([one.address for one in self.claimants])


def test_two_with_one_tag_throw_each_other_off_the_bus_and_come_back_with_others():
    bus = Bus([*colliding()], seed=1)
    assert bus.run(10.0) < 5.0
    assert bus.world.bus.counters["errors"] > 0, "they have met"
    assert {one.address for one in bus.claimants} == {1, 2}


@pytest.mark.parametrize("seed", range(4))
def test_many_claimants_and_lost_frames_end_with_one_address_each(seed):
    rng = random.Random(seed)
    devices = list(islice(iter(lambda: rng.randbytes(6), None), 58))
    bus = Bus([*devices, *colliding()], seed, loss=0.3)
    bus.run(400.0)
    assert sorted(one.address for one in bus.claimants) == list(range(1, 61))
    assert {one._device: one.address for one in bus.claimants} == bus.given


def test_an_answer_lets_messages_go_ahead():
    edge = CanNode(EDGE_ADDRESS)
    assert edge.offer(CLAIMANTS, US + b"\5")
    assert edge.offer(7, b"\x13status")
    words = [edge.next_frame(0.0).word >> 24 & 3, edge.next_frame(0.0).word >> 24 & 3]
    assert (words, edge.next_frame(0.0)) == ([0, 3], None)


def test_who_claims_without_end_delays_no_record_longer_than_one_frame():
    """A bus that is full of claims in other names, and a till that sells."""
    world = VirtualCan(BusSettings(nodes_max=80), seed=1)
    edge, till, heard = CanNode(EDGE_ADDRESS), CanNode(7), []
    world.add(edge, lambda peer, raw: heard.append((world.now_s, peer, raw)), NodeSettings())
    world.add(till, lambda *_: None, NodeSettings(acceptance_filters(7)))
    rude = world.bus.attach(NodeSettings(acceptance_filters(200)))
    names = count(1)

    def storm():
        while world.bus.room(rude) > 0:
            world.bus.enqueue(rude, claim_frame(b"\0\2" + next(names).to_bytes(4, "big"), 0), world.now_ns)
        world.at(world.now_ns + 1_000_000, storm)

    world.at(0, storm)
    record, said = b"\x10" + bytes(68), []
    for n in range(1, 11):
        world.run_until(n * NS_PER_S // 10)
        said.append(world.now_s)
        till.offer(EDGE_ADDRESS, record)
    world.run_until(2 * NS_PER_S)
    took = [at - began for (at, peer, _), began in zip([one for one in heard if one[1] == 7], said, strict=True)]
    assert len([one for one in heard if one[1] == CLAIMANTS]) > 1000
    assert max(took) < 0.03
