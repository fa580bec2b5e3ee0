"""账户支付 at the centre with a real key process: what the card has signed is of use for its own request alone."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from secrets import token_bytes

import pytest

from cloud.keys.client import KeyClient
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.records.values import Now
from cloud.online.answers import OnlineAnswers
from cloud.online.load import LoadAnswers, LoadCounts
from cloud.online.payment import PaymentAnswers, PaymentCounts
from cloud.payments.codes.door import CodeDoor
from shared.errors import KeyFault, StoreFault
from shared.ids import BoxId, CardId, PsamId, StorageId
from shared.online import (
    LoadRequest,
    LoadResult,
    OrderAnswer,
    PaymentAnswer,
    PaymentResult,
    Purpose,
    close_request,
    code_of,
    code_request,
    order_request,
    parse_answer,
    parse_order_answer,
    parse_payment,
    presence_id,
)
from shared.purse.load_auth import LoadAuth
from shared.wire.messages import EpochRequest, OnlineRequest
from tests.cloud.campus import Body, Campus, campus_now

FUNDS = 20_000


class Cut:
    """Fails once, where told."""

    def __init__(self, keys: KeyClient, ledger: Ledger) -> None:
        self.keys, self.ledger, self.at = keys, ledger, ""

    def _cut(self, point: str, fault: type[Exception]) -> None:
        if self.at == point:
            self.at = ""
            raise fault(point)

    def load_check(self, auth: LoadAuth) -> bool:
        self._cut("before the check", KeyFault)
        return self.keys.load_check(auth)

    def payment_authorise(
        self, box: BoxId, request: OnlineRequest, card: LoadRequest, is_there: bool, now: Now
    ) -> PaymentAnswer:
        self._cut("before the commit", StoreFault)
        answer = self.ledger.payment_authorise(box, request, card, is_there, now)
        self._cut("after the commit", StoreFault)
        return answer

    def payment_by_code(
        self, box: BoxId, request: OnlineRequest, code: str, amount_fen: int, now: Now
    ) -> PaymentAnswer:
        self._cut("before the commit", StoreFault)
        answer = self.ledger.payment_by_code(box, request, code, amount_fen, now)
        self._cut("after the commit", StoreFault)
        return answer

    def payment_order(self, box: BoxId, request: OnlineRequest, asked: LoadRequest, now: Now) -> OrderAnswer:
        self._cut("before the commit", StoreFault)
        answer = self.ledger.payment_order(box, request, asked, now)
        self._cut("after the commit", StoreFault)
        return answer

    def payment_check(self, box: BoxId, request: OnlineRequest, card: CardId, now: Now) -> PaymentAnswer:
        return self.ledger.payment_check(box, request, card, now)


class Till:
    """Two tills' requests in a box's hands, and a card."""

    def __init__(self, campus: Campus, ledger: Ledger, keys: KeyClient) -> None:
        self.cut = Cut(keys, ledger)
        self.ledger, self.card = ledger, campus.purses()[0]
        self.body, self.other = campus.bodies("pos")[:2]
        self.machine = campus.bodies("load")[0]
        loads = LoadAnswers(keys, ledger, LoadCounts())
        self.centre = OnlineAnswers(loads, PaymentAnswers(self.cut, self.cut, PaymentCounts()))
        self.epochs = {body.device: self._epoch(body) for body in (self.body, self.other, self.machine)}
        ledger.deposit(self.card.row.card, FUNDS, "first", self.now())

    def now(self) -> Now:
        return Now(1_784_000_000_000, campus_now())

    def _epoch(self, body: Body) -> int:
        return self.ledger.assign_epoch(
            body.box, EpochRequest(1, body.device, StorageId(b"T" * 8), body.psam, 0), self.now()
        ).epoch

    def shown(self, body: Body, number: int, fen: int) -> LoadRequest:
        """What the card answers in this till's field for this request."""
        named = presence_id(body.device, self.epochs[body.device], body.psam, number)
        return self.card.ask_load(replace(body, psam=PsamId(named)), fen)._replace(purpose=Purpose.PAYMENT)

    def ask(self, body: Body, number: int, asked: LoadRequest) -> bytes | None:
        request = OnlineRequest(body.device, self.epochs[body.device], body.psam, number, asked.to_bytes())
        answer = self.centre.answer(body.box, request, self.now())
        return None if answer is None else answer.payload

    def pay(self, body: Body, number: int, asked: LoadRequest) -> PaymentResult | None:
        answer = self.ask(body, number, asked)
        return None if answer is None else parse_payment(answer).result


@pytest.fixture
def till(campus: Campus, keys_socket: Path) -> Iterator[Till]:
    path = campus.data / "cloud" / "ledger.db"
    with closing(open_ledger(str(path))) as ledger, KeyClient(keys_socket) as keys:
        yield Till(campus, ledger, keys)


def test_what_a_card_has_signed_is_of_use_for_its_own_request_alone(till: Till) -> None:
    """All that a box can do with what it has seen."""
    seen = till.shown(till.body, 1, 1250)
    assert till.pay(till.body, 1, seen) is PaymentResult.APPROVED
    assert till.pay(till.body, 2, seen) is PaymentResult.WRONG_MAC, "another request of the same till"
    assert till.pay(till.other, 1, seen) is PaymentResult.WRONG_MAC, "another till"
    dear = till.shown(till.body, 3, 1250)._replace(amount_fen=5000)
    assert till.pay(till.body, 3, dear) is PaymentResult.WRONG_MAC, "another sum"
    other = till.shown(till.body, 4, 1250)._replace(card=CardId(till.card.row.card[:-1] + b"\xff"))
    assert till.pay(till.body, 4, other) is PaymentResult.UNKNOWN_CARD


def test_a_payment_is_no_load_and_a_load_or_claim_is_no_payment(till: Till) -> None:
    payment = till.shown(till.machine, 1, 1250)._replace(purpose=Purpose.LOAD)
    answer = till.ask(till.machine, 1, payment)
    assert answer is not None
    assert parse_answer(answer).result is LoadResult.WRONG_MAC
    for number, body in enumerate((till.machine, till.body), 2):
        load = till.card.ask_load(body, 1250)._replace(purpose=Purpose.PAYMENT)
        assert till.pay(body, number, load) in (PaymentResult.WRONG_MAC, PaymentResult.WRONG_DEVICE)


@pytest.mark.parametrize(
    ("point", "first"),
    [("before the check", PaymentResult.NOT_NOW), ("before the commit", None), ("after the commit", None)],
)
def test_cut_anywhere_the_repeat_gets_the_yes_and_the_account_pays_once(
    till: Till, point: str, first: PaymentResult | None
) -> None:
    till.cut.at = point
    asked = till.shown(till.body, 1, 1250)
    assert till.pay(till.body, 1, asked) is first
    assert [till.pay(till.body, 1, asked) for _ in range(2)] == [PaymentResult.APPROVED] * 2
    counts = till.centre.payments.counts
    assert (counts.approved, counts.withheld) == (2, int(first is None))


def test_a_question_about_a_card_moves_nothing(till: Till) -> None:
    asked = LoadRequest(till.card.row.card, 0, 0, 1250, 0, 0, 0, 0, bytes(4), bytes(4), Purpose.CHECK)
    assert till.pay(till.body, 1, asked) is PaymentResult.APPROVED
    till.ledger.set_hotlisted(till.card.row.card, True, till.now())
    assert till.pay(till.body, 1, asked) is PaymentResult.HOTLISTED
    with till.ledger.database.reading():
        assert till.ledger.database.run("SELECT * FROM payment_case") == []


def test_a_payload_of_an_unknown_kind_is_answered_and_counted(till: Till) -> None:
    request = OnlineRequest(till.body.device, 1, till.body.psam, 1, b"\x63junk")
    answer = till.centre.answer(till.body.box, request, till.now())
    assert answer is not None
    assert parse_answer(answer.payload).result is LoadResult.NOT_NOW
    assert till.centre.loads.counts.malformed == 1


@pytest.mark.parametrize("point", ["before the commit", "after the commit"])
def test_a_code_whose_answer_is_withheld_is_judged_once_and_a_repeat_hears_it(till: Till, point: str) -> None:
    """No key is asked for: what the key process is away from is no matter here."""
    code = CodeDoor(till.ledger.opened, token_bytes).new(till.card.row.card, till.now()).code
    asked, till.cut.at = code_request(code, 1250), point
    assert till.ask(till.body, 31, asked) is None
    assert [till.pay(till.body, 31, asked) for _ in range(2)] == [PaymentResult.APPROVED] * 2
    assert till.pay(till.body, 32, asked) is PaymentResult.CODE_USED
    no_code = code_request(code, 1)._replace(card=till.card.row.card)
    assert till.pay(till.body, 33, no_code) is PaymentResult.CODE_INVALID
    assert till.pay(till.body, 34, code_request(code_of(1), 5)) is PaymentResult.CODE_INVALID
    assert till.pay(till.machine, 1, asked) is PaymentResult.WRONG_DEVICE


def test_an_order_whose_answer_stayed_away_is_the_same_one_when_asked_again(till: Till) -> None:
    till.cut.at = "after the commit"
    assert till.ask(till.body, 40, order_request(5)) is None
    first, again = (till.ask(till.body, 40, order_request(5)) for _ in range(2))
    assert first is not None
    assert parse_order_answer(first).result is PaymentResult.ORDER_OPEN
    assert first == again, "one order, one code"
    closed = till.ask(till.body, 41, close_request(5, till.epochs[till.body.device], 40))
    assert closed is not None
    assert parse_order_answer(closed).result is PaymentResult.ORDER_CLOSED
