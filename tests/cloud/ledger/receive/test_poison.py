"""A record that our own code stumbles over is set aside whole and acknowledged; the next program judges it again."""

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.journal.facts import from_json
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.arrival import arrive
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import CheckTac, Received, Rejudged, Verdict
from shared.errors import StoreFault
from shared.facts.books import RecordQuarantined
from shared.ids import StoreId
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

DEFECT = (Verdict.QUARANTINED, Reason.DEFECT)
POSTED = (Verdict.POSTED, Reason.NONE)


def sale(n: int) -> bytes:
    return c.stored(c.purchase(n, c.card(n), n, 10 * n, c.OPENING))


def stumbling(*poison: bytes) -> CheckTac:
    """The checks of a program with a defect: it cannot take these records."""

    def check(items: bytes) -> bytes:
        if any(_tac(raw) in items for raw in poison):
            raise ZeroDivisionError("a secret")
        return c.check_tac(items)

    return check


def _tac(raw: bytes) -> bytes:
    item = arrive(raw).item
    assert item is not None
    return item


def take(ledger: Ledger, box: Box, program: CheckTac, *records: bytes) -> list[object]:
    return [*ledger.receive([box.batch(*records)], program, c.NOW)]


@pytest.mark.parametrize("at", [1, 4, 8])
def test_one_record_among_others_is_set_aside_and_the_others_post(ledger: Ledger, box: Box, at: int) -> None:
    records = [sale(n) for n in range(1, 9)]
    (ack,) = ledger.receive([box.batch(*records)], stumbling(records[at - 1]), c.NOW)
    assert (ack.row_cumulative, ack.devices[0].cumulative) == (8, 8)
    assert sorted(c.verdicts(ledger)) == sorted([POSTED] * 7 + [DEFECT])
    assert c.merchant(ledger) == 10 * (36 - at)
    assert c.codes(ledger) == {"record-quarantined": "urgent"}
    assert verify(ledger, c.check_tac).ok


def test_it_is_kept_whole_once_and_names_no_secret(ledger: Ledger, box: Box) -> None:
    program = stumbling(sale(1))
    for _ in range(3):
        take(ledger, box, program, sale(1))
    with ledger.database.reading():
        assert [tuple(row) for row in ledger.database.run("SELECT stored, verdict FROM record")] == [
            (sale(1), int(Verdict.QUARANTINED))
        ]
        ((params,),) = ledger.database.run("SELECT params FROM fact")
    assert from_json(params) == RecordQuarantined("defect", 1, "ZeroDivisionError").params(), "and not the secret"


def test_several_boxes_get_one_ack_each(ledger: Ledger, box: Box) -> None:
    other = StoreId(b"store--2")
    batches = [box.batch(sale(1), sale(2)), Received(c.BOX, c.PARTITION, other, 1, (sale(3), sale(4)))]
    acks = ledger.receive(batches, stumbling(sale(2), sale(3)), c.NOW)
    assert [(ack.store, ack.row_cumulative) for ack in acks] == [(c.STORE, 2), (other, 2)]
    assert acks[-1].number == ledger.ack_for(c.BOX, other).number


def test_the_next_program_posts_it_and_the_same_one_leaves_it(ledger: Ledger, box: Box) -> None:
    take(ledger, box, stumbling(sale(1), sale(3)), sale(1), sale(2), sale(3))
    assert ledger.rejudge(stumbling(sale(1)), c.NOW) == Rejudged(2, 1)
    assert c.merchant(ledger) == 50
    assert ledger.rejudge(c.check_tac, c.NOW, {Reason.DEFECT}) == Rejudged(1, 1)
    assert c.merchant(ledger) == 60
    assert ledger.rejudge(c.check_tac, c.NOW) == Rejudged(0, 0)
    assert verify(ledger, c.check_tac).ok


def test_only_the_reasons_that_are_asked_for_are_judged_again(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.purchase(1, c.card(1), 7, 5, c.OPENING, tac_of=b"nope")))
    assert ledger.rejudge(c.check_tac, c.NOW, {Reason.DEFECT}) == Rejudged(0, 0)


def test_bytes_that_nobody_can_read_are_set_aside_as_well(ledger: Ledger, box: Box) -> None:
    records = [sale(1), b"\xff" * 9]
    (ack,) = ledger.receive([box.batch(*records)], stumbling(sale(1)), c.NOW)
    assert ack.row_cumulative == 2
    assert c.verdicts(ledger) == [DEFECT, (Verdict.QUARANTINED, Reason.UNDECODABLE)]


def test_a_database_that_is_away_sets_nothing_aside(ledger: Ledger, box: Box) -> None:
    def away(items: bytes) -> bytes:
        raise StoreFault("away")

    with pytest.raises(StoreFault):
        take(ledger, box, away, sale(1), sale(2))
    assert c.verdicts(ledger) == []
