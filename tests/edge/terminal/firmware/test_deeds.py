"""Orders at a whole body: they come sealed, are begun between taps, and are answered at once and at each join."""

from contextlib import suppress
from zlib import crc32

import pytest

from edge.link import messages as link
from edge.link.messages import Type
from edge.terminal.down.orders import CUT
from edge.terminal.firmware.deeds import ALL_SAID, LOCATE_EVERY_S, NOBODY_TAKES, NOT_HERE
from edge.terminal.firmware.line import REPORTS_MAX_S, REPORTS_S
from edge.terminal.firmware.saying import GIVE_UP_S
from edge.terminal.store.papers import MemoryPapers
from edge.terminal.taps.display import Bar, Face
from edge.terminal.taps.steps import End
from shared.fleet.document import DocumentKind, device_scope
from shared.fleet.hotlist import NOBODY
from shared.fleet.order import (
    WHOLE,
    Cancel,
    CloseShift,
    Deed,
    Locate,
    Lock,
    Order,
    Reboot,
    Reread,
    SendLog,
    Silence,
    Unlock,
)
from shared.purse.cos.torn import Tear, TearingChannel
from shared.purse.reasons import Reason
from shared.wire.fleet_lane import Verdict
from tests.edge.terminal.conftest import DEVICE, NOON_S, Bench
from tests.edge.terminal.down.centre import CAMPUS_PUBLIC, Centre


class PowerCut(Exception):
    """The supply is gone."""


class TornAtDebit:
    """The card is pulled when it has debited."""

    def __init__(self, card):
        self._card = card

    def transmit(self, apdu):
        channel = TearingChannel(self._card, lambda: Tear.AFTER) if apdu[1] == 0x54 else self._card
        return channel.transmit(apdu)


class Counter(Bench):
    """A body that takes documents, and a centre that orders."""

    def __init__(self, school, **changed):
        self.papers = MemoryPapers()
        self.centre = Centre(DocumentKind.ORDER, device_scope(DEVICE))
        super().__init__(school, papers=self.papers, campus_key=CAMPUS_PUBLIC.hex(), **changed)
        self.edge.wanted = self._pages
        self.connect()

    def _pages(self, want):
        pages = (self.centre.page(want.generation, number) for number in want.numbers)
        return [self.edge.seal(Type.DOCUMENT_PAGE, link.DOCUMENT_PAGE.encode(page)) for page in pages]

    def order(self, deed: Deed, expires: int = 0):
        """What was said of it at once."""
        generation = self.centre.make(Order(deed, expires).encode())
        before = len(self.edge.reports)
        self.deliver(self.edge.seal(Type.DOCUMENT_KEY, link.DOCUMENT_KEY.encode(self.centre.key)))
        self.deliver(self.edge.seal(Type.DOCUMENT_HEAD, link.DOCUMENT_HEAD.encode(self.centre.head(generation))))
        self.wait(0)
        self.displays += self.firmware.take_displays()
        return [(one.generation, one.verdict, one.detail) for one in self.edge.reports[before:]]

    def pass_by(self, seconds):
        """The edge says nothing but what time it is."""
        for _ in range(seconds // 20):
            self.wait(20)
            self.deliver(self.edge.seal(Type.TIME, link.TIME.encode(link.Time(NOON_S))))

    def again_from_flash(self):
        self.firmware.close()
        self.power_on()
        return self.connect()

    @property
    def last(self):
        report = self.edge.reports[-1]
        return report.generation, report.verdict, report.detail

    def titles(self):
        return [what.title.zh for what in self.displays]


@pytest.fixture
def counter(school):
    return Counter(school)


def test_a_lock_stops_selling_and_says_why_until_it_is_unlocked(counter, school):
    card = school.memory()
    assert counter.order(Lock("盘点")) == [(1, Verdict.STORED, b""), (1, Verdict.IN_USE, b"")]
    assert (counter.firmware.bar, counter.displays[-1].title.zh) == (Bar.LOCKED, "已锁定：盘点")
    assert counter.sell(card).end is End.NOT_SELLING
    assert (counter.displays[-1].face, counter.displays[-1].title.zh) == (Face.NOT_SELLING, "已锁定：盘点")
    counter.again_from_flash()
    assert (counter.firmware.bar, counter.last) == (Bar.LOCKED, (1, Verdict.IN_USE, b""))
    counter.order(Unlock())
    assert (counter.firmware.bar, counter.displays[-1].title.zh) == (None, "已解锁")
    assert counter.sell(card).end is End.DONE


def test_a_hotlist_takes_effect_between_taps(counter, school):
    """The record of a tap that has asked the list of before is no later than the report that the new one is used."""
    card, lists = school.memory(), Centre()
    lists.make(NOBODY)
    tap, counter.centre = counter.firmware.sell(1250, counter.now()), lists
    next(tap)
    counter.deliver(counter.edge.seal(Type.DOCUMENT_KEY, link.DOCUMENT_KEY.encode(lists.key)))
    counter.deliver(counter.edge.seal(Type.DOCUMENT_HEAD, link.DOCUMENT_HEAD.encode(lists.head(1))))
    assert [one.generation for one in counter.edge.reports] == [0], "a tap is under way"
    tap.close()
    counter.firmware.tick(counter.now())
    counter.exchange()
    assert [(one.generation, one.seq) for one in counter.edge.reports[1:]] == [(1, 0)]
    assert counter.sell(card).end is End.DONE


def test_a_word_on_documents_that_a_bus_has_lost_is_said_again(counter):
    """Nobody answers it: without a second one a body whose first word was lost would never be sent a document."""
    counter.order(Lock("x"))
    said, answer = len(counter.edge.reports), counter.last
    counter.wait(2 * REPORTS_S)
    assert (len(counter.edge.reports), counter.last) == (said + 1, answer)
    counter.pass_by(int(2 * REPORTS_MAX_S))
    said = len(counter.edge.reports)
    counter.pass_by(int(4 * REPORTS_MAX_S))
    assert 2 <= len(counter.edge.reports) - said <= 4, "as slowly as that, and for ever"


def test_a_body_without_any_document_says_again_that_it_takes_some(counter):
    (first,) = counter.edge.reports
    counter.wait(2 * REPORTS_S)
    assert counter.edge.reports == [first, first]


def test_an_edge_that_speaks_of_documents_has_heard_the_word(counter):
    counter.deliver(counter.edge.seal(Type.DOCUMENT_KEY, link.DOCUMENT_KEY.encode(counter.centre.key)))
    counter.pass_by(int(REPORTS_MAX_S - 20))
    assert len(counter.edge.reports) == 1


def test_a_lock_never_cuts_a_tap_in_two(counter, school):
    card = school.memory()
    tap = counter.firmware.sell(1250, counter.now())
    next(tap)
    counter.order(Lock("x"))
    assert (counter.last, counter.firmware.bar) == ((1, Verdict.STORED, b""), None)
    tap.close()
    counter.firmware.tick(counter.now())
    counter.exchange()
    assert (counter.last, counter.firmware.bar) == ((1, Verdict.IN_USE, b""), Bar.LOCKED)
    assert counter.sell(card).end is End.NOT_SELLING


def test_what_lies_open_can_be_settled_at_a_locked_body(counter, school):
    card = school.memory()
    torn = counter.sell(card, card=TornAtDebit(school.card(card)))
    counter.order(Lock("x"))
    assert (torn.end, counter.again(card).end) == (End.UNKNOWN, End.DONE)
    assert counter.sell(card).end is End.NOT_SELLING


def test_a_terminal_that_is_looked_for_beeps_for_so_long(counter):
    counter.order(Locate(12))
    assert counter.last == (1, Verdict.IN_USE, b"")
    counter.wait(60)
    assert counter.titles().count("找的就是本机") == 3
    assert LOCATE_EVERY_S == 5


def test_silence_sends_nothing_and_loses_nothing(counter, school):
    card = school.memory()
    counter.order(Silence(30))
    assert counter.last == (1, Verdict.IN_USE, b""), "it says so, then it is silent"
    heard = len(counter.edge.heard)
    assert counter.sell(card).end is End.DONE
    counter.wait(29)
    counter.deliver(counter.edge.say_time(NOON_S + 29))
    assert (len(counter.edge.heard), counter.edge.seqs()) == (heard, [])
    counter.wait(3)
    assert counter.edge.seqs() == [1]
    assert counter.last == (1, Verdict.IN_USE, b""), "said again at the join"


def test_silence_ends_by_a_restart_and_by_the_order_to_speak(counter, school):
    counter.order(Silence(3000))
    counter.again_from_flash()
    assert counter.sell(school.memory()).end is End.DONE
    assert counter.edge.seqs() == [1]
    counter.order(Silence(3000))
    assert counter.firmware.line.is_hushed
    counter.firmware.line.hush(0)
    counter.wait(1)
    assert counter.firmware.line.is_joined


def test_records_are_sent_again_beside_the_days_own(counter, school):
    for _ in range(5):
        counter.sell(school.memory())
    counter.deliver(counter.edge.settle())
    counter.edge.heard.clear()
    assert counter.order(Reread(1, 2, 4)) == [(1, Verdict.STORED, b"")]
    counter.wait(2)
    assert counter.edge.heard.count(Type.RECORD) == 3
    assert counter.last == (1, Verdict.IN_USE, b"sent 3 of 3")
    counter.order(Reread(1, 4, 9))
    counter.wait(2)
    assert counter.last == (2, Verdict.IN_USE, b"sent 2 of 6")
    counter.order(Reread(7, 1, 2))
    assert counter.last[1] is Verdict.REFUSED


def test_sending_again_that_the_power_cuts_off_is_said_to_be_cut_off(counter, school):
    for _ in range(5):
        counter.sell(school.memory())
    counter.order(Reread(1, 1, 5))
    counter.edge.heard.clear()
    counter.power_on()
    counter.connect()
    counter.wait(5)
    assert counter.last == (1, Verdict.REFUSED, CUT)
    assert counter.edge.heard.count(Type.RECORD) == 0


def test_a_restart_is_done_once(counter):
    boots = counter.firmware.body.flash.boot
    assert counter.order(Reboot()) == [(1, Verdict.STORED, b"")]
    assert counter.firmware.wants_restart
    counter.again_from_flash()
    assert (counter.firmware.wants_restart, counter.last) == (False, (1, Verdict.IN_USE, b""))
    assert counter.firmware.body.flash.boot == boots + 1
    counter.again_from_flash()
    assert not counter.firmware.wants_restart


def test_the_log_is_figures_or_a_line_of_its_records(counter, school):
    card = school.memory()
    counter.sell(card)
    counter.order(SendLog(0))
    assert counter.last[2].startswith(b"boot 1 last 1/1 owed 1 open 0 free ")
    counter.order(SendLog(1))
    assert counter.last[2].startswith(b"1/1 purchase 12.50 ")
    assert len(counter.last[2]) <= 64
    counter.order(SendLog(2))
    assert counter.last == (3, Verdict.REFUSED, NOT_HERE)


def test_the_whole_log_goes_out_piece_by_piece_and_holds_no_key(counter, school):
    cards = [school.memory() for _ in range(20)]
    for card in cards:
        counter.sell(card)
    counter.sell(cards[0], amount=99_999_00)
    assert counter.order(SendLog(WHOLE)) == [(1, Verdict.STORED, b"")]
    counter.wait(20)
    assert counter.last == (1, ALL_SAID.verdict, ALL_SAID.detail)
    (crc,) = {piece.crc for piece in counter.edge.pieces}
    raw = counter.edge.said(1)
    assert (crc32(raw), counter.edge.pieces[-1].number + 1) == (crc, counter.edge.pieces[-1].total)
    log = raw.decode()
    assert log.startswith("boot 1 last 1/20 owed ")
    assert log.count(" purchase 12.50 ") == 20
    assert "余额不足" in log
    assert counter.settings.key.hex() not in log
    assert all(card.load()[:8].hex() not in log for card in cards)


def test_a_log_goes_on_in_the_next_conversation_and_ends_where_nobody_takes_it(counter):
    counter.edge.has_way_on = False
    counter.order(SendLog(WHOLE))
    counter.wait(5)
    counter.edge.has_way_on = True
    counter.firmware.wire(False, counter.now())
    counter.wait(2)
    counter.connect()
    counter.wait(5)
    assert (counter.last[1:], counter.edge.said(1)[:5]) == ((ALL_SAID.verdict, ALL_SAID.detail), b"boot ")
    counter.edge.has_way_on = False
    counter.order(SendLog(WHOLE))
    counter.wait(GIVE_UP_S + 1)
    assert counter.last == (2, NOBODY_TAKES.verdict, NOBODY_TAKES.detail)


def test_a_closed_shift_says_its_sums_and_its_sales_cannot_be_void_here(counter, school):
    card = school.memory()
    counter.sell(card)
    counter.void()
    counter.sell(card, amount=300)
    counter.order(CloseShift())
    counter.wait(1)
    assert counter.last == (1, Verdict.IN_USE, b"slip 1 sales 2/15.50 voids 1/12.50 net 3.00")
    slip = counter.edge.said(1).decode()
    assert "结班单 / shift slip 1\n" in slip
    assert "消费 / purchases 2 15.50\n" in slip
    assert counter.displays[-1].title.zh == "已结班 1：2 笔 ¥3.00"
    assert counter.void().reason is Reason.VOID_SHIFT_OVER
    assert (counter.firmware.sales(), counter.void_with(card).reason) == ([], Reason.VOID_SHIFT_OVER)
    counter.sell(card, amount=700)
    counter.order(CloseShift())
    counter.wait(1)
    assert counter.last[2] == b"slip 2 sales 1/7.00 voids 0/0.00 net 7.00"


@pytest.mark.parametrize("cut_at", range(4))
def test_wherever_the_power_goes_a_shift_is_closed_once_by_an_order(counter, school, cut_at):
    counter.sell(school.memory())
    counter.edge.has_way_on = False
    left = [cut_at]

    def blow():
        left[0] -= 1
        if left[0] == 0:
            raise PowerCut

    counter.papers.before_keep = blow
    with suppress(PowerCut):
        counter.order(CloseShift())
    left[0], counter.edge.has_way_on = 0, True
    counter.power_on()
    counter.connect()
    if not counter.firmware.body.documents.order_held:
        return  # the order itself was not durable: it is offered again
    counter.wait(1)
    assert counter.last == (1, Verdict.IN_USE, b"slip 1 sales 1/12.50 voids 0/0.00 net 12.50")
    assert counter.firmware.body.shifts.mark.number == 1


def test_an_expired_order_and_one_for_another_body_do_nothing(counter):
    counter.order(Lock("x"), expires=NOON_S - 60)
    assert (counter.last[1], counter.firmware.bar) == (Verdict.EXPIRED, None)
    for other in (Centre(DocumentKind.ORDER), Centre(DocumentKind.ORDER, device_scope(b"\0\1\0\0\0\x08"))):
        counter.centre = other
        counter.order(Lock("x"))
        assert (counter.last[1], counter.firmware.bar) == (Verdict.NOT_FOR_ME, None)


def test_a_cancel_overtakes_an_order_that_waits_for_the_end_of_a_tap(counter):
    tap = counter.firmware.sell(1250, counter.now())
    next(tap)
    counter.order(Lock("x"))
    counter.order(Cancel(1))
    tap.close()
    counter.firmware.tick(counter.now())
    counter.exchange()
    assert (counter.last[:2], counter.firmware.bar) == ((2, Verdict.IN_USE), None)
