"""A broadcast on the bus model: whole at everybody or named, nobody held up, resumed at any page; its frames."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.box.down.broadcast import READY_S, ROUNDS_MAX, SILENCES, Broadcast, Fate
from edge.link.broadcast import (
    ANNOUNCEMENT,
    COUNTS,
    GROUP,
    Answer,
    Ask,
    Call,
    Say,
    Symbol,
    announcement,
    code_of,
    groups_of,
)
from edge.link.can.broadcast import (
    EdgeBroadcasting,
    TerminalBroadcasting,
    down_frame,
    read_down,
    read_up,
    up_frame,
)
from edge.link.can.frame import EXTENDED, CanFrame, arbitration_key
from edge.link.can.ids import BULK_PRIORITY, DOWN_FILTER, EDGE_ADDRESS, UP_FILTER, CanId, acceptance_filters
from edge.link.can.node import CanNode
from edge.terminal.down.broadcast import MemorySlot, Receiver
from shared.errors import WireFault
from shared.fleet.coding import data_symbols, symbol_of
from shared.fleet.document import LENGTH_MAX, DocumentKind, SignedHead, decode_head
from shared.wire.fleet_lane import Verdict
from tests.edge.link.can.broadcast_bus import Bus, bursts, iid, none
from tests.edge.terminal.down.centre import Centre

FRAME_NS = 1_088_000
BODY = Random(4).randbytes(13 * 1024 + 5)
"""Fourteen pages: two groups, and a last page of five bytes."""


@pytest.fixture
def signed():
    centre = Centre(DocumentKind.FIRMWARE)
    return centre.signed(centre.make(BODY))


def whole(bus: Bus) -> list[bool]:
    return [station.receiver.whole is not None and station.slot.body() == BODY for station in bus.stations.values()]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.3])
def test_everybody_has_it_whole_whatever_is_lost_where(signed, share):
    bus = Bus(signed, BODY, 12, lambda address: iid(Random(address), share))
    bus.run()
    assert bus.all_whole()
    assert all(whole(bus))
    assert bus.sender.rounds < ROUNDS_MAX


def test_bursts_and_an_overrun_after_the_erase_are_made_good(signed):
    bus = Bus(signed, BODY, 12, lambda address: bursts(Random(address), 0.05, 10, FRAME_NS), erase_s=0.4)
    bus.stations[5].deaf.append((3_000_000_000, 3_100_000_000))
    bus.run()
    assert bus.all_whole()
    assert all(whole(bus))


def test_what_one_lacks_serves_whoever_lacks_something_else(signed):
    """Each loses another symbol of page 0: one repair symbol is enough for all twelve."""
    bus = Bus(signed, BODY, 12)
    for address, station in bus.stations.items():
        station.receiver.hear = _without(station.receiver.hear, lambda down, at=address: down[1:3] == (0, at))
    bus.run()
    assert bus.all_whole()
    assert bus.sender.sent == 13 * 128 + 1 + 1


def _without(hear, is_lost):
    def heard(down):
        if not (isinstance(down, Symbol) and is_lost(down)):
            hear(down)

    return heard


def test_nothing_is_sent_before_everybody_is_ready(signed):
    bus = Bus(signed, BODY, 3, erase_s=1.0)
    bus.run()
    assert bus.sender.rounds == 1, "nobody lost anything"


def test_an_unplugged_terminal_is_named_and_the_others_are_whole_within_the_bound(signed):
    bus = Bus(signed, BODY, 12)
    bus.stations[7].off = True
    bus.run()
    assert bus.sender.fates.pop(7) is Fate.SILENT
    assert bus.all_whole()
    assert bus.now_s < READY_S + 5


def test_one_that_is_unplugged_under_way_does_not_hold_the_others(signed):
    bus = Bus(signed, BODY, 12, lambda address: iid(Random(address), 0.05))
    bus.at.append((1_000_000_000, lambda: setattr(bus.stations[3], "off", True)))
    bus.run()
    assert bus.sender.fates.pop(3) is Fate.SILENT
    assert bus.all_whole()
    assert bus.now_s < SILENCES * 0.5 + 10


def test_a_bad_image_is_named_and_the_others_are_whole(signed):
    bus = Bus(signed, BODY, 5)
    station = bus.stations[2]
    hear = station.receiver.hear
    station.receiver.hear = lambda down: hear(
        down._replace(data=b"forged!!") if isinstance(down, Symbol) and down.page == 3 and not down.number else down
    )
    bus.run()
    assert bus.sender.fates.pop(2) is Fate.WRONG_DIGEST
    assert station.receiver.whole is None
    assert bus.all_whole()


def test_one_that_refuses_is_named_with_its_verdict(signed):
    bus = Bus(signed, BODY, 5)
    bus.stations[4].receiver._judged = lambda _: Verdict.BUSY
    bus.run()
    assert bus.sender.fates.pop(4) is Fate.REFUSED
    assert bus.sender.refused == {4: Verdict.BUSY}
    assert bus.all_whole()
    assert not bus.stations[4].slot.erased


def test_one_that_has_no_room_under_way_is_named(signed):
    bus = Bus(signed, BODY, 3)
    bus.stations[1].slot.is_full = True
    bus.run()
    assert bus.sender.fates[1] is Fate.REFUSED
    assert bus.sender.refused == {1: Verdict.NO_ROOM}


def test_one_that_never_gets_its_symbols_ends_after_the_rounds(signed):
    bus = Bus(signed, BODY, 3)
    hear = bus.stations[1].receiver.hear
    bus.stations[1].receiver.hear = _without(hear, lambda down: down.page == 9)
    bus.run()
    assert bus.sender.fates[1] is Fate.LAGGING
    assert bus.sender.rounds == ROUNDS_MAX
    assert bus.sender.fates[2] is bus.sender.fates[3] is Fate.WHOLE


@pytest.mark.parametrize("at_ms", [300, 700, 1100, 1500, 1900])
def test_a_power_cut_at_any_page_costs_only_the_pages_under_way(signed, at_ms):
    bus = Bus(signed, BODY, 4)

    def cut() -> None:
        station = bus.stations[2]
        bus.plug(2, none, station.slot)
        bus.sender.joined(2, bus.now_s)

    bus.at.append((at_ms * 1_000_000, cut))
    bus.run()
    assert bus.all_whole()
    assert all(whole(bus))
    assert bus.stations[2].slot.erased == 1
    assert bus.sender.sent <= 2 * 14 * 128


def test_a_box_that_was_restarted_sends_only_what_is_lacking(signed):
    first = Bus(signed, BODY, 4)
    first.at.append((1_000_000_000, first.sender.end))
    first.run()
    assert Fate.LAGGING in first.sender.fates.values()
    again = Bus(signed, BODY, 4)
    for address in again.stations:
        again.plug(address, none, first.stations[address].slot)
    again.run()
    assert again.all_whole()
    assert again.sender.sent + first.sender.sent < 14 * 128 + 3 * 128


def test_whoever_has_it_already_says_so_and_nothing_is_sent(signed):
    bus = Bus(signed, BODY, 3)
    for station in bus.stations.values():
        station.receiver._judged = lambda _: Verdict.IN_USE
    bus.run()
    assert bus.all_whole()
    assert not bus.sender.sent


def test_symbols_of_another_broadcast_are_passed_over(signed):
    receiver = Receiver(lambda one: decode_head(one.raw), MemorySlot())
    receiver.hear(Symbol(9, 0, 0, bytes(8)))
    receiver.hear(Call(9, Ask.COUNT, 1))
    assert not receiver.is_answering


def test_a_call_that_is_repeated_for_others_is_answered_once(signed):
    bus = Bus(signed, BODY, 1)
    receiver = bus.stations[1].receiver
    bus.sender.tick(0.0)
    while not isinstance(down := bus.sender.next_frame(0.0), Call):
        receiver.hear(down)
    for call in (Call(1, Ask.COUNT, 5), Call(1, Ask.COUNT, 5)):
        receiver.hear(call)
    assert [receiver.next_answer().say for _ in range(3)] == [Say.LACKING, Say.LACKING, Say.COUNTED]
    assert not receiver.is_answering
    receiver.hear(Call(1, Ask.COUNT, 5))
    assert not receiver.is_answering


def test_an_announcement_that_is_none_is_counted_and_judged_by_nobody(signed):
    asked = []
    receiver = Receiver(lambda one: asked.append(one) or Verdict.WRONG_SIGNATURE, MemorySlot())
    for number in range(15):
        receiver.hear(Symbol(1, ANNOUNCEMENT, number, bytes(8)))
    receiver.hear(Call(1, Ask.READY, 0))
    assert receiver.next_answer() == Answer(1, Say.REFUSED, Verdict.WRONG_SIGNATURE)
    assert len(asked) == 1


@pytest.mark.parametrize("length", [LENGTH_MAX[DocumentKind.FIRMWARE] + 1, 0xFFFF_FFFF])
def test_an_announcement_of_what_no_terminal_could_hold_is_none(signed, length):
    raw = bytearray(signed.raw)
    at = raw.index(len(BODY).to_bytes(4, "big"))
    raw[at : at + 4] = length.to_bytes(4, "big")
    page = announcement(SignedHead(bytes(raw), signed.signature))
    receiver = Receiver(lambda one: decode_head(one.raw), MemorySlot())
    for number in range(data_symbols(len(page))):
        receiver.hear(Symbol(1, ANNOUNCEMENT, number, symbol_of(page, number)))
    receiver.hear(Call(1, Ask.READY, 0))
    assert (receiver.damaged, receiver.next_answer()) == (1, None)


@pytest.mark.parametrize("seed", range(30))
def test_whatever_comes_a_receiver_takes_no_other_bytes_and_says_no_more_than_it_is_asked(signed, seed):
    """Numbers beyond any page, symbols of wrong length or content, calls of any turn, other streams."""
    chance, slot = Random(seed), MemorySlot()
    receiver, page = Receiver(lambda one: decode_head(one.raw), slot), announcement(signed)
    for at in range(data_symbols(len(page))):
        receiver.hear(Symbol(1, ANNOUNCEMENT, at, symbol_of(page, at)))
    for _ in range(3000):
        number, page_number = chance.randrange(300), chance.choice((*range(16), 500, 959, 1022))
        receiver.hear(chance.choice((
            Symbol(chance.choice((1, 1, 1, 2)), page_number, number, chance.randbytes(chance.choice((8, 8, 0, 7, 9)))),
            Call(chance.choice((1, 2)), chance.choice((Ask.READY, Ask.COUNT)), chance.randrange(4)),
        )))  # fmt: skip
        answers = 0
        while receiver.next_answer() is not None:
            answers += 1
        assert answers <= 3
    assert receiver.whole is None
    assert all(len(one) in (1024, 5) for one in slot.pages.values())


def test_answers_of_a_terminal_that_is_not_named_or_of_another_stream_change_nothing(signed):
    sender = Broadcast(1, signed, BODY, (1,), 0.0)
    sender.hear(2, Answer(1, Say.WHOLE), 0.0)
    sender.hear(1, Answer(2, Say.WHOLE), 0.0)
    assert sender.fates == {1: Fate.AWAITED}


# --- frames --------------------------------------------------------------------------------------------------------

FROZEN = [
    (Symbol(5, 959, 254, b"12345678"), 0x9E17BFFE, "3132333435363738"),
    (Call(63, Ask.COUNT, 200), 0x9EFFFE02, "c8"),
    (Answer(5, Say.READY, held=258), 0x9D05F007, "01000102"),
    (Answer(5, Say.LACKING, 79, (0, 1, 8, 10, 12, 16, 24, 32, 64, 128, 2, 3)), 0x9D05F007, "024f0189abcdef23"),
    (Answer(5, Say.REFUSED, Verdict.BUSY), 0x9D05F007, "051a"),
]


@pytest.mark.parametrize(("said", "word", "data"), FROZEN)
def test_frames_are_frozen(said, word, data):
    frame = up_frame(7, said) if isinstance(said, Answer) else down_frame(said)
    assert (f"{frame.word:08x}", frame.data.hex()) == (f"{word:08x}", data)
    assert (read_up(frame)[1] if isinstance(said, Answer) else read_down(frame)) == said


@given(st.binary(max_size=8), st.integers(0, 0x1FFF_FFFF))
def test_any_frame_is_read_or_refused(data, word):
    for read, passes in ((read_down, DOWN_FILTER), (read_up, UP_FILTER)):
        frame = CanFrame(EXTENDED | word, data)
        try:
            read(frame)
        except WireFault:
            continue
        assert passes.accepts(frame.word)


def test_every_other_frame_of_the_bus_goes_first():
    record = CanFrame(CanId(BULK_PRIORITY, EDGE_ADDRESS, 0xDF).word, b"")
    for last in (down_frame(Symbol(0, 0, 0, bytes(8))), up_frame(1, Answer(0, Say.WHOLE))):
        assert arbitration_key(record) < arbitration_key(last)


def test_each_side_hears_what_is_meant_for_it_and_not_its_own():
    down, up = down_frame(Symbol(63, 959, 254, bytes(8))), up_frame(1, Answer(63, Say.WHOLE))
    for address, passes in ((1, [True, False]), (EDGE_ADDRESS, [False, True])):
        filters = acceptance_filters(address)
        assert [any(one.accepts(frame.word) for one in filters) for frame in (down, up)] == passes


class Says:
    """Either half: says one thing without end, and keeps what it hears."""

    def __init__(self, what):
        self.what, self.heard, self.load = what, [], []

    def next_frame(self, _mono_s):
        return self.what

    def next_answer(self):
        return self.what

    def hear(self, *what):
        self.heard.append(what[:2])

    def seen(self, bits, is_ours, _mono_s):
        self.load.append((bits, is_ours))


def test_a_node_says_a_broadcast_when_it_has_nothing_else_to_say():
    sender = Says(Symbol(1, 2, 3, bytes(8)))
    edge, terminal = CanNode(EDGE_ADDRESS), CanNode(7)
    edge.broadcasting = EdgeBroadcasting(sender)
    symbol = edge.next_frame(0.0)
    assert symbol == down_frame(sender.what)
    edge.offer(7, b"\x11\1\2abc")
    edge.offer(7, b"\x21page")
    said = [edge.next_frame(0.0) for _ in range(3)]
    assert [frame.word >> 26 & 7 for frame in said] == [4, 7, 7]
    assert [terminal.hear(frame, 0.0) is not None for frame in said[:2]] == [True, True]
    assert [ours for _, ours in sender.load] == [True, False, False, True]


def test_a_terminal_gives_its_half_what_comes_and_answers_last():
    receiver = Says(Answer(1, Say.COUNTED, 9))
    terminal, edge, sender = CanNode(7), CanNode(EDGE_ADDRESS), Says(None)
    terminal.broadcasting, edge.broadcasting = TerminalBroadcasting(7, receiver), EdgeBroadcasting(sender)
    assert terminal.hear(down_frame(Symbol(1, 2, 3, bytes(8))), 0.0) is None
    assert receiver.heard == [(Symbol(1, 2, 3, bytes(8)),)]
    terminal.offer(EDGE_ADDRESS, b"\x10rec")
    record, answer = terminal.next_frame(0.0), terminal.next_frame(0.0)
    assert edge.hear(record, 0.0) == (7, b"\x10rec")
    assert edge.hear(answer, 0.0) is None
    assert sender.heard == [(7, receiver.what)]


def test_what_is_no_frame_of_a_broadcast_is_counted_and_passed_over():
    edge, terminal = EdgeBroadcasting(Says(None)), TerminalBroadcasting(7, Says(None))
    good_up, good_down = up_frame(7, Answer(1, Say.WHOLE)), down_frame(Symbol(1, 2, 3, bytes(8)))
    for side, frame in (
        (edge, CanFrame(good_up.word, b"")), (edge, CanFrame(good_up.word, b"\x63\0")),
        (terminal, CanFrame(good_down.word, b"short")), (terminal, CanFrame(down_frame(Call(1, Ask.END, 0)).word, b"")),
    ):  # fmt: skip
        before = side.malformed
        assert side.hear(frame, 0.0)
        assert side.malformed == before + 1
    assert not edge.hear(good_down, 0.0)
    assert not terminal.hear(good_up, 0.0)


@pytest.mark.parametrize("count", range(129))
def test_a_count_is_never_said_smaller_than_it_is(count):
    assert COUNTS[code_of(count)] >= count


def test_groups_that_lack_nothing_are_not_said():
    assert groups_of([0] * GROUP + [0, 9]) == {1: (0, 10)}
