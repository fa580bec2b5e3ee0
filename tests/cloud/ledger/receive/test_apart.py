"""What proves nothing and comes from a box that its device is not at: no mark, no key, no epoch of it moves."""

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.judge import REJUDGED, Reason
from cloud.ledger.records.marks import Mark
from cloud.ledger.records.values import Received, Verdict
from shared.records import Kind
from shared.wire.messages import EPOCH_MAX, FORM_1, FORM_2, RANGES_MAX, AckBody, EpochRequest
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

SALES = 27
WRONG = b"\1\2\3\4"


@pytest.fixture
def hostile(ledger: Ledger) -> Box:
    """A box of the campus that has no business with POS."""
    return Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION, c.OTHER_STORE)


def sale(seq: int, **changed: object) -> bytes:
    return c.stored(c.purchase(seq, c.card(1), seq, 100, c.OPENING - 100 * (seq - 1)), **changed)  # type: ignore[arg-type]


def forged(seq: int, epoch: int = 1) -> bytes:
    return c.stored(c.purchase(seq, c.card(2), seq, 1, c.OPENING, tac_of=WRONG), epoch=epoch)


def unproven(seq: int) -> bytes:
    return c.stored(c.purchase(seq, c.card(1), seq, 100, c.OPENING, kind=Kind.UNPROVEN))


def not_debited(seq: int) -> bytes:
    return c.stored(c.purchase(seq, c.card(1), seq, 100, c.OPENING, kind=Kind.NOT_DEBITED, linked=1))


def send(box: Box, *records: bytes, form: int = FORM_2) -> AckBody:
    (ack,) = box.ledger.receive([box.batch(*records)._replace(form=form)], c.check_tac, c.NOW)
    return ack


def marks(ledger: Ledger) -> list[tuple[object, ...]]:
    with ledger.database.reading():
        return ledger.database.run("SELECT device, epoch, cumulative, last_seq FROM device_mark ORDER BY 1, 2")


def test_wrong_tacs_under_anothers_numbers_turn_no_genuine_sale_into_a_fork(
    ledger: Ledger, box: Box, hostile: Box
) -> None:
    send(hostile, *(forged(seq) for seq in range(1, SALES + 1)))
    assert marks(ledger) == []
    send(box, *(sale(seq) for seq in range(1, SALES + 1)))
    assert c.verdicts(ledger)[SALES:] == [(Verdict.POSTED, Reason.NONE)] * SALES
    assert c.merchant(ledger) == 100 * SALES
    assert c.held(ledger) == 0
    assert "record-fork" not in c.codes(ledger)
    assert verify(ledger, c.check_tac).first_broken == ""


def test_they_are_kept_told_and_answered_without_the_device(ledger: Ledger, hostile: Box) -> None:
    ack = send(hostile, forged(5), forged(6))
    assert (ack.row_cumulative, ack.devices, ack.apart) == (2, (), ((1, 2),))
    assert c.verdicts(ledger) == [(Verdict.QUARANTINED, Reason.WRONG_TAC)] * 2
    assert c.codes(ledger) == {"record-elsewhere": "important"}
    assert ledger.ack_for(c.OTHER_BOX, c.OTHER_STORE).devices == ()


def test_a_box_of_release_0_1_hears_of_no_rows_apart_and_keeps_them(ledger: Ledger, hostile: Box) -> None:
    ack = send(hostile, forged(5), form=FORM_1)
    assert (ack.row_cumulative, ack.devices, ack.apart) == (1, (), ())


def test_the_same_row_again_is_named_again_and_written_once(ledger: Ledger, hostile: Box) -> None:
    send(hostile, forged(5), forged(6))
    (ack,) = ledger.receive(
        [Received(c.OTHER_BOX, c.OTHER_PARTITION, c.OTHER_STORE, 1, (forged(5), forged(6)), FORM_2)], c.check_tac, c.NOW
    )
    assert ack.apart == ((1, 2),)
    assert len(c.verdicts(ledger)) == 2


def test_the_same_bytes_from_its_own_box_are_judged_anew(ledger: Ledger, box: Box, hostile: Box) -> None:
    grey = unproven(1)
    send(hostile, grey)
    assert marks(ledger) == []
    ack = send(box, grey, c.stored(c.purchase(2, c.card(1), 2, 50, c.OPENING - 100)))
    assert c.verdicts(ledger)[:2] == [(Verdict.SUSPENSE, Reason.UNPROVEN)] * 2
    assert [(d.device, d.cumulative) for d in ack.devices] == [(c.POS, 2)]
    assert ack.apart == ()
    assert (c.merchant(ledger), c.held(ledger)) == (150, 0)
    assert verify(ledger, c.check_tac).first_broken == ""


def test_a_grey_purchase_from_elsewhere_is_decided_by_its_card_and_gives_way_to_its_own_box(
    ledger: Ledger, box: Box, hostile: Box
) -> None:
    grey = unproven(1)
    send(hostile, grey)
    send(box, c.stored(c.purchase(2, c.card(1), 2, 50, c.OPENING - 100)))
    assert (c.merchant(ledger), c.held(ledger)) == (50, 100)
    send(box, grey)
    assert (c.merchant(ledger), c.held(ledger)) == (150, 0)
    assert verify(ledger, c.check_tac).first_broken == ""


def test_the_sums_hold_with_rows_apart(ledger: Ledger, box: Box, hostile: Box) -> None:
    send(hostile, unproven(1), forged(2), forged(3))
    before = Reader(ledger.database).counts()
    assert (before.records, before.suspense, before.quarantined, before.posted) == (3, 1, 2, 0)
    send(box, c.stored(c.purchase(2, c.card(1), 2, 50, c.OPENING - 100)))
    after = Reader(ledger.database).counts()
    assert (after.records, after.suspense, after.quarantined, after.posted, after.held) == (4, 0, 2, 2, 0)
    rows = {row.name: (row.posted, row.suspense) for row in Reader(ledger.database).by_terminal()}
    assert rows["pos-01"] == (2, 0)


def test_no_terminals_word_about_another_record_counts_from_elsewhere(ledger: Ledger, box: Box, hostile: Box) -> None:
    send(box, unproven(1))
    send(hostile, not_debited(2))
    with ledger.database.reading():
        assert ledger.database.run("SELECT COUNT(*) FROM claim") == [(0,)]
        assert ledger.database.run("SELECT COUNT(*) FROM suspense") == [(1,)]
    assert c.verdicts(ledger)[1] == (Verdict.QUARANTINED, Reason.OTHER_BOX)


def test_a_valid_tac_posts_the_card_side_from_anywhere(ledger: Ledger, hostile: Box) -> None:
    ack = send(hostile, sale(1))
    assert c.verdicts(ledger) == [(Verdict.HELD, Reason.OTHER_BOX)]
    assert c.purse(ledger, c.card(1)) == c.OPENING - 100
    assert [(d.device, d.cumulative) for d in ack.devices] == [(c.POS, 1)]
    assert ack.apart == ()


def test_a_thiefs_own_genuine_sales_under_anothers_numbers_claim_none(ledger: Ledger, box: Box, hostile: Box) -> None:
    """A TAC covers the PSAM and not the device: FAR is at the hostile box, and its PSAM has made these sales."""
    own = c.purchase(1, c.card(3), 1, 70, c.OPENING, at=c.FAR)
    ack = send(hostile, c.stored(own, at=c.POS, chip=c.psam(3), epoch=EPOCH_MAX))
    ack = send(hostile, c.stored(own._replace(seq=2, ttn=2, tac=_tac(2)), at=c.POS, chip=c.psam(3)))
    assert c.verdicts(ledger)[0] == (Verdict.HELD, Reason.OTHER_BOX)
    assert (ack.devices, ack.apart) == ((), ((2, 2),))
    assert marks(ledger) == []
    assert c.purse(ledger, c.card(3)) == c.OPENING - 70
    send(box, sale(1), sale(2))
    assert c.verdicts(ledger)[2:] == [(Verdict.POSTED, Reason.NONE)] * 2
    assert verify(ledger, c.check_tac).first_broken == ""
    counts = Reader(ledger.database).counts()
    assert (counts.records, counts.posted, counts.held, counts.quarantined) == (4, 3, 1, 1)
    rows = [(row.epoch, row.posted, row.held, row.spent_fen) for row in Reader(ledger.database).by_terminal()]
    assert rows == [(1, 2, 0, 200), (EPOCH_MAX, 1, 1, 70)]


def _tac(ttn: int) -> bytes:
    """Of the same card and counter once more."""
    return c.purchase(ttn, c.card(3), 1, 70, c.OPENING, at=c.FAR).tac


def test_a_genuine_tac_replayed_under_anothers_numbers_claims_no_number(
    ledger: Ledger, box: Box, hostile: Box
) -> None:
    genuine = c.purchase(1, c.card(1), 1, 100, c.OPENING)
    send(box, c.stored(genuine))
    ack = send(hostile, c.stored(genuine._replace(seq=2, counter=2)))
    assert c.verdicts(ledger)[1] == (Verdict.QUARANTINED, Reason.TTN_TAKEN)
    assert (ack.devices, ack.apart) == ((), ((1, 1),))
    assert c.codes(ledger)["record-elsewhere"] == "urgent"
    send(box, sale(2))
    assert c.verdicts(ledger)[2] == (Verdict.POSTED, Reason.NONE)


def test_a_body_in_no_inventory_is_at_no_box(ledger: Ledger, box: Box) -> None:
    ack = send(box, c.stored(c.purchase(1, c.card(1), 1, 100, c.OPENING, tac_of=WRONG), at=c.device(77)))
    assert (ack.devices, ack.apart) == ((), ((1, 1),))
    assert marks(ledger) == []


@pytest.mark.parametrize("changed", [{"key_version": 9}, {"tac": WRONG}, {}])
def test_a_flood_of_invented_numbers_is_one_fact_of_its_box(
    ledger: Ledger, box: Box, hostile: Box, changed: dict[str, object]
) -> None:
    made = [c.purchase(n, c.card(3), n, 1, c.OPENING, at=c.FAR)._replace(**changed) for n in range(1, 31)]  # type: ignore[arg-type]
    bodies = [c.stored(one, at=c.device(99 + one.seq), chip=c.psam(3)) for one in made]
    ledger.receive([box.batch(*bodies[:10]), hostile.batch(*bodies[10:])], c.check_tac, c.NOW)
    code = "record-elsewhere" if changed else "record-held"
    told = [(fact["box"], fact["device"], fact["times"]) for fact in c.facts(ledger, code)]
    assert told == [(c.BOX, b"", 10), (c.OTHER_BOX, b"", 20)]


def test_more_rows_than_an_ack_has_room_for_are_named_when_the_first_are_settled(
    ledger: Ledger, hostile: Box
) -> None:
    mixed = [raw for seq in range(1, 81) for raw in (forged(seq), c.stored(_far(seq), at=c.FAR))]
    ack = send(hostile, *mixed)
    assert len(ack.apart) == 64
    assert ack.row_cumulative == 160


def _far(seq: int):  # type: ignore[no-untyped-def]
    return c.purchase(seq, c.card(3), seq, 10, c.OPENING - 10 * (seq - 1), at=c.FAR)


def test_an_epoch_that_nobody_can_have_given_moves_nothing(ledger: Ledger, box: Box, hostile: Box) -> None:
    send(hostile, forged(1, EPOCH_MAX))
    send(box, forged(1, EPOCH_MAX))
    assert marks(ledger) == []
    answer = ledger.assign_epoch(c.BOX, EpochRequest(1, c.POS, b"storage1", c.psam(1), 0), c.NOW)  # type: ignore[arg-type]
    assert answer.epoch == 1
    assert verify(ledger, c.check_tac).first_broken == ""


def test_a_key_fix_posts_what_a_box_elsewhere_has_brought(ledger: Ledger, hostile: Box) -> None:
    ledger.receive([hostile.batch(sale(1))._replace(form=FORM_2)], lambda items: b"\1" * (len(items) // 41), c.NOW)
    assert c.verdicts(ledger)[0][0] == Verdict.QUARANTINED
    assert ledger.rejudge(c.check_tac, c.NOW, REJUDGED).posted == 1
    assert c.purse(ledger, c.card(1)) == c.OPENING - 100
    assert marks(ledger) == []
    assert verify(ledger, c.check_tac).first_broken == ""


def test_what_was_posted_after_a_key_fix_is_no_alarm_when_its_own_box_brings_it(
    ledger: Ledger, box: Box, hostile: Box
) -> None:
    ledger.receive([hostile.batch(sale(1))._replace(form=FORM_2)], lambda items: b"\1" * (len(items) // 41), c.NOW)
    ledger.rejudge(c.check_tac, c.NOW, REJUDGED)
    ack = send(box, sale(1), sale(2))
    assert c.verdicts(ledger)[1:] == [(Verdict.NO_ENTRY, Reason.OTHER_BOX), (Verdict.POSTED, Reason.NONE)]
    assert ack.devices[0].cumulative == 2
    assert "record-quarantined" not in c.codes(ledger)
    assert c.purse(ledger, c.card(1)) == c.OPENING - 200
    assert verify(ledger, c.check_tac).first_broken == ""


def test_while_a_void_waits_rows_apart_are_judged_and_judged_again_as_ever(
    ledger: Ledger, box: Box, hostile: Box
) -> None:
    send(box, c.void(3, c.purchase(2, c.card(4), 1, 100, c.OPENING)))
    send(hostile, unproven(1))
    assert c.verdicts(ledger)[1:] == [(Verdict.SUSPENSE, Reason.UNPROVEN)]
    sold = c.stored(c.purchase(4, c.card(1), 2, 100, c.OPENING - 100))
    ledger.receive([hostile.batch(sold)._replace(form=FORM_2)], lambda items: b"\1" * (len(items) // 41), c.NOW)
    assert ledger.rejudge(c.check_tac, c.NOW, REJUDGED).posted == 1
    assert c.purse(ledger, c.card(1)) == c.OPENING - 200, "what is grey is proven by it"
    own = c.purchase(1, c.card(3), 1, 70, c.OPENING, at=c.FAR)
    send(hostile, c.stored(own, at=c.POS, chip=c.psam(3)))
    assert c.verdicts(ledger)[3:] == [(Verdict.HELD, Reason.OTHER_BOX)]
    assert verify(ledger, c.check_tac).first_broken == ""


def test_a_copy_from_elsewhere_writes_nothing(ledger: Ledger) -> None:
    verdict = ledger.receive_copy(c.OTHER_BOX, c.OTHER_PARTITION, forged(1), c.check_tac, c.NOW)
    assert verdict is Verdict.QUARANTINED
    assert c.verdicts(ledger) == []


def small(seq: int) -> bytes:
    return c.stored(c.purchase(seq, c.card(1), seq, 1, c.OPENING - seq))


ODD = [small(seq) for seq in range(1, 2 * RANGES_MAX + 2, 2)]
"""As many holes as a mark has room for."""
ONE_MORE = small(2 * RANGES_MAX + 3)


def test_a_row_that_its_devices_mark_has_no_room_for_stands_before_nobody(ledger: Ledger, box: Box) -> None:
    assert send(box, *ODD).apart == ()
    row = len(ODD) + 1
    ack = send(box, ONE_MORE)
    assert (ack.row_cumulative, ack.row_ranges, ack.apart) == (row, (), ((row, row),))
    assert not Mark(ack.devices[0].cumulative, ack.devices[0].ranges).holds(2 * RANGES_MAX + 3), "told to no terminal"
    assert c.verdicts(ledger)[-1] == (Verdict.POSTED, Reason.NONE), "and in the books"
    assert send(box, small(2)).apart == ()
    ack = send(box, ONE_MORE)
    assert ack.apart == (), "a hole has closed: it is named when its terminal brings it again"
    assert Mark(ack.devices[0].cumulative, ack.devices[0].ranges).holds(2 * RANGES_MAX + 3)
    assert len(c.verdicts(ledger)) == RANGES_MAX + 3


def test_a_box_of_form_1_brings_again_what_has_no_room(ledger: Ledger, box: Box) -> None:
    send(box, *ODD, form=FORM_1)
    ack = send(box, ONE_MORE, form=FORM_1)
    assert (ack.row_cumulative, ack.apart) == (len(ODD), ())
