"""Claims of the pending load, grants into it, and the one second try of a load that did not reach its card."""

import pytest

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import Ledger
from cloud.ledger.loads.state import Stage
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import GrantRefused, LoadDecision, Now
from shared.online import LoadResult, Purpose
from shared.records import Kind
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

CARD = c.card(1)
CLAIM, RETRY, LOAD = Purpose.CLAIM, Purpose.RETRY, Purpose.LOAD
RETRY_CLAIM = Purpose.RETRY_CLAIM


@pytest.fixture(autouse=True)
def _funds(ledger: Ledger) -> None:
    ledger.deposit(CARD, 5000, "receipt-1", c.NOW)


def grant(ledger: Ledger, fen: int, key: str = "grant-1", payer: str = "fund") -> bool:
    return ledger.grant(CARD, fen, payer, "2026 年春季补助", key, c.NOW).again


def ask(
    ledger: Ledger, counter: int, fen: int, request: int, purpose: Purpose, *, at: c.DeviceId = c.POS,
    balance: int = c.OPENING, now: Now = c.NOW,
) -> LoadDecision:  # fmt: skip
    online, load = c.load_request(CARD, counter, fen, balance, request=request, at=at, purpose=purpose)
    return ledger.load_authorise(c.BOX, online, load, True, now)


def sums(ledger: Ledger) -> tuple[int, int, int, int]:
    """Purse, online, transit, pending."""
    books = c.balances(ledger)
    names = ("purse", "online", "transit", "pending")
    return tuple(-books.get(f"{kind}:{CARD.hex()}", 0) for kind in names)  # type: ignore[return-value]


def stages(ledger: Ledger) -> dict[int, Stage]:
    found = Reader(ledger.database).load_standings(c.NOW, open_only=True)
    return {one.request: one.state.stage for one in found}


def is_true(ledger: Ledger) -> bool:
    report = verify(ledger, c.check_tac)
    assert report.first_broken == ""
    return report.ok


# --- grants -------------------------------------------------------------------------------------------------------


def test_a_grant_is_once_per_key_and_told(ledger: Ledger) -> None:
    assert grant(ledger, 3000) is False
    assert grant(ledger, 3000) is True
    assert sums(ledger)[3] == 3000
    assert c.balances(ledger)["fund"] == 3000  # granted and not paid in yet
    assert c.codes(ledger) == {"granted": "notice"}
    with pytest.raises(GrantRefused, match="另一笔发放"):
        grant(ledger, 3001)
    grant(ledger, 500, "grant-2", "bank")
    assert sums(ledger)[3] == 3500
    assert is_true(ledger)


@pytest.mark.parametrize(
    "how",
    [
        {"card": c.card(99)}, {"fen": 0}, {"fen": -1}, {"payer": "purse"}, {"reason": ""}, {"reason": "x" * 201},
        {"key": ""}, {"key": "k" * 65},
    ],
)  # fmt: skip
def test_a_grant_without_sense_is_refused(ledger: Ledger, how: dict[str, object]) -> None:
    before = c.balances(ledger)
    wanted = {"card": CARD, "fen": 100, "payer": "fund", "reason": "r", "key": "k"} | how
    with pytest.raises(GrantRefused):
        ledger.grant(**wanted, now=c.NOW)  # type: ignore[arg-type]
    assert c.balances(ledger) == before


def test_verify_names_a_grant_that_was_edited(ledger: Ledger) -> None:
    grant(ledger, 3000)
    with ledger.database.writing():
        if ledger.database.dialect == "sqlite":
            ledger.database.run("DROP TRIGGER posting_no_update")
        else:
            ledger.database.run("ALTER TABLE posting DISABLE TRIGGER USER")
        ledger.database.run("UPDATE posting SET fen = 3001 WHERE kind = ?", (int(EntryKind.GRANT),))
    assert "its document says 3000" in verify(ledger, c.check_tac).first_broken


# --- claims -------------------------------------------------------------------------------------------------------


def test_a_claim_from_the_question_to_the_card(ledger: Ledger, box: Box) -> None:
    grant(ledger, 3000)
    assert ask(ledger, 3, 0, 1, CLAIM) == LoadDecision(LoadResult.CLAIMABLE, 3000, 0, again=False)
    assert ask(ledger, 3, 0, 1, CLAIM) == LoadDecision(LoadResult.CLAIMABLE, 3000, 0, again=True)
    assert ask(ledger, 3, 2000, 2, CLAIM) == LoadDecision(LoadResult.GRANTED, 2000, c.T0, again=False)
    assert sums(ledger) == (c.OPENING, 5000, 2000, 1000)
    record = c.load(1, CARD, 3, 2000, c.OPENING, request=2, at=c.POS, claim=True)
    box.send(c.stored(record, at=c.POS))
    assert sums(ledger) == (c.OPENING + 2000, 5000, 0, 1000)
    assert c.entry_kinds(ledger)[-2:] == [EntryKind.CLAIM_AUTHORISED, EntryKind.LOAD_CONFIRMED]
    kinds = [entry.kind for entry in Reader(ledger.database).entries(CARD, 3)]
    assert kinds == ["claim_authorised", "load_confirmed"]
    assert ask(ledger, 4, 0, 3, CLAIM, balance=c.OPENING + 2000).amount_fen == 1000
    assert is_true(ledger)


def test_nothing_to_claim(ledger: Ledger) -> None:
    assert ask(ledger, 3, 0, 1, CLAIM).result is LoadResult.NOTHING
    assert ask(ledger, 3, 100, 2, CLAIM).result is LoadResult.NO_FUNDS
    assert sums(ledger) == (c.OPENING, 5000, 0, 0)


def test_a_pos_never_draws_the_online_account(ledger: Ledger) -> None:
    grant(ledger, 300)
    assert ask(ledger, 3, 100, 1, LOAD).result is LoadResult.WRONG_DEVICE
    assert ask(ledger, 3, 301, 2, CLAIM).result is LoadResult.NO_FUNDS
    assert ask(ledger, 3, 100, 3, RETRY).result is LoadResult.NOTHING
    assert sums(ledger) == (c.OPENING, 5000, 0, 300)


def test_a_load_machine_may_claim_too_and_a_load_does_not_draw_the_pending_load(ledger: Ledger) -> None:
    grant(ledger, 9000)
    assert ask(ledger, 3, 6000, 1, LOAD, at=c.LOADER).result is LoadResult.NO_FUNDS
    assert ask(ledger, 3, 9000, 2, CLAIM, at=c.LOADER).result is LoadResult.GRANTED


def test_a_claim_that_did_not_reach_the_card_goes_back_to_pending(ledger: Ledger) -> None:
    grant(ledger, 3000)
    ask(ledger, 3, 3000, 1, CLAIM)
    assert sums(ledger) == (c.OPENING, 5000, 3000, 0)
    assert ask(ledger, 3, 0, 2, RETRY) == LoadDecision(LoadResult.RETRY_CLAIM, 3000, 0, again=False)
    assert sums(ledger) == (c.OPENING, 5000, 0, 3000)
    assert EntryKind.CLAIM_REVERSED in c.entry_kinds(ledger)
    assert is_true(ledger)


@pytest.mark.parametrize("purpose", [RETRY_CLAIM, RETRY])
def test_a_second_try_of_a_claim_is_paid_by_pending_whatever_the_terminal_calls_it(
    ledger: Ledger, box: Box, purpose: Purpose
) -> None:
    """A terminal of before knows one word for both."""
    grant(ledger, 3000)
    ask(ledger, 3, 3000, 1, CLAIM)
    ask(ledger, 3, 0, 2, RETRY)
    assert ask(ledger, 3, 3000, 3, purpose).result is LoadResult.GRANTED
    assert sums(ledger) == (c.OPENING, 5000, 3000, 0)
    box.send(c.stored(c.load(1, CARD, 3, 3000, c.OPENING, request=3, at=c.POS, claim=True), at=c.POS))
    assert sums(ledger) == (c.OPENING + 3000, 5000, 0, 0)
    assert is_true(ledger)


def test_a_second_try_of_a_load_is_no_claim(ledger: Ledger) -> None:
    half_done(ledger)
    ask(ledger, 3, 0, 2, RETRY)
    assert ask(ledger, 3, 2000, 3, RETRY_CLAIM).result is LoadResult.NOTHING


def test_a_claim_whose_debit_is_not_in_this_ledger_is_paid_by_pending(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.load(1, CARD, 3, 700, c.OPENING, request=9, at=c.POS, claim=True), at=c.POS))
    assert sums(ledger) == (c.OPENING + 700, 5000, 0, -700)
    assert set(c.codes(ledger)) == {"load-without-debit", "account-negative"}
    assert is_true(ledger)


def test_a_hotlisted_card_claims_nothing(ledger: Ledger) -> None:
    grant(ledger, 300)
    ledger.set_hotlisted(CARD, True, c.NOW)
    assert ask(ledger, 3, 0, 1, CLAIM).result is LoadResult.HOTLISTED
    assert ask(ledger, 3, 300, 2, CLAIM).result is LoadResult.HOTLISTED


def test_a_repeated_question_reverses_nothing_that_came_after_it(ledger: Ledger) -> None:
    """A late copy of the question names the counter that the claim is made with."""
    grant(ledger, 300)
    ask(ledger, 3, 0, 1, CLAIM)
    ask(ledger, 3, 300, 2, CLAIM)
    ask(ledger, 3, 0, 1, CLAIM)
    assert sums(ledger) == (c.OPENING, 5000, 300, 0)


# --- one second try -----------------------------------------------------------------------------------------------


def half_done(ledger: Ledger) -> None:
    assert ask(ledger, 3, 2000, 1, LOAD, at=c.LOADER).result is LoadResult.GRANTED


def test_a_load_gone_wrong_is_tried_once_more_at_any_terminal(ledger: Ledger, box: Box) -> None:
    half_done(ledger)
    assert ask(ledger, 3, 0, 2, RETRY) == LoadDecision(LoadResult.RETRY, 2000, 0, again=False)
    assert ask(ledger, 3, 0, 2, RETRY) == LoadDecision(LoadResult.RETRY, 2000, 0, again=True)
    assert ask(ledger, 3, 2000, 3, RETRY).result is LoadResult.GRANTED
    assert sums(ledger) == (c.OPENING, 3000, 2000, 0)
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=3, at=c.POS), at=c.POS))
    assert sums(ledger) == (c.OPENING + 2000, 3000, 0, 0)
    assert stages(ledger) == {}
    assert is_true(ledger)


def test_an_offer_that_nobody_heard_is_made_again_three_times_in_all(ledger: Ledger) -> None:
    half_done(ledger)
    for request, purpose in ((2, RETRY), (3, CLAIM)):
        assert ask(ledger, 3, 0, request, purpose) == LoadDecision(LoadResult.RETRY, 2000, 0, again=False)
        assert stages(ledger) == {1: Stage.WANTED}
    assert ask(ledger, 3, 0, 4, LOAD, at=c.LOADER).result is LoadResult.RETRY
    assert stages(ledger) == {1: Stage.IN_VAIN}
    for request, purpose in ((5, RETRY), (6, CLAIM)):
        assert ask(ledger, 3, 0, request, purpose).result is LoadResult.NOTHING
    assert ask(ledger, 3, 0, 7, LOAD, at=c.LOADER).result is LoadResult.NOT_NOW


@pytest.mark.parametrize("offers", [1, 2, 3])
def test_whatever_offer_was_heard_is_granted_and_only_once(ledger: Ledger, box: Box, offers: int) -> None:
    half_done(ledger)
    for request in range(2, 2 + offers):
        assert ask(ledger, 3, 0, request, RETRY).result is LoadResult.RETRY
    assert ask(ledger, 3, 2000, 9, RETRY).result is LoadResult.GRANTED
    assert ask(ledger, 3, 0, 10, RETRY).result is LoadResult.NOTHING  # it was not credited either
    assert stages(ledger) == {9: Stage.IN_VAIN}
    assert ask(ledger, 3, 2000, 11, RETRY).result is LoadResult.NOTHING
    assert sums(ledger) == (c.OPENING, 5000, 0, 0)
    assert is_true(ledger)


def test_it_is_granted_once(ledger: Ledger) -> None:
    half_done(ledger)
    ask(ledger, 3, 0, 2, RETRY)
    assert ask(ledger, 3, 2000, 3, RETRY).result is LoadResult.GRANTED
    assert ask(ledger, 3, 2000, 4, RETRY).result is LoadResult.NOTHING  # and by that the second try came to nothing
    assert sums(ledger) == (c.OPENING, 5000, 0, 0)
    assert stages(ledger) == {3: Stage.IN_VAIN}
    assert ask(ledger, 3, 0, 5, RETRY).result is LoadResult.NOTHING


def test_another_sum_than_offered_is_not_granted(ledger: Ledger) -> None:
    half_done(ledger)
    ask(ledger, 3, 0, 2, RETRY)
    assert ask(ledger, 3, 1999, 3, RETRY).result is LoadResult.NOTHING
    assert sums(ledger) == (c.OPENING, 5000, 0, 0)


def test_what_was_never_offered_is_not_granted(ledger: Ledger) -> None:
    half_done(ledger)
    assert ask(ledger, 3, 2000, 2, RETRY).result is LoadResult.NOTHING
    assert stages(ledger) == {1: Stage.WANTED}


def test_a_fresh_act_of_the_holder_takes_its_place(ledger: Ledger) -> None:
    half_done(ledger)
    assert ask(ledger, 3, 3000, 2, LOAD, at=c.LOADER).result is LoadResult.GRANTED
    assert stages(ledger) == {2: Stage.AUTHORISED}
    assert ask(ledger, 3, 0, 3, RETRY) == LoadDecision(LoadResult.RETRY, 3000, 0, again=False)


def test_a_claim_asks_for_what_is_pending_first(ledger: Ledger) -> None:
    half_done(ledger)
    grant(ledger, 300)
    assert ask(ledger, 3, 0, 2, CLAIM) == LoadDecision(LoadResult.CLAIMABLE, 300, 0, again=False)
    assert stages(ledger) == {1: Stage.WANTED}
    ask(ledger, 3, 300, 3, CLAIM)
    assert stages(ledger) == {3: Stage.AUTHORISED, 1: Stage.WANTED}  # another account's: still wanted


def test_money_that_is_gone_is_not_offered(ledger: Ledger) -> None:
    grant(ledger, 300)
    ask(ledger, 3, 300, 1, CLAIM)
    half = ask(ledger, 3, 5000, 2, LOAD, at=c.LOADER)
    assert half.result is LoadResult.GRANTED
    assert stages(ledger) == {2: Stage.AUTHORISED, 1: Stage.WANTED}
    ask(ledger, 3, 300, 3, CLAIM)
    assert stages(ledger) == {3: Stage.AUTHORISED, 2: Stage.WANTED}


def test_a_load_that_reached_its_card_is_not_tried_again(ledger: Ledger) -> None:
    half_done(ledger)
    assert ask(ledger, 4, 0, 2, RETRY, balance=c.OPENING + 2000).result is LoadResult.NOTHING
    assert sums(ledger) == (c.OPENING + 2000, 3000, 0, 0)


def test_a_load_of_which_only_a_record_tells_is_not_tried_again(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1, kind=Kind.LOAD_UNPROVEN)))
    assert stages(ledger) == {1: Stage.UNDEBITED}
    assert ask(ledger, 3, 0, 2, RETRY).result is LoadResult.NOTHING
    assert stages(ledger) == {}
