"""What pages ask of a card, of a day and of grants, over real books."""

import pytest

from cloud.ledger.books.chart import SPARES_KEPT, AccountKind
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.cards.life import DeedKind
from cloud.ledger.cards.listing import Why
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.lending import need_account, need_deposits
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.funds.documents import enter
from cloud.ledger.funds.providers.posting import hold_refund, keep_fee, post_deposit
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.read.shown.aid import Collected
from cloud.ledger.read.shown.takings import NO_SLOT, by_kind, takings
from cloud.ledger.read.told.news import FIRST, GIVEN, news
from cloud.ledger.records.values import Now
from cloud.ledger.schema.tables.books import posting
from cloud.words.balance.morning import KINDS, balance_lines
from shared.online import PaymentResult, Purpose
from shared.wire.desk.calls import CardState
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import phones
from tests.cloud.ledger.campus import Box

DAY = c.T0 // c.DAY_S
NEW_KINDS = (
    AccountKind.CODE_LOSS, AccountKind.REFUNDING, AccountKind.PROVIDER_FEE, AccountKind.SPARE_DEPOSIT,
    AccountKind.SPARE_KEPT, AccountKind.MEAL_LOSS,
)  # fmt: skip


@pytest.fixture
def reader(ledger: Ledger) -> Reader:
    return Reader(ledger.database)


def test_a_card_has_its_state_its_reasons_and_its_newest_record(ledger: Ledger, reader: Reader) -> None:
    later, sooner = (c.purchase(n, c.card(1), n, 100, c.OPENING - 100 * (n - 1), time=c.T0 + n) for n in (2, 1))
    Box(ledger).send(*(c.stored(one) for one in (sooner, later)))
    DeskLedger(ledger.opened).report_lost(Wish(bytes(16), "王芳", "0001", "丢在操场"), c.NOW)
    found = reader.card_file(c.card(1))
    assert found is not None
    assert (found.line.state, found.line.hotlisted, found.since_ms) == (CardState.LOST, True, c.NOW.unix_ms)
    assert [(one.why, one.who, one.text) for one in found.reasons] == [(Why.LOST, "王芳", "丢在操场")]
    assert [(one.kind, one.who) for one in found.deeds] == [(DeedKind.LOST, "王芳")]
    assert found.balances.purse_fen == c.OPENING - 200
    assert found.last is not None
    assert (found.last.seq, found.last.time) == (2, c.T0 + 2)


def test_a_card_that_nobody_knows_is_none_and_one_without_records_has_no_last(reader: Reader) -> None:
    assert reader.card_file(c.card(99)) is None
    found = reader.card_file(c.card(2))
    assert found is not None
    assert (found.last, found.line.state, found.successor) == (None, CardState.NORMAL, "")
    assert [one.label for one in reader.card_lines("000", 3)] == ["0001", "0002", "0003"]


def test_a_day_is_what_was_taken_less_what_was_given_back_by_merchant_and_hour(ledger: Ledger, reader: Reader) -> None:
    sales = [c.purchase(1, c.card(1), 1, 700, c.OPENING), c.purchase(2, c.card(2), 1, 300, c.OPENING, time=c.T0 + 3600)]
    other = c.purchase(1, c.card(3), 1, 500, c.OPENING, at=c.POS2)
    tomorrow = c.purchase(3, c.card(4), 1, 900, c.OPENING, time=c.T0 + c.DAY_S)
    box = Box(ledger)
    box.send(*(c.stored(one) for one in sales), c.stored(other, c.POS2), c.void(4, sales[0]))
    box.send(c.stored(tomorrow), now=Now(c.NOW.unix_ms + c.DAY_S * 1000, c.T0 + c.DAY_S))
    found = reader.takings(DAY, DAY)
    said = {(p.merchant, p.terminal): (s.count, s.gross_fen, s.backs, s.back_fen, s.net_fen) for p, s in found.items()}
    assert said == {("一楼大伙", "pos-01"): (2, 1000, 1, 700, 300), ("面点", "pos-02"): (1, 500, 0, 0, 500)}
    assert {place.slot for place in found} == {NO_SLOT}
    slots = reader.takings(DAY, DAY, range(0, c.DAY_S, 3600))
    assert {(p.terminal, p.slot): s.gross_fen for p, s in slots.items()} == {
        ("pos-01", 12): 700, ("pos-01", 13): 300, ("pos-02", 12): 500,
    }  # fmt: skip
    assert sum(one.net_fen for one in reader.takings(DAY, DAY + 1).values()) == 1700
    assert -c.merchant(ledger) == -1200
    with ledger.database.reading():
        mine = takings(ledger.database, DAY, DAY + 1, merchant="一楼大伙")
        kinds = by_kind(ledger.database, DAY, DAY, "一楼大伙")
        assert by_kind(ledger.database, DAY, DAY, "nobody's") == {}
    assert {place.merchant for place in mine} == {"一楼大伙"}
    assert sum(one.net_fen for one in mine.values()) == 1200
    assert {kind: one.net_fen for (_, kind), one in kinds.items()} == {EntryKind.PURCHASE: 1000, EntryKind.VOID: -700}


def test_payments_from_a_sum_on_are_news_whatever_they_were_paid_by(ledger: Ledger) -> None:
    ledger.deposit(c.card(1), 50_00, "d", c.NOW)
    Box(ledger).send(*(c.stored(c.purchase(n, c.card(1), n, 400 * n, c.OPENING - 400 * (n - 1))) for n in (1, 2)))
    assert c.pay(ledger, 7, 9_00).result is PaymentResult.APPROVED
    with ledger.database.reading():
        told = news(ledger.database, c.card(1), FIRST, 10, above_fen=5_00)
        assert sorted((one.what, one.fen) for one in told) == [("deposit", 50_00), ("paid", 800), ("paid", 9_00)]
        assert [one.what for one in news(ledger.database, c.card(1), FIRST, 10)] == ["deposit"]
        assert news(ledger.database, c.card(1), told[-1].key, 10, above_fen=5_00) == []


def test_a_grant_waits_is_claimed_or_is_not_known(ledger: Ledger, reader: Reader) -> None:
    def seen(key: str) -> Collected:
        return reader.grants_of_keys([key])[key].collected

    ledger.grant(c.card(1), 3000, "fund", "困难补助", "autumn-0001", c.NOW, "王芳")
    assert seen("autumn-0001") is Collected.NONE
    online, load = c.load_request(c.card(1), 1, 1000, c.OPENING, request=1, purpose=Purpose.CLAIM)
    ledger.load_authorise(c.BOX, online, load, True, c.NOW)
    assert seen("autumn-0001") is Collected.UNKNOWN
    online, load = c.load_request(c.card(1), 2, 2000, c.OPENING + 1000, request=2, purpose=Purpose.CLAIM)
    ledger.load_authorise(c.BOX, online, load, True, c.NOW)
    (one,) = reader.grants(card=c.card(1))
    assert (one.collected, one.fen, one.who, one.label) == (Collected.ALL, 3000, "王芳", "0001")
    assert reader.grants() == [one]
    assert reader.grants(card=c.card(2)) == []
    assert (reader.fund().given_fen, reader.fund().fund_fen, reader.fund().pending_fen) == (3000, -3000, 0)
    assert reader.cards_of_labels(["0001", "no"]) == {"0001": c.card(1)}


def test_the_index_of_what_was_given_has_the_kinds_that_news_ask_for() -> None:
    """Another list, and every phone's first page would scan the books."""
    (index,) = [one for one in posting.indexes if one.name == "ix_posting_given"]
    kinds = ", ".join(str(int(kind)) for kind in sorted(GIVEN))
    assert str(index.dialect_options["sqlite"]["where"]) == f"kind IN ({kinds})"


def test_the_morning_sheet_holds_with_one_of_each_kind_that_is_neither_a_holders_nor_the_banks(
    ledger: Ledger, reader: Reader
) -> None:  # fmt: skip
    """Codes that the school bears, refunds on their way, fees of providers, deposits of spare cards."""
    card, box = c.card(1), Box(ledger)
    door = phones.door_of(ledger)
    door.set_rule(phones.RULE, "李", "", c.NOW)
    ledger.deposit(card, 60_00, "d1", c.NOW)
    issued = door.certify(card, phones.public(phones.phone(1)), "k", c.NOW)
    box.send(*(phones.code(seq, issued.number, card, phones.phone(1)) for seq in (1, 2)))
    with ledger.opened.writing(c.NOW) as writing:
        post_deposit(writing, card, 30_00, "wechat", "T1", "")
        hold_refund(writing, card, 7_00, "wechat", "R1")
        keep_fee(writing, 18, "wechat", "F1")
        need_deposits(writing)
        enter(writing, EntryKind.SPARE_LENT, ("", card, 10_00), b"lent")
        need_account(writing, SPARES_KEPT)
        enter(writing, EntryKind.SPARE_KEPT, (card, 4_00), b"kept")
    view = reader.balance(c.NOW)
    assert view.is_balanced
    assert {kind: view.others.get(kind, 0) for kind in NEW_KINDS} == {
        AccountKind.CODE_LOSS: -12_00, AccountKind.REFUNDING: 7_00, AccountKind.PROVIDER_FEE: -18,
        AccountKind.SPARE_DEPOSIT: 6_00, AccountKind.SPARE_KEPT: 4_00,
        AccountKind.MEAL_LOSS: 0,
    }  # fmt: skip
    said = "\n".join(map(str, balance_lines(view)))
    assert all(KINDS[kind].zh in said for kind in view.others)
    assert reader.exposure(c.NOW)
