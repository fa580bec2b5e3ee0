"""Voids 撤销: what a card paid goes to its pending load, once, signed by its terminal, in whatever order they come."""

from itertools import permutations

import pytest

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.verify import verify
from cloud.ledger.held.thefts import Report
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.receive.voids import VoidState
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import Now, Verdict
from shared.ids import BoxId
from shared.records import Cause, Kind, Pair, PurchaseRecord, Witness
from shared.wire.messages import EPOCH_MAX
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh
from tests.cloud.ledger.campus import Box

SALE = c.purchase(3, c.card(1), 0, 450, c.OPENING)
SUSPENDED = (int(Verdict.SUSPENSE), int(Reason.VOID))


def pending(ledger: Ledger, n: int = 1) -> int:
    return -c.balances(ledger).get(f"pending:{c.card(n).hex()}", 0)


def cases(ledger: Ledger) -> list[tuple[VoidState, Reason]]:
    with ledger.database.reading():
        rows = ledger.database.run("SELECT state, reason FROM void_case ORDER BY record")
    return [(VoidState(state), Reason(reason)) for state, reason in rows]


def sound(ledger: Ledger) -> bool:
    return verify(ledger, c.check_tac).first_broken == ""


def test_a_void_gives_back_what_the_purchase_took_and_leaves_the_card_alone(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(SALE), c.void(4, SALE))
    assert (pending(ledger), c.merchant(ledger), c.purse(ledger, c.card(1))) == (450, 0, c.OPENING - 450)
    assert c.verdicts(ledger)[1] == SUSPENDED
    assert cases(ledger) == [(VoidState.POSTED, Reason.VOID)]
    assert c.entry_kinds(ledger) == [EntryKind.PURCHASE, EntryKind.VOID]
    view = Reader(ledger.database).overview()
    assert (view.posted, view.suspense, view.voids, view.voided_fen) == (2, 0, 1, 450)
    assert (view.spent_fen, view.pending_fen, view.difference_fen) == (450, 450, 0)
    assert view.float_fen == view.opening_fen + view.loads_fen - view.spent_fen
    assert sound(ledger)


def test_a_void_may_come_before_its_purchase_and_waits_for_it(ledger: Ledger, box: Box) -> None:
    box.send(c.void(4, SALE))
    assert cases(ledger) == [(VoidState.WAITING, Reason.VOID)]
    assert (pending(ledger), c.entry_kinds(ledger)) == (0, [])
    (waiting,) = Reader(ledger.database).voids()
    assert (waiting.target, waiting.why, waiting.record.kind) == (3, "void", "witnessed_void")
    assert sound(ledger)
    box.send(c.stored(SALE))
    assert (pending(ledger), c.merchant(ledger)) == (450, 0)
    assert Reader(ledger.database).voids() == []
    assert sound(ledger)


def test_another_process_knows_of_a_waiting_void(ledger: Ledger, box: Box, campus_dsn: str) -> None:
    other = open_ledger(campus_dsn)
    Box(other).send(c.void(4, SALE))
    box.row = 10
    box.send(c.stored(SALE))
    assert pending(ledger) == 450
    other.close()


def test_the_same_bytes_again_are_a_duplicate(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(SALE), c.void(4, SALE))
    box.again()
    box.send(c.void(4, SALE))
    assert pending(ledger) == 450
    assert Reader(ledger.database).counts().duplicates == 3


def test_a_purchase_is_void_once(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(SALE), c.void(4, SALE), c.void(5, SALE))
    assert (pending(ledger), c.merchant(ledger)) == (450, 0)
    assert cases(ledger) == [(VoidState.POSTED, Reason.VOID), (VoidState.HELD, Reason.VOID_TWICE)]
    assert c.codes(ledger) == {"void": "notice", "void-held": "important"}
    view = Reader(ledger.database).overview()
    assert (view.records, view.posted, view.suspense) == (3, 2, 1)
    assert sound(ledger)


OTHER_SUM = {"amount_fen": 451}
OTHER_CARD = {"card": c.card(2)}
OTHER_NUMBER = {"ttn": 77}
OTHER_PURSE = {"purse": c.SUBSIDY}


@pytest.mark.parametrize("changed", [OTHER_SUM, OTHER_CARD, OTHER_NUMBER, OTHER_PURSE, {"counter": 1}])
@pytest.mark.parametrize("first", [True, False])
def test_a_void_of_something_else_is_held(ledger: Ledger, box: Box, changed: dict[str, object], first: bool) -> None:
    records = [c.stored(SALE), c.void(4, SALE, **changed)]
    for record in records if first else records[::-1]:
        box.send(record)
    assert cases(ledger) == [(VoidState.HELD, Reason.VOID_NO_SALE)]
    assert (pending(ledger), pending(ledger, 2), c.merchant(ledger)) == (0, 0, 450)
    assert "void-held" in c.codes(ledger)
    assert sound(ledger)


def test_an_unproven_sale_and_a_load_cannot_be_void(ledger: Ledger, box: Box) -> None:
    grey = c.purchase(3, c.card(1), 0, 450, c.OPENING, kind=Kind.UNPROVEN)
    box.send(c.stored(grey), c.void(4, grey))
    assert cases(ledger) == [(VoidState.HELD, Reason.VOID_NO_SALE)]


def test_a_recovered_purchase_can(ledger: Ledger, box: Box) -> None:
    grey = c.purchase(3, c.card(1), 0, 450, c.OPENING, ttn=9, kind=Kind.UNPROVEN)
    proven = c.purchase(5, c.card(1), 0, 450, c.OPENING, ttn=9, kind=Kind.RECOVERED, linked=2)
    box.send(c.void(6, proven), c.stored(proven), c.stored(grey))
    assert (pending(ledger), c.merchant(ledger)) == (450, 0)
    assert sound(ledger)


@pytest.mark.parametrize(
    ("void", "reason"),
    [
        (c.void(4, SALE, signed_by=c.POS2), Reason.VOID_MAC),
        (c.void(4, SALE, said_by=c.card(2)), Reason.VOID_WITNESS),
        (c.void(4, SALE, by=SALE.card, said_by=c.BOSS), Reason.VOID_WITNESS),
        (c.void(4, SALE, witness=Witness(c.BOSS, 2, b"????")), Reason.KEY_UNKNOWN),
        (c.void(4, SALE, key_version=2), Reason.KEY_UNKNOWN),
        (c.void(4, SALE, card=c.card(99)), Reason.CARD_UNKNOWN),
        (c.void(4, SALE)[:-1] + b"!", Reason.VOID_MAC),
        (c.void(4, SALE, at=c.POS2, signed_by=c.POS), Reason.VOID_MAC),
    ],
)
def test_what_its_terminal_did_not_sign_is_quarantined_and_moves_nothing(
    ledger: Ledger, box: Box, void: bytes, reason: Reason
) -> None:
    box.send(c.stored(SALE), void)
    assert c.verdicts(ledger)[1] == (int(Verdict.QUARANTINED), int(reason))
    assert (pending(ledger), c.merchant(ledger), cases(ledger)) == (0, 450, [])
    assert "record-quarantined" in c.codes(ledger)
    assert sound(ledger)


def test_another_terminals_sale_is_not_in_its_reach(ledger: Ledger, box: Box) -> None:
    """A void names by distance in its own sequence, so at another body it names another record, or none."""
    box.send(c.stored(SALE), c.void(4, SALE, at=c.POS2))
    assert (pending(ledger), cases(ledger)) == (0, [(VoidState.WAITING, Reason.VOID)])
    box.send(c.stored(c.purchase(3, c.card(2), 0, 450, c.OPENING, at=c.POS2), c.POS2))
    assert (pending(ledger), cases(ledger)) == (0, [(VoidState.HELD, Reason.VOID_NO_SALE)])


def test_a_void_after_a_key_fix_is_posted(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(SALE))
    ledger.receive([box.batch(c.void(4, SALE))], lambda items: b"\2" * (len(items) // 41), c.NOW)
    assert c.verdicts(ledger)[1] == (int(Verdict.QUARANTINED), int(Reason.KEY_UNKNOWN))
    ledger.rejudge(c.check_tac, c.NOW)
    assert (pending(ledger), c.merchant(ledger)) == (450, 0)
    view = Reader(ledger.database).overview()
    assert (view.records, view.posted, view.suspense, view.quarantined) == (2, 2, 0, 0)
    assert sound(ledger)


def test_a_void_waits_for_a_purchase_that_stands_in_quarantine(ledger: Ledger, box: Box) -> None:
    unknown = lambda items: b"\2" * (len(items) // 41)  # noqa: E731
    ledger.receive([box.batch(c.stored(SALE))], unknown, c.NOW)
    box.send(c.void(4, SALE))
    assert cases(ledger) == [(VoidState.WAITING, Reason.VOID)]
    ledger.rejudge(c.check_tac, c.NOW)
    assert (pending(ledger), c.merchant(ledger)) == (450, 0)


def test_a_held_purchase_is_given_back_from_where_it_is_held(ledger: Ledger, box: Box) -> None:
    far = c.purchase(1, c.card(5), 0, 30, c.OPENING, at=c.FAR)
    box.send(c.stored(far, c.FAR))
    Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION).send(c.void(2, far, at=c.FAR))
    assert (pending(ledger, 5), c.held(ledger, "面点"), c.merchant(ledger, "面点")) == (30, 0, 0)
    assert sound(ledger)


def test_a_void_under_a_number_with_other_bytes_is_held(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(SALE), c.stored(c.purchase(4, c.card(2), 0, 10, c.OPENING)), c.void(4, SALE))
    assert (cases(ledger), pending(ledger)) == ([(VoidState.HELD, Reason.FORK)], 0)


def test_what_a_stolen_terminal_signs_gives_nothing_back(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(SALE))
    ledger.psam_stolen(Report(c.psam(1), body=True, since_s=c.T0, who="王五", reason="窗口被撬"), c.NOW)
    box.send(c.void(4, SALE))
    assert (cases(ledger), pending(ledger), c.merchant(ledger)) == ([(VoidState.HELD, Reason.STOLEN)], 0, 450)
    assert "void-held" in c.codes(ledger)
    box.send(c.void(5, SALE))
    assert (cases(ledger)[1], pending(ledger)) == ((VoidState.HELD, Reason.STOLEN), 0)
    assert sound(ledger)


def test_every_order_ends_the_same() -> None:
    other: PurchaseRecord = c.purchase(1, c.card(1), 1, 70, c.OPENING - 450)
    records = [c.stored(SALE), c.void(4, SALE), c.stored(other), c.void(5, other, amount_fen=71)]
    ends = set()
    for order in permutations(records):
        ledger = fresh.in_memory()
        box = Box(ledger)
        for record in order:
            box.send(record)
        ends.add((tuple(sorted(c.balances(ledger).items())), tuple(sorted(cases(ledger)))))
        assert sound(ledger)
        ledger.close()
    assert len(ends) == 1


def test_a_void_stands_with_its_terminal_and_its_card(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(SALE), c.void(4, SALE))
    (count,) = [row for row in Reader(ledger.database).by_terminal() if row.device == c.POS]
    assert (count.spent_fen, count.voids, count.voided_fen) == (450, 1, 450)
    kinds = [entry.kind for entry in Reader(ledger.database).statement(c.card(1))]
    assert kinds == ["void", "purchase", "opening"]
    found = Reader(ledger.database).entries(c.card(1), 0)
    assert [entry.kind for entry in found] == ["purchase", "void"]


@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("UPDATE posting SET fen = 449 WHERE kind = 12", "entry 10: posts 449 fen"),
        ("UPDATE posting SET debit = 1 WHERE kind = 12", "gives back what no purchase"),
        ("UPDATE void_case SET state = 0", "voids: record 2"),
        ("UPDATE void_case SET entry = 9", "voids: record 2"),
    ],
)
def test_verify_names_a_void_that_was_edited(ledger: Ledger, box: Box, sql: str, broken: str) -> None:
    box.send(c.stored(SALE), c.void(4, SALE))
    database = ledger.database
    with database.writing():
        if database.dialect == "sqlite":
            database.run("DROP TRIGGER posting_no_update")
        else:
            database.run("ALTER TABLE posting DISABLE TRIGGER USER")
        database.run(sql)
    said = [f"{check.name}: {check.broken}" for check in verify(ledger, c.check_tac).checks if check.broken]
    assert any(broken in text for text in said), said


@pytest.mark.parametrize("signer", [0xF0, 0xF1])
def test_verify_asks_for_both_macs_again(ledger: Ledger, box: Box, signer: int) -> None:
    box.send(c.stored(SALE), c.void(4, SALE))

    def doubting(items: bytes) -> bytes:
        verdicts = bytearray(c.check_tac(items))
        for at in range(len(verdicts)):
            verdicts[at] = 1 if items[at * 41 + 11] == signer else verdicts[at]
        return bytes(verdicts)

    assert "its MAC is wrong" in verify(ledger, doubting).first_broken


# --- what moves nothing by itself --------------------------------------------------------------------------------


def sales(count: int, fen: int = 100, seq: int = 1, time: int = c.T0) -> list[PurchaseRecord]:
    """Sales of one terminal, to a card each time anew."""
    return [
        c.purchase(seq + n, c.card(n % 8 + 1), n // 8, fen, c.OPENING - fen * (n // 8), time=time)
        for n in range(count)
    ]


def test_forged_voids_of_a_stolen_boxs_terminal_key_move_nothing(ledger: Ledger, box: Box) -> None:
    """Whoever has K_term signs as its terminal, and that is all that a void by PIN has."""
    sold = sales(20, 240)
    box.send(*(c.stored(one) for one in sold), *(c.void_by_pin(21 + n, one) for n, one in enumerate(sold)))
    assert cases(ledger) == [(VoidState.HELD, Reason.VOID_PIN)] * 20
    assert (c.merchant(ledger), sum(pending(ledger, n) for n in range(1, 9))) == (20 * 240, 0)
    assert c.codes(ledger) == {"void-held": "important"}
    assert sound(ledger)


def test_forged_voids_of_whole_payments_as_torn_move_nothing(ledger: Ledger, box: Box) -> None:
    first = c.purchase(1, c.card(1), 0, 300, 800, purse=c.SUBSIDY, pair=Pair.FIRST)
    second = c.purchase(2, c.card(1), 0, 450, c.OPENING, pair=Pair.SECOND)
    alone = c.purchase(3, c.card(2), 0, 100, c.OPENING)
    forged = [c.void_by_pin(4 + n, one, cause=Cause.TORN_PAIR) for n, one in enumerate((first, second, alone))]
    box.send(c.stored(first), c.stored(second), c.stored(alone), *forged)
    assert cases(ledger) == [(VoidState.HELD, Reason.VOID_WHOLE)] * 3
    assert c.merchant(ledger) == 850


def test_a_torn_payment_is_given_back_whatever_comes_first() -> None:
    first = c.purchase(1, c.card(1), 0, 300, c.OPENING, pair=Pair.FIRST)
    grey = c.purchase(2, c.card(1), 1, 450, c.OPENING - 300, kind=Kind.UNPROVEN, pair=Pair.SECOND)
    records = [c.stored(first), c.stored(grey), c.void_by_pin(3, first, cause=Cause.TORN_PAIR)]
    for order in permutations(records):
        ledger = fresh.in_memory()
        box = Box(ledger)
        for record in order:
            box.send(record)
        assert (pending(ledger), c.merchant(ledger)) == (300, 0)
        assert sound(ledger)
        ledger.close()


def test_the_first_half_follows_a_second_one_that_is_void() -> None:
    """The power went between the two voids of a mixed payment: the supervisor's card has stood for one of them."""
    first = c.purchase(1, c.card(1), 0, 300, c.OPENING, pair=Pair.FIRST)
    second = c.purchase(2, c.card(1), 1, 450, c.OPENING - 300, pair=Pair.SECOND)
    records = [c.stored(first), c.stored(second), c.void(3, second), c.void_by_pin(4, first, cause=Cause.TORN_PAIR)]
    for order in permutations(records):
        ledger = fresh.in_memory()
        box = Box(ledger)
        for record in order:
            box.send(record)
        assert (pending(ledger), c.merchant(ledger)) == (750, 0), order
        assert sound(ledger)
        ledger.close()


@pytest.mark.parametrize("cause", [Cause.OPERATOR, Cause.SAME_CARD])
@pytest.mark.parametrize("late", [-1, 0, 1])
def test_a_void_is_bound_by_age(ledger: Ledger, box: Box, cause: Cause, late: int) -> None:
    longest = {Cause.OPERATOR: 86_400, Cause.SAME_CARD: 180}[cause]
    sale = c.purchase(3, c.card(1), 0, 450, c.OPENING, time=c.T0 - longest - late)
    box.send(c.stored(sale), c.void(4, sale, by=c.BOSS if cause is Cause.OPERATOR else sale.card))
    held = (VoidState.HELD, Reason.VOID_BOUND) if late > 0 else (VoidState.POSTED, Reason.VOID)
    assert cases(ledger) == [held]


def test_a_void_from_before_its_sale_is_held(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(SALE), c.void(4, SALE, time=c.T0 - 1))
    assert cases(ledger) == [(VoidState.HELD, Reason.VOID_BOUND)]


@pytest.mark.parametrize(("fen", "posted"), [(3_000, True), (3_001, False)])
def test_a_cashier_alone_is_bound_by_sum(ledger: Ledger, box: Box, fen: int, posted: bool) -> None:
    sale = c.purchase(3, c.card(1), 0, fen, c.OPENING)
    box.send(c.stored(sale), c.void(4, sale, by=sale.card))
    assert (pending(ledger) == fen) is posted
    assert c.codes(ledger) == ({"void": "notice"} if posted else {"void-held": "important"})


def test_a_cashier_alone_is_bound_by_count_a_terminal_and_day(ledger: Ledger, box: Box) -> None:
    sold = sales(7)
    box.send(*(c.stored(one) for one in sold))
    box.send(*(c.void(11 + n, one, by=one.card) for n, one in enumerate(sold[:6])))
    assert cases(ledger) == [(VoidState.POSTED, Reason.VOID)] * 5 + [(VoidState.HELD, Reason.VOID_BOUND)]
    other = c.purchase(1, c.card(8), 3, 100, c.OPENING, at=c.POS2)
    box.send(c.stored(other, c.POS2), c.void(2, other, by=other.card, at=c.POS2))
    box.send(c.void(18, sold[6], by=sold[6].card), now=Now(c.NOW.unix_ms + 86_400_000, c.T0 + 86_400))
    assert cases(ledger)[6:] == [(VoidState.POSTED, Reason.VOID)] * 2, "another terminal, another day"
    assert sound(ledger)


def test_a_terminals_supervised_voids_are_bound_by_count_and_sum(ledger: Ledger, box: Box) -> None:
    sold = sales(51, 10)
    box.send(*(c.stored(one) for one in sold), *(c.void(101 + n, one) for n, one in enumerate(sold)))
    assert cases(ledger)[49:] == [(VoidState.POSTED, Reason.VOID), (VoidState.HELD, Reason.VOID_BOUND)]


def test_a_supervisor_is_bound_over_all_terminals(ledger: Ledger, box: Box) -> None:
    """Ten times 99.00 at each of two terminals, and once more at a third: 20 yuan are left of 2,000."""
    for at in (c.POS, c.POS2):
        sold = [c.purchase(n, c.card(n % 8 + 1), n + 20 * at[-1], 9_900, c.OPENING, at=at) for n in range(1, 11)]
        box.send(*(c.stored(one, at) for one in sold), *(c.void(10 + one.seq, one, at=at) for one in sold))
    far = Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION)
    last = c.purchase(1, c.card(1), 90, 2_001, c.OPENING, at=c.FAR)
    far.send(c.stored(last, c.FAR), c.void(2, last, at=c.FAR))
    assert cases(ledger) == [(VoidState.POSTED, Reason.VOID)] * 20 + [(VoidState.HELD, Reason.VOID_BOUND)]


@pytest.mark.parametrize(
    ("box_of", "void", "reason"),
    [
        ((c.OTHER_BOX, c.OTHER_PARTITION), c.void(4, SALE), Reason.OTHER_BOX),
        ((c.BOX, c.PARTITION), c.void(4, SALE, at=c.device(77)), Reason.DEVICE_UNKNOWN),
    ],
)
def test_what_does_not_come_from_where_it_should_moves_nothing(
    ledger: Ledger, box: Box, box_of: tuple[BoxId, int], void: bytes, reason: Reason
) -> None:
    box.send(c.stored(SALE))
    Box(ledger, *box_of).send(void)
    assert (cases(ledger), pending(ledger)) == ([(VoidState.HELD, reason)], 0)
    assert "void-held" in c.codes(ledger)


def test_the_void_of_an_epoch_that_nobody_gave_moves_nothing(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(SALE, epoch=EPOCH_MAX), c.void(4, SALE, epoch=EPOCH_MAX))
    assert (cases(ledger), pending(ledger)) == ([(VoidState.HELD, Reason.EPOCH_AHEAD)], 0)
