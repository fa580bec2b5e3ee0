"""A counter that is trusted makes the same books as one that is looked for: batches, and the same one by one.

Copied cards, terminal numbers used twice, sequences with other bytes, wrong TACs and repetitions, drawn by seed from so
few numbers that they meet all the time.
"""

from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest

from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.records.judge import Reason
from cloud.store.db import Row
from shared.ids import DeviceId
from shared.records import Kind, LoadRecord, PurchaseRecord
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

SEEDS = 25
RECORDS = 40


@pytest.fixture
def other() -> Iterator[Ledger]:
    """Where every record comes alone, as a copy that runs ahead: all that is known of it is looked for."""
    with closing(_empty()) as opened:
        yield opened


def _empty() -> Ledger:
    opened = open_ledger(":memory:", c.LEDGER_ID)
    opened.import_inventory(c.inventory(), c.NOW)
    return opened


def _record(random: Random) -> tuple[PurchaseRecord | LoadRecord, DeviceId]:
    card, seq = c.card(random.randint(1, 2)), random.randint(1, 5)
    if random.random() < 0.15:
        return c.load(seq, card, random.randint(0, 2), 500, c.OPENING, request=random.randint(1, 3)), c.LOADER
    at, kind = random.choice((c.POS, c.POS2)), random.choice((Kind.PURCHASE, Kind.PURCHASE, Kind.RECOVERED))
    wrong = b"\1\2\3\4" if random.random() < 0.1 else None
    purchase = c.purchase(
        seq, card, random.randint(0, 3), random.choice((0, 100, 100, 250)), c.OPENING, at=at, ttn=random.randint(1, 6),
        time=c.T0 + random.randint(0, 1), kind=kind, tac_of=wrong,
    )  # fmt: skip
    return purchase, at


def _drawn(random: Random) -> list[bytes]:
    """A fifth comes again as it is, a tenth with its TAC under another counter and sequence."""
    drawn: list[bytes] = []
    before = [_record(random)]
    for _ in range(RECORDS):
        record, at = random.choice(before) if random.random() < 0.3 else _record(random)
        before.append((record, at))
        if random.random() < 0.1:
            record = record._replace(seq=random.randint(1, 9), counter=random.randint(4, 9))
        drawn.append(random.choice(drawn) if drawn and random.random() < 0.2 else c.stored(record, at))
    return drawn


def _books(ledger: Ledger) -> tuple[list[Row], list[Row], dict[str, int]]:
    with ledger.database.reading():
        records = ledger.database.run("SELECT id, key, fork, digest, verdict, reason FROM record ORDER BY id")
        proofs = ledger.database.run("SELECT card_key, slot, claim, record FROM proof ORDER BY record")
    return [tuple(row) for row in records], [tuple(row) for row in proofs], c.balances(ledger)


@pytest.mark.sampled(16)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_batches_make_the_books_of_single_records(ledger: Ledger, box: Box, other: Ledger, seed: int) -> None:
    random = Random(seed)
    drawn, at = _drawn(random), 0
    for one in drawn:
        other.receive_copy(c.BOX, c.PARTITION, one, c.check_tac, c.NOW)
    while at < len(drawn):
        size = random.randint(1, 8)
        box.send(*drawn[at : at + size])
        at += size
    assert _books(ledger) == _books(other)


def test_the_draws_meet_what_they_are_for() -> None:
    """Else the test above says nothing."""
    reasons: set[int] = set()
    for seed in range(SEEDS):
        with closing(_empty()) as ledger:
            Box(ledger).send(*_drawn(Random(seed)))
            reasons |= {reason for _, reason in c.verdicts(ledger)}
    assert reasons >= {Reason.NONE, Reason.CARD_KEY_TAKEN, Reason.TTN_TAKEN, Reason.FORK, Reason.WRONG_TAC, Reason.ZERO}
