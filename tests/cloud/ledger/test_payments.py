"""Account payments 账户支付 in the books: decided, posted once, reversed once, and refused after their reversal."""

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.funds.payments.cases import PaymentState
from cloud.ledger.funds.payments.rule import DAY_MAX_FEN, REVERSALS_MAX, SINGLE_MAX_FEN
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import Now, Verdict
from shared.ids import BoxId, CardId, DeviceId
from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.online import LoadRequest, PaymentAnswer, PaymentResult, Purpose
from shared.records import MAC_SIZE, CounterKind, Flags, Kind, PaymentRecord, Proof, Stored, encode
from shared.wire.messages import OnlineRequest
from tests.cloud.ledger import campus as c

FUNDS = 300_000
CARD = c.card(1)
LATE = c.NOW.unix_ms + 2_000


@pytest.fixture(autouse=True)
def funds(ledger: Ledger) -> None:
    ledger.deposit(CARD, FUNDS, "k", c.NOW)


def ask(
    ledger: Ledger, request: int, fen: int = 1250, *, of: CardId = CARD, at: DeviceId = c.POS, box: BoxId = c.BOX,
    is_there: bool = True, until_ms: int = LATE, salt: int = 0, now: Now = c.NOW,
) -> PaymentAnswer:  # fmt: skip
    asked = LoadRequest(of, 1, 0, fen, 2, 1, 0, 1, salt.to_bytes(4, "big"), b"mac1", Purpose.PAYMENT)
    online = OnlineRequest(at, 1, c.psam(at[-1]), request, asked.to_bytes(), until_ms)
    return ledger.payment_authorise(box, online, asked, is_there, now)


def record(
    seq: int, request: int, kind: Kind, fen: int = 1250, *, of: CardId = CARD, at: DeviceId = c.POS,
    signed_by: DeviceId | None = None,
) -> bytes:  # fmt: skip
    """Stored bytes, as the terminal signs them."""
    flags = Flags(Proof.NONE, CounterKind.ONLINE, online=True).to_int()
    made = PaymentRecord(1, kind, flags, seq, request, of, fen, c.T0, 1, 0, 1, 1, 0, bytes(MAC_SIZE))
    before = Stored(at, 1, c.psam(at[-1]), encode(made)).to_bytes()[:-MAC_SIZE]
    return before + terminal_mac(c.k_term(signed_by or at), mac_input(before))


def states(ledger: Ledger) -> list[int]:
    with ledger.database.reading():
        return [state for (state,) in ledger.database.run("SELECT state FROM payment_case ORDER BY key")]


def online(ledger: Ledger) -> int:
    return -c.balances(ledger).get(f"online:{CARD.hex()}", 0)


def require_true(ledger: Ledger) -> None:
    report = verify(ledger, c.check_tac)
    assert report.ok, report.first_broken


def test_a_yes_moves_the_money_and_a_repeat_hears_the_same(ledger: Ledger, box: c.Box) -> None:
    first = ask(ledger, 7)
    assert first == PaymentAnswer(PaymentResult.APPROVED, 1250, FUNDS - 1250)
    assert ask(ledger, 7) == first
    assert (online(ledger), c.merchant(ledger), c.purse(ledger, CARD)) == (FUNDS - 1250, 1250, c.OPENING)
    box.send(record(1, 7, Kind.ONLINE))
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
    assert ask(ledger, 7, **changed) == PaymentAnswer(why)  # type: ignore[arg-type]
    assert ask(ledger, 7, **changed) == PaymentAnswer(why)  # type: ignore[arg-type]
    assert c.merchant(ledger) == 0
    require_true(ledger)


def test_a_listed_card_pays_nothing_and_is_named_when_somebody_asks(ledger: Ledger) -> None:
    request = OnlineRequest(c.POS, 1, c.psam(1), 8, b"", LATE)
    assert ledger.payment_check(c.BOX, request, CARD, c.NOW).result is PaymentResult.APPROVED
    ledger.set_hotlisted(CARD, True, c.NOW)
    assert ask(ledger, 7).result is PaymentResult.HOTLISTED
    assert ledger.payment_check(c.BOX, request, CARD, c.NOW).result is PaymentResult.HOTLISTED
    assert ledger.payment_check(c.BOX, request, c.card(99), c.NOW).result is PaymentResult.UNKNOWN_CARD
    assert ledger.payment_check(c.OTHER_BOX, request, CARD, c.NOW).result is PaymentResult.WRONG_DEVICE


def test_a_card_pays_so_much_on_a_day(ledger: Ledger) -> None:
    results = [ask(ledger, n, SINGLE_MAX_FEN).result for n in (1, 2, 3)]
    assert results == [PaymentResult.APPROVED, PaymentResult.APPROVED, PaymentResult.OVER_LIMIT]
    assert online(ledger) == FUNDS - DAY_MAX_FEN


def test_the_same_request_with_other_bytes_is_told_and_moves_nothing(ledger: Ledger) -> None:
    ask(ledger, 7)
    assert ask(ledger, 7, 2000).result is PaymentResult.NOT_NOW
    assert c.facts(ledger, "payment-reused")[0]["request"] == 7
    assert online(ledger) == FUNDS - 1250


def test_a_reversal_gives_the_money_back_once(ledger: Ledger, box: c.Box) -> None:
    ask(ledger, 7)
    box.send(record(1, 7, Kind.REVERSAL))
    box.again()
    assert (online(ledger), c.merchant(ledger), states(ledger)) == (FUNDS, 0, [PaymentState.REVERSED])
    assert ask(ledger, 7) == PaymentAnswer(PaymentResult.REVERSED)
    assert c.facts(ledger, "payment-reversed")[0]["fen"] == 1250
    require_true(ledger)


def test_an_original_after_its_reversal_is_refused_for_ever(ledger: Ledger, box: c.Box) -> None:
    box.send(record(1, 7, Kind.REVERSAL))
    assert states(ledger) == [PaymentState.TOMBSTONE]
    assert ask(ledger, 7) == PaymentAnswer(PaymentResult.REVERSED)
    assert (online(ledger), c.merchant(ledger), states(ledger)) == (FUNDS, 0, [PaymentState.TOMBSTONE])
    require_true(ledger)


def test_a_reversal_of_what_was_refused_moves_nothing(ledger: Ledger, box: c.Box) -> None:
    ask(ledger, 7, of=c.card(2))
    box.send(record(1, 7, Kind.REVERSAL, of=c.card(2)))
    assert (states(ledger), c.merchant(ledger)) == ([PaymentState.TOMBSTONE], 0)
    require_true(ledger)


def test_paid_and_reversed_is_a_contradiction_that_moves_nothing(ledger: Ledger, box: c.Box) -> None:
    ask(ledger, 7)
    box.send(record(1, 7, Kind.ONLINE))
    box.send(record(2, 7, Kind.REVERSAL))
    assert (states(ledger), c.merchant(ledger)) == ([PaymentState.HELD], 1250)
    assert c.codes(ledger)["payment-contradicted"] == "紧急" or c.facts(ledger, "payment-contradicted")
    require_true(ledger)


def test_paid_after_its_reversal_is_told(ledger: Ledger, box: c.Box) -> None:
    ask(ledger, 7)
    box.send(record(1, 7, Kind.REVERSAL))
    box.send(record(2, 7, Kind.ONLINE))
    assert (states(ledger), online(ledger)) == ([PaymentState.REVERSED], FUNDS)
    assert c.facts(ledger, "payment-contradicted")
    require_true(ledger)


def test_what_a_terminal_was_told_by_a_lying_box_is_told_and_no_account_pays(ledger: Ledger, box: c.Box) -> None:
    """The box said yes in the centre's name; the terminal wrote it down."""
    box.send(record(1, 7, Kind.ONLINE))
    assert (online(ledger), c.merchant(ledger), states(ledger)) == (FUNDS, 0, [PaymentState.WORD])
    assert c.facts(ledger, "payment-unapproved")[0]["fen"] == 1250
    assert ask(ledger, 7).result is PaymentResult.APPROVED  # the card was there after all, and the answer is in time
    assert states(ledger) == [PaymentState.APPROVED]
    require_true(ledger)


def test_a_reversal_with_a_wrong_mac_is_quarantined(ledger: Ledger, box: c.Box) -> None:
    ask(ledger, 7)
    box.send(record(1, 7, Kind.REVERSAL, signed_by=c.POS2))
    assert c.verdicts(ledger) == [(Verdict.QUARANTINED, Reason.PAYMENT_MAC)]
    assert (states(ledger), online(ledger)) == ([PaymentState.APPROVED], FUNDS - 1250)


def test_from_another_box_or_over_another_sum_a_reversal_waits(ledger: Ledger, box: c.Box) -> None:
    for n in (7, 8):
        ask(ledger, n)
    c.Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION, c.OTHER_STORE).send(record(1, 7, Kind.REVERSAL))
    box.send(record(2, 8, Kind.REVERSAL, 1000))
    assert (states(ledger), online(ledger)) == ([PaymentState.HELD] * 2, FUNDS - 2500)
    require_true(ledger)


def test_a_terminal_gives_back_so_many_on_a_day(ledger: Ledger, box: c.Box) -> None:
    for n in range(1, REVERSALS_MAX + 2):
        ask(ledger, n, 1)
    box.send(*(record(n, n, Kind.REVERSAL, 1) for n in range(1, REVERSALS_MAX + 2)))
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
    ask(ledger, 7)
    with ledger.database.writing():
        ledger.database.run(edit)
    assert said in verify(ledger, c.check_tac).first_broken
