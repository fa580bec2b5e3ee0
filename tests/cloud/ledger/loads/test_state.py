"""What is said of a load: every stage, each kind of evidence, and what will happen; then over a real ledger."""

from dataclasses import replace

import pytest

from cloud.ledger.ledger import Ledger
from cloud.ledger.loads.state import (
    OPEN,
    RECORD_DUE_S,
    STAGES,
    UNFINISHED,
    LoadFacts,
    Next,
    Stage,
    TerminalWord,
    load_state,
)
from cloud.ledger.read.loads import LoadStanding
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.load_state import CaseState
from cloud.ledger.records.values import Now
from shared.online import LoadResult
from shared.records import Kind
from shared.wire.messages import DeviceStatus, EpochRequest, EpochStatus
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

OPENED_MS = 1_784_000_000_000
FRESH = LoadFacts(
    state="pending", debited=True, result="granted", word=TerminalWord.NONE, counter=7, balance_fen=1200,
    amount_fen=5000, opened_ms=OPENED_MS, changed_ms=OPENED_MS, heard_ms=OPENED_MS, owes=0, replaced=False,
    awaited=True,
)  # fmt: skip
LATER_MS = OPENED_MS + 600_000
HEARD = replace(FRESH, heard_ms=LATER_MS)


@pytest.mark.parametrize(
    ("facts", "stage", "after"),
    [
        (FRESH, Stage.AUTHORISED, Next.TERMINAL),
        (HEARD, Stage.AUTHORISED, Next.CARD),
        (replace(HEARD, owes=2), Stage.AUTHORISED, Next.TERMINAL),
        (replace(FRESH, replaced=True), Stage.AUTHORISED, Next.CARD),
        (replace(FRESH, word=TerminalWord.NOT_CREDITED), Stage.NOT_CREDITED, Next.CARD),
        (replace(FRESH, word=TerminalWord.UNPROVEN), Stage.UNPROVEN, Next.CARD),
        (replace(FRESH, word=TerminalWord.UNPROVEN, awaited=False), Stage.UNPROVEN, Next.DESK),
        (replace(HEARD, debited=False, word=TerminalWord.UNPROVEN), Stage.UNDEBITED, Next.CARD),
        (replace(FRESH, state="confirmed"), Stage.CONFIRMED, Next.NOTHING),
        (replace(FRESH, state="confirmed_by_counter"), Stage.CONFIRMED_BY_COUNTER, Next.NOTHING),
        (replace(FRESH, state="reversed"), Stage.WANTED, Next.RETRY),
        (replace(FRESH, state="reversed", awaited=False), Stage.WANTED, Next.DESK),
        (replace(FRESH, state="reversed", retry="offered"), Stage.WANTED, Next.RETRY),
        (replace(FRESH, state="reversed", retry="offered_twice"), Stage.WANTED, Next.RETRY),
        (replace(FRESH, state="reversed", retry="offered_last"), Stage.IN_VAIN, Next.DESK),
        (replace(FRESH, state="reversed", retry="second"), Stage.IN_VAIN, Next.DESK),
        (replace(FRESH, state="reversed", retry="used"), Stage.REVERSED, Next.NOTHING),
        (replace(FRESH, state="reversed", retry="closed"), Stage.REVERSED, Next.NOTHING),
        (replace(FRESH, state="reversed", debited=False), Stage.REVERSED, Next.NOTHING),
        (replace(FRESH, state="refused", result="no_funds"), Stage.REFUSED, Next.NOTHING),
    ],
)
def test_stage_and_what_decides_next(facts: LoadFacts, stage: Stage, after: Next) -> None:
    state = load_state(facts, LATER_MS)
    assert (state.stage, state.next, state.age_s) == (stage, after, 600)
    assert state.is_open == (stage in OPEN)
    assert state.is_unfinished == (stage in UNFINISHED) == bool(state.will.zh) == bool(state.will.en)
    assert state.said == STAGES[stage]
    assert all(words.zh and words.en for words in state.evidence)


def test_a_load_just_granted_waits_for_its_record_a_minute_long() -> None:
    assert load_state(FRESH, OPENED_MS + RECORD_DUE_S * 1000).next is Next.RECORD
    assert load_state(FRESH, OPENED_MS + (RECORD_DUE_S + 1) * 1000).next is not Next.RECORD
    assert load_state(FRESH, OPENED_MS - 5000).age_s == 0


def test_the_words_name_counter_sum_and_what_is_known_of_the_terminal() -> None:
    state = load_state(replace(FRESH, owes=3, replaced=True, awaited=False), LATER_MS)
    said = " ".join(words.en for words in state.evidence)
    for part in ("counter 7", "¥12.00", "replaced", "owes 3", "hotlist"):
        assert part in said
    assert "counter still 7: ¥50.00 given back to the online account" in state.will.en
    assert "¥50.00 退回电子账户" in state.will.zh
    assert "退回过渡余额" in load_state(replace(FRESH, source="pending"), LATER_MS).will.zh
    assert "not heard for 10 min" in " ".join(words.en for words in load_state(FRESH, LATER_MS).evidence)


def test_every_state_of_a_case_has_a_stage() -> None:
    for state in CaseState:
        assert load_state(replace(FRESH, state=state.name.lower()), LATER_MS).said.zh


# --- over a real ledger -------------------------------------------------------------------------------------------

CARD = c.card(1)


def at(seconds: int) -> Now:
    return Now(c.NOW.unix_ms + seconds * 1000, c.T0 + seconds)


def ask(ledger: Ledger, counter: int, fen: int, request: int, *, balance: int = c.OPENING) -> LoadResult:
    online, load = c.load_request(CARD, counter, fen, balance, request=request)
    return ledger.load_authorise(c.BOX, online, load, True, c.NOW).result


def only(ledger: Ledger, now: Now, *, open_only: bool = True) -> LoadStanding:
    (found,) = Reader(ledger.database).load_standings(now, open_only=open_only)
    return found


def heard(ledger: Ledger, last: int, now: Now) -> None:
    status = DeviceStatus(c.LOADER, (EpochStatus(1, c.psam(9), 1, last, 0, 0),), 1, 1, 100, True, 9700, 1)
    ledger.store_status(c.BOX, status, now.unix_ms)


def test_an_open_load_from_its_grant_to_its_end(ledger: Ledger, box: Box) -> None:
    ledger.deposit(CARD, 5000, "receipt", c.NOW)
    assert ask(ledger, 3, 2000, 1) is LoadResult.GRANTED
    one = only(ledger, at(10))
    assert (one.terminal, one.place, one.label, one.amount_fen, one.request) == ("load-01", "大厅", "0001", 2000, 1)
    assert (one.state.stage, one.state.next, one.state.age_s) == (Stage.AUTHORISED, Next.RECORD, 10)
    heard(ledger, 1, at(300))
    assert only(ledger, at(301)).state.next is Next.TERMINAL  # it owes seq 1
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1, kind=Kind.LOAD_UNPROVEN)))
    one = only(ledger, at(301))
    assert (one.state.stage, one.state.next) == (Stage.UNPROVEN, Next.CARD)
    box.send(c.stored(c.load(2, CARD, 3, 2000, c.OPENING, request=1, kind=Kind.NOT_CREDITED, linked=1)))
    assert only(ledger, at(301)).state.stage is Stage.NOT_CREDITED
    ask(ledger, 3, 0, 2)
    one = only(ledger, at(301))
    assert (one.state.stage, one.state.is_open, one.request) == (Stage.WANTED, False, 1)
    assert "offered to a terminal once" in str(one.state.evidence)
    stages = {one.request: one.state.stage for one in Reader(ledger.database).load_standings(at(301))}
    assert stages == {1: Stage.WANTED, 2: Stage.REFUSED}
    ask(ledger, 3, 700, 3)
    assert [one.request for one in Reader(ledger.database).load_standings(at(301), open_only=True)] == [3]


def test_a_terminal_with_new_storage_counts_as_replaced(ledger: Ledger) -> None:
    ledger.deposit(CARD, 5000, "receipt", c.NOW)
    for number, storage in enumerate((b"storage1", b"storage2"), 1):
        if number == 2:
            assert ask(ledger, 3, 2000, 1) is LoadResult.GRANTED
            assert "replaced" not in str(only(ledger, at(10)).state.evidence)
        ledger.assign_epoch(c.BOX, EpochRequest(number, c.LOADER, storage, c.psam(9), 0), c.NOW)
    assert "replaced" in str(only(ledger, at(10)).state.evidence)


def test_a_listed_card_is_for_the_desk(ledger: Ledger) -> None:
    ledger.deposit(CARD, 5000, "receipt", c.NOW)
    ask(ledger, 3, 2000, 1)
    ledger.set_hotlisted(CARD, True, c.NOW)
    assert only(ledger, at(3600)).state.next is Next.TERMINAL  # it was never heard: it may still say
    heard(ledger, 0, at(3600))
    assert only(ledger, at(3600)).state.next is Next.DESK


def test_open_ones_come_first_and_the_oldest_of_them_first(ledger: Ledger) -> None:
    for n in (1, 2):
        ledger.deposit(c.card(n), 5000, f"receipt-{n}", c.NOW)
        for request, fen in ((n, 0), (n + 10, 100)):
            online, load = c.load_request(c.card(n), 3, fen, c.OPENING, request=request)
            ledger.load_authorise(c.BOX, online, load, True, at(-n))
    found = Reader(ledger.database).load_standings(at(0))
    assert [one.request for one in found] == [12, 11, 1, 2]
    assert len(Reader(ledger.database).load_standings(at(0), 1)) == 1


@pytest.mark.parametrize(
    ("result", "zh"), [("no_funds", "账户余额不足"), ("nothing", "没有待领的款"), ("of_tomorrow", "结果 of_tomorrow")]
)
def test_a_refusal_says_why_in_words(result: str, zh: str) -> None:
    assert [words.zh for words in load_state(replace(FRESH, state="refused", result=result), LATER_MS).evidence] == [zh]
