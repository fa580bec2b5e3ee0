"""Payment codes 付款码 at tills: judged once, paid once, reversed once; and nobody pays with a code that is none."""

import secrets

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.funds.codes import SLOTS, VALID_MS
from cloud.ledger.funds.payments import authorise
from cloud.ledger.funds.payments.cases import PaymentState
from cloud.ledger.funds.payments.rule import GUESSES_MAX, SINGLE_MAX_FEN
from cloud.ledger.held.reversals import ReversalLedger
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import Now, Verdict
from cloud.payments.codes.door import CodeDoor, CodeRefused, Standing
from shared.ids import DeviceId
from shared.online import CODES_MAX, PaymentAnswer, PaymentResult, code_means, code_of, code_request
from shared.records import Kind
from shared.wire.messages import OnlineRequest
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import later

FUNDS, FEN, FEW, SEARCH = 100_000, 1250, 5, CODES_MAX
CARD = c.card(1)


@pytest.fixture(autouse=True)
def funds(ledger: Ledger) -> None:
    ledger.deposit(CARD, FUNDS, "k", c.NOW)


@pytest.fixture
def door(opened: OpenedLedger) -> CodeDoor:
    return CodeDoor(opened, secrets.token_bytes)


@pytest.fixture
def code(door: CodeDoor) -> str:
    return door.new(CARD, c.NOW).code


def ask(
    ledger: Ledger, request: int, code: str, fen: int = FEN, *, at: DeviceId = c.POS, now: Now = c.NOW
) -> PaymentAnswer:
    """What a till hears."""
    asked = OnlineRequest(at, 1, c.psam(at[-1]), request, code_request(code, fen).to_bytes())
    return ledger.payment_by_code(c.BOX, asked, code, fen, now)


def record(seq: int, request: int, kind: Kind, code: str) -> bytes:
    return c.payment(seq, request, kind, FEN, of=code_means(code))


def online(ledger: Ledger) -> int:
    return -c.balances(ledger).get(f"online:{CARD.hex()}", 0)


def require_true(ledger: Ledger) -> None:
    report = verify(ledger, c.check_tac)
    assert report.ok, report.first_broken


def test_a_code_pays_once_says_nothing_of_its_holder_and_its_phone_sees_it(
    ledger: Ledger, door: CodeDoor, code: str, box: c.Box
) -> None:
    assert ask(ledger, 7, code) == ask(ledger, 7, code) == PaymentAnswer(PaymentResult.APPROVED, FEN, 0)
    assert (online(ledger), c.merchant(ledger)) == (FUNDS - FEN, FEN)
    seen = door.seen(CARD, code, c.NOW)
    assert (seen.standing, seen.amount_fen, seen.left_fen, seen.place) == (Standing.PAID, FEN, FUNDS - FEN, "1号窗口")
    box.send(record(1, 7, Kind.ONLINE, code))
    assert c.verdicts(ledger) == [(Verdict.NO_ENTRY, Reason.NONE)]
    require_true(ledger)


def test_it_is_judged_once_by_whoever_asks_first(ledger: Ledger, door: CodeDoor, code: str) -> None:
    assert ask(ledger, 7, code, SINGLE_MAX_FEN + 1).result is PaymentResult.OVER_LIMIT
    assert ask(ledger, 8, code).result is PaymentResult.CODE_USED
    assert ask(ledger, 9, code, at=c.POS2).result is PaymentResult.CODE_USED
    seen = door.seen(CARD, code, c.NOW)
    assert (seen.standing, str(seen.why)) == (Standing.DECLINED, "超过账户支付限额")
    assert online(ledger) == FUNDS
    require_true(ledger)


def test_a_place_that_may_not_sell_uses_up_nothing(ledger: Ledger, code: str) -> None:
    assert ask(ledger, 7, code, at=c.LOADER).result is PaymentResult.WRONG_DEVICE
    assert ask(ledger, 8, code).result is PaymentResult.APPROVED


def test_it_is_over_in_a_minute_and_no_clock_brings_it_back(ledger: Ledger, door: CodeDoor, code: str) -> None:
    assert door.seen(CARD, code, later(VALID_MS)).standing is Standing.OVER
    assert ask(ledger, 7, code, now=later(-1)).result is PaymentResult.CODE_INVALID
    fresh = door.new(CARD, c.NOW).code
    assert ask(ledger, 8, fresh, now=later(VALID_MS - 1)).result is PaymentResult.APPROVED
    late = door.new(CARD, c.NOW).code
    assert ask(ledger, 9, late, now=later(VALID_MS)).result is PaymentResult.CODE_INVALID


def test_so_many_of_a_wallet_are_alive_and_the_oldest_goes(ledger: Ledger, door: CodeDoor) -> None:
    codes = [door.new(CARD, later(n)).code for n in range(SLOTS + 1)]
    assert ask(ledger, 7, codes[0], now=later(9)).result is PaymentResult.CODE_INVALID
    assert [ask(ledger, 8 + n, code, now=later(9)).result for n, code in enumerate(codes[1:])] == [
        PaymentResult.APPROVED
    ] * SLOTS
    ((rows,),) = c.rows(ledger, "SELECT COUNT(*) FROM pay_code")
    assert rows == SLOTS


def test_a_listed_card_has_no_codes_and_those_of_before_pay_nothing(ledger: Ledger, door: CodeDoor, code: str) -> None:
    ledger.set_hotlisted(CARD, True, c.NOW)
    assert ask(ledger, 7, code).result is PaymentResult.HOTLISTED
    with pytest.raises(CodeRefused):
        door.new(CARD, c.NOW)
    with pytest.raises(CodeRefused):
        door.new(c.card(99), c.NOW)


def test_cancelled_is_no_code_and_another_holder_sees_nothing_of_it(
    ledger: Ledger, door: CodeDoor, code: str
) -> None:
    assert door.seen(c.card(2), code, c.NOW).standing is Standing.OVER
    assert (door.cancel(CARD, c.NOW), door.cancel(CARD, c.NOW)) == (1, 0)
    assert ask(ledger, 7, code).result is PaymentResult.CODE_INVALID


def test_a_reversal_gives_it_back_once_and_the_phone_sees_that(
    ledger: Ledger, door: CodeDoor, code: str, box: c.Box
) -> None:
    ask(ledger, 7, code)
    box.send(record(1, 7, Kind.REVERSAL, code))
    box.again()
    assert (online(ledger), c.merchant(ledger)) == (FUNDS, 0)
    assert ask(ledger, 7, code) == PaymentAnswer(PaymentResult.REVERSED)
    assert door.seen(CARD, code, c.NOW).standing is Standing.REVERSED
    require_true(ledger)


def test_a_request_behind_its_reversal_pays_nothing_and_leaves_the_code_alone(
    ledger: Ledger, code: str, box: c.Box
) -> None:
    box.send(record(1, 7, Kind.REVERSAL, code))
    assert ask(ledger, 7, code) == PaymentAnswer(PaymentResult.REVERSED)
    assert ask(ledger, 8, code).result is PaymentResult.APPROVED
    require_true(ledger)


def test_a_reversal_that_names_another_code_waits_for_two_persons(
    ledger: Ledger, opened: OpenedLedger, door: CodeDoor, code: str, box: c.Box
) -> None:
    ask(ledger, 7, code)
    box.send(record(1, 7, Kind.REVERSAL, door.new(CARD, c.NOW).code))
    assert [state for (state,) in c.rows(ledger, "SELECT state FROM payment_case")] == [PaymentState.HELD]
    assert online(ledger) == FUNDS - FEN
    require_true(ledger)


def test_two_persons_give_back_what_a_code_has_paid(
    ledger: Ledger, opened: OpenedLedger, code: str, box: c.Box
) -> None:
    ask(ledger, 7, code)
    box.send(record(1, 7, Kind.ONLINE, code))
    box.send(record(2, 7, Kind.REVERSAL, code))
    (waits,), two = Reader(ledger.database).reversals(), ReversalLedger(opened)
    two.confirm(two.propose([waits.record], "zhang", "看了录像", c.NOW).number, "li", c.NOW)
    assert online(ledger) == FUNDS
    require_true(ledger)


def test_guesses_are_counted_told_and_end(ledger: Ledger, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert GUESSES_MAX < SEARCH / 1e6, "of a search for one that lives it is nothing"
    monkeypatch.setattr(authorise, "GUESSES_MAX", FEW)
    for n in range(FEW):
        assert ask(ledger, n + 1, code_of(n)).result is PaymentResult.CODE_INVALID
    assert [one["count"] for one in c.facts(ledger, "codes-guessed")] == [FEW]
    assert ask(ledger, 998, code_of(998)).result is PaymentResult.NOT_NOW
    assert ask(ledger, 999, code).result is PaymentResult.APPROVED  # whoever has a real one is served
    require_true(ledger)
