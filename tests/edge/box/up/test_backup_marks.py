"""A signed backup mark: what the ledger has in a verified backup may go after 35 days, and nothing else may."""

import pytest

from edge.outbox.store import KEEP_MS
from shared.ids import LedgerId, StoreId
from shared.wire import topics
from shared.wire.messages import BackupMark, Recover, SignedAnswer, encode_now
from tests.edge.rig import LEDGER
from tests.edge.uplink_words import hellos, sell

MADE_MS = 1_784_000_000_000


@pytest.fixture
def settled(field, body):
    """Four rows, all of them settled, and a Hello that is answered."""
    field.connect()
    sell(field, body, 4)
    return field


def mark(field, row, ledger=LEDGER, store=None):
    return BackupMark(ledger, store or field.store.store, row, MADE_MS)


def dropped_later(field):
    """How many rows go when they are all old."""
    field.store.begin()
    rows = field.store.drop_settled(int(field.s * 1000) + KEEP_MS + 1000).rows
    field.store.commit()
    return rows


def test_what_a_mark_covers_goes_when_it_is_old(settled):
    settled.answer(mark(settled, 3))
    assert dropped_later(settled) == 3


def test_without_a_mark_nothing_goes(settled):
    assert dropped_later(settled) == 0


def test_a_mark_outlives_the_box(settled):
    settled.answer(mark(settled, 3))
    settled.crash()
    assert dropped_later(settled) == 3


def test_a_mark_above_all_rows_covers_none_that_comes_later(settled, body):
    settled.answer(mark(settled, 900))
    sell(settled, body, 2)
    assert dropped_later(settled) == 4


@pytest.mark.parametrize("other", [{"ledger": LedgerId(b"LEDGER-2")}, {"store": StoreId(b"other-00")}], ids=str)
def test_a_mark_of_another_ledger_or_outbox_changes_nothing(settled, other):
    settled.answer(mark(settled, 3, **other))
    assert dropped_later(settled) == 0


def test_a_forged_mark_changes_nothing_and_is_told(settled):
    forged = SignedAnswer(settled.asked, encode_now(mark(settled, 3)), bytes(64))
    settled.down(topics.DOWN_NOW, encode_now(forged))
    assert dropped_later(settled) == 0
    assert [fact.code for fact in settled.facts] == ["answer-forged"]


def test_a_bare_mark_changes_nothing(settled):
    settled.down(topics.DOWN_NOW, encode_now(mark(settled, 3)))
    assert dropped_later(settled) == 0
    assert [fact.code for fact in settled.facts] == ["answer-forged"]


def test_a_mark_is_taken_once_and_an_old_one_never(settled):
    old = settled.ledger.sign_answer(settled.asked, mark(settled, 4))
    settled.disconnect()
    settled.connect()
    settled.answer(mark(settled, 2))
    settled.down(topics.DOWN_NOW, old)
    assert dropped_later(settled) == 2


def test_less_than_before_counts_at_once(settled):
    """The ledger was put back, and this box has shown nothing that it lacks."""
    settled.answer(mark(settled, 4))
    settled.disconnect()
    settled.connect()
    settled.answer(mark(settled, 1))
    assert dropped_later(settled) == 1


def test_after_a_recovery_no_mark_of_before_counts(settled):
    settled.answer(mark(settled, 1))
    settled.disconnect()
    settled.connect()
    late = settled.ledger.sign_answer(settled.asked, mark(settled, 4))
    settled.recover(1)
    settled.down(topics.DOWN_NOW, late)
    assert len(hellos(settled)) >= 2
    assert settled.store.depth().unsettled == 0, "the ledger of the rig has them all again"
    assert dropped_later(settled) == 1


def test_a_mark_to_the_hello_that_a_recovery_has_answered_is_of_before(settled):
    """Said by the process that is gone, delivered late."""
    settled.answer(mark(settled, 1))
    settled.disconnect()
    settled.greeting = False
    settled.connect()
    late = settled.ledger.sign_answer(settled.asked, mark(settled, 4))
    settled.answer(Recover(LEDGER, settled.store.store, 1))
    settled.down(topics.DOWN_NOW, late)
    assert settled.store.depth().unsettled == 0, "the ledger of the rig has them all again"
    assert dropped_later(settled) == 1
