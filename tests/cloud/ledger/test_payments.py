"""Account payments 账户支付 in the books: decided, posted once, reversed once, and refused after their reversal."""

from itertools import permutations

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.funds.payments.cases import PaymentState
from cloud.ledger.funds.payments.rule import DAY_MAX_FEN, REVERSALS_MAX, SINGLE_MAX_FEN
from cloud.ledger.held.reversals import ReversalLedger
from cloud.ledger.held.two_persons import ProposalRefused
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import Verdict
from shared.online import PaymentAnswer, PaymentResult
from shared.records import Kind
from shared.wire.messages import OnlineRequest
from tests.cloud.ledger import campus as c

FUNDS = 300_000
CARD = c.card(1)


@pytest.fixture(autouse=True)
def funds(ledger: Ledger) -> None:
    ledger.deposit(CARD, FUNDS, "k", c.NOW)


def states(ledger: Ledger) -> list[int]:
    with ledger.database.reading():
        return [state for (state,) in ledger.database.run("SELECT state FROM payment_case ORDER BY key")]


def online(ledger: Ledger) -> int:
    return -c.balances(ledger).get(f"online:{CARD.hex()}", 0)


def require_true(ledger: Ledger) -> None:
    report = verify(ledger, c.check_tac)
    assert report.ok, report.first_broken


def test_a_yes_moves_the_money_and_a_repeat_hears_the_same(ledger: Ledger, box: c.Box) -> None:
    first = c.pay(ledger, 7)
    assert first == PaymentAnswer(PaymentResult.APPROVED, 1250, FUNDS - 1250)
    assert c.pay(ledger, 7) == first
    assert (online(ledger), c.merchant(ledger), c.purse(ledger, CARD)) == (FUNDS - 1250, 1250, c.OPENING)
    box.send(c.payment(1, 7, Kind.ONLINE))
    assert c.verdicts(ledger) == [(Verdict.NO_ENTRY, Reason.NONE)]
    sums = Reader(ledger.database).overview()
    assert (sums.payments, sums.payments_fen, sums.spent_fen) == (1, 1250, 0)
    require_true(ledger)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"fen": SINGLE_MAX_FEN + 1}, PaymentResult.OVER_LIMIT),
        ({"of": c.card(2)}, PaymentResult.NO_FUNDS),
        ({"of": c.card(99)}, PaymentResult.UNKNOWN_CARD),
        ({"is_there": False}, PaymentResult.WRONG_MAC),
        ({"at": c.LOADER}, PaymentResult.WRONG_DEVICE),
        ({"box": c.OTHER_BOX}, PaymentResult.WRONG_DEVICE),
        ({"until_ms": c.NOW.unix_ms}, PaymentResult.NOT_NOW),
    ],
)
def test_a_no_moves_nothing_and_stays_a_no(ledger: Ledger, changed: dict[str, object], why: PaymentResult) -> None:
    assert c.pay(ledger, 7, **changed) == PaymentAnswer(why)  # type: ignore[arg-type]
    assert c.pay(ledger, 7, **changed) == PaymentAnswer(why)  # type: ignore[arg-type]
    assert c.merchant(ledger) == 0
    require_true(ledger)


def test_a_listed_card_pays_nothing_and_is_named_when_somebody_asks(ledger: Ledger) -> None:
    request = OnlineRequest(c.POS, 1, c.psam(1), 8, b"")
    assert ledger.payment_check(c.BOX, request, CARD, c.NOW).result is PaymentResult.APPROVED
    ledger.set_hotlisted(CARD, True, c.NOW)
    assert c.pay(ledger, 7).result is PaymentResult.HOTLISTED
    assert ledger.payment_check(c.BOX, request, CARD, c.NOW).result is PaymentResult.HOTLISTED
    assert ledger.payment_check(c.BOX, request, c.card(99), c.NOW).result is PaymentResult.UNKNOWN_CARD
    assert ledger.payment_check(c.OTHER_BOX, request, CARD, c.NOW).result is PaymentResult.WRONG_DEVICE


def test_a_card_pays_so_much_on_a_day(ledger: Ledger) -> None:
    results = [c.pay(ledger, n, SINGLE_MAX_FEN).result for n in (1, 2, 3)]
    assert results == [PaymentResult.APPROVED, PaymentResult.APPROVED, PaymentResult.OVER_LIMIT]
    assert online(ledger) == FUNDS - DAY_MAX_FEN


def test_the_same_request_with_other_bytes_is_told_and_moves_nothing(ledger: Ledger) -> None:
    c.pay(ledger, 7)
    assert c.pay(ledger, 7, 2000).result is PaymentResult.NOT_NOW
    assert c.facts(ledger, "payment-reused")[0]["request"] == 7
    assert online(ledger) == FUNDS - 1250


def test_a_reversal_gives_the_money_back_once(ledger: Ledger, box: c.Box) -> None:
    c.pay(ledger, 7)
    box.send(c.payment(1, 7, Kind.REVERSAL))
    box.again()
    assert (online(ledger), c.merchant(ledger), states(ledger)) == (FUNDS, 0, [PaymentState.REVERSED])
    assert c.pay(ledger, 7) == PaymentAnswer(PaymentResult.REVERSED)
    assert c.facts(ledger, "payment-reversed")[0]["fen"] == 1250
    require_true(ledger)


def test_an_original_after_its_reversal_is_refused_for_ever(ledger: Ledger, box: c.Box) -> None:
    box.send(c.payment(1, 7, Kind.REVERSAL))
    assert states(ledger) == [PaymentState.TOMBSTONE]
    assert c.pay(ledger, 7) == PaymentAnswer(PaymentResult.REVERSED)
    assert (online(ledger), c.merchant(ledger), states(ledger)) == (FUNDS, 0, [PaymentState.TOMBSTONE])
    require_true(ledger)


def test_a_reversal_of_what_was_refused_moves_nothing(ledger: Ledger, box: c.Box) -> None:
    c.pay(ledger, 7, of=c.card(2))
    box.send(c.payment(1, 7, Kind.REVERSAL, of=c.card(2)))
    assert (states(ledger), c.merchant(ledger)) == ([PaymentState.TOMBSTONE], 0)
    require_true(ledger)


def test_paid_and_reversed_is_a_contradiction_that_moves_nothing(ledger: Ledger, box: c.Box) -> None:
    c.pay(ledger, 7)
    box.send(c.payment(1, 7, Kind.ONLINE))
    box.send(c.payment(2, 7, Kind.REVERSAL))
    assert (states(ledger), c.merchant(ledger)) == ([PaymentState.HELD], 1250)
    assert c.codes(ledger)["payment-contradicted"] == "紧急" or c.facts(ledger, "payment-contradicted")
    require_true(ledger)


def test_paid_after_its_reversal_is_told(ledger: Ledger, box: c.Box) -> None:
    c.pay(ledger, 7)
    box.send(c.payment(1, 7, Kind.REVERSAL))
    box.send(c.payment(2, 7, Kind.ONLINE))
    assert (states(ledger), online(ledger)) == ([PaymentState.REVERSED], FUNDS)
    assert c.facts(ledger, "payment-contradicted")
    require_true(ledger)


def test_what_a_terminal_was_told_by_a_lying_box_is_told_and_no_account_pays(ledger: Ledger, box: c.Box) -> None:
    """The box said yes in the centre's name; the terminal wrote it down."""
    box.send(c.payment(1, 7, Kind.ONLINE))
    assert (online(ledger), c.merchant(ledger), states(ledger)) == (FUNDS, 0, [PaymentState.WORD])
    assert c.facts(ledger, "payment-unapproved")[0]["fen"] == 1250
    assert c.pay(ledger, 7).result is PaymentResult.APPROVED  # the card was there after all, and the answer is in time
    assert states(ledger) == [PaymentState.APPROVED]
    require_true(ledger)


def test_a_reversal_with_a_wrong_mac_is_quarantined(ledger: Ledger, box: c.Box) -> None:
    c.pay(ledger, 7)
    box.send(c.payment(1, 7, Kind.REVERSAL, signed_by=c.POS2))
    assert c.verdicts(ledger) == [(Verdict.QUARANTINED, Reason.PAYMENT_MAC)]
    assert (states(ledger), online(ledger)) == ([PaymentState.APPROVED], FUNDS - 1250)


def test_from_another_box_or_over_another_sum_a_reversal_waits(ledger: Ledger, box: c.Box) -> None:
    for n in (7, 8):
        c.pay(ledger, n)
    c.Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION, c.OTHER_STORE).send(c.payment(1, 7, Kind.REVERSAL))
    box.send(c.payment(2, 8, Kind.REVERSAL, 1000))
    assert (states(ledger), online(ledger)) == ([PaymentState.HELD] * 2, FUNDS - 2500)
    require_true(ledger)


def test_a_terminal_gives_back_so_many_on_a_day(ledger: Ledger, box: c.Box) -> None:
    for n in range(1, REVERSALS_MAX + 2):
        c.pay(ledger, n, 1)
    box.send(*(c.payment(n, n, Kind.REVERSAL, 1) for n in range(1, REVERSALS_MAX + 2)))
    assert states(ledger).count(PaymentState.REVERSED) == REVERSALS_MAX
    assert states(ledger).count(PaymentState.HELD) == 1
    require_true(ledger)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ("UPDATE payment_case SET state = 0", "paid, and not approved"),
        ("UPDATE payment_case SET state = 2", "not reversed; or reversed"),
        ("UPDATE payment_case SET amount_fen = 1", "over another sum"),
        ("DELETE FROM payment_case", "nobody asked for"),
    ],
)
def test_verify_names_what_was_edited(ledger: Ledger, edit: str, said: str) -> None:
    c.pay(ledger, 7)
    with ledger.database.writing():
        ledger.database.run(edit)
    assert said in verify(ledger, c.check_tac).first_broken


def test_two_persons_let_a_held_reversal_give_back(ledger: Ledger, opened: OpenedLedger, box: c.Box) -> None:
    c.pay(ledger, 7)
    box.send(c.payment(1, 7, Kind.ONLINE))
    box.send(c.payment(2, 7, Kind.REVERSAL))
    door = ReversalLedger(opened)
    (waits,) = Reader(ledger.database).reversals()
    assert (waits.amount_fen, waits.request, waits.said_paid, waits.terminal) == (1250, 7, True, "pos-01")
    refused = door.propose([waits.record], "zhang", "看了录像", c.NOW)
    door.reject(refused.number, "li", "不对", c.NOW)
    assert (states(ledger), online(ledger)) == ([PaymentState.HELD], FUNDS - 1250)
    made = door.propose([waits.record], "zhang", "看了录像", c.NOW)
    with pytest.raises(ProposalRefused):
        door.confirm(made.number, "zhang", c.NOW)
    assert [door.confirm(made.number, "li", c.NOW).again for _ in range(2)] == [False, True]
    assert (states(ledger), online(ledger), c.merchant(ledger)) == ([PaymentState.REVERSED], FUNDS, 0)
    assert Reader(ledger.database).reversals() == []
    require_true(ledger)


def test_over_another_sum_nobody_lets_a_reversal_give_back(ledger: Ledger, opened: OpenedLedger, box: c.Box) -> None:
    c.pay(ledger, 7)
    box.send(c.payment(1, 7, Kind.REVERSAL, 1000))
    (waits,), door = Reader(ledger.database).reversals(), ReversalLedger(opened)
    made = door.propose([waits.record], "zhang", "why", c.NOW)
    with pytest.raises(ProposalRefused, match="不符"):
        door.confirm(made.number, "li", c.NOW)
    with pytest.raises(ProposalRefused, match="不是待核"):
        door.propose([99], "zhang", "why", c.NOW)
    assert states(ledger) == [PaymentState.HELD]


@pytest.mark.parametrize("order", sorted(set(permutations(("ask", "ask", "back", "back")))), ids=str)
def test_in_whatever_order_they_come_a_reversed_request_has_paid_nothing(
    ledger: Ledger, box: c.Box, order: tuple[str, ...]
) -> None:
    for what in order:
        c.pay(ledger, 7) if what == "ask" else c.Box(ledger).send(c.payment(1, 7, Kind.REVERSAL))
    assert (online(ledger), c.merchant(ledger)) == (FUNDS, 0)
    require_true(ledger)
