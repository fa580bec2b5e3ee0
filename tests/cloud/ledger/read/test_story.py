"""A card's story over random histories: its movements are what the books keep, however few are told one by one."""

import random

import pytest

from cloud.ledger.books.chart import OF_A_CARD
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.read.shown.story import Story
from cloud.words.balance.story import story_lines
from shared.ids import CardId
from shared.records import Kind
from tests.cloud.ledger import campus as c

CARDS = 4


def history(ledger: Ledger, chance: random.Random) -> None:
    """Purchases of every card, some late, some never; deposits, grants, voids of some of them."""
    box, sent, seq = c.Box(ledger), [], 0
    for counter in range(1, 6):
        for n in range(1, CARDS + 1):
            seq += 1
            sent.append(c.purchase(seq, c.card(n), counter, 100 * n, c.OPENING - 100 * n * (counter - 1)))
    chance.shuffle(sent)
    for one in sent[: len(sent) - 3]:
        box.send(c.stored(one))
        if chance.random() < 0.2:
            seq += 1
            box.send(c.void(seq, one))
        if chance.random() < 0.3:
            card, fen = c.card(chance.randint(1, CARDS)), chance.randint(1, 9_999)
            ledger.deposit(card, fen, f"d{one.seq}", c.NOW, "王芳")
        if chance.random() < 0.2:
            card, fen = c.card(chance.randint(1, CARDS)), chance.randint(1, 999)
            ledger.grant(card, fen, "fund", "助", f"g{one.seq}", c.NOW, "王芳")


def told(ledger: Ledger, n: int, most: int = 1000) -> Story:
    found = Reader(ledger.database).story(f"{n:04d}", c.NOW, most)
    assert found is not None
    return found


def kept(ledger: Ledger, card: CardId) -> list[int]:
    sums = c.balances(ledger)
    return [-sums.get(f"{kind}:{card.hex()}", 0) for kind in OF_A_CARD]


@pytest.mark.parametrize("seed", range(3))
def test_movements_add_up_to_the_books(ledger: Ledger, seed: int) -> None:
    history(ledger, random.Random(seed))
    for n in range(1, CARDS + 1):
        whole = told(ledger, n)
        assert list(whole.balances) == kept(ledger, c.card(n)) == list(whole.summed)
        few = told(ledger, n, most=2)
        assert (len(few.moves), few.older, few.summed) == (2, len(whole.moves) - 2, whole.summed)
        assert [one.order for one in whole.moves] == sorted(one.order for one in whole.moves)
        counters = [one.entry.record.counter for one in whole.moves if one.entry.kind == "purchase"]
        assert counters == sorted(counters), "however late they came"
        assert whole.known[0].record.counter == counters[-1]
        assert list(story_lines(whole)) != list(story_lines(few))


def test_a_counter_that_nobody_brought_is_late_until_it_comes(ledger: Ledger) -> None:
    box = c.Box(ledger)
    box.send(c.stored(c.purchase(1, c.card(1), 1, 500, c.OPENING)))
    box.send(c.stored(c.purchase(3, c.card(1), 3, 300, c.OPENING - 900)))
    assert told(ledger, 1).late.counters == {0: [2]}
    assert told(ledger, 1).known[0].fen == c.OPENING - 1200
    box.send(c.stored(c.purchase(2, c.card(1), 2, 400, c.OPENING - 500)))
    assert (told(ledger, 1).late.counters, told(ledger, 1).balances[0]) == ({}, c.OPENING - 1200)


def test_a_grey_record_is_undecided_and_no_movement(ledger: Ledger) -> None:
    box = c.Box(ledger)
    box.send(c.stored(c.purchase(1, c.card(1), 1, 500, c.OPENING, kind=Kind.UNPROVEN)))
    found = told(ledger, 1)
    assert ([one.amount_fen for one in found.grey], found.known, found.balances[0]) == ([500], (), c.OPENING)
    assert any("卡是否已扣未知" in line for line in story_lines(found))


def test_a_card_and_the_one_in_its_place_name_each_other(opened: OpenedLedger, ledger: Ledger) -> None:
    desk = DeskLedger(opened)
    desk.report_lost(Wish(b"k" * 16, "李明", "0001", "丢失"), c.NOW)
    found = told(ledger, 1)
    assert found.lost is not None
    assert any("补卡：desk reissue --label 0001" in line for line in story_lines(found))


def test_no_line_of_who_may_not_see_aid_tells_it(ledger: Ledger) -> None:
    ledger.grant(c.card(1), 700, "fund", "助", "g1", c.NOW, "王芳")
    DeskLedger(ledger.opened).report_lost(Wish(b"k" * 16, "李明", "0001", "丢失"), c.NOW)
    lines = "\n".join(story_lines(told(ledger, 1), is_apart=False))
    assert "发放" not in lines
    assert "补助" not in lines
    assert "过渡余额 ¥7.00" in lines


def test_there_is_no_such_card(ledger: Ledger) -> None:
    assert Reader(ledger.database).story("9999", c.NOW) is None
