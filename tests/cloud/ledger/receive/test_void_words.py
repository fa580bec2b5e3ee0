"""Held voids move by the word of two persons: whole, once, and never more than their sales took."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.held.records_words import RECORDS_MAX
from cloud.ledger.held.two_persons import Outcome, ProposalRefused
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import Ledger
from cloud.ledger.receive.void_words import VoidLedger
from cloud.ledger.receive.voids import VoidState
from cloud.ledger.records.judge import Reason
from shared.records import Cause
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box
from tests.cloud.ledger.receive.test_voids import cases, pending, sales, sound

SALE = c.purchase(3, c.card(1), 0, 450, c.OPENING)


@pytest.fixture
def words(ledger: Ledger, campus_dsn: str) -> Iterator[VoidLedger]:
    """A sale, record 1, and its void by PIN, record 2."""
    Box(ledger).send(c.stored(SALE), c.void_by_pin(4, SALE))
    with closing(open_prepared(campus_dsn)) as opened:
        yield VoidLedger(opened)


def test_two_persons_let_a_void_by_pin_give_back(ledger: Ledger, words: VoidLedger) -> None:
    made = words.propose([2], "张三", "老终端，已问当班主管", c.NOW)
    assert (pending(ledger), cases(ledger)) == (0, [(VoidState.HELD, Reason.VOID_PIN)])
    assert not words.confirm(made.number, "李四", c.NOW).again
    assert (pending(ledger), c.merchant(ledger), cases(ledger)) == (450, 0, [(VoidState.POSTED, Reason.VOID)])
    assert words.confirm(made.number, "李四", c.NOW).again
    assert pending(ledger) == 450
    assert {"held-proposed", "held-returned"} <= set(c.codes(ledger))
    assert sound(ledger)


def test_one_person_does_not(ledger: Ledger, words: VoidLedger) -> None:
    made = words.propose([2], "张三", "退", c.NOW)
    with pytest.raises(ProposalRefused):
        words.confirm(made.number, " 张三 ", c.NOW)
    assert pending(ledger) == 0


def test_rejected_it_stays_held(ledger: Ledger, words: VoidLedger) -> None:
    made = words.propose([2], "张三", "退", c.NOW)
    decided = words.reject(made.number, "李四", "顾客不认", c.NOW).proposal.decision
    assert decided is not None
    assert decided.outcome is Outcome.REJECTED
    with pytest.raises(ProposalRefused):
        words.confirm(made.number, "王五", c.NOW)
    assert (pending(ledger), cases(ledger)) == (0, [(VoidState.HELD, Reason.VOID_PIN)])


@pytest.mark.parametrize("records", [[], [1], [2, 99], list(range(2, RECORDS_MAX + 3))])
def test_what_is_no_held_void_is_not_proposed(words: VoidLedger, records: list[int]) -> None:
    with pytest.raises(ProposalRefused):
        words.propose(records, "张三", "退", c.NOW)


def test_all_of_a_proposal_or_none(ledger: Ledger, words: VoidLedger) -> None:
    """The second void names a sum that its sale has not: two persons cannot make it fit."""
    odd = c.void(5, c.purchase(2, c.card(2), 0, 70, c.OPENING)._replace(amount_fen=71))
    Box(ledger, row=2).send(c.stored(c.purchase(2, c.card(2), 0, 70, c.OPENING)), odd)
    assert cases(ledger)[1] == (VoidState.HELD, Reason.VOID_NO_SALE)
    made = words.propose([2, 4], "张三", "退", c.NOW)
    with pytest.raises(ProposalRefused, match="记录 4"):
        words.confirm(made.number, "李四", c.NOW)
    assert (pending(ledger), pending(ledger, 2)) == (0, 0)
    assert sound(ledger)


def test_what_is_above_the_bounds_or_from_elsewhere_can_be_let_through(ledger: Ledger, words: VoidLedger) -> None:
    big = c.purchase(6, c.card(3), 0, 9_000, c.OPENING)
    Box(ledger, row=2).send(c.stored(big), c.void(7, big, by=big.card))
    Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION).send(c.void(8, big))
    assert [reason for _, reason in cases(ledger)[1:]] == [Reason.VOID_BOUND, Reason.OTHER_BOX]
    words.confirm(words.propose([5], "张三", "退", c.NOW).number, "李四", c.NOW)
    assert pending(ledger, 3) == 9_000
    with pytest.raises(ProposalRefused):
        words.confirm(words.propose([4], "张三", "退", c.NOW).number, "李四", c.NOW)
    assert sound(ledger)


def test_what_a_pin_has_moved_without_two_persons_is_named(ledger: Ledger, words: VoidLedger) -> None:
    words.confirm(words.propose([2], "张三", "退", c.NOW).number, "李四", c.NOW)
    with ledger.database.writing():
        ledger.database.run("UPDATE void_case SET proposal = NULL")
    assert "by PIN alone has moved money" in verify(ledger, c.check_tac).first_broken


def test_several_at_once(ledger: Ledger, words: VoidLedger) -> None:
    sold = sales(3, seq=11)
    Box(ledger, row=2).send(
        *(c.stored(one) for one in sold[1:]),
        *(c.void_by_pin(21 + n, one, cause=Cause.CASHIER) for n, one in enumerate(sold[1:])),
    )  # fmt: skip
    made = words.propose([2, 5, 6], "张三", "退", c.NOW)
    words.confirm(made.number, "李四", c.NOW)
    assert [state for state, _ in cases(ledger)] == [VoidState.POSTED] * 3
