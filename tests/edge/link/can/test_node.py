"""The node core: lanes and priorities, bounds, who may speak with whom, nothing raised for content."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.link.can.frame import EXTENDED, CanFrame
from edge.link.can.ids import EDGE_ADDRESS, FUNCTIONAL, CanId, parse_id
from edge.link.can.isotp import CONTINUE_FRAME, OVERFLOW_FRAME, ReassemblyLimits
from edge.link.can.node import TRAFFIC, CanNode, NodeLimits
from edge.link.messages import Type
from edge.link.port import EVERYONE, FIRST_TERMINAL, LAST_TERMINAL, MessageSizeError

RECORD = b"\x10" + bytes(68)
ACK = b"\x11\x01\x02abcd"


def talk(one: CanNode, other: CanNode, now_s: float = 0.0) -> list[tuple[int, bytes]]:
    """Exchange frames until both are silent; gives what was heard."""
    heard = []
    for _ in range(10_000):
        frames = [(one, other.next_frame(now_s)), (other, one.next_frame(now_s))]
        if all(frame is None for _, frame in frames):
            return heard
        for node, frame in frames:
            result = None if frame is None else node.hear(frame, now_s)
            heard += [] if result is None else [result]
    raise AssertionError("they never fell silent")


def frames_now(node: CanNode) -> list[CanFrame]:
    frames = []
    while (frame := node.next_frame(0.0)) is not None:
        frames.append(frame)
    return frames


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=10))
def test_messages_arrive_in_both_directions(messages):
    edge, terminal = CanNode(EDGE_ADDRESS), CanNode(7)
    taken = [node.offer(peer, message) for message in messages for node, peer in ((edge, 7), (terminal, 0xF0))]
    assert all(taken)
    heard = talk(edge, terminal)
    assert sorted(heard) == sorted([(7, one) for one in messages] + [(0xF0, one) for one in messages])
    assert not edge.busy
    assert not terminal.busy
    assert not edge.counters["errors"] + terminal.counters["errors"]


@pytest.mark.parametrize("message", [ACK, b"\x12" + bytes(6), b"\x14" + bytes(6), b"\x15\x01\x02\x03"])
def test_seven_bytes_are_one_frame(message):
    edge = CanNode(EDGE_ADDRESS)
    edge.offer(7, message)
    assert [frame.data for frame in frames_now(edge)] == [bytes([len(message)]) + message]


@pytest.mark.parametrize(("message", "urgent", "priority"), [
    (ACK, False, 4), (b"\x12abcdef", False, 4), (b"\x14abcdef", False, 5), (b"\x10abc", False, 6),
    (b"\x16abc", False, 3), (b"\x17abc", False, 3), (b"\x99abc", False, 6), (b"\x99abc", True, 3),
    (b"\x15abc", True, 2), (b"\x23abc", False, 7), (b"\x13abc", False, 7),
])  # fmt: skip
def test_priority_by_type(message, urgent, priority):
    edge = CanNode(EDGE_ADDRESS)
    edge.offer(7, message, urgent)
    assert parse_id(edge.next_frame(0.0).word) == CanId(priority, 7, EDGE_ADDRESS)


def test_the_table_speaks_of_the_types_that_are():
    named = {Type.TIME: 2, Type.ONLINE_REQUEST: 3, Type.ONLINE_ANSWER: 3, Type.ACK: 4, Type.SETTLED: 4,
             Type.HEARTBEAT: 5}  # fmt: skip
    named |= {Type.EMCY: 5, Type.SILENCE: 5, Type.STATUS: 7}
    documents = {kind: 7 for kind in Type if kind.name.startswith("DOCUMENT_")}
    assert named | documents == TRAFFIC


def test_a_page_of_a_document_yields_to_a_record_of_any_terminal():
    page = CanNode(EDGE_ADDRESS)
    page.offer(FIRST_TERMINAL, b"\x23page of a document")
    record = CanNode(LAST_TERMINAL)
    record.offer(EDGE_ADDRESS, b"\x10a record that is longer")
    assert record.next_frame(0.0).word < page.next_frame(0.0).word


def test_an_urgent_message_overtakes_a_long_one_between_two_frames():
    edge, terminal = CanNode(EDGE_ADDRESS), CanNode(7)
    terminal.offer(EDGE_ADDRESS, RECORD)
    edge.hear(terminal.next_frame(0.0), 0.0)
    terminal.hear(edge.next_frame(0.0), 0.0)
    terminal.next_frame(0.0)
    terminal.offer(EDGE_ADDRESS, b"\x16now", urgent=True)
    assert parse_id(terminal.next_frame(0.0).word).priority == 3


def test_a_long_urgent_message_keeps_its_priority_to_the_end():
    terminal = CanNode(7)
    for message, urgent in ((RECORD, False), (RECORD, True)):
        terminal.offer(EDGE_ADDRESS, message, urgent)
    frames_now(terminal)
    for priority in (6, 3):
        terminal.hear(CanFrame(CanId(priority, 7, EDGE_ADDRESS).word, CONTINUE_FRAME), 0.0)
    assert [parse_id(frame.word).priority for frame in frames_now(terminal)] == [3] * 9 + [6] * 9


def test_an_urgent_first_frame_does_not_wait_for_bulk_ones():
    edge = CanNode(EDGE_ADDRESS)
    for source, priority in ((1, 6), (2, 6), (3, 3)):
        edge.hear(CanFrame(CanId(priority, EDGE_ADDRESS, source).word, b"\x10\x45abcdef"), 0.0)
    assert [parse_id(frame.word).target for frame in frames_now(edge)] == [1, 3]


def test_lanes_of_one_priority_take_turns():
    edge = CanNode(EDGE_ADDRESS)
    for _ in range(2):
        for peer in (5, 6, 7):
            edge.offer(peer, ACK)
    assert [parse_id(frame.word).target for frame in frames_now(edge)] == [5, 6, 7, 5, 6, 7]


def test_a_deaf_peer_does_not_block_the_others():
    edge = CanNode(EDGE_ADDRESS)
    edge.offer(5, RECORD)
    edge.offer(5, ACK)
    edge.offer(6, RECORD)
    assert [parse_id(frame.word).target for frame in frames_now(edge)] == [5, 5, 6]


def test_broadcast_reaches_every_terminal_and_no_edge():
    edge = CanNode(EDGE_ADDRESS)
    edge.offer(EVERYONE, b"\x15\x01\x02\x03\x04\x05\x06")
    frame = edge.next_frame(0.0)
    assert frame.word == CanId(2, 0xFF, EDGE_ADDRESS, FUNCTIONAL).word
    for address in (1, 0xDF):
        assert CanNode(address).hear(frame, 0.0) == (EDGE_ADDRESS, frame.data[1:])
    assert CanNode(EDGE_ADDRESS).hear(frame, 0.0) is None


@pytest.mark.parametrize(("peer", "message"), [(7, b""), (7, bytes(4096)), (EVERYONE, bytes(8))])
def test_sizes_no_link_carries(peer, message):
    with pytest.raises(MessageSizeError):
        CanNode(EDGE_ADDRESS).offer(peer, message)


@pytest.mark.parametrize(("own", "peer"), [(7, 8), (7, EVERYONE), (EDGE_ADDRESS, 0xF0), (EDGE_ADDRESS, 0xE0)])
def test_nobody_else_is_reached(own, peer):
    assert not CanNode(own).offer(peer, ACK)


@pytest.mark.parametrize("word", [
    CanId(6, EDGE_ADDRESS, 0xF0).word, CanId(6, EDGE_ADDRESS, 0).word, CanId(6, EDGE_ADDRESS, 0xFE).word,
    CanId(6, 8, 7).word, CanId(6, EDGE_ADDRESS, 7, page=2).word, CanId(6, EDGE_ADDRESS, 7, format=0xFE).word,
])  # fmt: skip
def test_strangers_are_counted_and_not_heard(word):
    edge = CanNode(EDGE_ADDRESS)
    assert edge.hear(CanFrame(word, b"\x03abc"), 0.0) is None
    assert edge.counters["foreign"] == 1


def test_a_terminal_does_not_hear_another_terminal():
    assert CanNode(7).hear(CanFrame(CanId(6, 7, 8).word, b"\x03abc"), 0.0) is None


def test_queue_bounds():
    edge = CanNode(EDGE_ADDRESS, limits=NodeLimits(lane_messages_max=2, messages_max=4))
    # One of each lane is on its way, so a lane holds its bound and one more.
    assert [edge.offer(5, RECORD) for _ in range(4)] == [True, True, True, False]
    assert edge.offer(6, RECORD)
    assert not edge.offer(7, RECORD)


def test_an_unanswered_message_is_dropped_and_the_next_goes_out():
    terminal = CanNode(7)
    terminal.offer(EDGE_ADDRESS, RECORD)
    terminal.offer(EDGE_ADDRESS, b"\x10abc")
    assert len(frames_now(terminal)) == 1
    terminal.tick(1.9)
    assert frames_now(terminal) == []
    terminal.tick(2.0)
    assert [frame.data for frame in frames_now(terminal)] == [b"\x04\x10abc"]
    assert terminal.counters["timed_out"] == terminal.counters["dropped"] == 1


def test_a_refused_message_is_dropped():
    terminal = CanNode(7)
    terminal.offer(EDGE_ADDRESS, RECORD)
    frames_now(terminal)
    terminal.hear(CanFrame(CanId(6, 7, EDGE_ADDRESS).word, OVERFLOW_FRAME), 0.0)
    assert terminal.counters["refused_by_peer"] == 1
    assert not terminal.busy


def test_a_flow_control_from_nowhere_is_counted():
    terminal = CanNode(7)
    terminal.hear(CanFrame(CanId(6, 7, EDGE_ADDRESS).word, CONTINUE_FRAME), 0.0)
    assert terminal.counters["unexpected"] == 1


def test_a_peers_pace_is_kept_and_known():
    terminal = CanNode(7)
    terminal.offer(EDGE_ADDRESS, RECORD)
    frames_now(terminal)
    terminal.hear(CanFrame(CanId(6, 7, EDGE_ADDRESS).word, b"\x30\x00\x0a"), 1.0)
    assert terminal.next_frame(1.0) is not None
    assert terminal.next_frame(1.0) is None
    assert terminal.next_ready_s() == pytest.approx(1.01)


def test_what_was_sealed_for_the_conversation_before_does_not_go_out_any_more():
    """Seen at joins on a busy bus: a STATUS of before came behind the new AUTH, and was counted as a wrong MAC."""
    edge, terminal = CanNode(EDGE_ADDRESS), CanNode(7)
    begun = b"\x20" + bytes(30)
    terminal.offer(0xF0, begun)
    assert terminal.next_frame(0.0) is not None
    for message in (b"\x13" + bytes(90), RECORD, RECORD, b"\x25" + bytes(60)):
        terminal.offer(0xF0, message)
    terminal.begin_anew()
    terminal.offer(0xF0, b"\x01hello")
    assert terminal.counters["outlived"] == 4
    assert [frame.data[:2] for frame in frames_now(terminal)] == [b"\x06\x01"], "the one under way waits for its grant"
    terminal.offer(0xF0, RECORD)
    assert (7, RECORD) in talk(edge, terminal)


def test_forget_leaves_nothing():
    edge = CanNode(EDGE_ADDRESS)
    for peer in (5, 6):
        edge.offer(peer, RECORD)
        edge.offer(peer, RECORD)
    edge.next_frame(0.0)
    edge.forget()
    assert not edge.busy
    assert edge.next_frame(0.0) is None
    assert edge.counters["dropped"] == 4
    assert edge.offer(5, RECORD)


words = st.builds(
    CanId, st.integers(0, 7), st.sampled_from([0xF0, 0xFF, 3]), st.sampled_from([1, 2, 3, 0xF0, 0, 0xFE]),
    st.sampled_from([0xDA, 0xDB, 0xFE]), st.integers(0, 3),
).map(lambda id_: id_.word)  # fmt: skip


@given(st.lists(st.tuples(words, st.binary(max_size=8)), max_size=60))
def test_no_traffic_makes_it_raise_or_grow(traffic):
    limits = NodeLimits(messages_max=4, reassembly=ReassemblyLimits(receptions_max=2))
    edge = CanNode(EDGE_ADDRESS, limits=limits)
    edge.offer(1, RECORD)
    for at, (word, data) in enumerate(traffic):
        heard = edge.hear(CanFrame(word | EXTENDED, data), at / 100)
        assert heard is None or 1 <= heard[0] <= 0xDF
        edge.tick(at / 100)
    for at in range(1, 5):
        frames_now(edge)
        edge.tick(1000.0 * at)
    assert not edge.busy
