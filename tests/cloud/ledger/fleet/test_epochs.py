"""Storage epochs: known triples keep theirs, new ones get the next, strangers get none."""

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import Verdict
from shared.ids import BoxId, DeviceId, PsamId, StorageId
from shared.wire.messages import EPOCH_MAX, DeviceStatus, EpochAnswer, EpochRequest, EpochStatus
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

ONE, TWO = StorageId(b"storage1"), StorageId(b"storage2")


def ask(
    ledger: Ledger, storage: StorageId, highest: int = 0, *, at: DeviceId = c.POS, chip: PsamId | None = None,
    box: BoxId = c.BOX,
) -> EpochAnswer:  # fmt: skip
    return ledger.assign_epoch(box, EpochRequest(7, at, storage, chip or c.psam(at[-1]), highest), c.NOW)


def test_a_known_triple_keeps_its_epoch_and_a_new_one_gets_the_next(ledger: Ledger) -> None:
    assert ask(ledger, ONE) == EpochAnswer(7, c.POS, ONE, c.psam(1), 1, "")
    assert ask(ledger, TWO).epoch == 2
    assert ask(ledger, ONE, 60).epoch == 1, "a known one is told, whatever else the box names"
    assert ask(ledger, TWO, at=c.POS2).epoch == 1


def test_another_flash_under_the_same_psam_leaves_a_fact(ledger: Ledger) -> None:
    ask(ledger, ONE)
    assert c.codes(ledger) == {}
    ask(ledger, TWO)
    (fact,) = c.facts(ledger, "new-flash")
    assert fact == {"psam": c.psam(1), "before": ONE, "after": TWO, "epoch": 2, "box": c.BOX, "device": c.POS}
    for known in (ONE, TWO):
        ask(ledger, known)
    assert len(c.facts(ledger, "new-flash")) == 1, "an old flash that is put back in has its epoch"


def test_flash_of_another_body_is_no_news(ledger: Ledger) -> None:
    ask(ledger, ONE)
    ask(ledger, TWO, at=c.POS2)
    assert c.codes(ledger) == {}


def test_the_edge_may_know_a_higher_epoch_and_the_books_too(ledger: Ledger, box: Box) -> None:
    assert ask(ledger, ONE, 5).epoch == 6
    box.send(c.stored(c.purchase(1, c.card(1), 7, 10, c.OPENING), epoch=9))
    assert ask(ledger, TWO).epoch == 10


def test_an_epoch_named_by_a_box_counts_at_most_sixteen_above_the_ledgers(ledger: Ledger) -> None:
    assert ask(ledger, ONE, 17) == EpochAnswer(7, c.POS, ONE, c.psam(1), 0, "epoch-ahead")
    assert c.codes(ledger) == {"epoch-refused": "important"}
    assert ask(ledger, ONE, 0xFFFF).reason == "epoch-ahead"
    assert ask(ledger, ONE, 16).epoch == 17
    assert ask(ledger, TWO, 34).reason == "epoch-ahead"
    assert ask(ledger, TWO, 33).epoch == 34


def test_a_genuine_record_under_an_epoch_that_is_ahead_locks_nobody_out(ledger: Ledger, box: Box) -> None:
    """Its TAC says nothing about its epoch."""
    box.send(c.stored(c.purchase(1, c.card(1), 7, 10, c.OPENING), epoch=EPOCH_MAX))
    assert c.verdicts(ledger) == [(Verdict.HELD, Reason.EPOCH_AHEAD)]
    assert c.purse(ledger, c.card(1)) == c.OPENING - 10
    assert ask(ledger, ONE).epoch == 1
    box.send(c.stored(c.purchase(1, c.card(2), 7, 10, c.OPENING), epoch=1))
    assert c.verdicts(ledger)[1] == (Verdict.POSTED, Reason.NONE)
    assert verify(ledger, c.check_tac).first_broken == ""


def test_a_status_that_names_an_epoch_ahead_is_believed_without_it(ledger: Ledger) -> None:
    assert ask(ledger, ONE).epoch == 1
    epochs = tuple(EpochStatus(n, c.psam(1), 1, 9, 0, 0) for n in (1, 40, 41, EPOCH_MAX))
    for now_ms in (1, 2):
        ledger.store_status(c.BOX, DeviceStatus(c.POS, epochs, 1, 1, 100, True, 9700, 1), now_ms)
    with ledger.database.reading():
        assert ledger.database.run("SELECT epoch FROM epoch_status") == [(1,)]
        assert ledger.database.run("SELECT code FROM fact") == [("epoch-ahead",)]
    assert ask(ledger, TWO).epoch == 2


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"at": c.device(77), "chip": c.psam(1)}, "unknown-device"),
        ({"at": c.FAR}, "other-box"),
        ({"chip": c.psam(66)}, "unknown-psam"),
        ({"chip": c.psam(2)}, "psam-moved"),
        ({"box": c.OTHER_BOX}, "other-box"),
    ],
)
def test_strangers_get_none_and_a_fact_says_so(ledger: Ledger, how: dict[str, bytes], reason: str) -> None:
    answer = ask(ledger, ONE, **how)  # type: ignore[arg-type]
    assert (answer.epoch, answer.reason) == (0, reason)
    assert c.codes(ledger) == {"epoch-refused": "important"}


def test_a_fifth_change_waits_until_one_has_drained(ledger: Ledger) -> None:
    def status(settled: int) -> DeviceStatus:
        epochs = tuple(EpochStatus(n, c.psam(1), 1, 9, settled if n == 1 else 0, 0) for n in (1, 2, 3, 4))
        return DeviceStatus(c.POS, epochs, 1, 1, 100, True, 9700, 1)

    for n in range(1, 5):
        assert ask(ledger, StorageId(b"storage%d" % n)).epoch == n
    ledger.store_status(c.BOX, status(0), 1)
    assert ask(ledger, StorageId(b"storage5")).reason == "too-many-epochs"
    assert ask(ledger, StorageId(b"storage4")).epoch == 4
    ledger.store_status(c.BOX, status(9), 2)
    assert ask(ledger, StorageId(b"storage5")).epoch == 5
