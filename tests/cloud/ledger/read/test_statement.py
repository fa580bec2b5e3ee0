"""A statement says what moved, and nothing by which aid could be told from anything else."""

from cloud.ledger.read.shown.statement import Line, Sums, statement, sums_of
from cloud.ledger.read.views import CardView, EntryView, RecordView

CARD = bytes(range(10))
DAY_S = 86_400


def entry(number: int, kind: str, *moves: tuple[str, str, int], at: int = 0, terminal: str = "pos-01") -> EntryView:
    """moves: kinds of accounts, of the card where they have no colon."""
    coded = [(code if ":" in code else f"{code}:{CARD.hex()}") for move in moves for code in move[:2]]
    sums = [move[2] for move in moves]
    pairs = tuple(zip(coded[::2], coded[1::2], sums, strict=True))
    record = None
    if at:
        record = RecordView(number, b"", terminal, 1, number, kind, CARD, "0001", 0, 0, at, 0, "posted", "", b"")
    return EntryView(number, kind, 9700, 0, 0, record, 0, pairs)


def test_both_openings_are_one_line_and_do_not_say_that_they_are_two() -> None:
    found = statement(CARD, [
        entry(2, "opening_subsidy", ("bank:", "subsidy", 500)), entry(1, "opening", ("bank:", "purse", 1000)),
    ], DAY_S)  # fmt: skip
    assert found == [Line(1, "opening", 0, "", Sums(purses=1500), 1)]


def test_what_came_into_the_pending_load_is_one_line_whatever_it_was() -> None:
    given = [
        entry(3, "grant", ("fund:", "pending", 300)), entry(2, "void", ("merchant:x", "pending", 200), at=5),
        entry(1, "void", ("merchant:x", "pending-subsidy", 50), at=4),
    ]  # fmt: skip
    assert statement(CARD, given, DAY_S) == [Line(0, "given", 0, "", Sums(pending=550), 3)]


def test_both_halves_of_a_mixed_payment_are_one_and_two_sales_are_two() -> None:
    halves = [entry(3, "purchase", ("subsidy", "merchant:x", 40), at=101),
              entry(2, "purchase", ("purse", "merchant:x", 60), at=100)]  # fmt: skip
    (one,) = statement(CARD, halves, DAY_S)
    assert one.moved == Sums(purses=-100)
    apart = [entry(3, "purchase", ("purse", "merchant:x", 40), at=200), halves[1]]
    elsewhere = [entry(3, "purchase", ("purse", "merchant:x", 40), at=101, terminal="pos-02"), halves[1]]
    assert [len(statement(CARD, rows, DAY_S)) for rows in (apart, elsewhere)] == [2, 2]


def test_loads_and_claims_say_the_same() -> None:
    lines = [
        statement(CARD, [entry(1, kind, (source, "transit", 100))], DAY_S)[0].what
        for kind, source in (("load_authorised", "online"), ("claim_authorised", "pending"))
    ]
    assert lines == ["loading", "loading"]


def test_what_moved_another_card_or_nothing_of_it_is_no_line() -> None:
    other = entry(1, "card_replaced", (f"purse:{'00' * 10}", f"purse:{'11' * 10}", 5))
    assert statement(CARD, [other, entry(2, "purchase", ("purse", "subsidy", 5))], DAY_S) == []


def test_balances_are_four_sums() -> None:
    assert sums_of(CardView(CARD, "0001", False, 1, 2, 4, 8, 16, 32)) == Sums(17, 2, 4, 40)
