"""What the books find of a card: each with its record, a clone alone refuses it, any other caps it, and it lapses."""

import secrets

import pytest

from cloud.ledger.cards.listing import Why, reasons_of
from cloud.ledger.checks.verify import verify
from cloud.ledger.findings.found import (
    CardFinding,
    FindingRefused,
    Standing,
    What,
    capped_now,
    findings,
    lapses_s,
)
from cloud.ledger.funds.bounds import set_bound
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.read.told.account_news import account_news
from cloud.ledger.read.told.news import FIRST
from cloud.ledger.records.values import Now
from cloud.payments.codes.door import CodeDoor
from shared.clocks.clock import DAY_S, day_number
from shared.clocks.school_days import WEEKDAYS, Calendar, Span, SpanKind
from shared.facts.catalogue import words
from shared.fleet.capped import UNTIL_UNDONE
from shared.online import PaymentResult, code_request
from shared.wire.messages import OnlineRequest
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import NOW, OPENING, Box

CARD = c.card(1)
LATER = Now(NOW.unix_ms + 1000, NOW.campus_s + 1)


def after(days: int) -> Now:
    return Now(NOW.unix_ms + days * DAY_S * 1000, NOW.campus_s + days * DAY_S)


def sale(seq: int, counter: int, fen: int, balance: int, **how: int) -> bytes:
    return c.stored(c.purchase(seq, CARD, counter, fen, balance, **how))


def look(ledger: Ledger, now: Now = LATER) -> list[CardFinding]:
    while ledger.find_differences(now):
        pass
    with ledger.database.reading():
        return findings(ledger.database)


def kinds(ledger: Ledger, now: Now = LATER) -> list[What]:
    return [one.seen.what for one in look(ledger, now)]


def capped(ledger: Ledger, now: Now = LATER) -> list[tuple[int, int]]:
    with ledger.database.reading():
        return [(row.since_s, row.until_s) for row in capped_now(ledger.database, now.campus_s)]


def listed(ledger: Ledger) -> list[Why]:
    with ledger.database.reading():
        return [one.why for one in reasons_of(ledger.database, [CARD])]


def clone(box: Box) -> None:
    """The counter was used at another till for another sum, by a card with the same key."""
    box.send(sale(1, 0, 1_000, OPENING), sale(2, 0, 700, OPENING))


def overdraft(box: Box) -> None:
    box.send(sale(1, 0, 9_100, OPENING), sale(2, 1, 950, 10_900))


def test_a_proved_clone_refuses_the_card_and_names_both_records(ledger: Ledger, box: Box) -> None:
    clone(box)
    (one,) = look(ledger)
    assert (one.seen.what, one.seen.record, one.seen.beside) == (What.CLONE, 2, 1)
    assert listed(ledger) == [Why.CLONE]
    assert capped(ledger) == []
    assert look(ledger) == [one], "a look at the same again finds nothing"


def test_the_account_of_a_capped_card_pays_one_meal_a_period_where_the_card_is_shown(ledger: Ledger, box: Box) -> None:
    """What a code of its holder's phone has paid in the period leaves the card its meal."""
    ledger.deposit(CARD, 100_00, "k", LATER)
    with ledger.opened.writing(LATER) as writing:
        set_bound(writing, "k", CARD, 90_00, "wallet:1")
    overdraft(box)
    assert What.OVERDRAFT in kinds(ledger)
    assert c.pay(ledger, 7, 16_00, now=LATER).result is PaymentResult.APPROVED, "never in the period of the finding"
    next_day, last = after(1), after(60)
    code = CodeDoor(ledger.opened, secrets.token_bytes).new(CARD, next_day).code
    by_code = OnlineRequest(c.POS, 1, c.psam(c.POS[-1]), 6, code_request(code, 20_00).to_bytes())
    assert ledger.payment_by_code(c.BOX, by_code, code, 20_00, next_day).result is PaymentResult.APPROVED
    results = [c.pay(ledger, n, fen, now=next_day).result for n, fen in ((8, 9_00), (9, 6_01), (10, 6_00), (11, 1))]
    approved, over = PaymentResult.APPROVED, PaymentResult.OVER_LIMIT
    assert results == [approved, over, approved, over]
    with ledger.database.reading():
        told = account_news(ledger.database, [CARD], FIRST, 9)
    assert "bound" not in [one.what for one in told], "what the cap refuses has met no bound of his own"
    ledger.find_differences(last)
    assert c.pay(ledger, 12, 16_00, now=last).result is approved, "the cap has lapsed"


def test_a_clone_undone_takes_the_card_off_and_is_not_found_again(ledger: Ledger, box: Box) -> None:
    clone(box)
    (one,) = look(ledger)
    said = ledger.undo_finding(one.number, "wang", "same card, reader fault", LATER)
    assert (said.standing, listed(ledger)) == (Standing.UNDONE, [])
    assert ledger.undo_finding(one.number, "wang", "same card, reader fault", LATER) == said, "again is a success"
    assert [f.standing for f in look(ledger)] == [Standing.UNDONE]


def test_a_replay_caps_and_refuses_nobody(ledger: Ledger, box: Box) -> None:
    said = c.purchase(1, CARD, 0, 1_000, OPENING)
    box.send(c.stored(said), c.stored(said._replace(seq=2)))
    (one,) = look(ledger)
    assert (one.seen.what, one.seen.record, one.seen.beside) == (What.REPLAY, 2, 1)
    assert listed(ledger) == []
    assert capped(ledger) == [(LATER.campus_s, one.until_s)]


def test_a_counter_that_went_back_at_one_terminal(ledger: Ledger, box: Box) -> None:
    box.send(sale(1, 5, 1_000, OPENING), sale(2, 3, 1_000, OPENING))
    assert What.BACK in kinds(ledger)
    facts = [fact for fact in Reader(ledger.database).facts(50) if fact.code == "card-counter-back"]
    told = [words(fact.code, fact.told)[1] for fact in facts]
    assert told == ["card 0001, main purse: at pos-01 1号窗口 its counter went back from 5 to 3"]


def test_an_overdraft_caps_until_it_is_explained(ledger: Ledger, box: Box) -> None:
    overdraft(box)
    assert kinds(ledger) == [What.OVERDRAFT, What.CHAIN]
    assert len(capped(ledger)) == 1
    assert listed(ledger) == []
    for one in Reader(ledger.database).differences():
        ledger.explain_difference(one.number, "wang", "load not told", LATER)
    assert [one.standing for one in look(ledger)] == [Standing.OVER, Standing.OVER]
    assert capped(ledger) == []


def test_a_cap_lapses_after_three_school_days_by_itself(ledger: Ledger, box: Box) -> None:
    overdraft(box)
    until = look(ledger)[0].until_s
    assert until == lapses_s(LATER.campus_s, WEEKDAYS)
    last = Now(NOW.unix_ms + (until - 1 - NOW.campus_s) * 1000, until - 1)
    over = Now(last.unix_ms + 1000, until)
    assert [one.standing for one in look(ledger, last)] == [Standing.OPEN, Standing.OPEN]
    assert [one.standing for one in look(ledger, over)] == [Standing.LAPSED, Standing.LAPSED]
    assert capped(ledger, over) == []
    with pytest.raises(FindingRefused):
        ledger.confirm_finding(1, "wang", "late", over)


def test_a_confirmed_cap_stays_until_it_is_undone(ledger: Ledger, box: Box) -> None:
    overdraft(box)
    for one in look(ledger):
        ledger.confirm_finding(one.number, "wang", "a copied key", LATER)
    assert capped(ledger, after(30)) == [(LATER.campus_s, UNTIL_UNDONE)]
    assert [one.standing for one in look(ledger, after(30))] == [Standing.CONFIRMED] * 2
    for one in look(ledger):
        ledger.undo_finding(one.number, "li", "it was nothing", LATER)
    assert capped(ledger) == []


@pytest.mark.parametrize(
    ("number", "who", "why"), [(9, "wang", "why"), (1, "", "why"), (1, "wang", " "), (1, "wang", "x" * 201)]
)
def test_bad_words_are_refused_and_change_nothing(ledger: Ledger, box: Box, number: int, who: str, why: str) -> None:
    clone(box)
    before = look(ledger)
    for said in (ledger.confirm_finding, ledger.undo_finding):
        with pytest.raises(Exception, match=r".+"):
            said(number, who, why, LATER)
    assert look(ledger) == before


def test_what_was_undone_is_not_confirmed(ledger: Ledger, box: Box) -> None:
    clone(box)
    look(ledger)
    ledger.undo_finding(1, "wang", "nothing", LATER)
    with pytest.raises(FindingRefused):
        ledger.confirm_finding(1, "li", "a clone", LATER)
    with pytest.raises(FindingRefused):
        ledger.undo_finding(1, "li", "nothing", LATER)


def test_the_books_stay_true_with_all_of_it(ledger: Ledger, box: Box) -> None:
    clone(box)
    look(ledger)
    ledger.undo_finding(1, "wang", "nothing", LATER)
    assert verify(ledger, c.check_tac).first_broken == ""


def test_three_school_days_are_whole_ones_by_the_calendar() -> None:
    friday = day_number(0) + 6
    at = friday * DAY_S + 12 * 3600
    assert day_number(lapses_s(at, WEEKDAYS)) == friday + 6, "Monday to Wednesday; over when Thursday begins"
    away = Calendar((Span(SpanKind.HOLIDAY, "节", friday + 3, friday + 3),))
    assert day_number(lapses_s(at, away)) == friday + 7
