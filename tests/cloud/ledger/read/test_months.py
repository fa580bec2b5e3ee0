"""What a month's goals are measured by: tallies of its days, records that came within, a sample of many."""

from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from shared.clocks.clock import DAY_S
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

DAY = c.T0 // DAY_S


def bought(box: Box, first: int, last: int, late_s: int = 0) -> None:
    made = (c.purchase(n, c.card(1), n, 10, c.OPENING, time=c.T0 - late_s) for n in range(first, last + 1))
    box.send(*map(c.stored, made))


def test_records_that_came_within_and_how_late(ledger: Ledger, box: Box) -> None:
    bought(box, 1, 3)
    bought(box, 4, 4, late_s=90)
    found = Reader(ledger.database).arrivals(c.NOW.unix_ms, c.NOW.unix_ms + 60_000)
    assert found.total == 4
    assert sorted(one.delay_s for one in found.sample) == [0, 0, 0, 90]
    assert {(one.box, one.received_ms) for one in found.sample} == {(c.BOX, c.NOW.unix_ms)}
    reader = Reader(ledger.database)
    assert reader.arrivals(c.NOW.unix_ms + 1, c.NOW.unix_ms + 9) == ([], 0)
    assert reader.arrivals(0, c.NOW.unix_ms) == ([], 0)


def test_of_many_a_sample_that_is_spread(ledger: Ledger, box: Box) -> None:
    bought(box, 1, 10)
    found = Reader(ledger.database).arrivals(0, c.NOW.unix_ms + 1, 4)
    assert (len(found.sample), found.total) == (4, 10)


def test_what_cannot_be_read_says_no_time(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.purchase(1, c.card(1), 1, 10, c.OPENING))[:-3])
    found = Reader(ledger.database).arrivals(0, c.NOW.unix_ms + 1)
    assert (found.sample, found.total) == ([], 1)


def test_tallies_of_these_days_of_all_terminals(ledger: Ledger) -> None:
    rows = [
        (c.POS, DAY - 1, 1, 1, 5, 0, b"\x80", 0),
        (c.POS, DAY, 1, 1, 7, 3, b"\x82\x82\x14\x02\x82\x15\x01", 0),
        (c.POS, DAY, 1, 2, 2, 1, b"\x81\x82\x14\x01", 0),
        (c.POS, DAY + 1, 1, 2, 9, 0, b"\x80", 0),
    ]
    with ledger.database.writing():
        ledger.database.insert("device_tally", "device, day, generation, boot, served, declined, reasons, at_ms", rows)
    found = Reader(ledger.database).tallied(DAY, DAY + 1)
    assert (found.served, dict(found.reasons), found.told) == (9, {20: 3, 21: 1}, 1)
    assert found.terminals >= 1


def test_what_was_told_since_then_is_each_power_ons_own(ledger: Ledger) -> None:
    rows = [
        (c.POS, DAY - 1, 0, 1, 5, 0, b"\x80", 900),
        (c.POS, DAY, 0, 1, 7, 3, b"\x82\x82\x14\x02\x82\x15\x01", 1_000),
        (c.POS, DAY, 0, 2, 2, 1, b"\x81\x82\x14\x01", 2_000),
    ]
    with ledger.database.writing():
        ledger.database.insert("device_tally", "device, day, generation, boot, served, declined, reasons, at_ms", rows)
    found = Reader(ledger.database).taps_since(DAY, 1_000)
    assert [(one.key[1:], one.served, one.reasons) for one in found] == [
        ((DAY, 0, 1), 7, {20: 2, 21: 1}),
        ((DAY, 0, 2), 2, {20: 1}),
    ]
    assert [one.key[3] for one in Reader(ledger.database).taps_since(DAY - 1, 1_001)] == [2]
