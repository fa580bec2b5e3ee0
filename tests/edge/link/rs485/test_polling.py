"""Master and slaves on the line model in virtual time: order, adaptivity, noise, restarts, timing."""

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.link.port import EVERYONE, MessageSizeError
from edge.link.rs485.conversation import Conversation
from edge.link.rs485.frame import FrameReader, Kind, LineFrame, encode_frame
from edge.link.rs485.polling import PolledSlave, PollingMaster, PollSettings
from edge.link.sim.rs485_line import NS_PER_S
from tests.edge.link.rs485.line_world import World

RECORD = b"\x10" + bytes(range(68))


def test_messages_of_all_sizes_in_both_directions():
    world = World()
    world.run(0.2)
    sent = [bytes([0x10]) * length for length in (1, 7, 69, 250, 251, 500, 4095)]
    for message in sent:
        assert world.slaves[2].offer(message)
        assert world.master.offer(3, message)
    world.run(10, lambda: len(world.up) + len(world.down) >= 2 * len(sent))
    assert world.up == [(2, message) for message in sent]
    assert world.down == [(3, message) for message in sent]
    world.run(0.1)
    assert world.master.counters["messages_out"] == world.slaves[2].counters["messages_out"] == len(sent)
    assert world.line.collisions == 0


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.sampled_from([0.001, 0.003, 0.005]))
def test_noise_loses_nothing_doubles_nothing_and_keeps_the_order(seed, noise):
    """The same seeds each time: a CRC of 16 bits passes one badly broken frame in 65,536, the MAC above does not."""
    world = World(noise=noise, seed=seed, poll=PollSettings(gone_s=1000))
    world.run(30, lambda: len([one for one in world.peers if one[1]]) == 4)
    sent = {address: [bytes([0x10, address, number]) * 23 for number in range(6)] for address in world.slaves}
    for address, messages in sent.items():
        for message in messages:
            assert world.slaves[address].offer(message)
            assert world.master.offer(address, message)
    world.run(60, lambda: len(world.up) >= 24 and len(world.down) >= 24)
    world.run(1)
    for address, messages in sent.items():
        assert [message for peer, message in world.up if peer == address] == messages
        assert [message for peer, message in world.down if peer == address] == messages


def test_an_urgent_message_goes_between_two_polls():
    world = World(slaves=8)
    world.run(0.3)
    for slave in world.slaves.values():
        slave.offer(RECORD)
    world.run(0.01)
    world.asked()
    world.master.offer(8, b"\x17yes", urgent=True)
    took_s = world.run(1, lambda: (8, b"\x17yes") in world.down)
    assert world.asked()[:2].count(8) == 1
    assert took_s < 0.02


def test_an_urgent_message_overtakes_those_that_wait_but_not_one_under_way():
    talk = Conversation(queue_max=4)
    talk.offer(bytes(600), urgent=False)
    talk.offer(b"later", urgent=False)
    talk.say(1, upward=False)
    talk.offer(b"now", urgent=True)
    assert not talk.offer(b"x", urgent=False) or not talk.offer(b"y", urgent=False)
    assert list(talk._queue)[:3] == [bytes(600), b"now", b"later"]


def test_urgent_messages_do_not_stop_the_cycle():
    world = World(slaves=4)
    world.run(0.2)
    world.asked()
    for _ in range(40):
        world.master.offer(1, b"\x17", urgent=True)
        world.run(0.005)
    assert set(world.asked()) == {1, 2, 3, 4}


def test_a_silent_line_is_polled_gently_and_busy_slaves_more():
    world = World(slaves=4)
    world.run(0.5)
    world.asked()
    world.run(1)
    quiet = Counter(world.asked())
    assert max(quiet.values()) <= 26
    for _ in range(100):
        world.slaves[2].offer(RECORD)
        world.run(0.01)
    busy = Counter(world.asked())
    assert busy[2] >= 2.5 * busy[1]
    assert min(busy[1], busy[3], busy[4]) >= 10


def test_dead_slaves_cost_one_probe_a_cycle():
    world = World(slaves=8, poll=PollSettings(cycle_min_s=0))
    world.silent = {5, 6, 7, 8}
    world.run(0.5)
    assert sorted(world.peers) == [(1, True), (2, True), (3, True), (4, True)]
    world.asked()
    for _ in range(40):
        for address in (1, 2, 3, 4):
            world.slaves[address].offer(RECORD)
        world.run(0.05)
    asked = Counter(world.asked())
    dead = [asked[address] for address in (5, 6, 7, 8)]
    assert max(dead) - min(dead) <= 1
    assert sum(dead) <= min(asked[address] for address in (1, 2, 3, 4)) + 1


def test_a_slave_that_falls_silent_is_told_gone_and_comes_back():
    world = World(poll=PollSettings(gone_s=1.0))
    world.run(0.2)
    world.silent = {3}
    assert world.master.offer(3, RECORD)
    world.run(0.5)
    assert (3, False) not in world.peers
    world.run(1.5)
    assert world.peers[-1] == (3, False)
    assert not world.master.offer(3, RECORD)
    assert world.master.counters["dropped"] == 1
    world.silent = set()
    world.run(0.5)
    assert world.peers[-1] == (3, True)
    assert world.master.offer(3, RECORD)
    world.run(0.1)
    assert world.down == [(3, RECORD)]


def test_a_restarted_slave_loses_nothing_that_waits_at_the_master():
    world = World()
    world.run(0.2)
    world.master.offer(2, b"\x11one")
    world.run(0.1)
    world.slaves[2] = PolledSlave(2)
    world.slaves[2].offer(RECORD)
    world.master.offer(2, b"\x11two")
    world.run(0.2)
    assert world.down == [(2, b"\x11one"), (2, b"\x11two")]
    assert world.up == [(2, RECORD)]


def test_a_restarted_master_loses_nothing_that_waits_at_a_slave():
    """The trap of one-bit sequences: the old acknowledgement must not be taken for the new record."""
    for records in range(4):
        world = World()
        world.run(0.2)
        for number in range(records):
            world.slaves[2].offer(bytes([0x10, number]))
        world.run(0.2)
        world.up.clear()
        world.master = PollingMaster(range(1, 5), PollSettings())
        world.slaves[2].offer(RECORD)
        world.run(0.2)
        assert world.up == [(2, RECORD)], records


def test_a_master_restarted_in_mid_message_hears_it_whole():
    world = World(poll=PollSettings(baud=9600))
    world.run(2)
    message = bytes(range(256)) * 4
    world.slaves[2].offer(message)
    world.run(0.5)
    assert world.up == []
    world.master = PollingMaster(range(1, 5), PollSettings(baud=9600))
    world.run(4)
    assert world.up == [(2, message)]


def test_broadcast_reaches_all_and_is_not_answered():
    world = World()
    world.run(0.2)
    assert world.master.offer(EVERYONE, b"\x15time")
    world.run(0.1)
    assert sorted(world.down) == [(address, b"\x15time") for address in (1, 2, 3, 4)]
    assert world.line.collisions == 0


def test_an_echoing_adapter_is_no_trouble():
    world = World(echo=True)
    world.run(0.2)
    world.slaves[1].offer(RECORD)
    world.master.offer(1, b"\x11ack")
    world.run(0.2)
    assert (world.up, world.down) == ([(1, RECORD)], [(1, b"\x11ack")])
    assert world.master.counters["errors"] == 0


@pytest.mark.parametrize(("baud", "most_s"), [(9_600, 0.85), (19_200, 0.45), (115_200, 0.10)])
def test_an_idle_cycle_of_32_slaves_within_the_research_figures(baud, most_s):
    world = World(slaves=32, poll=PollSettings(baud=baud, idle_every=1, cycle_min_s=0))
    world.run(5)
    world.log.clear()
    world.run(2)
    first = [at_s for at_s, frame in world.log if frame.address == 1]
    gaps = [later - sooner for sooner, later in itertools.pairwise(first)]
    assert max(gaps) <= most_s


def test_bounds_and_wrong_peers():
    world = World()
    assert not world.master.offer(1, RECORD), "nobody was asked yet"
    world.run(0.2)
    taken = sum(world.master.offer(1, RECORD) for _ in range(40))
    assert taken == PollSettings().queue_max
    assert sum(world.slaves[1].offer(RECORD) for _ in range(40)) == 16
    assert sum(world.master.offer(EVERYONE, b"\x15") for _ in range(40)) == PollSettings().queue_max
    assert not world.master.offer(99, RECORD)
    with pytest.raises(MessageSizeError):
        world.master.offer(1, bytes(4096))
    with pytest.raises(MessageSizeError):
        world.slaves[1].offer(b"")


def test_a_message_above_the_bound_is_dropped_and_the_next_is_heard():
    talk = Conversation(queue_max=4)
    for number in range(17):
        talk.hear(LineFrame(1, True, Kind.EXCHANGE, bytes(250), more=True, sequence=number & 1))
    assert talk.overlong == 1
    assert len(talk._partial) <= 4095


def test_a_late_or_foreign_answer_is_not_taken_for_the_awaited_one():
    master = PollingMaster([1, 2], PollSettings())
    assert FrameReader().feed(master.next_frame(0.0))[0].address == 1
    foreign = encode_frame(LineFrame(2, True, Kind.EXCHANGE, b"\x10foreign"))
    assert master.receive(foreign, 0.001) == []
    assert master.counters["late"] == 1
    assert master.next_frame(0.002) is None


def test_a_poll_that_somebody_else_already_followed_is_not_answered():
    slave = PolledSlave(1)
    poll, other = (encode_frame(LineFrame(address, False, Kind.RESET)) for address in (1, 2))
    slave.receive(poll + other)
    assert slave.next_frame() is None
    slave.receive(other + poll)
    assert slave.next_frame() is not None
    assert slave.next_frame() is None


@given(st.lists(st.one_of(st.binary(max_size=30), st.builds(
    lambda *a: encode_frame(LineFrame(*a)), st.integers(0, 3), st.booleans(), st.sampled_from(Kind),
    st.binary(max_size=20), st.booleans(), st.integers(0, 1), st.integers(0, 1), st.booleans())), max_size=30))
def test_no_bytes_make_either_end_raise(chunks):
    master, slave = PollingMaster([1, 2], PollSettings()), PolledSlave(1)
    for at, chunk in enumerate(chunks):
        master.next_frame(at / 100)
        for _, message in master.receive(chunk, at / 100):
            assert 1 <= len(message) <= 4095
        for message in slave.receive(chunk):
            assert 1 <= len(message) <= 4095
        slave.next_frame()


class RadioWorld(World):
    """The master's end of the line goes through two radio modules: each stores a packet, and sends it on later."""

    LATENCY_NS = NS_PER_S // 10

    def __init__(self, **options):
        super().__init__(**options)
        self.air: list[tuple[int, bool, bytes]] = []
        """When it comes out, whether at the master, what."""

    def _master_speaks(self):
        raw = self.master.next_frame(self.now_ns / NS_PER_S)
        if raw is not None:
            self.air.append((self.now_ns + self._wire_ns(raw) + self.LATENCY_NS, False, raw))
        for due_ns, up, raw in [one for one in self.air if one[0] <= self.now_ns]:
            self.air.remove((due_ns, up, raw))
            if up:
                self.up += self.master.receive(raw, self.now_ns / NS_PER_S)
            else:
                self.line.say(0, raw, self.now_ns)

    def _next_ns(self) -> int:
        return max(self.now_ns + 1, min([super()._next_ns(), *(due_ns for due_ns, _, _ in self.air)]))

    def _hear(self, port: int, data: bytes):
        if port == 0:
            begun_ns = self.now_ns + self.LATENCY_NS
            cuts = range(0, len(data), 16)
            self.air += [(begun_ns + self._wire_ns(data[: at + 16]), True, data[at : at + 16]) for at in cuts]
        else:
            super()._hear(port, data)

    def _wire_ns(self, raw: bytes) -> int:
        return len(raw) * 10 * NS_PER_S // 9_600


def test_a_line_through_radio_modules_is_waited_for():
    """What they store takes its time on the wire once more: an answer that is not waited for answers the next poll."""
    world = RadioWorld(slaves=2, poll=PollSettings(baud=9_600).through(0.1))
    world.run(5)
    sent = [bytes([0x10]) * length for length in (1, 69, 250, 500)]
    for message in sent:
        assert world.slaves[2].offer(message)
        assert world.master.offer(2, message)
    world.run(30, lambda: len(world.up) + len(world.down) >= 2 * len(sent))
    assert world.up == [(2, message) for message in sent]
    assert world.down == [(2, message) for message in sent]
    assert (world.master.counters["late"], world.line.collisions) == (0, 0)
    assert world.master.counters["timeouts"] == 0
