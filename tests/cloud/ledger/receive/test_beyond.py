"""The quarantine's cap: above it count, digest and sequences; nobody else's record is ever hit by it."""

import hashlib

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import Ledger
from cloud.ledger.receive import beyond
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import Now, Received, Verdict
from shared.records import Kind
from shared.wire.messages import FORM_2, AckBody
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


def test_holes_that_cannot_be_remembered_come_again_and_have_room_another_day(ledger: Ledger, box: Box) -> None:
    flood(box, 1, CAP)
    odd = [forged(seq) for seq in range(CAP + 2, CAP + 2 + 2 * 70, 2)]
    even = [sale(seq) for seq in range(CAP + 1, CAP + 1 + 2 * 70, 2)]
    ack = send(box, *(raw for pair in zip(even, odd, strict=True) for raw in pair))
    assert ack.row_cumulative < CAP + 140
    assert sound(ledger)
    again = Received(c.BOX, c.PARTITION, c.STORE, 1, tuple(r for _, rows in box.sent for r in rows), FORM_2)
    (later,) = ledger.receive([again], c.check_tac, TOMORROW)
    assert later.row_cumulative > ack.row_cumulative
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
