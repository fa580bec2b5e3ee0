"""A refund that a card desk proposes: of this card's own deposit, once under a key, confirmed elsewhere, never cash."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.desk.answers import DeskAnswers
from cloud.emulators.providers.mood import Mood
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.held.deposits.refunds import RefundLedger
from cloud.ledger.held.two_persons import ProposalRefused
from cloud.payments.pins import pin_deeds
from cloud.process.settings import PEOPLE_FILE
from cloud.store.db import open_database
from edge.desk.card.upkeep import CHANGED, new_pin
from edge.desk.desk import Desk
from edge.desk.doors.keys import DeskKeys
from edge.desk.doors.matters import Matters
from edge.desk.money import deposits
from shared.ids import card_id
from shared.purse.errors import CardLost
from shared.wire.desk.calls import DeskOp, No, decode_answer, encode_ask
from shared.words.voice import Text
from tests.cloud.ledger import campus as c
from tests.cloud.payments.rig import Rig, in_memory
from tests.edge.desk.card.test_upkeep import NEW, RIGHT, made

CARD, OTHER, FEN, KEY = c.card(1), c.card(2), 50_00, b"k" * 16
CHANGE = b"\x80\x5e\x01"


class Line:
    """The desk's line to the ledger, without a wire: bytes out, bytes in. is_deaf: the answer is lost."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.is_deaf = rig, False
        self.answers = DeskAnswers(DeskLedger(rig.opened), None)

    def ask(self, operation: DeskOp, arguments: list[object]) -> list[object] | No | None:
        said = decode_answer(self.answers.answer(encode_ask(operation, arguments), "王芳", self.rig.now()))
        return None if self.is_deaf else said


@pytest.fixture
def line(campus_file: Path, tmp_path: Path) -> Iterator[Line]:
    with closing(in_memory(campus_file)) as opened:
        yield Line(Rig(opened, "wechat", Mood(), tmp_path))


def paid(rig: Rig) -> str:
    number = rig.deposits.order("k", CARD, FEN, rig.provider).number
    rig.pass_time(30)
    rig.trades.pay(number, rig.now_s)
    rig.pass_time(60)
    return number


def test_a_pin_of_a_desks_own_command_is_told_once_however_often_the_answer_is_lost(
    campus_file: Path, tmp_path: Path
) -> None:
    with closing(in_memory(campus_file)) as opened, closing(open_database(str(tmp_path / PEOPLE_FILE))) as people:
        made = Rig(opened, "wechat", Mood(), tmp_path)
        line = Line(made)
        line.answers = DeskAnswers(DeskLedger(opened), None, tmp_path)
        desk = Desk(tmp_path, None, Matters(tmp_path / "matters"), line, None, lambda _: None)
        line.is_deaf = True
        assert desk.do(DeskOp.PIN, [bytes(CARD), "pin-reload"]) is None
        line.is_deaf = False
        (matter,) = desk.matters.open()
        assert desk.go_on(matter) == []
        assert isinstance(line.ask(DeskOp.PIN, [KEY, bytes(CARD), "1234"]), No), "a deed, never a PIN"
        with people.reading():
            assert [deed for _, deed in pin_deeds(people, CARD, 9)] == ["pin-reload"]


class TakenOff:
    """A card that somebody lifts as soon as its PIN is changed."""

    def __init__(self) -> None:
        self.card, self.is_off = made(RIGHT, CARD[2:]), False

    def transmit(self, apdu: bytes) -> bytes:
        if self.is_off:
            raise CardLost
        self.is_off = apdu[:3] == CHANGE
        return self.card.transmit(apdu)


def test_the_holder_hears_of_a_changed_pin_though_the_card_is_lifted_at_once(line: Line, tmp_path: Path) -> None:
    with closing(open_database(str(tmp_path / PEOPLE_FILE))) as people:
        line.answers = DeskAnswers(DeskLedger(line.rig.opened), None, tmp_path)
        keys, heard = DeskKeys(tmp_path / "none", 1), []
        desk = Desk(tmp_path, None, Matters(tmp_path / "matters"), line, keys, heard.append)
        card = TakenOff()
        assert new_pin(desk, card, NEW, RIGHT)
        assert (card.is_off, heard) == (True, [CHANGED])
        with people.reading():
            assert [deed for _, deed in pin_deeds(people, CARD, 9)] == ["pin-reload"]


def test_a_desk_proposes_another_confirms_and_it_sees_how_it_stands(line: Line, tmp_path: Path) -> None:
    rig, heard = line.rig, []
    desk = Desk(tmp_path, None, Matters(tmp_path / "matters"), line, None, lambda said: heard.append(said))
    number = paid(rig)
    line.is_deaf = True
    assert not deposits.propose(desk, card_id(CARD), number, 20_00, "家长申请")
    line.is_deaf = False
    (matter,) = desk.matters.open()
    assert desk.go_on(matter) == [1], "the same one, once"
    assert list(desk.matters.open()) == []
    with pytest.raises(ProposalRefused):
        RefundLedger(rig.opened).confirm(1, "王芳", rig.now())
    assert deposits.listed(desk, card_id(CARD))
    assert "待另一人确认" in str(heard[-1])
    assert (rig.online_fen(CARD), "cashier" in str(rig.balances())) == (FEN, False), "nothing moves, no drawer pays"
    RefundLedger(rig.opened).confirm(1, "李明", rig.now())
    rig.pass_time(60)
    deposits.listed(desk, card_id(CARD))
    assert "已退" in str(heard[-1])
    assert "¥30.00" in str(heard[-2])
    assert (rig.online_fen(CARD), rig.provider_fen()) == (30_00, 30_00)
    assert desk.go_on(matter) == [1], "asked again much later, it is the same proposal still"
    assert all(isinstance(one, Text) for one in heard)


def test_a_desk_is_refused_what_is_not_this_cards_or_too_much_or_another_deed(line: Line) -> None:
    number = paid(line.rig)

    def code(*asked: object) -> str:
        said = line.ask(DeskOp.DEPOSIT_REFUND, list(asked))
        return said.code if isinstance(said, No) else ""

    assert code(KEY, OTHER, number, 10_00, "r") == "not-its-deposit"
    assert code(KEY, CARD, "Y0", 10_00, "r") == "not-its-deposit"
    assert code(KEY, CARD, number, FEN + 1, "r") == "refund-refused"
    assert code(KEY, CARD, number, 10_00, "r") == ""
    assert code(KEY, CARD, number, 11_00, "r") == "key-used"
    assert code(b"l" * 16, CARD, number, 11_00, "r") == "refund-refused", "one waits already"
    assert code(b"short", CARD, number, 10_00, "r") == "malformed"
    assert line.ask(DeskOp.DEPOSITS, [b"x" * 10]).code == "unknown-card"
