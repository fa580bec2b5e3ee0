"""The register of one box: a code is bound to the first key that proves it, and no step is lost in a file."""

from dataclasses import replace

import pytest

from provisioning.enrolment.register import (
    ISSUED_MAX,
    WRONG_MAX,
    Again,
    BoxRecord,
    Issued,
    Order,
    Sign,
    Step,
    Wait,
    adopted,
    asked,
    cancelled,
    compared,
    cut_off,
    decode,
    encode,
    enrolled,
    renewed,
    revoked,
)
from shared.errors import WireFault
from shared.wire.enrol.messages import Why

KEY, OTHER = b"key", b"another key"
OPEN = BoxRecord("canteen-1", Order("K7QX", bytes(32), "王老师", 1_000, 5_000))


def issued(serial: int, spki: bytes = KEY, at_s: int = 1_100) -> Issued:
    return Issued(serial, spki, at_s, at_s + 400 * 86_400, b"pem %d" % serial)


def come(record: BoxRecord, spki: bytes = KEY, now_s: int = 1_100, *, proven: bool = True, typed: bool = False):
    return asked(record, spki, now_s, proven=proven, typed=typed)


def test_the_first_key_is_signed_and_asked_again_gets_the_same_one_however_late() -> None:
    bound, outcome = come(OPEN)
    assert outcome == Sign()
    done = enrolled(bound, issued(1))
    assert come(done, now_s=9_000_000)[1] == Again(b"pem 1")


def test_a_kill_between_the_binding_and_the_certificate_signs_the_same_key() -> None:
    bound, _ = come(OPEN)
    assert come(bound) == (bound, Sign())
    after, outcome = come(bound, OTHER)
    assert outcome is Why.USED
    assert after.order.stolen == 1


def test_another_key_with_the_right_code_is_refused_and_counted() -> None:
    done = enrolled(come(OPEN)[0], issued(1))
    after, outcome = come(done, OTHER)
    assert (outcome, after.order.stolen) == (Why.USED, 1)


def test_a_code_is_worth_nothing_after_its_hours() -> None:
    assert come(OPEN, now_s=4_999)[1] == Sign()
    assert come(OPEN, now_s=5_000)[1] is Why.EXPIRED


def test_a_code_that_was_tried_wrongly_is_locked_for_who_has_the_right_one_too() -> None:
    record = OPEN
    for _ in range(WRONG_MAX):
        record, outcome = come(record, proven=False)
        assert outcome is Why.CODE
    assert come(record)[1] is Why.LOCKED


@pytest.mark.parametrize("approve", [False, True])
def test_words_are_compared_for_a_typed_code_and_where_it_was_ordered(approve: bool) -> None:
    record = replace(OPEN, order=replace(OPEN.order, approve=approve))
    waiting, outcome = come(record, typed=not approve)
    assert outcome == Wait()
    with pytest.raises(WireFault):
        compared(waiting, OTHER, same=True)
    assert come(compared(waiting, KEY, same=True), typed=not approve)[1] == Sign()
    assert come(compared(waiting, KEY, same=False), typed=not approve)[1] is Why.REJECTED


def test_a_new_box_ends_the_old_ones_certificates_and_is_owed_its_session() -> None:
    before = adopted(OPEN, issued(1, OTHER))
    after = enrolled(come(before)[0], issued(2))
    assert (after.revoked, after.current.serial, after.owed) == ({1: 1_100}, 2, True)
    assert not cut_off(after, 7).owed
    assert not enrolled(come(OPEN)[0], issued(1)).owed


def test_revoking_ends_renewed_certificates_and_the_open_code() -> None:
    record = renewed(enrolled(come(OPEN)[0], issued(1)), issued(2))
    gone = revoked(replace(record, order=OPEN.order), 2_000, "stolen")
    assert set(gone.revoked) == {1, 2}
    assert (gone.current, gone.owed, come(gone)[1]) == (None, True, Why.CODE)


def test_who_was_revoked_is_not_let_in_by_the_code_that_he_used() -> None:
    gone = revoked(enrolled(come(OPEN)[0], issued(1)), 2_000, "stolen")
    assert come(gone)[1] is Why.REVOKED


def test_a_cancelled_code_is_no_code() -> None:
    assert come(cancelled(OPEN))[1] is Why.CODE


def test_revoked_certificates_go_first_when_there_are_too_many() -> None:
    record = enrolled(come(OPEN)[0], issued(1))
    for serial in range(2, ISSUED_MAX + 2):
        record = renewed(record, issued(serial))
    assert len(record.issued) == ISSUED_MAX + 1, "those that count are never forgotten"
    assert {one.serial for one in renewed(revoked(record, 3_000, ""), issued(999)).issued} >= {999}


@pytest.mark.parametrize(
    "record",
    [
        BoxRecord("canteen-1"),
        OPEN,
        cut_off(revoked(enrolled(come(OPEN)[0], issued(2**158 + 1)), 2_000, "被盗"), 7),
        replace(OPEN, order=replace(OPEN.order, step=Step.WAITING, spki=KEY, wrong=3, stolen=2, approve=True)),
    ],
)
def test_its_file_says_all_of_it(record: BoxRecord) -> None:
    assert decode(encode(record)) == record


def test_a_damaged_file_is_none() -> None:
    with pytest.raises(WireFault):
        decode(encode(OPEN)[:-3])


def test_no_repr_shows_a_code() -> None:
    assert "key=" not in repr(OPEN)
