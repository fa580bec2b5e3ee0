"""A card's entries are found by its accounts, without a look at anybody else's; and what of them its holder is told."""

from random import Random

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.funds.bounds import set_bound
from cloud.ledger.funds.payments.cases import paid_on
from cloud.ledger.funds.payments.school import PayBounds
from cloud.ledger.funds.spares import COLUMNS, SpareAct
from cloud.ledger.journal.registry import CARD_ACCOUNTS
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.told.account_news import Low, account_news
from cloud.ledger.read.told.card_entries import OF_CREDIT, OF_DEBIT, card_entries
from cloud.ledger.read.told.news import FIRST, Key
from cloud.ledger.records.values import Now, Received
from shared.clocks.clock import day_number
from shared.online import PaymentResult
from shared.records import Kind
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.test_order import History, ask

PAGE = 3


def _play(ledger: Ledger) -> None:
    history = History(Random(3))
    history.run(30)
    for n in (1, 2, 3):
        ledger.deposit(c.card(n), 100_000, f"d{n}", c.NOW)
    ask(ledger, history)
    ledger.receive([Received(c.BOX, c.PARTITION, c.STORE, 1, tuple(history.records))], c.check_tac, c.NOW)


def test_all_that_moved_a_card_page_by_page(ledger: Ledger) -> None:
    """As a look at every posting finds them: the index leaves purchases' merchants out, and no card's entry."""
    _play(ledger)
    db = ledger.database
    with db.reading():
        for n in (1, 2, 3):
            (accounts,) = db.run(f"SELECT {CARD_ACCOUNTS} FROM card WHERE card = ?", (c.card(n),))  # noqa: S608  # ours
            whole = sorted(
                {entry for entry, debit, credit in db.run("SELECT entry, debit, credit FROM posting")
                 if debit in accounts or credit in accounts}, reverse=True,
            )  # fmt: skip
            found, before = [], 2**53
            while page := card_entries(db, accounts, before, PAGE):
                found += page
                before = page[-1]
            assert found == whole
            assert len(whole) > PAGE


def test_nobody_elses_postings_are_read(ledger: Ledger) -> None:
    """Each question goes to its index, by account and entry, and stops at the page's end. Of so few rows PostgreSQL may
    read all: there the indexes are looked at, whose condition is the question's."""
    _play(ledger)
    db = ledger.database
    with db.reading():
        if db.dialect == "postgresql":
            sql = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'posting' AND schemaname = 'public'"
            told = dict(db.run(sql))
            assert told["ix_posting_debit"].endswith("(debit, entry)")
            assert told["ix_posting_credit"].endswith(f"(credit, entry) WHERE (kind <> {EntryKind.PURCHASE:d})")
            assert f"kind <> {EntryKind.PURCHASE:d} " in OF_CREDIT
            return
        for sql, name in ((OF_DEBIT, "ix_posting_debit"), (OF_CREDIT, "ix_posting_credit")):
            plan = " ".join(str(row[-1]) for row in db.run("EXPLAIN QUERY PLAN " + sql, (1, 2**53, PAGE)))
            assert name in plan, plan
            assert not [word for word in ("SCAN posting", "Seq Scan", "TEMP B-TREE", "Sort") if word in plan], plan


def _at(second: int) -> Now:
    return Now(c.NOW.unix_ms + 1000 * second, c.NOW.campus_s + second)


def _told(ledger: Ledger, low: Low, before: Key = FIRST, most: int = 10) -> list[tuple[str, int]]:
    with ledger.database.reading():
        return [(one.what, one.fen) for one in account_news(ledger.database, [c.card(1)], before, most, low)]


def test_each_fall_below_his_sum_is_told_once_from_the_wish_on(ledger: Ledger) -> None:
    ledger.deposit(c.card(1), 50_00, "a", _at(0))
    for n, fen in ((1, 40_00), (2, 5_00)):
        assert c.pay(ledger, n, fen, now=_at(n)).result is PaymentResult.APPROVED
    ledger.deposit(c.card(1), 15_00, "b", _at(3))
    assert c.pay(ledger, 4, 1, now=_at(4)).result is PaymentResult.APPROVED
    assert _told(ledger, Low(20_00, _at(0).unix_ms)) == [("low", 19_99), ("low", 10_00)]
    assert _told(ledger, Low(20_00, _at(2).unix_ms)) == [("low", 19_99)]
    assert _told(ledger, Low(20_01, _at(0).unix_ms)) == [("low", 10_00)]
    assert _told(ledger, Low()) == []


def test_what_the_card_itself_has_left_falls_by_the_records_that_have_come(ledger: Ledger, box: c.Box) -> None:
    box.send(c.stored(c.purchase(1, c.card(1), 1, 1250, c.OPENING)), now=_at(1))
    left_fen = c.purse(ledger, c.card(1))
    assert _told(ledger, Low(left_fen + 1, _at(0).unix_ms)) == [("low-card", left_fen)]
    assert _told(ledger, Low(left_fen, _at(0).unix_ms)) == []
    assert _told(ledger, Low(left_fen + 1, _at(1).unix_ms)) == [], "it was so before he asked"


def test_the_bound_of_a_day_and_a_late_spare_are_told_once(ledger: Ledger) -> None:
    ledger.deposit(c.card(1), 400_00, "a", _at(0))
    assert c.pay(ledger, 1, 600_00, now=_at(1)).result is PaymentResult.OVER_LIMIT  # the school's own
    with ledger.opened.writing(_at(2)) as writing:
        set_bound(writing, "k", c.card(1), 10_00, "wallet:1")
        row = (1, b"k", c.card(2), int(SpareAct.OVERDUE), c.card(1), "", "", 0, 0, 0, 0, "desk", "", _at(4).unix_ms, 0)
        writing.db.insert("spare_card", COLUMNS, [row])
    for n in (3, 5):
        assert c.pay(ledger, n, 11_00, now=_at(n)).result is PaymentResult.OVER_LIMIT
    assert _told(ledger, Low()) == [("overdue", 0), ("bound", 0)]
    with ledger.database.reading():
        (late, _) = account_news(ledger.database, [c.card(1)], FIRST, 10)
    assert late.place == "0002"
    assert _told(ledger, Low(), late.key) == [("bound", 0)]
    BankLedger(ledger.opened).set_pay_bounds(PayBounds(10_00, 100_00), "王芳", "", _at(6))
    assert _told(ledger, Low(), late.key) == [("bound", 0)], "what the school says later changes nothing of it"


def test_what_had_been_paid_until_then_is_what_met_the_bound(ledger: Ledger) -> None:
    """What a till gives back afterwards takes no news back."""
    ledger.deposit(c.card(1), 400_00, "a", _at(0))
    with ledger.opened.writing(_at(1)) as writing:
        set_bound(writing, "k", c.card(1), 20_00, "wallet:1")
    assert c.pay(ledger, 1, 15_00, now=_at(2)).result is PaymentResult.APPROVED
    with ledger.database.reading():
        paid = [paid_on(ledger.database, c.card(1), day_number(_at(2).campus_s), _at(n).unix_ms) for n in (1, 2, 3)]
    assert paid == [0, 15_00, 15_00]
    assert c.pay(ledger, 2, 6_00, now=_at(3)).result is PaymentResult.OVER_LIMIT
    c.Box(ledger).send(c.payment(1, 1, Kind.REVERSAL, 15_00), now=_at(4))
    with ledger.database.reading():
        assert paid_on(ledger.database, c.card(1), day_number(_at(4).campus_s)) == 0
    assert ("bound", 0) in _told(ledger, Low())
