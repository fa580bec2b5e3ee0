"""The quarantine's cap: above it count, digest and sequences; nobody else's record is ever hit by it."""

import hashlib

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import Ledger
from cloud.ledger.receive import beyond
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import Now, Received, Verdict
from shared.records import Kind
from shared.wire.messages import FORM_1, FORM_2, RANGES_MAX, AckBody
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

CAP = 5
TOMORROW = Now(c.NOW.unix_ms + 86_400_000, c.NOW.campus_s + 86_400)


@pytest.fixture(autouse=True)
def _small_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beyond, "QUARANTINED_MAX", CAP)


@pytest.fixture
def hostile(ledger: Ledger) -> Box:
    return Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION, c.OTHER_STORE)


def forged(seq: int, **changed: int) -> bytes:
    return c.stored(c.purchase(seq, c.card(2), seq, 1, c.OPENING, tac_of=b"\1\2\3\4")._replace(**changed))


def sale(seq: int) -> bytes:
    return c.stored(c.purchase(seq, c.card(1), seq, 10, c.OPENING - 10 * (seq - 1)))


def send(box: Box, *records: bytes, now: Now = c.NOW) -> AckBody:
    (ack,) = box.ledger.receive([box.batch(*records)._replace(form=FORM_2)], c.check_tac, now)
    return ack


def flood(box: Box, first: int = 1, count: int = 20) -> AckBody:
    return send(box, *(forged(seq) for seq in range(first, first + count)))


def days(ledger: Ledger) -> list[tuple[object, ...]]:
    with ledger.database.reading():
        return ledger.database.run("SELECT box, device, kept, beyond FROM quarantine_day ORDER BY day, box, device")


def sound(ledger: Ledger) -> bool:
    return verify(ledger, c.check_tac).first_broken == ""


def test_above_the_cap_count_and_digest_are_kept_and_all_is_acknowledged(ledger: Ledger, box: Box) -> None:
    ack = flood(box)
    assert c.verdicts(ledger) == [(Verdict.QUARANTINED, Reason.WRONG_TAC)] * CAP
    assert (ack.row_cumulative, ack.devices[0].cumulative, ack.apart) == (20, 20, ())
    assert days(ledger) == [(c.BOX, c.POS, CAP, 15)]
    digest = b""
    for seq in range(CAP + 1, 21):
        digest = hashlib.sha256(digest + hashlib.sha256(forged(seq)).digest()).digest()
    with ledger.database.reading():
        assert ledger.database.run("SELECT digest FROM quarantine_day") == [(digest,)]
    assert sound(ledger)


def test_it_is_told_once_a_day(ledger: Ledger, box: Box) -> None:
    flood(box)
    flood(box, 21)
    assert c.codes(ledger)["quarantine-full"] == "urgent"
    send(box, *(forged(seq) for seq in range(41, 61)), now=TOMORROW)
    with ledger.database.reading():
        assert ledger.database.run("SELECT COUNT(*) FROM fact WHERE code = 'quarantine-full'") == [(2,)]
    assert [row[2:] for row in days(ledger)] == [(CAP, 35), (CAP, 15)]


def test_the_same_again_is_not_counted_again(ledger: Ledger, box: Box) -> None:
    flood(box)
    again = Received(c.BOX, c.PARTITION, c.STORE, 1, tuple(forged(seq) for seq in range(1, 21)), FORM_2)
    (ack,) = ledger.receive([again], c.check_tac, c.NOW)
    assert (ack.row_cumulative, ack.devices[0].cumulative) == (20, 20)
    assert days(ledger) == [(c.BOX, c.POS, CAP, 15)]
    assert sound(ledger)


def test_rows_apart_that_come_again_are_not_counted_again(ledger: Ledger, hostile: Box) -> None:
    flood(hostile)
    raw = tuple(forged(seq) for seq in range(1, 21))
    again = Received(c.OTHER_BOX, c.OTHER_PARTITION, c.OTHER_STORE, 1, raw, FORM_2)
    (ack,) = ledger.receive([again], c.check_tac, c.NOW)
    assert ack.apart == ((1, 20),)
    assert days(ledger) == [(c.OTHER_BOX, c.POS, CAP, 15)]


def test_a_flood_under_a_strangers_number_takes_none_of_its_room(ledger: Ledger, box: Box, hostile: Box) -> None:
    ack = flood(hostile)
    assert (ack.row_cumulative, ack.devices, ack.apart) == (20, (), ((1, 20),))
    assert len(c.verdicts(ledger)) == CAP
    flood(box, 1, CAP)
    send(box, sale(CAP + 1))
    assert c.verdicts(ledger)[CAP:] == [(Verdict.QUARANTINED, Reason.WRONG_TAC)] * CAP + [(Verdict.POSTED, 0)]
    assert days(ledger) == [(c.BOX, c.POS, CAP, 0), (c.OTHER_BOX, c.POS, CAP, 15)]
    assert sound(ledger)


def test_numbers_that_are_nobodys_share_one_room(ledger: Ledger, hostile: Box) -> None:
    bodies = (c.stored(c.purchase(1, c.card(2), 1, 1, 9, tac_of=b"1234"), at=c.device(n)) for n in range(100, 120))
    send(hostile, *bodies)
    send(hostile, *(b"junk%d" % n for n in range(20)))
    assert days(ledger) == [(c.OTHER_BOX, bytes(6), CAP, 35)]
    assert len(c.verdicts(ledger)) == CAP
    assert sound(ledger)


def test_grey_records_from_elsewhere_have_a_cap_and_from_home_none(ledger: Ledger, box: Box, hostile: Box) -> None:
    grey = [c.stored(c.purchase(n, c.card(1), n, 1, 9, kind=Kind.UNPROVEN)) for n in range(1, 21)]
    send(hostile, *grey)
    assert len(c.verdicts(ledger)) == CAP
    send(box, *grey)
    assert len(c.verdicts(ledger)) == CAP + 20
    assert sound(ledger)


@pytest.mark.parametrize("changed", [{"key_version": 9}, {"card": c.card(99)}])
def test_what_nothing_can_decide_yet_is_kept_whole(ledger: Ledger, box: Box, changed: dict[str, int]) -> None:
    proven = [c.purchase(seq, c.card(1), seq, 1, 9)._replace(**changed) for seq in range(1, 21)]
    send(box, *(c.stored(_resigned(record)) for record in proven))
    assert len(c.verdicts(ledger)) == 20
    assert days(ledger) == []


def _resigned(record):  # type: ignore[no-untyped-def]
    """With the TAC of the card that it names."""
    return c.purchase(record.seq, record.card, record.counter, 1, 9)._replace(key_version=record.key_version)


def test_a_genuine_record_under_a_sequence_of_which_only_the_digest_is_here_posts(ledger: Ledger, box: Box) -> None:
    flood(box)
    ack = send(box, sale(20))
    assert c.verdicts(ledger)[-1] == (Verdict.POSTED, Reason.NONE)
    assert ack.devices[0].cumulative == 20
    assert sound(ledger)


def kept(ledger: Ledger) -> int:
    """Of how many rows something is in the books."""
    return len(c.verdicts(ledger)) + sum(row[3] for row in days(ledger))  # type: ignore[misc]


def full_of_holes(box: Box) -> int:
    """As many sequences without a record as can be remembered, with sales between them; the last sequence."""
    last = CAP + 2 * RANGES_MAX
    flood(box, 1, CAP)
    send(box, *(raw for seq in range(CAP + 1, last, 2) for raw in (sale(seq), forged(seq + 1))))
    send(box, sale(last + 1))
    return last + 1


@pytest.mark.parametrize("form", [FORM_1, FORM_2])
def test_what_cannot_be_named_is_counted_once_and_stands_before_nobody(ledger: Ledger, box: Box, form: int) -> None:
    last = full_of_holes(box)
    raw = tuple(forged(seq) for seq in range(last + 2, last + 22))
    batch = box.batch(*raw)._replace(form=form)
    for batches in ([batch], [batch, batch]):
        ack = ledger.receive(batches, c.check_tac, c.NOW)[0]
        assert (ack.row_cumulative, ack.row_ranges) == (last + 20, ())
        assert [(d.cumulative, d.ranges) for d in ledger.ack_for(c.BOX, c.STORE).devices] == [(last, ())]
        assert ack.apart == (((last + 1, last + 20),) if form == FORM_2 else ())
        assert kept(ledger) == last + 20
    assert sound(ledger)


def test_other_bytes_under_a_named_sequence_are_counted_too(ledger: Ledger, box: Box) -> None:
    last = full_of_holes(box)
    ack = send(box, forged(3, counter=99), forged(4, counter=99))
    assert (ack.row_cumulative, ack.apart) == (last + 2, ((last + 1, last + 2),))
    assert kept(ledger) == last + 2


def test_what_cannot_be_named_is_counted_once_within_one_transaction(ledger: Ledger, box: Box) -> None:
    last = full_of_holes(box)
    batch = box.batch(forged(last + 1), b"junk")._replace(form=FORM_2)
    ledger.receive([batch, batch], c.check_tac, c.NOW)
    ledger.receive([batch], c.check_tac, c.NOW)
    assert kept(ledger) == last + 2


def test_what_could_not_be_named_has_room_another_day(ledger: Ledger, box: Box) -> None:
    last = full_of_holes(box)
    batch = box.batch(forged(last + 1))._replace(form=FORM_2)
    (ack,) = ledger.receive([batch], c.check_tac, c.NOW)
    assert ack.apart == ((last + 1, last + 1),)
    (ack,) = ledger.receive([batch], c.check_tac, TOMORROW)
    assert (ack.apart, ack.devices[0].cumulative) == ((), last + 1)
    assert c.verdicts(ledger)[-1] == (Verdict.QUARANTINED, Reason.WRONG_TAC)
    assert sound(ledger)


def test_verify_names_what_was_counted_and_is_not_here(ledger: Ledger, box: Box) -> None:
    flood(box)
    with ledger.database.writing():
        ledger.database.run("UPDATE quarantine_day SET kept = 6")
    assert "quarantine: " in verify(ledger, c.check_tac).first_broken


def test_verify_names_an_acknowledged_record_of_which_nothing_is_here(ledger: Ledger, box: Box) -> None:
    flood(box)
    with ledger.database.writing():
        ledger.database.run("DELETE FROM beyond_mark")
    assert "marks: " in verify(ledger, c.check_tac).first_broken


def test_a_digest_that_is_gone_is_named(ledger: Ledger, box: Box) -> None:
    flood(box)
    with ledger.database.writing():
        ledger.database.run("UPDATE quarantine_day SET digest = ?", (b"",))
    assert "no digest" in verify(ledger, c.check_tac).first_broken
