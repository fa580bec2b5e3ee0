"""Many doors of the ledger in one transaction: all of it or nothing, on both databases."""

from dataclasses import replace

import pytest

from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.records.values import Copied, Verdict
from shared.errors import RuleBroken
from shared.ids import DeviceId, StorageId
from shared.wire.messages import DeviceStatus, EpochRequest, Fact
from tests.cloud.ledger import campus as c

STATUS = DeviceStatus(c.POS, (), 1, 1, 9, True, 1, 1)
ASKED = EpochRequest(7, c.POS, StorageId(b"T" * 8), c.psam(1), 0)
FACT = Fact("bus-off", "important", 5, b"", "断开 off")


def facts(ledger: Ledger) -> int:
    with ledger.database.reading():
        return len(ledger.database.run("SELECT id FROM fact WHERE code = 'bus-off'"))


def test_what_is_asked_together_is_there_together(ledger: Ledger, campus_dsn: str) -> None:
    other = open_ledger(campus_dsn)
    with ledger.together():
        ledger.fact(c.BOX, FACT, 1)
        ledger.store_status(c.BOX, STATUS, 1)
        first, again = ledger.assign_epoch(c.BOX, ASKED, c.NOW), ledger.assign_epoch(c.BOX, ASKED, c.NOW)
        assert facts(ledger) == 1, "what is written is found within"
        assert facts(other) == 0
    assert facts(other) == 1
    assert first == again
    other.close()


def test_when_one_fails_nothing_is_done_and_the_next_transaction_works(ledger: Ledger) -> None:
    def all_of_them() -> None:
        with ledger.together():
            ledger.fact(c.BOX, FACT, 1)
            ledger.assign_epoch(c.BOX, ASKED, c.NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        all_of_them()
    assert facts(ledger) == 0
    ledger.fact(c.BOX, FACT, 1)
    assert facts(ledger) == 1


def test_one_that_failed_and_was_hushed_up_spoils_the_rest(ledger: Ledger) -> None:
    def hushing() -> None:
        with ledger.together():
            ledger.fact(c.BOX, FACT, 1)
            with pytest.raises(AttributeError):
                ledger.store_status(c.BOX, None, 1)  # type: ignore[arg-type]

    with pytest.raises(RuleBroken):
        hushing()
    assert facts(ledger) == 0


def test_copies_of_records_are_one_transaction_and_one_question(ledger: Ledger) -> None:
    asked: list[bytes] = []

    def check_tac(items: bytes) -> bytes:
        asked.append(items)
        return c.check_tac(items)

    raws = [c.stored(c.load(n, c.card(n), 5, 300, c.OPENING, request=n)) for n in (1, 2, 2)]
    copies = [Copied(c.BOX, c.PARTITION, raw) for raw in raws]
    verdicts = ledger.receive_copies(copies, check_tac, c.NOW)
    assert verdicts == [Verdict.POSTED, Verdict.POSTED, Verdict.DUPLICATE]
    assert len(asked) == 1
    with ledger.database.reading():
        assert ledger.database.run("SELECT COUNT(*) FROM record") == [(2,)]
    assert c.purse(ledger, c.card(2)) == c.OPENING + 300


def test_what_was_told_within_what_is_undone_is_told_again(ledger: Ledger) -> None:
    def undone() -> None:
        with ledger.together():
            ledger.store_status(c.OTHER_BOX, STATUS, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    assert "spoken-for" not in c.codes(ledger)
    ledger.store_status(c.OTHER_BOX, STATUS, 1)
    assert len(c.facts(ledger, "spoken-for")) == 1


def test_numbers_that_a_box_makes_up_leave_one_fact(ledger: Ledger) -> None:
    for number in range(50):
        made_up = DeviceId(b"made-" + bytes((number,)))
        ledger.store_status(c.OTHER_BOX, STATUS._replace(device=made_up), 1)
        ledger.assign_epoch(c.OTHER_BOX, replace(ASKED, device=made_up), c.NOW)
    assert (len(c.facts(ledger, "spoken-for")), len(c.facts(ledger, "epoch-refused"))) == (1, 1)
