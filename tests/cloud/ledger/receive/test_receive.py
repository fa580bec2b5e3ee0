"""Records into the books: verdicts, keys, marks, acks, on both databases."""

import threading

import pytest

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.verify import verify
from cloud.ledger.journal.booking import POSTING_COLUMNS
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.records.arrival import record_key
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import Now, Received, Rejudged, Verdict
from shared.errors import KeyFault
from shared.facts.books import MessageJunk
from shared.records import Kind
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box


def test_a_purchase_posts_and_is_acknowledged_by_name(ledger: Ledger, box: Box) -> None:
    ack = box.send(c.stored(c.purchase(1, c.card(1), 7, 1250, c.OPENING)))
    assert c.purse(ledger, c.card(1)) == c.OPENING - 1250
    assert c.merchant(ledger) == 1250
    assert (ack.ledger, ack.partition, ack.number, ack.box, ack.store) == (c.LEDGER_ID, 5, 1, c.BOX, c.STORE)
    assert (ack.row_cumulative, ack.row_ranges) == (1, ())
    assert [(d.device, d.epoch, d.cumulative, d.ranges) for d in ack.devices] == [(c.POS, 1, 1, ())]
    assert ledger.ack_for(c.BOX, c.STORE) == ack


def test_identical_bytes_again_are_success_counted_and_silent(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.purchase(1, c.card(1), 7, 1250, c.OPENING)))
    books, facts = c.balances(ledger), c.codes(ledger)
    (ack,) = box.again()
    assert ack.row_cumulative == 1
    assert c.balances(ledger) == books
    assert c.codes(ledger) == facts
    with ledger.database.reading():
        assert ledger.database.run("SELECT posted, duplicates FROM device_mark") == [(1, 1)]


def test_a_batch_may_repeat_itself(ledger: Ledger, box: Box) -> None:
    raw = c.stored(c.purchase(1, c.card(1), 7, 1250, c.OPENING))
    ack = box.send(raw, raw)
    assert c.merchant(ledger) == 1250
    assert ack.row_cumulative == 2


def test_wrong_tac_is_quarantined_acknowledged_and_never_posted(ledger: Ledger, box: Box) -> None:
    ack = box.send(c.stored(c.purchase(1, c.card(1), 7, 1250, c.OPENING, tac_of=b"\1\2\3\4")))
    assert c.verdicts(ledger) == [(Verdict.QUARANTINED, Reason.WRONG_TAC)]
    assert c.purse(ledger, c.card(1)) == c.OPENING
    assert ack.row_cumulative == 1
    assert ack.devices[0].cumulative == 1
    assert c.codes(ledger) == {"record-quarantined": "important"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key_version": 9}, Reason.KEY_UNKNOWN),
        ({"algorithm": 4}, Reason.KEY_UNKNOWN),
        ({"amount_fen": 1}, Reason.WRONG_TAC),
        ({"time": c.T0 + 1}, Reason.WRONG_TAC),
        ({"ttn": 77}, Reason.WRONG_TAC),
    ],
)
def test_what_the_tac_covers_cannot_be_changed(
    ledger: Ledger, box: Box, change: dict[str, int], reason: Reason
) -> None:
    box.send(c.stored(c.purchase(1, c.card(1), 7, 1250, c.OPENING)._replace(**change)))
    assert c.verdicts(ledger) == [(Verdict.QUARANTINED, reason)]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"short",
        c.stored(c.purchase(1, c.card(1), 7, 1, c.OPENING))[:-1],
        c.stored(c.purchase(1, c.card(1), 7, 1, c.OPENING)) + b"x",
        c.stored(c.purchase(1, c.card(1), 7, 1, c.OPENING)._replace(version=2)),
        c.stored(c.purchase(1, c.card(1), 7, 1, c.OPENING)._replace(kind=99)),
        c.stored(c.purchase(1, c.card(1), 7, 1, c.OPENING)._replace(kind=Kind.VOID)),
        c.stored(c.purchase(1, c.card(1), 7, 1, c.OPENING)._replace(flags=0xFFFF)),
        c.stored(c.purchase(1, c.card(1), 7, 1, c.OPENING)._replace(seq=0)),
        bytes(264),
    ],
)
def test_unreadable_bytes_are_kept_acknowledged_and_stall_nobody(ledger: Ledger, box: Box, raw: bytes) -> None:
    good = c.stored(c.purchase(2, c.card(1), 7, 1250, c.OPENING))
    ack = box.send(raw, good)
    assert c.verdicts(ledger) == [(Verdict.QUARANTINED, Reason.UNDECODABLE), (Verdict.POSTED, Reason.NONE)]
    assert ack.row_cumulative == 2
    box.again()
    assert len(c.verdicts(ledger)) == 2
    with ledger.database.reading():
        assert ledger.database.run("SELECT stored FROM record WHERE id = 1") == [(raw,)]


def test_a_genuine_tac_under_another_counter_and_sequence_is_refused(ledger: Ledger, box: Box) -> None:
    genuine = c.purchase(1, c.card(1), 7, 1250, c.OPENING)
    box.send(c.stored(genuine), c.stored(genuine._replace(seq=2, counter=8)))
    assert c.verdicts(ledger) == [(Verdict.POSTED, Reason.NONE), (Verdict.QUARANTINED, Reason.TTN_TAKEN)]
    assert c.merchant(ledger) == 1250
    assert c.codes(ledger) == {"record-quarantined": "urgent"}


def test_a_card_counter_can_be_proven_once(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.purchase(1, c.card(1), 7, 1250, c.OPENING)))
    box.send(c.stored(c.purchase(2, c.card(1), 7, 300, c.OPENING)))
    assert c.verdicts(ledger)[1] == (Verdict.QUARANTINED, Reason.CARD_KEY_TAKEN)
    assert c.codes(ledger) == {"record-quarantined": "urgent"}
    assert c.merchant(ledger) == 1250


def test_a_card_counter_can_be_proven_once_in_one_batch_too(ledger: Ledger, box: Box) -> None:
    box.send(
        c.stored(c.purchase(1, c.card(1), 7, 1250, c.OPENING)), c.stored(c.purchase(2, c.card(1), 7, 300, c.OPENING))
    )
    assert c.verdicts(ledger)[1] == (Verdict.QUARANTINED, Reason.CARD_KEY_TAKEN)


def test_a_copied_card_costs_those_beside_it_nothing(ledger: Ledger, box: Box) -> None:
    far = Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION, c.STORE)
    box.send(c.stored(c.purchase(1, c.card(1), 7, 1250, c.OPENING)))
    beside = c.stored(c.purchase(2, c.card(2), 7, 300, c.OPENING))
    copied = c.stored(c.purchase(3, c.card(1), 7, 200, c.OPENING))
    elsewhere = c.stored(c.purchase(1, c.card(3), 7, 40, c.OPENING, at=c.FAR), at=c.FAR)
    acks = ledger.receive([box.batch(beside, copied), far.batch(elsewhere)], c.check_tac, c.NOW)
    assert [ack.row_cumulative for ack in acks] == [3, 1]
    assert c.verdicts(ledger)[1:] == [
        (Verdict.POSTED, Reason.NONE), (Verdict.QUARANTINED, Reason.CARD_KEY_TAKEN), (Verdict.POSTED, Reason.NONE),
    ]  # fmt: skip
    assert c.merchant(ledger) == 1250 + 300
    with ledger.database.reading():
        assert ledger.database.run("SELECT posted, quarantined, last_seq FROM device_mark ORDER BY device") == [
            (2, 1, 3), (1, 0, 1),
        ]  # fmt: skip
    assert verify(ledger, c.check_tac).first_broken == ""


def test_a_genuine_tac_under_another_sequence_alone_is_refused(ledger: Ledger, box: Box) -> None:
    genuine = c.purchase(1, c.card(1), 7, 1250, c.OPENING)
    box.send(c.stored(genuine))
    box.send(c.stored(genuine._replace(seq=2)))
    assert c.verdicts(ledger)[1] == (Verdict.QUARANTINED, Reason.TTN_TAKEN)


def test_a_record_that_breaks_a_rule_which_no_counter_explains_is_set_aside(ledger: Ledger, box: Box) -> None:
    taken = bytes((EntryKind.PURCHASE,)) + record_key(c.POS, 1, 1)
    with ledger.database.writing():
        (last,) = ledger.database.run("SELECT max(entry) FROM posting")[0]
        row = (last + 1, 0, 1, 2, 5, 1, 1, 0, 0, 0, 63, 1, taken, bytes(32), None, b"planted", None)
        ledger.database.insert("posting", POSTING_COLUMNS, [row])
    ack = box.send(c.stored(c.purchase(1, c.card(1), 7, 1250, c.OPENING)))
    assert c.verdicts(ledger) == [(Verdict.QUARANTINED, Reason.DEFECT)]
    assert ack.row_cumulative == 1


def test_the_same_key_with_other_bytes_and_a_wrong_tac(ledger: Ledger, box: Box) -> None:
    genuine = c.purchase(1, c.card(1), 7, 1250, c.OPENING)
    box.send(c.stored(genuine), c.stored(genuine._replace(amount_fen=1)))
    assert c.verdicts(ledger)[1] == (Verdict.QUARANTINED, Reason.WRONG_TAC)
    assert c.codes(ledger)["record-fork"] == "urgent"
    assert c.merchant(ledger) == 1250


def test_a_forked_sequence_with_two_genuine_tacs_posts_both_cards_and_holds_one_merchant(
    ledger: Ledger, box: Box
) -> None:
    first = c.purchase(1, c.card(1), 7, 1250, c.OPENING)
    second = c.purchase(1, c.card(2), 3, 800, c.OPENING, ttn=55)
    ack = box.send(c.stored(first), c.stored(second))
    assert c.verdicts(ledger) == [(Verdict.POSTED, Reason.NONE), (Verdict.HELD, Reason.FORK)]
    assert (c.purse(ledger, c.card(1)), c.purse(ledger, c.card(2))) == (c.OPENING - 1250, c.OPENING - 800)
    assert (c.merchant(ledger), c.held(ledger)) == (1250, 800)
    assert c.codes(ledger)["record-fork"] == "urgent"
    assert ack.row_cumulative == 2
    books = c.balances(ledger)
    box.again()
    assert c.balances(ledger) == books


def test_two_cards_under_one_terminal_number_both_post_and_are_a_finding(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.purchase(1, c.card(1), 7, 1250, c.OPENING, ttn=5)))
    box.send(c.stored(c.purchase(2, c.card(2), 3, 800, c.OPENING, ttn=5)))
    assert c.merchant(ledger) == 2050
    assert c.codes(ledger) == {"ttn-two-cards": "important"}


@pytest.mark.parametrize(
    ("record", "where", "reason"),
    [
        (c.purchase(1, c.card(1), 7, 900, c.OPENING, chip=c.psam(1)), c.device(77), Reason.DEVICE_UNKNOWN),
        (c.purchase(1, c.card(1), 7, 900, c.OPENING, at=c.FAR), c.FAR, Reason.OTHER_BOX),
        (c.purchase(1, c.card(1), 7, 900, c.OPENING, chip=c.psam(66)), c.POS, Reason.PSAM_UNKNOWN),
        (c.purchase(1, c.card(1), 7, 900, c.OPENING, chip=c.psam(2)), c.POS, Reason.PSAM_MOVED),
    ],
)  # fmt: skip
def test_a_valid_tac_posts_the_card_side_whoever_sends_it(
    ledger: Ledger, box: Box, record: c.PurchaseRecord, where: c.DeviceId, reason: Reason
) -> None:
    chip = {Reason.DEVICE_UNKNOWN: c.psam(1), Reason.PSAM_UNKNOWN: c.psam(66), Reason.PSAM_MOVED: c.psam(2)}
    box.send(c.stored(record, where, chip=chip.get(reason)))
    assert c.verdicts(ledger) == [(Verdict.HELD, reason)]
    assert c.purse(ledger, c.card(1)) == c.OPENING - 900
    waiting = {Reason.DEVICE_UNKNOWN: "?", Reason.OTHER_BOX: "面点"}.get(reason, "一楼大伙")
    assert c.held(ledger, waiting) == 900
    assert c.codes(ledger) == {"record-held": "important"}


def test_a_body_without_psam_uses_its_own_number(ledger: Ledger, box: Box) -> None:
    chip = c.PsamId(bytes(c.POS))
    box.send(c.stored(c.purchase(1, c.card(1), 7, 900, c.OPENING, chip=chip), chip=chip))
    assert c.verdicts(ledger) == [(Verdict.POSTED, Reason.NONE)]


def test_an_unknown_card_waits_in_quarantine_and_posts_after_its_import(ledger: Ledger, box: Box) -> None:
    box.send(
        c.stored(c.purchase(1, c.card(20), 7, 900, c.OPENING)),
        c.stored(c.purchase(2, c.card(1), 7, 5, c.OPENING, tac_of=b"nope")),
    )
    assert c.verdicts(ledger)[0] == (Verdict.QUARANTINED, Reason.CARD_UNKNOWN)
    assert ledger.rejudge(c.check_tac, c.NOW) == Rejudged(2, 0)
    ledger.import_inventory(c.inventory(cards=20, number=2), c.NOW)
    assert ledger.rejudge(c.check_tac, c.NOW) == Rejudged(2, 1)
    assert c.purse(ledger, c.card(20)) == c.OPENING - 900
    assert ledger.rejudge(c.check_tac, c.NOW) == Rejudged(1, 0)
    assert c.merchant(ledger) == 900


def test_a_key_that_comes_later_releases_what_waited_for_it(ledger: Ledger, box: Box) -> None:
    def no_key(items: bytes) -> bytes:
        return bytes([2]) * (len(items) // 41)

    batch = box.batch(c.stored(c.purchase(1, c.card(1), 7, 900, c.OPENING)))
    ledger.receive([batch], no_key, c.NOW)
    assert c.verdicts(ledger) == [(Verdict.QUARANTINED, Reason.KEY_UNKNOWN)]
    assert ledger.rejudge(c.check_tac, c.NOW) == Rejudged(1, 1)
    assert c.merchant(ledger) == 900


def test_a_fork_that_is_released_later_is_held_all_the_same(ledger: Ledger, box: Box) -> None:
    first, second = c.purchase(1, c.card(1), 7, 900, c.OPENING), c.purchase(1, c.card(2), 3, 800, c.OPENING, ttn=55)
    ledger.receive([box.batch(c.stored(first), c.stored(second))], lambda items: bytes([2]) * (len(items) // 41), c.NOW)
    assert ledger.rejudge(c.check_tac, c.NOW) == Rejudged(2, 2)
    assert (c.merchant(ledger), c.held(ledger)) == (900, 800)


def test_an_away_key_process_leaves_the_ledger_as_it_was(ledger: Ledger, box: Box) -> None:
    def away(items: bytes) -> bytes:
        raise KeyFault("away")

    batch = box.batch(c.stored(c.purchase(1, c.card(1), 7, 900, c.OPENING)))
    with pytest.raises(KeyFault):
        ledger.receive([batch], away, c.NOW)
    with pytest.raises(KeyFault):
        ledger.receive([batch], lambda items: b"", c.NOW)
    assert c.verdicts(ledger) == []
    (ack,) = ledger.receive([batch], c.check_tac, c.NOW)
    assert ack.row_cumulative == 1


def test_a_purchase_of_nothing_has_no_entry_but_takes_the_counter(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.purchase(1, c.card(1), 7, 0, c.OPENING)))
    box.send(c.stored(c.purchase(2, c.card(1), 7, 10, c.OPENING)))
    assert c.verdicts(ledger) == [
        (Verdict.NO_ENTRY, Reason.ZERO), (Verdict.QUARANTINED, Reason.CARD_KEY_TAKEN),
    ]  # fmt: skip


def test_load_and_purchase_with_the_same_counter_are_two(ledger: Ledger, box: Box) -> None:
    box.send(
        c.stored(c.purchase(1, c.card(1), 5, 100, c.OPENING)), c.stored(c.load(1, c.card(1), 5, 300, 9900, request=1))
    )
    assert [v for v, _ in c.verdicts(ledger)] == [Verdict.POSTED, Verdict.POSTED]
    assert c.purse(ledger, c.card(1)) == c.OPENING - 100 + 300


def test_acks_name_rows_and_ranges_of_what_came_out_of_order(ledger: Ledger, box: Box) -> None:
    raws = [c.stored(c.purchase(n, c.card(1), n, 10, c.OPENING)) for n in range(1, 7)]
    late = Received(c.BOX, c.PARTITION, c.STORE, 3, (raws[2],))
    later = Received(c.BOX, c.PARTITION, c.STORE, 5, (raws[4], raws[5]))
    (ack,) = ledger.receive([later, late], c.check_tac, c.NOW)
    assert (ack.row_cumulative, ack.row_ranges) == (0, ((3, 3), (5, 6)))
    assert ack.devices[0].ranges == ((3, 3), (5, 6))
    (ack,) = ledger.receive([Received(c.BOX, c.PARTITION, c.STORE, 1, tuple(raws[:2]))], c.check_tac, c.NOW)
    assert (ack.row_cumulative, ack.row_ranges) == (3, ((5, 6),))
    assert (ack.devices[0].cumulative, ack.devices[0].ranges) == (3, ((5, 6),))


def test_what_does_not_fit_into_a_mark_is_not_acknowledged_yet(ledger: Ledger, box: Box) -> None:
    raws = [c.stored(c.purchase(2 * n, c.card(1), n, 1, c.OPENING)) for n in range(1, 67)]
    ack = box.send(*raws)
    assert len(ack.devices[0].ranges) == 64
    assert (ack.row_cumulative, ack.row_ranges) == (64, ())
    assert len(c.verdicts(ledger)) == 66
    gap = [c.stored(c.purchase(2 * n - 1, c.card(2), n, 1, c.OPENING)) for n in range(1, 67)]
    box.send(*gap)
    (ack,) = box.again()
    assert (ack.row_cumulative, ack.devices[0].cumulative) == (132, 132)


def test_several_boxes_in_one_transaction_get_their_own_acks(ledger: Ledger, box: Box) -> None:
    far = Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION, c.OTHER_STORE)
    one = box.batch(c.stored(c.purchase(1, c.card(1), 7, 10, c.OPENING)))
    two = far.batch(c.stored(c.purchase(1, c.card(2), 7, 20, c.OPENING, at=c.FAR), c.FAR))
    three = box.batch(c.stored(c.purchase(2, c.card(1), 8, 30, c.OPENING)))
    acks = ledger.receive([one, two, three], c.check_tac, c.NOW)
    assert [(a.box, a.partition, a.number, a.row_cumulative) for a in acks] == [
        (c.BOX, 5, 1, 2), (c.OTHER_BOX, 9, 1, 1),
    ]  # fmt: skip
    assert [d.device for d in acks[1].devices] == [c.FAR]


def test_a_copy_runs_ahead_and_its_row_is_a_duplicate(ledger: Ledger, box: Box) -> None:
    raw = c.stored(c.load(1, c.card(1), 5, 300, c.OPENING, request=1))
    assert ledger.receive_copy(c.BOX, c.PARTITION, raw, c.check_tac, c.NOW) is Verdict.POSTED
    assert ledger.receive_copy(c.BOX, c.PARTITION, raw, c.check_tac, c.NOW) is Verdict.DUPLICATE
    ack = box.send(raw)
    assert (ack.row_cumulative, ack.devices[0].cumulative) == (1, 1)
    assert c.purse(ledger, c.card(1)) == c.OPENING + 300


def test_two_writers_take_turns(campus_dsn: str, ledger: Ledger) -> None:
    """The same records through two connections at once: every one is posted once, and nobody fails."""
    raws = [c.stored(c.purchase(n, c.card(1 + n % 8), n, 10, c.OPENING)) for n in range(1, 41)]
    other = open_ledger(campus_dsn)

    def deliver(to: Ledger, order: list[int], store: c.StoreId) -> None:
        box = Box(to, store=store)
        for n in order:
            box.send(*raws[n : n + 3])

    work = [
        threading.Thread(target=deliver, args=(ledger, list(range(40)), c.STORE)),
        threading.Thread(target=deliver, args=(other, list(range(39, -1, -1)), c.OTHER_STORE)),
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join(60)
    assert c.merchant(ledger) == 400
    assert ledger.ack_for(c.BOX, c.STORE).devices == other.ack_for(c.BOX, c.OTHER_STORE).devices
    assert verify(ledger, c.check_tac).first_broken == ""
    other.close()


def test_nothing_to_receive_is_nothing_to_say(ledger: Ledger) -> None:
    assert ledger.receive([], c.check_tac, c.NOW) == []


def test_numbers_of_a_partition_rise_with_each_commit_and_not_with_duplicates(ledger: Ledger, box: Box) -> None:
    numbers = [box.send(c.stored(c.purchase(n, c.card(1), n, 10, c.OPENING))).number for n in (1, 2, 3)]
    assert numbers == [1, 2, 3]
    assert box.again()[0].number == 3


@pytest.mark.parametrize("time", [0, 8_000 * c.DAY_S, c.T0 + 601, 0xFFFF_FFFF])
def test_an_impossible_time_posts_all_the_same(ledger: Ledger, box: Box, time: int) -> None:
    good = c.purchase(4, c.card(2), 1, 10, c.OPENING, time=c.T0 - 3 * c.DAY_S)
    box.send(c.stored(good), c.stored(c.purchase(5, c.card(1), 7, 900, c.OPENING, time=time)))
    assert c.purse(ledger, c.card(1)) == c.OPENING - 900
    with ledger.database.reading():
        rows = ledger.database.run("SELECT effective_day, flags FROM entry WHERE kind = 3 ORDER BY id")
    assert rows == [(9697, 0), (9697, 1)]
    assert c.codes(ledger) == {"time-doubtful": "important"}


def test_a_wrong_clock_is_told_once_a_day_and_not_with_each_record(ledger: Ledger, box: Box) -> None:
    """As records trickle in, each in a transaction of its own."""
    for seq in (1, 2, 3):
        box.send(c.stored(c.purchase(seq, c.card(seq), 7, 900, c.OPENING, time=0)))
    box.send(c.stored(c.purchase(4, c.card(4), 7, 900, c.OPENING, time=0)), now=Now(c.NOW.unix_ms, c.T0 + c.DAY_S))
    with ledger.database.reading():
        told = ledger.database.run("SELECT count(*) FROM fact WHERE code = 'time-doubtful'")
    assert told == [(2,)]


@pytest.mark.parametrize("good", [4, 6])
def test_a_neighbour_of_the_same_batch_tells_the_day_wherever_it_stands(ledger: Ledger, box: Box, good: int) -> None:
    believed = c.purchase(good, c.card(2), 1, 10, c.OPENING, time=c.T0 - 3 * c.DAY_S)
    box.send(c.stored(c.purchase(5, c.card(1), 7, 900, c.OPENING, time=0)), c.stored(believed))
    with ledger.database.reading():
        assert ledger.database.run("SELECT effective_day FROM entry WHERE kind = 3") == [(9697,)] * 2


@pytest.mark.parametrize("turn", [1, -1])
def test_a_lunch_of_dead_clocks_reads_its_neighbours_a_few_times(ledger: Ledger, box: Box, turn: int) -> None:
    asked = []
    run = ledger.database.run
    ledger.database.run = lambda *values: (asked.append(values[0]), run(*values))[1]  # type: ignore[method-assign]
    sales = [c.stored(c.purchase(n, c.card(n % 8 + 1), n, 1, c.OPENING, time=0)) for n in range(1, 601)]
    box.send(*sales[::turn])
    assert sum("FROM record WHERE key >=" in sql for sql in asked) == 3
    with ledger.database.reading():
        assert run("SELECT DISTINCT effective_day, flags FROM entry WHERE kind = 3") == [(9700, 1)]


def test_without_a_believable_neighbour_the_day_is_that_of_receipt(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.purchase(1, c.card(1), 7, 900, c.OPENING, time=0)))
    with ledger.database.reading():
        assert ledger.database.run("SELECT effective_day, flags FROM entry WHERE kind = 3") == [(9700, 1)]


def test_old_is_merely_late(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.purchase(1, c.card(1), 7, 900, c.OPENING, time=c.ISSUED)), now=Now(c.NOW.unix_ms, c.T0))
    with ledger.database.reading():
        assert ledger.database.run("SELECT effective_day, flags FROM entry WHERE kind = 3") == [(9000, 0)]


def test_what_is_no_message_is_kept_once(ledger: Ledger) -> None:
    for _ in range(2):
        ledger.quarantine_message(c.BOX, c.PARTITION, b"\1junk", MessageJunk("malformed CBOR"), 1)
    with ledger.database.reading():
        assert ledger.database.run("SELECT box, raw, reason FROM junk") == [(c.BOX, b"\1junk", "malformed CBOR")]
    assert c.codes(ledger) == {"message-junk": "important"}
