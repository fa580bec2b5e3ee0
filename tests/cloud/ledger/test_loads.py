"""Loads: authorised, confirmed, reversed, repeated, torn, and found without their debit."""

from collections.abc import Callable

import pytest

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.grey import State
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.load_state import CaseState
from cloud.ledger.records.values import LoadDecision, Now, Rejudged, Verdict
from shared.online import LoadResult
from shared.records import Kind, purse_byte
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

CARD = c.card(1)


@pytest.fixture(autouse=True)
def _funds(ledger: Ledger) -> None:
    ledger.deposit(CARD, 5000, "receipt-1", c.NOW)


def ask(
    ledger: Ledger, counter: int, fen: int, request: int, *, mac1_ok: bool = True, balance: int = c.OPENING,
    at: c.DeviceId = c.LOADER, of: c.CardId = CARD, box: c.BoxId = c.BOX, salt: int = 0, now: Now = c.NOW,
) -> LoadDecision:  # fmt: skip
    online, load = c.load_request(of, counter, fen, balance, request=request, at=at, salt=salt)
    return ledger.load_authorise(box, online, load, mac1_ok, now)


def sums(ledger: Ledger) -> tuple[int, int, int]:
    """Purse, online, transit."""
    books = c.balances(ledger)
    return tuple(-books.get(f"{kind}:{CARD.hex()}", 0) for kind in ("purse", "online", "transit"))  # type: ignore[return-value]


def test_a_granted_load_moves_to_transit_and_its_tac_into_the_purse(ledger: Ledger, box: Box) -> None:
    assert ask(ledger, 3, 2000, 1) == LoadDecision(LoadResult.GRANTED, 2000, c.T0, again=False)
    assert sums(ledger) == (c.OPENING, 3000, 2000)
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1)))
    assert sums(ledger) == (c.OPENING + 2000, 3000, 0)
    (load,) = Reader(ledger.database).loads()
    assert (load.state, load.amount_fen, load.request) == ("confirmed", 2000, 1)
    assert [view.kind for view in Reader(ledger.database).entries(CARD, 3)] == ["load_authorised", "load_confirmed"]


@pytest.mark.parametrize("kind", [Kind.LOAD, Kind.LOAD_RECOVERED, Kind.LOAD_UNPROVEN, Kind.NOT_CREDITED])
def test_a_load_of_the_subsidy_purse_that_nobody_granted_moves_nothing_and_is_kept_for_a_person(
    ledger: Ledger, box: Box, kind: Kind
) -> None:
    ask(ledger, 3, 2000, 2)
    record = c.load(1, CARD, 3, 2000, c.OPENING, request=1, kind=kind)._replace(purse=purse_byte(1, 2, 1))
    box.send(c.stored(record))
    assert c.verdicts(ledger) == [(Verdict.QUARANTINED, Reason.LOAD_PURSE)]
    assert sums(ledger) == (c.OPENING, 3000, 2000)
    assert c.codes(ledger) == {"record-quarantined": "important"}
    assert ledger.rejudge(c.check_tac, c.NOW) == Rejudged(1, 0)
    ask(ledger, 4, 100, 3, balance=c.OPENING + 2000)  # and the load that was granted is decided by the card
    assert sums(ledger) == (c.OPENING + 2000, 2900, 100)


def test_a_repeated_request_hears_the_same_and_pays_once(ledger: Ledger) -> None:
    first = ask(ledger, 3, 2000, 1)
    later = ask(ledger, 3, 2000, 1, now=Now(c.NOW.unix_ms + 9000, c.T0 + 9))
    assert later == first._replace(again=True)
    assert sums(ledger) == (c.OPENING, 3000, 2000)


def test_after_its_end_a_repeated_request_gets_no_second_mac2(ledger: Ledger, box: Box) -> None:
    ask(ledger, 3, 2000, 1)
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1)))
    assert ask(ledger, 3, 2000, 1) == LoadDecision(LoadResult.ALREADY_LOADED, 0, 0, again=True)
    ask(ledger, 4, 500, 2)
    ask(ledger, 4, 700, 3)
    assert ask(ledger, 4, 500, 2).result is LoadResult.NOT_NOW


def test_another_payload_under_the_same_request_number_is_refused(ledger: Ledger) -> None:
    ask(ledger, 3, 2000, 1)
    assert ask(ledger, 3, 2001, 1).result is LoadResult.NOT_NOW
    assert c.codes(ledger) == {"load-reused": "important"}
    assert sums(ledger) == (c.OPENING, 3000, 2000)


@pytest.mark.parametrize(
    ("how", "result"),
    [
        ({"fen": 5001}, LoadResult.NO_FUNDS),
        ({"mac1_ok": False}, LoadResult.WRONG_MAC),
        ({"of": c.card(99)}, LoadResult.UNKNOWN_CARD),
        ({"at": c.POS}, LoadResult.WRONG_DEVICE),
        ({"at": c.device(77)}, LoadResult.WRONG_DEVICE),
        ({"box": c.OTHER_BOX}, LoadResult.WRONG_DEVICE),
        ({"fen": 0}, LoadResult.NOT_NOW),
        ({"balance": 0x7FFF_FFFF}, LoadResult.OVER_LIMIT),
    ],
)
def test_refused(ledger: Ledger, how: dict[str, int], result: LoadResult) -> None:
    before = c.balances(ledger)
    asked = {"counter": 3, "fen": 100, "request": 1} | how
    assert ask(ledger, **asked) == LoadDecision(result, 0, 0, again=False)
    assert ask(ledger, **asked) == LoadDecision(result, 0, 0, again=True)
    assert c.balances(ledger) == before


def test_a_hotlisted_card_loads_nothing(ledger: Ledger) -> None:
    ledger.set_hotlisted(CARD, True, c.NOW)
    assert ask(ledger, 3, 100, 1).result is LoadResult.HOTLISTED
    ledger.set_hotlisted(CARD, False, c.NOW)
    assert ask(ledger, 3, 100, 2).result is LoadResult.GRANTED


def test_the_same_counter_again_reverses_what_was_pending(ledger: Ledger) -> None:
    ask(ledger, 3, 2000, 1)
    assert ask(ledger, 3, 4500, 2).result is LoadResult.GRANTED
    assert sums(ledger) == (c.OPENING, 500, 4500)
    assert {v.request: v.state for v in Reader(ledger.database).loads()} == {1: "reversed", 2: "pending"}


def test_asking_for_nothing_settles_what_was_pending(ledger: Ledger) -> None:
    ask(ledger, 3, 2000, 1)
    assert ask(ledger, 3, 0, 2).result is LoadResult.RETRY
    assert sums(ledger) == (c.OPENING, 5000, 0)


def test_without_a_right_mac1_nothing_is_settled(ledger: Ledger) -> None:
    ask(ledger, 3, 2000, 1)
    ask(ledger, 3, 100, 2, mac1_ok=False)
    ask(ledger, 4, 100, 3, mac1_ok=False)
    assert sums(ledger) == (c.OPENING, 3000, 2000)


def test_the_next_counter_confirms_what_was_pending(ledger: Ledger, box: Box) -> None:
    ask(ledger, 3, 2000, 1)
    ask(ledger, 4, 1000, 2, balance=c.OPENING + 2000)
    assert sums(ledger) == (c.OPENING + 2000, 2000, 1000)
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1)))
    assert sums(ledger) == (c.OPENING + 2000, 2000, 1000)
    assert Reader(ledger.database).overview().loads == 1


def test_a_proven_load_with_the_next_counter_confirms_too(ledger: Ledger, box: Box) -> None:
    ask(ledger, 3, 2000, 1)
    box.send(c.stored(c.load(1, CARD, 4, 500, c.OPENING + 2000, request=9)))
    assert sums(ledger) == (c.OPENING + 2500, 2500, 0)


def test_an_unproven_load_keeps_its_case_pending_with_words(ledger: Ledger, box: Box) -> None:
    ask(ledger, 3, 2000, 1)
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1, kind=Kind.LOAD_UNPROVEN)))
    assert sums(ledger) == (c.OPENING, 3000, 2000)
    (load,) = Reader(ledger.database).loads()
    assert load.state == "pending"
    assert "seq 1" in load.evidence
    assert len(Reader(ledger.database).suspense()) == 1
    box.send(c.stored(c.load(2, CARD, 3, 2000, c.OPENING, request=1, kind=Kind.LOAD_RECOVERED, linked=1)))
    assert sums(ledger) == (c.OPENING + 2000, 3000, 0)
    assert Reader(ledger.database).suspense() == []
    overview = Reader(ledger.database).overview()
    assert (overview.posted, overview.no_entry, overview.loads, overview.loads_fen) == (1, 1, 1, 2000)


def test_not_credited_is_noted_and_waits_for_mac1(ledger: Ledger, box: Box) -> None:
    ask(ledger, 3, 2000, 1)
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1, kind=Kind.NOT_CREDITED)))
    assert sums(ledger) == (c.OPENING, 3000, 2000)
    assert "not credited" in Reader(ledger.database).loads()[0].evidence
    ask(ledger, 3, 0, 2)
    assert sums(ledger) == (c.OPENING, 5000, 0)


def test_a_used_counter_cannot_ask_again(ledger: Ledger, box: Box) -> None:
    ask(ledger, 3, 2000, 1)
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1)))
    assert ask(ledger, 3, 100, 2).result is LoadResult.ALREADY_LOADED
    assert c.codes(ledger) == {"load-reused": "important"}


def test_a_load_without_its_pending_debit_posts_from_its_tac_alone(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.load(1, CARD, 3, 8000, c.OPENING, request=1)))
    assert sums(ledger) == (c.OPENING + 8000, -3000, 0)
    assert EntryKind.LOAD_ALONE in c.entry_kinds(ledger)
    assert c.codes(ledger) == {"load-without-debit": "important", "account-negative": "important"}
    assert ask(ledger, 3, 8000, 1).result is LoadResult.NOT_NOW  # never the same payload: it was never asked here


def test_an_unproven_load_unknown_to_an_older_ledger_is_settled_by_the_card(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1, kind=Kind.LOAD_UNPROVEN)))
    assert sums(ledger) == (c.OPENING, 5000, 0)
    ask(ledger, 4, 100, 2, balance=c.OPENING + 2000)
    assert sums(ledger) == (c.OPENING + 2000, 2900, 100)


def test_an_unproven_load_that_comes_after_the_next_load_is_settled_at_once(ledger: Ledger, box: Box) -> None:
    """The older ledger has lost its request, and the next load's record came first: the card may never load again."""
    box.send(c.stored(c.load(2, CARD, 4, 100, c.OPENING + 2000, request=2)))
    assert sums(ledger) == (c.OPENING + 100, 4900, 0)
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1, kind=Kind.LOAD_UNPROVEN)))
    assert sums(ledger) == (c.OPENING + 2100, 2900, 0)
    assert Reader(ledger.database).suspense() == []


def _proven(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1)))


def _taken(ledger: Ledger, box: Box) -> None:
    ask(ledger, 4, 100, 2, balance=c.OPENING + 2000)


def _not_taken(ledger: Ledger, box: Box) -> None:
    ask(ledger, 3, 100, 2)


@pytest.mark.parametrize(
    ("end", "case", "grey"),
    [
        (_proven, CaseState.CONFIRMED, State.RECOVERED), (_taken, CaseState.CONFIRMED_BY_COUNTER, State.EVIDENCE),
        (_not_taken, CaseState.REVERSED, State.NOTHING),
    ],
)  # fmt: skip
@pytest.mark.parametrize("late", [False, True])
def test_the_end_of_a_load_is_the_end_of_what_was_not_proven_of_it(
    ledger: Ledger, box: Box, end: Callable[[Ledger, Box], None], case: CaseState, grey: State, late: bool
) -> None:
    ask(ledger, 3, 2000, 1)
    unproven = c.stored(c.load(7, CARD, 3, 2000, c.OPENING, request=1, kind=Kind.LOAD_UNPROVEN))
    for act in (lambda: end(ledger, box), lambda: box.send(unproven))[:: 1 if late else -1]:
        act()
    with ledger.database.reading():
        assert ledger.database.run("SELECT state FROM load_case WHERE amount_fen = 2000") == [(case,)]
        assert ledger.database.run("SELECT state FROM suspense") == [(grey,)]


def test_an_unproven_load_that_comes_after_the_next_request_is_settled_at_once(ledger: Ledger, box: Box) -> None:
    ask(ledger, 4, 100, 2, balance=c.OPENING + 2000)
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1, kind=Kind.LOAD_UNPROVEN)))
    assert sums(ledger) == (c.OPENING + 2000, 2900, 100)


def test_an_unproven_load_whose_counter_is_taken_already_comes_to_nothing_at_once(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1)))
    box.send(c.stored(c.load(2, CARD, 3, 700, c.OPENING, request=8, kind=Kind.LOAD_UNPROVEN)))
    assert sums(ledger) == (c.OPENING + 2000, 3000, 0)
    assert Reader(ledger.database).suspense() == []


def test_a_load_that_was_refused_here_and_has_a_record_was_granted_by_the_ledger_before(
    ledger: Ledger, box: Box
) -> None:
    """Put back, the ledger lacks a deposit, too: it refuses the repeat of what the card has loaded."""
    assert ask(ledger, 3, 6000, 1).result is LoadResult.NO_FUNDS
    box.send(c.stored(c.load(1, CARD, 3, 6000, c.OPENING, request=1, kind=Kind.LOAD_UNPROVEN)))
    assert sums(ledger) == (c.OPENING, 5000, 0)
    assert ask(ledger, 3, 6000, 1).result is LoadResult.NOT_NOW  # nothing is in transit for it: no MAC2
    ask(ledger, 4, 0, 2, balance=c.OPENING + 6000)
    assert sums(ledger) == (c.OPENING + 6000, -1000, 0)
    assert Reader(ledger.database).suspense() == []
    assert verify(ledger, c.check_tac).ok


def test_the_record_of_another_sum_than_the_refused_one_opens_nothing(ledger: Ledger, box: Box) -> None:
    ask(ledger, 3, 6000, 1)
    box.send(c.stored(c.load(1, CARD, 3, 5000, c.OPENING, request=1, kind=Kind.LOAD_UNPROVEN)))
    ask(ledger, 4, 0, 2, balance=c.OPENING + 6000)
    assert sums(ledger) == (c.OPENING, 5000, 0)


def test_an_unproven_load_is_not_settled_by_a_request_with_its_own_counter(ledger: Ledger, box: Box) -> None:
    """Who asked at the same counter may have asked before."""
    ask(ledger, 3, 100, 2)
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1, kind=Kind.LOAD_UNPROVEN)))
    assert len(Reader(ledger.database).suspense()) == 1
    assert sums(ledger) == (c.OPENING, 4900, 100)


def test_an_unproven_load_whose_counter_another_load_has_taken_comes_to_nothing(ledger: Ledger, box: Box) -> None:
    ask(ledger, 3, 2000, 1)
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1)))
    box.send(c.stored(c.load(2, CARD, 3, 700, c.OPENING, request=8, kind=Kind.LOAD_UNPROVEN)))
    ask(ledger, 4, 100, 2, balance=c.OPENING + 2000)
    assert sums(ledger) == (c.OPENING + 2000, 2900, 100)
    assert Reader(ledger.database).suspense() == []


def test_a_recovered_load_whose_debit_is_not_here_is_paid_by_the_account(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1, kind=Kind.LOAD_UNPROVEN)))
    box.send(c.stored(c.load(2, CARD, 3, 2000, c.OPENING, request=1, kind=Kind.LOAD_RECOVERED, linked=1)))
    assert sums(ledger) == (c.OPENING + 2000, 3000, 0)
    assert EntryKind.LOAD_ALONE in c.entry_kinds(ledger)


def test_a_load_that_is_not_the_one_asked_for_is_not_taken_from_its_transit(ledger: Ledger, box: Box) -> None:
    """The same request number, another counter: what was asked for stays pending until the card speaks of it."""
    ask(ledger, 5, 1000, 1)
    box.send(c.stored(c.load(1, CARD, 4, 700, c.OPENING, request=1)))
    assert sums(ledger) == (c.OPENING + 700, 3300, 1000)


def test_a_credit_after_a_reversal_is_a_contradiction(ledger: Ledger, box: Box) -> None:
    ask(ledger, 3, 2000, 1)
    ask(ledger, 3, 0, 2)
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1)))
    assert sums(ledger) == (c.OPENING + 2000, 3000, 0)
    assert c.codes(ledger)["load-contradiction"] == "urgent"


def test_deposits_are_once_per_key(ledger: Ledger) -> None:
    from cloud.ledger.records.values import DepositRefused

    assert ledger.deposit(CARD, 100, "r", c.NOW).again is False
    assert ledger.deposit(CARD, 100, "r", c.NOW).again is True
    assert sums(ledger)[1] == 5100
    for card, fen, key in ((CARD, 101, "r"), (c.card(2), 100, "r"), (c.card(99), 1, "x"), (CARD, 0, "y"),
                           (CARD, -5, "y"), (CARD, 1, ""), (CARD, 1, "k" * 65)):  # fmt: skip
        with pytest.raises(DepositRefused):
            ledger.deposit(card, fen, key, c.NOW)
    assert sums(ledger)[1] == 5100


def test_funds_are_exact_while_the_tail_is_folded(ledger: Ledger) -> None:
    for n in range(1, 6):
        assert ask(ledger, n, 1000, n, balance=c.OPENING + 1000 * (n - 1)).result is LoadResult.GRANTED
        ledger.fold()
    assert ask(ledger, 6, 1, 6).result is LoadResult.NO_FUNDS


@pytest.mark.parametrize("purse", [0x61, 0x11, 0x31, 0x01, 0xFF])
def test_a_genuine_tac_sent_again_under_another_purse_byte_is_posted_once(
    ledger: Ledger, box: Box, purse: int
) -> None:
    """Of all that a load record says, its purse byte is the one that neither TAC nor a key covers."""
    ask(ledger, 3, 2000, 1)
    load = c.load(1, CARD, 3, 2000, c.OPENING, request=1)
    box.send(c.stored(load), c.stored(load._replace(seq=2, request=2, purse=purse)))
    assert sums(ledger) == (c.OPENING + 2000, 3000, 0)
    assert c.verdicts(ledger) == [(Verdict.POSTED, Reason.NONE), (Verdict.QUARANTINED, Reason.CARD_KEY_TAKEN)]
    assert c.codes(ledger)["record-quarantined"] == "urgent"


def test_a_load_that_tells_another_purse_is_posted_where_loads_go_and_the_books_verify(
    ledger: Ledger, box: Box
) -> None:
    ask(ledger, 3, 2000, 1)
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1)._replace(purse=0x61)))
    assert sums(ledger) == (c.OPENING + 2000, 3000, 0)
    assert verify(ledger, c.check_tac).ok
