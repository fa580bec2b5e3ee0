"""Firmware that comes down: stored, tried when nobody is served, in use or condemned; power may go at any moment."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.link.broadcast import ANNOUNCEMENT, Ask, Call, Say, Symbol, announcement
from edge.link.messages import DocumentHead
from edge.terminal.down.broadcast import MemorySlot
from edge.terminal.down.trial import TRIES_MAX
from edge.terminal.firmware.firmware import BACKLOG_MAX, QUIET_S
from edge.terminal.firmware.program import SAMPLES, self_test
from edge.terminal.store.papers import MemoryPapers
from edge.terminal.taps.display import Bar, not_selling
from shared.fleet.coding import data_symbols, symbol_of
from shared.fleet.document import (
    CAMPUS,
    DocumentKind,
    Head,
    decode_head,
    device_scope,
    digest_of,
    model_scope,
    table_of,
)
from shared.fleet.firmware import Image
from shared.fleet.permit import Permit, nothing
from shared.keys.document_key import certify_document_key, sign_head
from shared.keys.firmware_key import next_key
from shared.wire.fleet_lane import Verdict
from tests.edge.terminal.conftest import Bench, School
from tests.edge.terminal.down.centre import CAMPUS_KEY, CAMPUS_PUBLIC, Centre

GOOD = "def words(face, zh, en):\n    return '·' + zh, '- ' + en\n"
BAD = {
    "no program": "def words(:",
    "fails at once": "1 / 0",
    "has no words": "x = 1",
    "fails at a display": "def words(face, zh, en):\n    return zh[99], en",
    "gives no lines": "def words(face, zh, en):\n    return zh",
    "gives an empty line": "def words(face, zh, en):\n    return '', en",
    "loses a figure": "def words(face, zh, en):\n    return '好', 'good'",
    "says that all is done": "def words(face, zh, en):\n    return '成功' + zh, en",
    "takes a file": "def words(face, zh, en):\n    open('x')\n    return zh, en",
    "imports": "import os\ndef words(face, zh, en):\n    return zh, en",
}


class Cut(Exception):
    """The power goes."""


class Site:
    """A till with papers that outlive its power, and a centre with the firmware key."""

    def __init__(self, ring_slots: int = 64) -> None:
        self.school, self.papers, self.slot = School(), MemoryPapers(), MemorySlot()
        self.centre = Centre(DocumentKind.FIRMWARE, model_scope(1))
        self.spreads = 0
        self.bench = Bench(
            self.school, papers=self.papers, slot=self.slot, ring_slots=ring_slots, campus=1,
            campus_key=CAMPUS_PUBLIC.hex(),
        ).connect()  # fmt: skip
        self.bench.firmware.body.documents.key(self.centre.key)
        self.permits = Centre(DocumentKind.PERMIT, device_scope(self.bench.firmware.body.settings.device))

    @property
    def documents(self):
        return self.bench.firmware.body.documents

    def release(self, number: int, program: str = GOOD) -> Verdict:
        """The last word of what the terminal says when it is offered, page by page."""
        self.centre.make(Image(1, number, "lines", program.encode()).encode(), number)
        self.permit(number)
        return self.offer(number)

    def permit(self, number: int) -> Verdict:
        """It is the turn of that release here; 0: of none."""
        head = decode_head(self.centre.signed(number).raw) if number else None
        permit = Permit(1, number, head.digest) if head else nothing(1)
        made = self.permits.make(permit.encode())
        self.documents.key(self.permits.key)
        said = self.documents.head(self.permits.head(made), 0, self.bench.mono_s)
        if hasattr(said[-1].message, "numbers"):
            said = self.documents.page(self.permits.page(made, 0), 0, self.bench.mono_s)
        return said[-1].message.verdict

    def offer(self, number: int) -> Verdict:
        """The release alone, page by page."""
        self.documents.key(self.centre.key)
        said = self.documents.head(self.centre.head(number), 0, self.bench.mono_s)
        while said and hasattr(said[-1].message, "numbers"):
            said = [more for at in said[-1].message.numbers
                    for more in self.documents.page(self.centre.page(number, at), 0, self.bench.mono_s)]  # fmt: skip
        return said[-1].message.verdict

    def report(self):
        """What it says of its firmware when it joins."""
        said = (one.message for one in self.documents.joined())
        return next((one for one in said if one.kind is DocumentKind.FIRMWARE), None)

    def settle(self) -> None:
        """Time passes; a restart that is wanted is made."""
        self.bench.wait(1)
        if self.bench.firmware.wants_restart:
            self.bench.firmware.close()
            self.bench.power_on()

    @property
    def runs(self) -> int:
        return self.bench.firmware.body.release

    def shows(self) -> str:
        return self.bench.firmware.worded(not_selling(Bar.LOCKED)).title.zh


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_release_is_stored_then_runs_and_says_so(site):
    assert (site.runs, site.shows()) == (1, "已锁定，停止消费")
    assert site.release(2) is Verdict.STORED
    assert site.runs == 1, "not in the middle of anything"
    site.settle()
    assert (site.runs, site.shows()) == (2, "·已锁定，停止消费")
    report = site.report()
    assert (report.generation, report.verdict) == (2, Verdict.IN_USE)
    assert any("固件第 2 版" in one.title.zh for one in site.bench.firmware.take_displays())


def test_hello_says_which_release_runs(site):
    site.release(2)
    site.settle()
    site.bench.connect()
    assert site.bench.edge.hellos[-1].firmware == 2


@pytest.mark.parametrize("program", BAD.values(), ids=BAD)
def test_an_image_that_fails_its_test_never_runs_and_what_ran_before_goes_on(site, program):
    site.release(2)
    site.settle()
    site.release(3, program)
    site.settle()
    assert (site.runs, site.shows()) == (2, "·已锁定，停止消费")
    report = site.report()
    assert (report.generation, report.offered, report.verdict, report.detail) == (2, 3, Verdict.REFUSED, b"self-test")
    site.settle()
    assert not site.bench.firmware.wants_restart, "it is not tried again and again"
    assert site.release(4) is Verdict.STORED
    site.settle()
    assert site.runs == 4


@pytest.mark.parametrize("scope", [CAMPUS, model_scope(2)])
def test_firmware_of_other_hardware_or_of_none_is_refused(site, scope):
    site.centre = Centre(DocumentKind.FIRMWARE, scope)
    assert site.release(2) is Verdict.NOT_FOR_ME


def test_an_older_release_is_never_taken(site):
    site.release(3)
    site.settle()
    assert site.release(2) is Verdict.OLDER
    assert site.runs == 3


def test_an_image_behind_another_releases_head_is_refused(site):
    site.centre.make(Image(1, 9, "lines", GOOD.encode()).encode(), 5)
    site.permit(5)
    site.documents.head(site.centre.head(5), 0, 0.0)
    (said,) = site.documents.page(site.centre.page(5, 0), 0, 0.0)
    assert said.message.verdict is Verdict.MALFORMED


def test_it_is_taken_while_cards_come_and_tried_when_they_have_stopped_and_nothing_is_owed(site):
    site.bench.sell(site.school.memory(), 100)
    assert site.release(2) is Verdict.STORED
    site.bench.wait(QUIET_S + 1)
    assert not site.bench.firmware.wants_restart, "its record is owed"
    site.bench.deliver(site.bench.edge.settle())
    assert site.bench.firmware.is_drained
    site.settle()
    assert site.runs == 2


def test_nothing_is_taken_over_many_records_that_are_owed():
    site = Site(2 * BACKLOG_MAX)
    for _ in range(BACKLOG_MAX + 1):
        site.bench.sell(site.school.memory(), 100)
    assert site.release(2) is Verdict.BUSY
    site.bench.deliver(site.bench.edge.settle())
    assert site.release(2) is Verdict.STORED


def spread(site, number, program=GOOD, spoil=lambda symbol: symbol):
    """A broadcast from its announcement to its last symbol; what the terminal answers to a count."""
    site.centre.make(Image(1, number, "lines", program.encode()).encode(), number)
    site.permit(number)
    site.spreads += 1
    body, page = site.centre.bodies[number], announcement(site.centre.signed(number))
    symbols = [Symbol(site.spreads, ANNOUNCEMENT, at, symbol_of(page, at)) for at in range(data_symbols(len(page)))]
    symbols += [spoil(Symbol(site.spreads, 0, at, symbol_of(body, at))) for at in range(data_symbols(len(body)))]
    for down in (*symbols, Call(site.spreads, Ask.COUNT, 1)):
        site.bench.firmware.broadcast(down, site.bench.now())
    return site.bench.firmware.next_answer()


def test_a_broadcast_is_proven_stored_and_tried_like_any_release(site):
    assert spread(site, 2).say is Say.WHOLE
    assert (site.report().offered, site.report().verdict) == (2, Verdict.STORED)
    site.settle()
    assert (site.runs, site.report().verdict) == (2, Verdict.IN_USE)
    assert spread(site, 2).say is Say.WHOLE, "what is in use is not lacking"


def test_a_broadcast_that_is_damaged_forged_or_older_is_not_taken(site):
    assert spread(site, 3, spoil=lambda s: s._replace(data=bytes(8)) if s.number == 3 else s).say is Say.WRONG_DIGEST
    assert site.report() is None
    assert spread(site, 3).say is Say.WHOLE, "nothing of the spoilt one is left"
    site.settle()
    older = spread(site, 2)
    assert (older.say, older.at, site.runs) == (Say.REFUSED, Verdict.OLDER, 3)
    site.centre.scope = model_scope(2)
    other = spread(site, 9)
    assert (other.say, other.at) == (Say.REFUSED, Verdict.NOT_FOR_ME)


def test_a_slot_that_refuses_stops_no_till(site):
    site.slot.is_full = True
    answer = spread(site, 2)
    assert (answer.say, answer.at, site.bench.firmware.bar) == (Say.REFUSED, Verdict.NO_ROOM, None)


def test_who_was_told_to_be_silent_answers_no_broadcast(site):
    site.bench.firmware.line.hush(60)
    assert spread(site, 2) is None


def test_another_firmware_key_counts_only_when_what_runs_has_named_it(site):
    site.release(2)
    site.settle()
    new = Ed25519PrivateKey.from_private_bytes(b"n" * 32)
    public = new.public_key().public_bytes_raw()
    key = certify_document_key(1, DocumentKind.FIRMWARE, 2, public, CAMPUS_KEY)
    body = Image(1, 4, "lines", GOOD.encode()).encode()
    head = Head(2, DocumentKind.FIRMWARE, model_scope(1), 4, 0, len(body), digest_of(body))
    signed = sign_head(1, head, new)
    offer = DocumentHead(signed.raw, signed.signature, table_of(body))
    site.documents.key(key)
    assert site.documents.head(offer, 0, 0.0)[0].message.verdict is Verdict.UNKNOWN_KEY
    naming = Image(1, 3, "lines", GOOD.encode(), next_key(1, 2, new))
    site.centre.make(naming.encode(), 3)
    site.permit(3)
    site.documents.head(site.centre.head(3), 0, 0.0)
    site.documents.page(site.centre.page(3, 0), 0, 0.0)
    site.settle()
    assert site.runs == 3
    site.documents.key(key)
    site.centre.make(body, 4)
    site.permit(4)
    assert site.documents.head(offer, 0, 0.0)[0].message.numbers == (0,)


def test_a_release_is_taken_only_in_its_turn(site):
    site.centre.make(Image(1, 2, "lines", GOOD.encode()).encode(), 2)
    assert site.offer(2) is Verdict.BUSY
    site.centre.make(Image(1, 3, "lines", GOOD.encode()).encode(), 3)
    assert site.permit(3) is Verdict.IN_USE
    (said,) = site.documents.head(site.centre.head(2), 0, 0.0)
    assert (said.message.verdict, said.message.detail) == (Verdict.BUSY, b"permit"), "another one's turn"
    assert site.offer(3) is Verdict.STORED


def test_what_waits_is_not_started_when_its_permit_was_taken_back_and_is_when_it_is_given_again(site):
    site.release(2)
    site.permit(0)
    site.bench.power_on()
    assert (site.runs, site.report().verdict) == (1, Verdict.STORED), "it waits, over a restart, too"
    site.permit(2)
    site.settle()
    assert site.runs == 2
    site.permit(0)
    site.bench.power_on()
    assert site.runs == 2, "what runs, runs"


def test_what_is_stored_waits_until_the_cards_have_stopped(site):
    site.release(2)
    site.bench.sell(site.school.memory(), 100)
    site.bench.deliver(site.bench.edge.settle())
    site.bench.wait(QUIET_S - 10)
    assert not site.bench.firmware.wants_restart
    site.bench.wait(20)
    site.settle()
    assert site.runs == 2


def test_a_boot_over_owed_records_tries_nothing(site):
    site.release(2)
    site.bench.net = False
    site.bench.sell(site.school.memory(), 100)
    site.bench.power_on()
    assert site.runs == 1


@pytest.mark.parametrize("write", range(1, 4))
def test_power_may_go_at_any_write_of_a_swap(site, write):
    """Whatever was cut, the next power-on runs a whole image, and ends in the new one."""
    site.release(2)
    left = write

    def cut() -> None:
        nonlocal left
        left -= 1
        if not left:
            raise Cut

    site.papers.before_keep = cut
    with pytest.raises(Cut):
        site.bench.power_on()
    site.papers.before_keep = lambda: None
    site.bench.power_on()
    assert (site.runs, site.report().verdict) == (2, Verdict.IN_USE)


def test_an_image_that_takes_the_body_down_is_tried_a_few_times_only(site, monkeypatch):
    site.release(2)

    def dies(*_):
        raise Cut

    monkeypatch.setattr("edge.terminal.firmware.firmware.self_test", dies)
    for _ in range(TRIES_MAX):
        with pytest.raises(Cut):
            site.bench.power_on()
    site.bench.power_on()
    assert (site.runs, site.report().verdict) == (1, Verdict.REFUSED)


def test_a_display_that_it_fails_at_later_is_shown_as_it_was(site):
    site.release(2, "def words(face, zh, en):\n    return (zh if '锁定' not in zh else '', en)\n")
    site.settle()
    assert site.runs == 2
    assert site.shows() == "已锁定，停止消费"
    assert site.bench.firmware.program.failed == 1


def test_the_self_test_asks_for_every_face():
    program = b"def words(face, zh, en):\n    return zh, en if face != 'suspect' else 1\n"
    assert not self_test(Image(1, 2, "x", program), SAMPLES)
