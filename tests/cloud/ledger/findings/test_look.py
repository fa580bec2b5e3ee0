"""Money that a card has and the ledger never gave is a difference at once, until somebody explains it."""

import pytest

from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.findings.look import ENTRIES_MAX, OWED_WAIT_MS, WATCHED_EVERY
from cloud.ledger.findings.purses import PURCHASES_MAX
from cloud.ledger.findings.rows import DifferenceRefused, Finding, Kind, State, add
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from shared.errors import ConfigFault, RuleBroken, StoreFault
from shared.facts.catalogue import words
from shared.records import Kind as RecordKind
from shared.wire.messages import DeviceStatus, EpochStatus
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import NOW, OPENING, Box

CARD = c.card(1)
LATER = Now(NOW.unix_ms + 1000, NOW.campus_s + 1)


def looked(ledger: Ledger) -> list[tuple[str, Kind, int, int]]:
    """After a look: label, kind, expected and read of what nobody has explained."""
    while ledger.find_differences(LATER):
        pass
    found = Reader(ledger.database).differences()
    return [(one.label, one.found.kind, *one.found[4:6]) for one in found if one.is_unexplained]


def told(ledger: Ledger) -> list[str]:
    """English words of the urgent facts, newest first."""
    facts = Reader(ledger.database).facts(50)
    return [words(fact.code, fact.told)[1] for fact in facts if fact.level == "urgent"]


def _run(ledger: Ledger, sql: str) -> None:
    with ledger.database.writing():
        ledger.database.run(sql)


def sale(seq: int, counter: int, fen: int, balance: int, **how: int) -> bytes:
    return c.stored(c.purchase(seq, CARD, counter, fen, balance, **how))


def raw_keys(box: Box) -> None:
    """9.00 left, then 100.00 by somebody who has the load key, then 9.50 spent."""
    box.send(sale(1, 0, 9_100, OPENING), sale(2, 1, 950, 10_900))


def test_a_raw_load_that_is_spent_is_told_and_names_the_card(ledger: Ledger, box: Box) -> None:
    raw_keys(box)
    assert looked(ledger) == [("0001", Kind.NEGATIVE, 0, -50), ("0001", Kind.CHAIN, 900, 10_900)]
    assert told(ledger) == [
        "card 0001, main purse: its balance should be ¥9.00, it read ¥109.00, counter 1",
        "card 0001, main purse: the account is at ¥-0.50; the card has spent money that the ledger never gave",
    ]
    assert len(looked(ledger)) == len(told(ledger)) == 2, "a look at the same again tells nothing"


def test_more_of_it_widens_what_is_open_and_is_told_again(ledger: Ledger, box: Box) -> None:
    raw_keys(box)
    looked(ledger)
    box.send(sale(3, 2, 50, 9_950))
    assert looked(ledger) == [("0001", Kind.NEGATIVE, 0, -100), ("0001", Kind.CHAIN, 900, 10_900)]
    assert "¥-1.00" in told(ledger)[0]


def test_what_is_explained_waits_for_nobody_and_more_of_it_does(ledger: Ledger, box: Box) -> None:
    raw_keys(box)
    looked(ledger)
    said = ledger.explain_difference(1, "王芳", "密钥外泄，已报案", LATER)
    assert said == ledger.explain_difference(1, " 王芳", "密钥外泄，已报案", LATER)
    ledger.explain_difference(2, "王芳", "同上", LATER)
    assert looked(ledger) == []
    assert Reader(ledger.database).standing_differences() == (0, 2, 10_000)
    box.send(sale(3, 2, 50, 9_950))
    assert looked(ledger) == [("0001", Kind.NEGATIVE, 0, -100)]
    box.send(sale(4, 3, 50, 9_950))
    assert looked(ledger) == [("0001", Kind.NEGATIVE, 0, -150), ("0001", Kind.CHAIN, 9_900, 9_950)]


def test_an_explanation_is_somebodys_with_a_reason_once_and_for_ever(ledger: Ledger, box: Box) -> None:
    raw_keys(box)
    looked(ledger)
    for number, who, why in ((9, "王芳", "y"), (1, " ", "y"), (1, "王芳", " "), (1, "王芳", "y" * 201)):
        with pytest.raises(ConfigFault, match=r"差异|--who|--reason"):
            ledger.explain_difference(number, who, why, LATER)
    ledger.explain_difference(1, "王芳", "y", LATER)
    with pytest.raises(DifferenceRefused, match="王芳"):
        ledger.explain_difference(1, "李明", "n", LATER)
    for sql in ("UPDATE explanation SET who = 'x'", "DELETE FROM explanation"):
        with pytest.raises((RuleBroken, StoreFault), match="append-only"):
            _run(ledger, sql)


def test_what_is_late_or_open_is_waited_for(ledger: Ledger, box: Box) -> None:
    box.send(sale(1, 0, 100, OPENING), sale(3, 2, 100, OPENING - 300), sale(4, 3, 100, OPENING - 400))
    assert looked(ledger) == [], "counter 1 is still at its terminal"
    box.send(sale(2, 1, 200, OPENING - 100))
    assert looked(ledger) == []
    box.send(c.stored(c.purchase(5, CARD, 4, 100, OPENING - 500, kind=RecordKind.UNPROVEN)))
    box.send(sale(6, 5, 100, OPENING - 999))
    assert looked(ledger) == [], "a grey record is not decided"


def test_a_load_in_transit_covers_what_was_spent_of_it(ledger: Ledger, box: Box) -> None:
    ledger.deposit(CARD, 5_000, "k", NOW)
    request, asked = c.load_request(CARD, 0, 5_000, OPENING, request=1)
    ledger.load_authorise(c.BOX, request, asked, True, NOW)
    box.send(sale(1, 0, 12_000, OPENING + 5_000))
    assert c.purse(ledger, CARD) == -2_000
    assert looked(ledger) == []
    box.send(c.stored(c.load(1, CARD, 0, 5_000, OPENING, request=1)))
    assert looked(ledger) == []
    assert c.purse(ledger, CARD) == 3_000


def test_a_load_that_never_was_leaves_what_was_spent_of_it(ledger: Ledger, box: Box) -> None:
    """The next request proves by the same counter that nothing was credited: then the purse is short for good."""
    ledger.deposit(CARD, 5_000, "k", NOW)
    request, asked = c.load_request(CARD, 0, 5_000, OPENING, request=1)
    ledger.load_authorise(c.BOX, request, asked, True, NOW)
    box.send(sale(1, 0, 12_000, OPENING + 5_000))
    assert looked(ledger) == []
    request, asked = c.load_request(CARD, 0, 1_000, 3_000, request=2, salt=1)
    ledger.load_authorise(c.BOX, request, asked, True, NOW)
    assert (CARD, Kind.NEGATIVE) in [(CARD, kind) for _, kind, *_ in looked(ledger)]


def test_what_only_came_in_another_order_is_cleared_again(ledger: Ledger, box: Box) -> None:
    """A ledger that was put back has lost the request of a load, and hears of a purchase from it first."""
    box.send(sale(1, 0, 12_000, OPENING + 5_000))
    assert [kind for _, kind, *_ in looked(ledger)] == [Kind.NEGATIVE, Kind.CHAIN]
    box.send(c.stored(c.load(1, CARD, 0, 5_000, OPENING, request=1)))
    assert looked(ledger) == []
    states = [one.state for one in Reader(ledger.database).differences()]
    assert states == [State.CLEARED, State.CLEARED]
    box.send(sale(2, 1, 3_100, 3_000))
    assert looked(ledger) == [("0001", Kind.NEGATIVE, 0, -100)], "what was cleared is open again when it shows again"
    assert "¥-1.00" in told(ledger)[0]


def test_a_purse_that_was_short_and_was_filled_since_is_not_cleared_by_that(ledger: Ledger, box: Box) -> None:
    raw_keys(box)
    looked(ledger)
    ledger.deposit(CARD, 5_000, "k", NOW)
    request, asked = c.load_request(CARD, 0, 5_000, 9_950, request=1)
    ledger.load_authorise(c.BOX, request, asked, True, NOW)
    box.send(c.stored(c.load(1, CARD, 0, 5_000, 9_950, request=1)))
    assert c.purse(ledger, CARD) == 4_950
    assert len(looked(ledger)) == 2


def test_a_subsidy_purse_below_zero_is_told_as_such(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.purchase(1, CARD, 0, 300, 500, purse=c.SUBSIDY)))
    assert [kind for _, kind, *_ in looked(ledger)] == [Kind.NEGATIVE, Kind.CHAIN]
    assert all("subsidy purse" in text for text in told(ledger))


def test_a_look_is_bounded_and_goes_on_where_it_ended(ledger: Ledger, box: Box) -> None:
    while ledger.find_differences(NOW):
        pass
    balance = OPENING
    for n in range(ENTRIES_MAX + 4):
        box.send(sale(n + 1, n, 1, balance))
        balance -= 1
    assert ledger.find_differences(NOW)
    assert not ledger.find_differences(NOW)
    assert looked(ledger) == []


def gone(opened: OpenedLedger, ledger: Ledger) -> None:
    """A difference that does not show any more, and no entry says so."""
    assert looked(ledger) == []
    with opened.writing(NOW) as writing:
        add(writing, Finding(CARD, 0, Kind.NEGATIVE, 0, 0, -50, None))


def sell(box: Box, many: int) -> None:
    """Of another card, an entry each."""
    box.send(*(c.stored(c.purchase(1 + n, c.card(2), n, 1, OPENING - n)) for n in range(many)))


def unexplained(ledger: Ledger) -> int:
    return Reader(ledger.database).standing_differences().unexplained


def test_open_differences_are_looked_at_again_once_when_all_entries_are_looked_at(
    opened: OpenedLedger, ledger: Ledger, box: Box
) -> None:
    gone(opened, ledger)
    sell(box, 3 * ENTRIES_MAX)
    assert (ledger.find_differences(LATER), unexplained(ledger)) == (True, 1)
    assert looked(ledger) == []


def test_open_differences_are_looked_at_again_though_entries_never_end(
    opened: OpenedLedger, ledger: Ledger, box: Box
) -> None:
    gone(opened, ledger)
    sell(box, WATCHED_EVERY + 2 * ENTRIES_MAX)
    looks = [(ledger.find_differences(LATER), unexplained(ledger)) for _ in range(WATCHED_EVERY // ENTRIES_MAX)]
    assert looks[-1] == (True, 0)


def test_cards_of_one_look_are_judged_each_by_its_own_steps(ledger: Ledger, box: Box) -> None:
    """Loads and a grey record of one card excuse nothing of another, nor of its own subsidy purse."""
    for number in (2, 3):
        ledger.deposit(c.card(number), 5_000, f"k{number}", NOW)
        request, load = c.load_request(c.card(number), 0, 5_000, OPENING, request=number)
        ledger.load_authorise(c.BOX, request, load, True, NOW)
    box.send(
        sale(1, 0, 100, OPENING + 7_000),
        c.stored(c.load(2, c.card(2), 0, 5_000, OPENING, request=2)),
        c.stored(c.purchase(3, c.card(2), 0, 100, OPENING + 5_000)),
        c.stored(c.purchase(4, c.card(4), 0, 100, OPENING, kind=RecordKind.UNPROVEN)),
        c.stored(c.purchase(5, c.card(3), 0, 300, 500, purse=c.SUBSIDY)),
        c.stored(c.purchase(6, c.card(6), 0, 100, OPENING)),
        c.stored(c.purchase(7, c.card(6), 1, 100, OPENING)),
    )
    assert looked(ledger) == [
        ("0001", Kind.CHAIN, OPENING, OPENING + 7_000),
        ("0003", Kind.NEGATIVE, 0, -300),
        ("0003", Kind.CHAIN, 0, 500),
        ("0006", Kind.CHAIN, OPENING - 100, OPENING),
    ]


def test_what_a_lost_card_spends_after_its_report_is_told_with_the_terminal(
    opened: OpenedLedger, ledger: Ledger, box: Box
) -> None:
    desk, wish = DeskLedger(opened), Wish(b"w" * 16, "王芳", "0001", "")
    desk.report_lost(wish, NOW)
    box.send(sale(1, 0, 100, OPENING, time=NOW.campus_s - 60))
    assert looked(ledger) == [], "it was the holder's"
    box.send(sale(2, 1, 250, OPENING - 100, time=NOW.campus_s + 60))
    assert looked(ledger) == [("0001", Kind.LOST, 0, 250)]
    box.send(sale(3, 2, 50, OPENING - 350, time=NOW.campus_s + 90))
    assert looked(ledger) == [("0001", Kind.LOST, 0, 300)]
    assert told(ledger) == [
        "lost card 0001, main purse, paid ¥0.50 at pos-01 1号窗口; ¥3.00 since it was reported",
        "lost card 0001, main purse, paid ¥2.50 at pos-01 1号窗口; ¥2.50 since it was reported",
    ]
    desk.cancel_lost(Wish(b"v" * 16, "王芳", "0001", ""), LATER)
    assert looked(ledger) == [], "its holder has it"


def test_what_a_listed_card_spends_after_it_was_listed_is_told_once_for_each_record(
    opened: OpenedLedger, ledger: Ledger, box: Box
) -> None:
    desk = DeskLedger(opened)
    ledger.set_hotlisted(CARD, True, NOW, "王芳", "冒用")
    box.send(sale(1, 0, 100, OPENING, time=NOW.campus_s - 60))
    assert looked(ledger) == told(ledger) == [], "it was taken before"
    box.send(sale(2, 1, 250, OPENING - 100, time=NOW.campus_s + 60))
    looked(ledger)
    said = "hotlisted card 0001 paid ¥2.50 at pos-01 1号窗口"
    assert told(ledger) == [said]
    looked(ledger)
    assert told(ledger) == [said]
    desk.report_lost(Wish(b"w" * 16, "王芳", "0001", ""), NOW)
    box.send(sale(3, 2, 50, OPENING - 350, time=NOW.campus_s + 90))
    looked(ledger)
    assert [one for one in told(ledger) if one.startswith("hotlisted")] == [said], "of a lost card more is told"


def test_a_step_that_fits_now_is_cleared_behind_many_newer_ones(ledger: Ledger, box: Box) -> None:
    """A late load and more than a look's worth of newer purchases come between two looks."""
    after = OPENING - 200 + 5_000
    box.send(sale(1, 0, 100, OPENING), sale(2, 1, 100, OPENING - 100), sale(3, 2, 10, after))
    assert looked(ledger) == [("0001", Kind.CHAIN, OPENING - 200, after)]
    newer = [sale(4 + n, 3 + n, 10, after - 10 - 10 * n) for n in range(PURCHASES_MAX + 1)]
    box.send(c.stored(c.load(1, CARD, 0, 5_000, OPENING - 200, request=1)), *newer)
    assert looked(ledger) == []


def test_a_load_that_overtakes_a_late_purchase_waits_for_it(ledger: Ledger, box: Box) -> None:
    """Its record does not say the card's offline counter: a lower balance may be a purchase that is on its way."""
    box.send(sale(1, 0, 100, OPENING), c.stored(c.load(1, CARD, 0, 5_000, OPENING - 900, request=1)))
    assert looked(ledger) == []
    box.send(sale(2, 1, 800, OPENING - 100))
    assert looked(ledger) == []


def test_a_load_that_read_more_than_there_was_is_told(ledger: Ledger, box: Box) -> None:
    box.send(sale(1, 0, 100, OPENING), c.stored(c.load(1, CARD, 0, 5_000, OPENING + 900, request=1)))
    assert looked(ledger) == [("0001", Kind.CHAIN, OPENING - 100, OPENING + 900)]


def over(ledger: Ledger) -> list[tuple[str, str]]:
    """Of what was told to be over, oldest first: its case, and the card."""
    facts = [dict(fact.told) for fact in Reader(ledger.database).facts(50) if fact.code == "difference-over"]
    return [(said["case"], said["card"]) for said in reversed(facts)]


def owes(ledger: Ledger, last: int, open_slots: int = 0) -> None:
    """A till that is heard says that it has written so many records."""
    rows = (EpochStatus(1, c.psam(1), 1, last, 0, open_slots),)
    ledger.store_status(c.BOX, DeviceStatus(c.POS, rows, 1, 1, 100, True, 9_700, 1), NOW.unix_ms)


def after(ledger: Ledger, ms: int) -> list[State]:
    """States of all differences after looks at that time."""
    while ledger.find_differences(Now(NOW.unix_ms + ms, NOW.campus_s + ms // 1000)):
        pass
    return [one.state for one in Reader(ledger.database).differences()]


def test_what_clears_by_itself_is_told_once_of_each_kind(ledger: Ledger, box: Box) -> None:
    box.send(sale(1, 0, 12_000, OPENING + 5_000))
    looked(ledger)
    assert over(ledger) == []
    box.send(c.stored(c.load(1, CARD, 0, 5_000, OPENING, request=1)))
    looked(ledger)
    assert over(ledger) == [("negative", "0001"), ("chain", "0001")]
    looked(ledger)
    assert len(over(ledger)) == 2


def test_what_is_over_for_one_difference_is_not_while_another_of_its_card_stands(ledger: Ledger, box: Box) -> None:
    raw_keys(box)
    box.send(sale(3, 2, 50, 20_000))
    looked(ledger)
    chains = [one.number for one in Reader(ledger.database).differences() if one.found.kind is Kind.CHAIN]
    assert len(chains) == 2
    ledger.explain_difference(chains[0], "王芳", "密钥外泄", LATER)
    assert over(ledger) == []
    ledger.explain_difference(chains[1], "王芳", "密钥外泄", LATER)
    assert over(ledger) == [("chain", "0001")]


def test_a_report_of_loss_that_is_taken_back_is_over(opened: OpenedLedger, ledger: Ledger, box: Box) -> None:
    desk = DeskLedger(opened)
    desk.report_lost(Wish(b"w" * 16, "王芳", "0001", ""), NOW)
    box.send(sale(1, 0, 250, OPENING, time=NOW.campus_s + 60))
    looked(ledger)
    desk.cancel_lost(Wish(b"v" * 16, "王芳", "0001", ""), LATER)
    looked(ledger)
    assert over(ledger) == [("lost", "0001")]


@pytest.mark.parametrize(("last", "slots"), [(2, 0), (1, 1)], ids=["records", "a slot"])
def test_what_a_terminal_owes_may_explain_it_and_nobody_is_called(
    ledger: Ledger, box: Box, last: int, slots: int
) -> None:
    owes(ledger, last, slots)
    box.send(sale(1, 0, 12_000, OPENING + 5_000))
    assert after(ledger, 1_000) == [State.WAITING, State.WAITING]
    assert Reader(ledger.database).standing_differences().unexplained == 0
    box.send(c.stored(c.load(2, CARD, 0, 5_000, OPENING, request=1)))
    assert after(ledger, 2_000) == [State.CLEARED, State.CLEARED]
    assert told(ledger) == over(ledger) == [], "what was not told is not told to be over"


def test_a_genuine_one_waits_for_nobody_beyond_its_bound(ledger: Ledger, box: Box) -> None:
    owes(ledger, 9)
    raw_keys(box)
    assert after(ledger, 1_000) == [State.WAITING, State.WAITING]
    assert after(ledger, OWED_WAIT_MS + 999) == [State.WAITING, State.WAITING]
    assert after(ledger, OWED_WAIT_MS + 1_000) == [State.OPEN, State.OPEN]
    assert len(told(ledger)) == 2
    box.send(sale(3, 2, 50, 9_950))
    after(ledger, OWED_WAIT_MS + 2_000)
    assert "¥-1.00" in told(ledger)[0], "what was told and grows waits no more"


def test_one_that_waits_is_told_as_soon_as_nobody_owes(ledger: Ledger, box: Box) -> None:
    owes(ledger, 3)
    raw_keys(box)
    assert after(ledger, 1_000) == [State.WAITING, State.WAITING]
    box.send(c.stored(c.purchase(3, c.card(2), 0, 1, OPENING)))
    assert after(ledger, 2_000) == [State.OPEN, State.OPEN]
    assert len(told(ledger)) == 2
