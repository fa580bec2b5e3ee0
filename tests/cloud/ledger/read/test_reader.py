"""What console and report see."""

from pathlib import Path

import pytest

from cloud.ledger.fleet.views import Completeness
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import LIST_MAX, Reader, open_reader
from cloud.ledger.read.views import TerminalCount
from shared.errors import StoreFault
from shared.records import Kind
from shared.wire.messages import BoxState, DeviceStatus, EpochStatus, Fact, TerminalState
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box


def reader(ledger: Ledger) -> Reader:
    return Reader(ledger.database)


def fill(ledger: Ledger, box: Box) -> None:
    """Two purchases, a grey one, a wrong one, a held one, a load; then the first batch again."""
    ledger.deposit(c.card(1), 1000, "d", c.NOW)
    box.send(
        c.stored(c.purchase(1, c.card(1), 7, 100, c.OPENING)), c.stored(c.purchase(2, c.card(2), 1, 250, c.OPENING))
    )
    box.send(c.stored(c.purchase(3, c.card(3), 1, 40, c.OPENING, kind=Kind.UNPROVEN)))
    box.send(c.stored(c.purchase(4, c.card(4), 1, 70, c.OPENING, tac_of=b"nope")), b"junk")
    box.send(c.stored(c.purchase(1, c.card(5), 1, 30, c.OPENING, at=c.FAR), c.FAR))
    online, load = c.load_request(c.card(1), 3, 400, c.OPENING - 100, request=1)
    ledger.load_authorise(c.BOX, online, load, True, c.NOW)
    box.send(c.stored(c.load(1, c.card(1), 3, 400, c.OPENING - 100, request=1)))
    online, load = c.load_request(c.card(1), 4, 500, c.OPENING + 300, request=2)
    ledger.load_authorise(c.BOX, online, load, True, c.NOW)
    box.sent = box.sent[:1]
    box.again()


def test_the_overview_adds_up(ledger: Ledger, box: Box) -> None:
    fill(ledger, box)
    for _ in range(2):
        o = reader(ledger).overview()
        assert (o.campus, o.demo, o.ledger) == ("演示校园", True, c.LEDGER_ID)
        n = reader(ledger).counts()
        assert (n.records, n.posted, n.held, n.suspense, n.quarantined) == (7, 4, 1, 1, 2)
        assert (n.no_entry, n.duplicates, n.oldest_ms) == (0, 2, 0)
        assert (o.records, o.posted, o.held, o.suspense, o.quarantined, o.no_entry) == (7, 4, 1, 1, 2, 0)
        assert (o.duplicates, o.loads, o.loads_fen, o.spent_fen, o.held_fen) == (2, 1, 400, 380, 30)
        assert (o.opening_fen, o.float_fen) == (80_000, 80_000 + 400 - 380)
        assert (o.online_fen, o.transit_fen, o.difference_fen) == (100, 500, 0)
        ledger.fold()


def test_counts_per_terminal(ledger: Ledger, box: Box) -> None:
    fill(ledger, box)
    counts = {(t.name, t.epoch): t for t in reader(ledger).by_terminal()}
    assert counts["pos-01", 1] == TerminalCount(
        c.POS, 1, "pos-01", "1号窗口", "一楼大伙", 1, 4, 2, 0, 1, 1, 0, 2, 350, 0, 0, 0, 0
    )
    assert (counts["pos-03", 1].held, counts["pos-03", 1].spent_fen) == (1, 30)
    assert (counts["load-01", 1].loads, counts["load-01", 1].loaded_fen) == (1, 400)


def test_last_records_name_terminal_card_and_verdict(ledger: Ledger, box: Box) -> None:
    fill(ledger, box)
    views = reader(ledger).last_records(3)
    assert [(v.terminal, v.label, v.kind, v.amount_fen, v.verdict, v.reason) for v in views] == [
        ("load-01", "0001", "load", 400, "posted", "none"),
        ("pos-03", "0005", "purchase", 30, "held", "other_box"),
        ("000000000000", "", "", 0, "quarantined", "undecodable"),
    ]
    assert len(reader(ledger).last_records(LIST_MAX + 5)) == 7


def test_a_record_and_its_entries_are_found_by_key_and_by_counter(ledger: Ledger, box: Box) -> None:
    fill(ledger, box)
    (record,) = reader(ledger).record(c.POS, 1, 2)
    assert (record.label, record.counter, record.amount_fen) == ("0002", 1, 250)
    (by_key,) = reader(ledger).entries_of_record(c.POS, 1, 2)
    (by_counter,) = reader(ledger).entries(c.card(2), 1)
    assert by_key == by_counter
    assert by_key.postings == ((f"purse:{c.card(2).hex()}", "merchant:一楼大伙", 250),)
    assert by_key.record == record
    assert reader(ledger).entries(c.card(2), 2) == []
    assert reader(ledger).record(c.POS, 2, 2) == []


def test_a_statement_is_newest_first(ledger: Ledger, box: Box) -> None:
    fill(ledger, box)
    kinds = [view.kind for view in reader(ledger).statement(c.card(1))]
    assert kinds == ["load_authorised", "load_confirmed", "load_authorised", "purchase", "deposit", "opening"]
    assert len(reader(ledger).statement(c.card(1), 2)) == 2
    assert reader(ledger).statement(c.card(99)) == []


def test_trial_balance_and_cards(ledger: Ledger, box: Box) -> None:
    fill(ledger, box)
    lines = {line.code: line for line in reader(ledger).trial_balance()}
    assert lines["bank"].balance_fen == 81_000
    assert lines["merchant:一楼大伙"].balance_fen == 350
    assert sum(line.debit_fen - line.credit_fen for line in lines.values()) == 0
    first = reader(ledger).cards()[0]
    assert (first.label, first.purse_fen, first.online_fen, first.transit_fen) == ("0001", 10_300, 100, 500)


def test_open_cases_are_listed(ledger: Ledger, box: Box) -> None:
    fill(ledger, box)
    assert [case.record.label for case in reader(ledger).suspense()] == ["0003"]
    assert [case.why for case in reader(ledger).quarantine()] == ["wrong_tac", "undecodable"]
    assert [(load.state, load.request) for load in reader(ledger).loads()] == [("pending", 2), ("confirmed", 1)]


def status(last: int, oldest: int = 1) -> DeviceStatus:
    return DeviceStatus(c.POS, (EpochStatus(1, c.psam(1), oldest, last, 0, 2),), 1, 1, 100, True, 9700, 1)


def test_a_terminal_owes_what_its_status_names(ledger: Ledger, box: Box) -> None:
    def view() -> tuple[str, int, int]:
        found = next(t for t in reader(ledger).terminals() if t.name == "pos-01")
        return found.completeness.value, found.owes, found.open_slots

    assert view() == (Completeness.UNKNOWN.value, 0, 0)
    ledger.store_status(c.BOX, status(3), 5)
    assert view() == ("late", 3, 2)
    box.send(c.stored(c.purchase(1, c.card(1), 7, 10, c.OPENING)), c.stored(c.purchase(3, c.card(1), 8, 10, c.OPENING)))
    assert view() == ("late", 1, 2)
    ledger.store_status(c.BOX, status(3, oldest=3), 6)
    assert view() == ("gap", 1, 2)
    assert reader(ledger).overview().owed == 1
    box.send(c.stored(c.purchase(2, c.card(1), 9, 10, c.OPENING)))
    assert view() == ("complete", 0, 2)


def test_boxes_show_their_last_state(ledger: Ledger) -> None:
    terminal = TerminalState(c.POS, "1", "can0", "joined", 3, 9, 8, 1, 0)
    state = BoxState(c.BOX, c.STORE, 77, True, 12, 1000, 99, 70, 0, (terminal,))
    ledger.store_state(c.BOX, state, 80)
    first, second = reader(ledger).boxes()
    assert (first.box, first.name, first.partition, first.heard_ms, first.state) == (c.BOX, "第一食堂", 5, 80, state)
    assert (second.heard_ms, second.state) == (0, None)
    overview = reader(ledger).overview()
    assert (overview.unsettled, overview.oldest_ms) == (12, 10), "heard at 80, waiting for 70 then"
    assert reader(ledger).counts().oldest_ms == 10


def test_a_box_speaks_for_its_own_only(ledger: Ledger) -> None:
    for _ in range(2):
        ledger.store_status(c.OTHER_BOX, status(3), 5)
        ledger.store_state(c.OTHER_BOX, BoxState(c.BOX, c.STORE, 77, True, 12, 1000, 99, 70, 0, ()), 80)
    assert all(t.completeness is Completeness.UNKNOWN for t in reader(ledger).terminals())
    assert all(b.state is None for b in reader(ledger).boxes())
    assert [fact.code for fact in reader(ledger).facts()] == ["spoken-for", "spoken-for"]


def test_facts_of_edges_are_kept_bounded(ledger: Ledger) -> None:
    ledger.fact(c.BOX, Fact("outbox-short", "urgent", 5, c.POS, "x" * 999), 9)
    ledger.fact(c.BOX, Fact("y" * 99, "nonsense", 0, b"", "t"), 9)
    second, first = reader(ledger).facts()
    assert (first.code, first.level, first.at_ms, first.device, len(first.told)) == (
        "outbox-short",
        "urgent",
        5,
        c.POS,
        200,
    )
    assert (second.level, second.at_ms, len(second.code)) == ("general", 9, 64)


def test_a_reader_has_its_own_connection(campus_dsn: str, ledger: Ledger, box: Box) -> None:
    other = open_reader(campus_dsn)
    box.send(c.stored(c.purchase(1, c.card(1), 7, 10, c.OPENING)))
    assert other.overview().posted == 1
    other.close()


def test_a_reader_makes_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(StoreFault):
        open_reader(str(tmp_path / "none.db"))
    assert list(tmp_path.iterdir()) == []
