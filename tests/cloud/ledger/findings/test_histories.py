"""Over random histories of one card, on both databases: what is not expected is late or unexplained, a finding has its
record, refuses nobody but a copy's card, and a card in order closes when all has come."""

import random
from typing import NamedTuple

import pytest

from cloud.ledger.cards.listing import all_reasons
from cloud.ledger.checks.verify import verify
from cloud.ledger.findings.closing import apart
from cloud.ledger.findings.found import CAPS, REFUSES, What, capped_now, findings
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import NOW, OPENING, Box

CARD = c.card(1)
SEEDS = range(6)


class History(NamedTuple):
    """Stored records in the order in which they come, and which of these things somebody did."""

    records: list[bytes]
    has_clone: bool
    has_replay: bool
    has_raw_load: bool


def made(rng: random.Random) -> History:
    balance, counter, out, did = OPENING, rng.choice((0, 7)), [], [False, False, False]
    for seq in range(1, rng.randint(4, 24)):
        if rng.random() < 0.05:
            balance, did[2] = balance + rng.randint(100, 20_000), True
        fen = rng.randint(1, max(1, min(900, balance)))
        said = c.purchase(seq, CARD, counter, fen, balance)
        out.append(c.stored(said))
        if rng.random() < 0.06:
            out.append(c.stored(c.purchase(seq + 100, CARD, counter, fen + 1, balance, ttn=seq + 100)))
            did[0] = True
        if rng.random() < 0.06:
            out.append(c.stored(said._replace(seq=seq + 200)))
            did[1] = True
        balance, counter = balance - fen, counter + 1
    late = rng.randint(0, len(out) - 1)
    moved = [out.pop(rng.randrange(len(out))) for _ in range(late // 3)]
    return History([*out, *moved], *did)


def look(ledger: Ledger, step: int) -> None:
    now = Now(NOW.unix_ms + 1000 * step, NOW.campus_s + step)
    while ledger.find_differences(now):
        pass


@pytest.mark.parametrize("seed", SEEDS)
def test_the_whole_difference_is_late_or_unexplained_at_every_moment(ledger: Ledger, box: Box, seed: int) -> None:
    history = made(random.Random(seed))  # a seed, no secret
    for step, stored in enumerate(history.records):
        box.send(stored)
        look(ledger, step)
        with ledger.database.reading():
            rows = apart(ledger.database)
        told = Reader(ledger.database).card_now("0001", NOW)
        assert told is not None
        for one in (*rows, *(purse.apart for purse in told.purses)):
            assert one.expected_fen + one.late_fen + one.unexplained_fen == one.known_fen
        assert [p.apart[1:4] for p in told.purses if p.apart.difference_fen] == [one[1:4] for one in rows]
    with ledger.database.reading():
        found, listed = findings(ledger.database), all_reasons(ledger.database)
        capped = capped_now(ledger.database, NOW.campus_s + 1)
    kinds = {one.seen.what for one in found}
    assert (What.CLONE in kinds, What.REPLAY in kinds) == (history.has_clone, history.has_replay)
    assert bool(listed) == history.has_clone, "a finding refuses nobody but a clone"
    assert bool(capped) == any(one.seen.what in CAPS and one.acts for one in found)
    assert all(one.seen.what in CAPS | REFUSES for one in found)
    broken = {check.name for check in verify(ledger, c.check_tac).checks if check.broken}
    assert not broken & {"findings", "closing"}
    if not (history.has_raw_load or history.has_clone):
        assert rows == [], "all has come, and it closes by itself"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE finding SET record = 999", "findings: finding 1, card 0001: without its record"),
        ("UPDATE finding SET beside = NULL", "findings: finding 1, card 0001: without its record"),
        ("UPDATE finding SET beside = record", "findings: finding 1, card 0001: its two records prove no copy"),
        ("UPDATE finding SET until_s = 7", "findings: finding 1, card 0001: it caps, or does not, against the policy"),
        ("UPDATE finding SET state = 4", "findings: finding 1, card 0001: undone by nobody"),
        ("UPDATE finding SET state = 3", "findings: finding 1, card 0001: confirmed by nobody"),
        ("DELETE FROM hotlisted WHERE reason = 6", "findings: cards are listed as copies that no finding proves"),
        ("DELETE FROM purse_apart", "closing: card 0001: it is said to differ by 0 fen, its records say -500"),
        ("UPDATE purse_apart SET late_fen = 7", "closing: card 0001: 7 fen are said to be late of -500"),
        ("UPDATE purse_apart SET known_fen = 7", "closing: card 0001: it is said to differ by"),
    ],
)
def test_books_that_somebody_edited_are_named(ledger: Ledger, box: Box, sql: str, said: str) -> None:
    box.send(
        c.stored(c.purchase(1, CARD, 0, 1_000, OPENING)), c.stored(c.purchase(2, CARD, 0, 700, OPENING)),
        c.stored(c.purchase(3, CARD, 2, 300, OPENING - 1_500)),
    )  # fmt: skip
    look(ledger, 1)
    assert verify(ledger, c.check_tac).first_broken == ""
    with ledger.database.writing():
        ledger.database.run(sql)
    assert verify(ledger, c.check_tac).first_broken.startswith(said)
