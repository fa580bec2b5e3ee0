"""What pages ask of a ledger of any size: leaf by leaf, account by account, and in a bounded number of questions."""

import pytest

from cloud.ledger.ledger import Ledger
from cloud.ledger.read import pages
from cloud.ledger.read.reader import Reader
from cloud.store.db import Database
from shared.records import Kind, Pair
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

DAY = c.T0 // c.DAY_S


@pytest.fixture
def reader(ledger: Ledger, box: Box) -> Reader:
    """Three purchases at two windows, one of a body of another box, one without a TAC, one with a wrong one."""
    ledger.deposit(c.card(1), 1000, "d", c.NOW)
    box.send(*(c.stored(c.purchase(n, c.card(n), 1, 100 * n, c.OPENING)) for n in (1, 2)))
    box.send(c.stored(c.purchase(1, c.card(3), 1, 50, c.OPENING, at=c.POS2), c.POS2))
    box.send(c.stored(c.purchase(1, c.card(5), 1, 30, c.OPENING, at=c.FAR), c.FAR))
    box.send(c.stored(c.purchase(3, c.card(4), 1, 40, c.OPENING, kind=Kind.UNPROVEN)))
    box.send(c.stored(c.purchase(4, c.card(4), 1, 70, c.OPENING, tac_of=b"nope")))
    return Reader(ledger.database)


def test_the_journal_is_read_leaf_by_leaf_and_each_entry_once(reader: Reader) -> None:
    found, before = [], 0
    for _ in range(10):
        leaf = reader.journal(before, 2)
        found += [one.entry for one in leaf.entries]
        before = leaf.older
        if not before:
            break
    newest = reader.overview().entries
    assert found == list(range(newest, 0, -1))
    assert [one.entry for one in reader.journal(0, 2).entries] == [newest, newest - 1]
    assert reader.entry(newest) == reader.journal(0, 1).entries[0]
    assert reader.entry(newest + 1) is None


def test_an_account_is_found_and_shows_what_moved_it(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    (merchant,) = reader.accounts_like("merchant:一楼")
    assert (merchant.code, merchant.balance_fen, merchant.card) == ("merchant:一楼大伙", 300, b"")
    leaf = reader.moved([merchant.number])
    assert [one.postings[0][2] for one in leaf.entries] == [200, 100]
    assert (leaf.looked_from, leaf.older) == (1, 0)
    found = reader.account(f"purse:{c.card(2).hex()}")
    assert found is not None
    lines, whole = found
    assert (lines[0].kind, lines[0].balance_fen, lines[0].label) == ("purse", c.OPENING - 200, "0002")
    assert [one.kind for one in whole.entries] == ["purchase", "opening"]
    assert reader.account("merchant:一楼大伙") == ([merchant], leaf)
    assert reader.account("nothing") is reader.account("purse:zz") is None
    monkeypatch.setattr(pages, "WINDOW", 2)
    sums, before = [], 0
    for _ in range(20):
        leaf = reader.moved([merchant.number], before)
        sums += [one.postings[0][2] for one in leaf.entries]
        before = leaf.older
        if not before:
            break
    assert sums == [200, 100], "what lies behind the window is reached by going on"


def test_a_cards_accounts_are_found_by_its_label(reader: Reader) -> None:
    found = reader.accounts_like("0001")
    assert [line.kind for line in found] == ["purse", "online", "transit", "pending", "subsidy", "pending-subsidy"]
    assert [line.balance_fen for line in found[:2]] == [c.OPENING - 100, 1000]
    assert reader.accounts_of(c.card(1)) == found
    assert reader.labels([c.card(1), b"?"]) == {c.card(1): "0001"}


def test_the_chart_adds_up_before_and_after_folding(reader: Reader, ledger: Ledger) -> None:
    for _ in range(2):
        sums = {one.kind: one.balance_fen for one in reader.chart()}
        assert (sums["merchant"], sums["held"], sums["online"], sums["cash"]) == (350, 30, 1000, 0)
        assert sum(one.debit_fen - one.credit_fen for one in reader.chart()) == 0
        ledger.fold()


def test_what_is_held_comes_leaf_by_leaf(reader: Reader, box: Box) -> None:
    box.send(*(c.stored(c.purchase(n, c.card(n), 2, n, c.OPENING, at=c.FAR), c.FAR) for n in (6, 7)))
    first = reader.held_leaf(0, 2, c.NOW.unix_ms)
    assert [one.fen for one in first.rows] == [30, 6]
    second = reader.held_leaf(first.newer, 2, c.NOW.unix_ms)
    assert ([one.fen for one in second.rows], second.newer) == ([7], 0)
    assert [*first.rows, *second.rows] == reader.held(None, c.NOW.unix_ms)


def test_a_days_takings_by_terminal_and_a_mixed_payment_is_one_sale(reader: Reader, box: Box) -> None:
    found = {place.device: (one.count, one.net_fen, one.held_fen) for place, one in reader.takings(DAY, DAY).items()}
    assert found == {c.POS: (2, 300, 0), c.POS2: (1, 50, 0), c.FAR: (1, 30, 30)}
    assert reader.takings(DAY + 1, DAY + 1) == {}
    halves = (c.purchase(8, c.card(6), 2, 40, c.OPENING, pair=Pair.FIRST, at=c.POS2),
              c.purchase(9, c.card(6), 3, 60, c.OPENING - 40, pair=Pair.SECOND, at=c.POS2))  # fmt: skip
    box.send(*(c.stored(one, c.POS2) for one in halves))
    (sums,) = (one for place, one in reader.takings(DAY, DAY, (0,)).items() if place.device == c.POS2)
    assert (sums.count, sums.net_fen) == (2, 150)


def test_queues_are_counted(reader: Reader) -> None:
    sums = reader.queue_sums()
    assert (sums.suspense, sums.quarantine, sums.voids, sums.voids_ms) == (1, 1, 0, None)
    assert sums.suspense_ms == sums.quarantine_ms == c.NOW.unix_ms


def test_questions_are_as_many_whatever_there_is(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for name in ("run", "find"):
        plain = getattr(type(reader.database), name)

        def counted(db: Database, sql: str, *rest: object, plain=plain) -> object:
            asked.append(sql)
            return plain(db, sql, *rest)

        monkeypatch.setattr(type(reader.database), name, counted)
    for question in (
        lambda: reader.journal(0, 50), lambda: reader.held_leaf(0, 50, c.NOW.unix_ms),
        lambda: reader.takings(DAY, DAY),
        lambda: reader.accounts_like("merchant:"), lambda: reader.moved([1, 2]), reader.chart, reader.queue_sums,
    ):  # fmt: skip
        asked.clear()
        question()
        assert len(asked) <= 12, asked
