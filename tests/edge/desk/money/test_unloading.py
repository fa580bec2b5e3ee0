"""Unload and cash at the desk, cut once at every step: APDUs, writes of card and desk, exchanges with the ledger.

Afterwards card and ledger agree to the fen, and nothing was credited that the card did not give.
"""

import random
import shutil

import pytest

from cloud.desk.answers import DeskAnswers
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import open_ledger
from edge.desk.desk import Desk
from edge.desk.doors.matters import Matters
from edge.desk.money.money import cash, settle, unload
from shared.clocks.clock import date_bcd
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import (
    Application,
    CardKey,
    CardKeys,
    RamMemory,
    decode_card_image,
    personalised_card_image,
)
from shared.purse.cos.torn import Tear, TearingChannel, TearingMemory
from shared.purse.crypto import Key
from shared.purse.errors import CardLost
from shared.purse.files import PublicData
from shared.purse.load_auth import authorise, mac1_is_right, mac3_is_right
from shared.purse.profiles import CAMPUS
from shared.wire.desk.calls import DeskOp, decode_answer, encode_ask
from tests.cloud.ledger.campus import ISSUED, LEDGER_ID, NOW, OPENING, balances, card, check_tac, inventory

ONE, FEN = card(1), 3_000
KEYS = {name: Key(random.Random(name).randbytes(16)) for name in ("purchase", "load", "tac", "unload")}
STEPS_MAX = 12
"""More than an unload has: the last ones cut nothing."""


class Killed(Exception):
    """The desk's process dies here."""


class Cut:
    """One cut at the n-th step of all; kind: which of the two sides of it."""

    def __init__(self, at=-1, tear=Tear.NOT):
        self.at, self.tear, self.steps = at, tear, 0

    def __call__(self):
        self.steps += 1
        return self.tear if self.steps - 1 == self.at else Tear.NOT


class UnloadKeys:
    """The card's own key at hand, as the key process has it."""

    def unload_check(self, auth):
        return mac1_is_right(KEYS["unload"], auth)

    def unload_mac2(self, auth, time_s):
        return authorise(KEYS["unload"], auth, time_s)

    def unload_mac3(self, auth, time_s, mac3):
        return mac3_is_right(KEYS["unload"], auth, time_s, mac3)


class Line:
    """To the real answers, without the HTTP between: a request or its answer may be lost."""

    def __init__(self, answers, cut):
        self.answers, self.cut = answers, cut

    def ask(self, operation, arguments):
        tear = self.cut()
        if tear is Tear.BEFORE:
            return None
        answer = decode_answer(self.answers.answer(encode_ask(operation, arguments), "王芳", NOW))
        return None if tear is Tear.AFTER else answer


class CutMatters(Matters):
    """Killed before or after a write is durable."""

    def __init__(self, folder, cut):
        super().__init__(folder)
        self.cut = cut

    def keep(self, matter):
        tear = self.cut()
        if tear is Tear.BEFORE:
            raise Killed
        super().keep(matter)
        if tear is Tear.AFTER:
            raise Killed


class Office:
    def __init__(self, path, folder, cut):
        public = PublicData(
            issuer=ONE[:2], serial=ONE[2:], start=date_bcd(ISSUED), expiry=bytes.fromhex("20400101"), city=b"\x53\x00",
            industry=b"\0\1",
        )  # fmt: skip
        money = CardKeys(
            (CardKey(1, 1, KEYS["purchase"]),), (CardKey(1, 1, KEYS["load"]),), KEYS["tac"],
            unload=(CardKey(1, 1, KEYS["unload"]),),
        )  # fmt: skip
        self.cut, self.said = cut, []
        self.memory = RamMemory(personalised_card_image([Application(CAMPUS, public, money, OPENING, ep_unload=True)]))
        self.opened = open_prepared(str(path))
        self.ledger = DeskLedger(self.opened)
        answers = DeskAnswers(self.ledger, UnloadKeys())
        settings = type("Settings", (), {"device": b"\x00\x01\x00\x00\x00\x63"})()
        body = type("Body", (), {"settings": settings})()
        self.desk = Desk(folder, body, CutMatters(folder / "m", cut), Line(answers, cut), None, self.hear)

    def hear(self, what):
        self.said.append(str(what))

    def field(self):
        card = UserCard(TearingMemory(self.memory, self.cut), random.Random(7).randbytes)
        card.power_on()
        return TearingChannel(card, self.cut)

    def try_unload(self, fen):
        try:
            return unload(self.desk, self.field(), fen)
        except (CardLost, Killed):
            return None

    def try_settle(self):
        try:
            return settle(self.desk)
        except Killed:
            return None

    @property
    def on_card(self):
        return decode_card_image(self.memory.image).balance_fen

    @property
    def online(self):
        return -balances(self.ledger).get(f"online:{ONE.hex()}", 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    ledger = open_ledger(str(path), LEDGER_ID)
    ledger.import_inventory(inventory(), NOW)
    ledger.close()
    return path


@pytest.fixture
def office(made, tmp_path):
    opened = []

    def make(cut):
        one = Office(shutil.copy(made, tmp_path / "ledger.db"), tmp_path, cut)
        opened.append(one)
        return one

    yield make
    for one in opened:
        one.opened.close()


def test_an_unload_without_a_cut(office):
    one = office(Cut())
    assert one.try_unload(FEN) is True
    assert (one.on_card, one.online) == (OPENING - FEN, FEN)
    assert any("收据 王芳-000001" in line for line in one.said)
    assert not list(one.desk.matters.open())
    assert one.cut.steps < STEPS_MAX


@pytest.mark.parametrize("tear", [Tear.BEFORE, Tear.AFTER])
@pytest.mark.parametrize("at", range(STEPS_MAX))
def test_cut_at_every_step_card_and_ledger_end_agreeing(office, at, tear):
    one = office(Cut(at, tear))
    one.try_unload(FEN)
    assert one.online <= OPENING - one.on_card, "credited before the card gave it"
    assert_settled(one)


@pytest.mark.sampled(8)
@pytest.mark.parametrize("tear", [Tear.BEFORE, Tear.AFTER])
@pytest.mark.parametrize("at", range(STEPS_MAX))
def test_cut_again_at_every_step_of_the_settling(office, at, tear):
    for again in range(STEPS_MAX):
        for tear_again in (Tear.BEFORE, Tear.AFTER):
            one = office(Cut(at, tear))
            one.try_unload(FEN)
            one.cut.at, one.cut.tear, one.cut.steps = again, tear_again, 0
            one.try_settle()
            one.try_unload(0)
            assert_settled(one)
            one.opened.close()


def assert_settled(one):
    """Without a further cut all is decided, and right."""
    one.cut.at = -1
    settle(one.desk)
    one.try_unload(0)
    assert not list(one.desk.matters.open())
    debited = OPENING - one.on_card
    assert debited in (0, FEN)
    assert one.try_unload(100) is True, "the next counter decides whatever is left"
    assert one.online == debited + 100 == OPENING - one.on_card
    report = verify(one.ledger, check_tac)
    assert report.ok, report.first_broken


@pytest.mark.parametrize("tear", [Tear.BEFORE, Tear.AFTER])
@pytest.mark.parametrize("at", range(4))
def test_cash_is_taken_once_or_not_at_all(office, at, tear):
    """Killed before or after the matter is durable, the question lost, the answer lost."""
    one = office(Cut(at, tear))
    try:
        done = cash(one.desk, DeskOp.CASH_IN, ONE, 500)
    except Killed:
        done = False
    kept = bool(list(one.desk.matters.open()))
    one.cut.at = -1
    assert settle(one.desk)
    assert one.online == (500 if done or kept else 0)
    assert sum("收据 王芳-000001" in line for line in one.said) == (done or kept)
    assert settle(one.desk)
    assert one.online == (500 if done or kept else 0)


def test_the_sum_that_was_asked_for_is_not_taken_twice(office):
    """The card was debited and torn; presented again with the same sum, it is settled and nothing more is taken."""
    for at in range(STEPS_MAX):
        one = office(Cut(at, Tear.AFTER))
        if one.try_unload(FEN) is not True and one.on_card == OPENING - FEN:
            one.cut.at = -1
            assert one.try_unload(FEN) is True
            assert (one.on_card, one.online) == (OPENING - FEN, FEN)
        one.opened.close()


def test_a_wrong_proof_is_never_paid(office):
    one = office(Cut())
    line = one.desk.line
    real = line.ask

    def forged(operation, arguments):
        if operation is DeskOp.UNLOAD_PROOF:
            arguments = [arguments[0], b"XXXX"]
        return real(operation, arguments)

    line.ask = forged
    assert one.try_unload(FEN) is False
    assert one.online == 0
    assert list(one.desk.matters.open())
    line.ask = real
    assert one.try_unload(0) is True
    assert one.online == FEN


def torn_after_the_debit(office):
    """The card has debited itself, and the desk has not heard its MAC3."""
    for at in range(STEPS_MAX):
        one = office(Cut(at, Tear.AFTER))
        one.try_unload(FEN)
        one.cut.at = -1
        open_now = list(one.desk.matters.open())
        if one.on_card == OPENING - FEN and open_now and open_now[0].body.get("mac3") is None:
            return one
        one.opened.close()
    raise AssertionError("no such step")


def at_another_desk(one, tmp_path, fen):
    """The holder goes to another desk of the same ledger, which knows nothing of the torn unload."""
    desk = one.desk
    one.desk = Desk(tmp_path, desk.body, Matters(tmp_path / "other"), desk.line, None, one.hear)
    assert one.try_unload(fen) is True
    one.desk = desk


@pytest.mark.parametrize("with_card", [False, True])
def test_an_unload_that_the_next_counter_settled_is_not_open_for_ever(office, tmp_path, with_card):
    one = torn_after_the_debit(office)
    at_another_desk(one, tmp_path, 100)
    assert one.online == FEN + 100
    assert (one.try_unload(0) if with_card else one.try_settle()) is True
    assert not any("auth" in matter.body for matter in one.desk.matters.open())
    assert any("账本已结清：圈提 ¥30.00" in line for line in one.said)
    assert any("收据 王芳-000002" in line for line in one.said)
    assert one.online == FEN + 100
    assert verify(one.ledger, check_tac).ok


def test_an_unload_that_the_next_counter_says_was_never_taken_is_over_without_the_card(office, tmp_path):
    for at in range(STEPS_MAX):
        one = office(Cut(at, Tear.BEFORE))
        one.try_unload(FEN)
        one.cut.at = -1
        if one.on_card == OPENING and any("auth" in matter.body for matter in one.desk.matters.open()):
            break
        one.opened.close()
    at_another_desk(one, tmp_path, 100)
    assert one.try_settle() is True
    assert not any("auth" in matter.body for matter in one.desk.matters.open())
    assert one.online == 100


class FirstHalf:
    """A card that gives MAC3 in the first half of 805A, type 03."""

    def __init__(self, card):
        self.card = card

    def transmit(self, apdu):
        answer = self.card.transmit(apdu)
        if apdu[:4] == bytes.fromhex("805A0003") and answer[-2:] == b"\x90\x00":
            return answer[4:8] + answer[:4] + answer[8:]
        return answer


def test_a_card_that_gives_mac3_in_the_first_half_is_proven_without_an_alarm(office):
    one = torn_after_the_debit(office)
    assert unload(one.desk, FirstHalf(one.field()), 0) is True
    assert one.online == FEN
    with one.ledger.database.reading():
        assert one.ledger.database.run("SELECT count(*) FROM fact WHERE code = 'mac3-wrong'") == [(0,)]
    assert verify(one.ledger, check_tac).ok
