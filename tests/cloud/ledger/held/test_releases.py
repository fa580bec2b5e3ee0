"""What is held goes to its merchant or back to the holder by the word of two persons: once, whole, and in the books."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.verify import verify
from cloud.ledger.held import two_persons
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.entries import all_held, held_of_psam
from cloud.ledger.held.releases import Side
from cloud.ledger.held.thefts import Report
from cloud.ledger.held.two_persons import OPEN_MAX, PROPOSAL_DAYS, Outcome, ProposalRefused
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from shared.errors import RuleBroken
from shared.facts.desks import HeldProposed, HeldReleased
from shared.records import Kind
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

REPORT = Report(c.psam(1), body=False, since_s=c.T0 - 3600, who="王五", reason="窗口被撬")
DAY_MS = 86_400_000
MERCHANT, HOLDER = Side.MERCHANT, Side.HOLDER


def later(days: float) -> Now:
    return Now(c.NOW.unix_ms + int(days * DAY_MS), c.NOW.campus_s + int(days * 86_400))


@contextmanager
def another(dsn: str) -> Iterator[HeldLedger]:
    """Over a connection of its own, as another process has."""
    with closing(open_prepared(dsn)) as opened:
        yield HeldLedger(opened)


@pytest.fixture
def held(ledger: Ledger, campus_dsn: str):
    """Four purchases of 1, 2, 3 and 4 yuan, of cards 1 to 4, after the theft: 10 yuan wait."""
    ledger.psam_stolen(REPORT, c.NOW)
    buy(Box(ledger), 1, 2, 3, 4)
    with another(campus_dsn) as opened:
        yield opened


def buy(box: Box, *seqs: int) -> None:
    box.send(*(c.stored(c.purchase(n, c.card(n), 1, 100 * n, c.OPENING)) for n in seqs))


def entries(ledger: Ledger) -> list[int]:
    with ledger.database.reading():
        return [one.entry for one in all_held(ledger.database)]


def pending(ledger: Ledger, n: int) -> int:
    return -c.balances(ledger).get(f"pending:{c.card(n).hex()}", 0)


def ok(ledger: Ledger) -> None:
    assert verify(ledger, c.check_tac).first_broken == ""


def broken(ledger: Ledger, name: str = "two-persons") -> str:
    return next(check.broken for check in verify(ledger, c.check_tac).checks if check.name == name)


def propose(held: HeldLedger, side: Side, *chosen: int, who: str = "张三", now: Now = c.NOW) -> int:
    return held.propose_release(side, chosen or entries(held), who, "核对无误", now).number


def test_two_persons_release_what_is_held_to_the_merchant(held: HeldLedger) -> None:
    number = propose(held, MERCHANT)
    assert (c.merchant(held), c.held(held)) == (0, 1000), "one person moves nothing"
    done = held.confirm_release(number, "李四", later(1))
    assert (done.again, done.proposal.maker, done.proposal.decision.checker) == (False, "张三", "李四")
    assert (c.merchant(held), c.held(held), entries(held)) == (1000, 0, [])
    assert c.entry_kinds(held) == [EntryKind.PURCHASE] * 4 + [EntryKind.HELD_RELEASED] * 4
    view = Reader(held.database).overview()
    assert (view.records, view.posted, view.held, view.held_fen) == (4, 4, 0, 0)
    told = {fact.code: fact.told for fact in Reader(held.database).facts()}
    assert told["held-proposed"] == HeldProposed(number, 4, 1000, "merchant", "张三", "核对无误").params()
    assert told["held-released"] == HeldReleased(number, 4, 1000, "张三", "李四").params()
    ok(held)


def test_two_persons_return_it_to_the_holders(held: HeldLedger) -> None:
    before = Reader(held.database).overview()
    assert before.held == 4
    held.confirm_release(propose(held, HOLDER, *entries(held)[:2]), "李四", c.NOW)
    assert [pending(held, n) for n in (1, 2, 3)] == [100, 200, 0]
    assert (c.merchant(held), c.held(held)) == (0, 700)
    assert c.purse(held, c.card(1)) == c.OPENING - 100, "the card is not touched"
    after = Reader(held.database).overview()
    assert after.spent_fen == before.spent_fen == 1000
    assert after.opening_fen + after.loads_fen - after.spent_fen == after.float_fen
    ok(held)


def test_confirmed_again_is_success_once(held: HeldLedger) -> None:
    number = propose(held, MERCHANT)
    assert not held.confirm_release(number, "李四", c.NOW).again
    assert held.confirm_release(number, "李四", later(30)).again
    assert held.confirm_release(number, "赵六", c.NOW).proposal.decision.checker == "李四"
    assert c.merchant(held) == 1000
    with pytest.raises(ProposalRefused, match="已由 李四 确认"):
        held.reject_release(number, "赵六", "不对", c.NOW)
    ok(held)


@pytest.mark.parametrize("same", ["张三", " 张三 ", "Zhang San", "zhang  san", "ｚｈａｎｇ san"])
def test_nobody_confirms_his_own(held: HeldLedger, same: str) -> None:
    number = propose(held, MERCHANT, who="张三" if "张" in same else "Zhang San")
    with pytest.raises(ProposalRefused, match="另一人"):
        held.confirm_release(number, same, c.NOW)
    assert (c.merchant(held), c.held(held)) == (0, 1000)


@pytest.mark.parametrize(("checker", "days"), [("张三", 0), ("李四", PROPOSAL_DAYS + 1)])
def test_the_database_refuses_it_as_well(held: HeldLedger, checker: str, days: int) -> None:
    """Whatever a program says: the proposer's own word, and one that comes too late."""
    number = propose(held, MERCHANT)
    row = (number, int(Outcome.CONFIRMED), checker, "", later(days).unix_ms)
    with pytest.raises(RuleBroken, match="another person"), held.database.writing():
        held.database.insert("decision", "proposal, outcome, checker, reason, at_ms", [row])
    with pytest.raises(RuleBroken), held.database.writing():
        held.database.insert("decision", "proposal, outcome, checker, reason, at_ms", [(99, 1, "李四", "", 1)])


def test_a_proposal_expires(held: HeldLedger) -> None:
    number = propose(held, MERCHANT)
    with pytest.raises(ProposalRefused, match="已过期"):
        held.confirm_release(number, "李四", later(PROPOSAL_DAYS + 0.001))
    again = propose(held, MERCHANT, now=later(PROPOSAL_DAYS + 0.001))
    assert not held.confirm_release(again, "李四", later(2 * PROPOSAL_DAYS)).again
    ok(held)


def test_rejected_it_stays_held_and_may_be_proposed_anew(held: HeldLedger) -> None:
    number = propose(held, MERCHANT)
    rejected = held.reject_release(number, "李四", "金额可疑", c.NOW)
    assert rejected.proposal.decision.outcome is Outcome.REJECTED
    assert held.reject_release(number, "李四", "金额可疑", c.NOW).again
    with pytest.raises(ProposalRefused, match="李四 否决"):
        held.confirm_release(number, "赵六", c.NOW)
    assert (c.held(held), len(entries(held))) == (1000, 4)
    assert c.codes(held)["held-rejected"] == "notice"
    own = propose(held, HOLDER)
    assert not held.reject_release(own, "张三", "写错了", c.NOW).again, "a proposer may take his own back"
    ok(held)


def test_what_is_proposed_is_what_is_confirmed(ledger: Ledger, held: HeldLedger) -> None:
    number = propose(held, MERCHANT)
    buy(Box(ledger, row=4), 5)
    held.confirm_release(number, "李四", c.NOW)
    assert (c.merchant(held), c.held(held)) == (1000, 500), "what came meanwhile was not looked at"


def test_two_proposals_never_name_the_same_entry(held: HeldLedger) -> None:
    first, *others = entries(held)
    number = propose(held, MERCHANT, first)
    with pytest.raises(ProposalRefused, match=f"提议 {number}"):
        propose(held, HOLDER, first, *others)
    assert propose(held, HOLDER, *others) == number + 1
    held.reject_release(number, "李四", "不对", c.NOW)
    assert propose(held, HOLDER, first) == number + 2


@pytest.mark.parametrize(
    ("who", "reason"), [(" ", "r"), ("x" * 65, "r"), ("a\tb\x00", "r"), ("a", " "), ("a", "x" * 201)]
)
def test_a_proposal_is_signed_and_says_why(held: HeldLedger, who: str, reason: str) -> None:
    with pytest.raises(ProposalRefused):
        held.propose_release(MERCHANT, entries(held), who, reason, c.NOW)


def test_only_what_is_held_can_be_proposed(ledger: Ledger, held: HeldLedger) -> None:
    first = entries(held)[0]
    for wrong in ([], [1], [first, 10_000], list(range(1, 6000))):
        with pytest.raises(ProposalRefused):
            held.propose_release(MERCHANT, wrong, "张三", "r", c.NOW)
    with pytest.raises(ProposalRefused, match="没有提议"):
        held.confirm_release(7, "李四", c.NOW)


def test_so_many_may_wait(held: HeldLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_persons, "OPEN_MAX", 2)
    assert OPEN_MAX > 2
    one, two, three, _ = entries(held)
    propose(held, MERCHANT, one)
    propose(held, MERCHANT, two)
    with pytest.raises(ProposalRefused, match="未决提议已有 2 件"):
        propose(held, MERCHANT, three)


def test_what_an_unknown_body_brought_can_only_be_returned(ledger: Ledger, campus_dsn: str, held: HeldLedger) -> None:
    stranger = c.device(77)
    Box(ledger, row=4).send(c.stored(c.purchase(1, c.card(7), 1, 70, c.OPENING, at=stranger), at=stranger))
    entry = entries(held)[-1]
    with pytest.raises(ProposalRefused, match="只能退还"):
        propose(held, MERCHANT, entry)
    held.confirm_release(propose(held, HOLDER, entry), "李四", c.NOW)
    assert pending(held, 7) == 70
    ok(held)


def test_of_one_psam_only_its_own(ledger: Ledger, held: HeldLedger) -> None:
    Box(ledger, row=4).send(c.stored(c.purchase(1, c.card(7), 1, 70, c.OPENING, at=c.FAR), at=c.FAR))  # not its box
    with held.database.reading():
        assert (len(list(all_held(held.database))), len(held_of_psam(held.database, c.psam(1)))) == (5, 4)


# --- what else may happen to a held entry ------------------------------------------------------------------------


def void(ledger: Ledger, row: int) -> None:
    """A held purchase of a body that was not stolen: a supervisor voids it, and it comes by its own box."""
    Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION, row=row).send(c.void(2, SALE, at=c.FAR))


SALE = c.purchase(1, c.card(7), 1, 70, c.OPENING, at=c.FAR)


@pytest.fixture
def sale(ledger: Ledger, held: HeldLedger) -> int:
    """Held, for it came by another's box; its entry."""
    Box(ledger, row=4).send(c.stored(SALE, at=c.FAR))
    return entries(held)[-1]


def test_a_void_purchase_is_held_no_more(ledger: Ledger, held: HeldLedger, sale: int) -> None:
    number = propose(held, MERCHANT, sale)
    void(ledger, 5)
    assert (pending(held, 7), c.held(held, "面点")) == (70, 0)
    with pytest.raises(ProposalRefused, match="不在待核"):
        held.confirm_release(number, "李四", c.NOW)
    with pytest.raises(ProposalRefused, match="不在待核"):
        propose(held, MERCHANT, sale)
    ok(held)


def test_a_void_after_the_release_takes_from_the_merchant(ledger: Ledger, held: HeldLedger, sale: int) -> None:
    held.confirm_release(propose(held, MERCHANT, sale), "李四", c.NOW)
    void(ledger, 5)
    assert (pending(held, 7), c.held(held, "面点"), c.merchant(held, "面点")) == (70, 0, 0)
    ok(held)


def test_a_void_after_the_return_gives_nothing_twice(ledger: Ledger, held: HeldLedger, sale: int) -> None:
    held.confirm_release(propose(held, HOLDER, sale), "李四", c.NOW)
    void(ledger, 5)
    assert (pending(held, 7), c.held(held, "面点"), c.merchant(held, "面点")) == (70, 0, 0)
    ok(held)


@pytest.mark.parametrize("side", Side)
def test_evidence_that_is_withdrawn_takes_its_release_back(ledger: Ledger, campus_dsn: str, side: Side) -> None:
    box = Box(ledger)
    ledger.psam_stolen(REPORT, c.NOW)
    box.send(c.stored(c.purchase(1, c.card(1), 1, 250, c.OPENING, kind=Kind.UNPROVEN)))
    box.send(c.stored(c.purchase(1, c.card(1), 2, 100, c.OPENING - 250, at=c.POS2), at=c.POS2))
    with another(campus_dsn) as held:
        held.confirm_release(propose(held, side), "李四", c.NOW)
        assert (c.held(held), c.merchant(held), pending(held, 1)) == (0, *((250, 0) if side is MERCHANT else (0, 250)))
        box.send(c.stored(c.purchase(2, c.card(1), 1, 250, c.OPENING, kind=Kind.RECOVERED, linked=1, ttn=1)))
        assert (c.held(held), c.merchant(held), pending(held, 1)) == (250, 0, 0), "the proof is held anew"
        assert Reader(held.database).overview().spent_fen == 350
        ok(held)
        held.confirm_release(propose(held, side), "李四", c.NOW)
        assert c.held(held) == 0
        ok(held)


def test_what_is_returned_goes_to_the_card_that_took_the_place(held: HeldLedger) -> None:
    with held.database.writing():
        held.database.insert("card_life", "card, state, successor, since_ms", [(c.card(1), 2, c.card(8), 1)])
    held.confirm_release(propose(held, HOLDER, entries(held)[0]), "李四", c.NOW)
    assert (pending(held, 1), pending(held, 8)) == (0, 100)
    ok(held)


# --- told --------------------------------------------------------------------------------------------------------


def test_the_theft_tells_what_became_of_it(held: HeldLedger) -> None:
    one, two, *_ = entries(held)
    held.confirm_release(propose(held, MERCHANT, one), "李四", c.NOW)
    held.confirm_release(propose(held, HOLDER, two), "李四", c.NOW)
    (view,) = Reader(held.database).theft_views(c.psam(1))
    assert (view.held, view.released, view.returned, view.doubtful) == ((2, 700), (1, 100), (1, 200), (0, 0))


def test_the_entries_of_a_record_show_its_release(held: HeldLedger) -> None:
    held.confirm_release(propose(held, MERCHANT), "李四", c.NOW)
    kinds = [entry.kind for entry in Reader(held.database).entries_of_record(c.POS, 1, 1)]
    assert kinds == ["purchase", "held_released"]


# --- kill -9 -----------------------------------------------------------------------------------------------------


def _dies(dsn: str, number: int, at: str) -> None:
    """In a child: confirm, and be killed before the commit, or right after it and before any answer."""
    from cloud.ledger.journal.opened import prepare_database
    from cloud.store.db import open_database

    database = open_database(dsn)
    prepare_database(database)
    end = database._end

    def killed(*, commit: bool) -> None:
        if commit and at == "after":
            end(commit=True)
        if commit and armed:
            os.kill(os.getpid(), signal.SIGKILL)
        end(commit=commit)

    armed = False
    ledger = HeldLedger(OpenedLedger(database))
    armed = True
    database._end = killed  # type: ignore[method-assign]
    ledger.confirm_release(number, "李四", c.NOW)


@pytest.mark.parametrize(("at", "merchant_fen", "again"), [("before", 0, False), ("after", 1000, True)])
def test_killed_between_it_is_done_whole_or_not_at_all(
    held: HeldLedger, campus_dsn: str, at: str, merchant_fen: int, again: bool
) -> None:
    number = propose(held, MERCHANT)
    child = multiprocessing.get_context("spawn").Process(target=_dies, args=(campus_dsn, number, at))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert c.merchant(held) == merchant_fen
    ok(held)
    assert held.confirm_release(number, "李四", c.NOW).again is again
    assert (c.merchant(held), c.held(held)) == (1000, 0)
    ok(held)


@pytest.mark.parametrize("kind", ["confirm", "confirm and reject"])
def test_two_at_once_are_one_after_the_other(held: HeldLedger, campus_dsn: str, kind: str) -> None:
    """Each from a process of its own, so to say: a ledger, a connection, a thread."""
    number, gate, said = propose(held, MERCHANT), threading.Barrier(2), []

    def decide(who: str, *, rejects: bool) -> None:
        with another(campus_dsn) as own:
            gate.wait(30)
            try:
                if rejects:
                    said.append(own.reject_release(number, who, "r", c.NOW).again)
                else:
                    said.append(own.confirm_release(number, who, c.NOW).again)
            except ProposalRefused:
                said.append(None)

    both = [
        threading.Thread(target=decide, args=("李四",), kwargs={"rejects": False}),
        threading.Thread(target=decide, args=("赵六",), kwargs={"rejects": kind != "confirm"}),
    ]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert sorted(said, key=str) == ([False, True] if kind == "confirm" else [False, None])
    assert c.merchant(held) + c.held(held) == 1000
    assert c.merchant(held) in ((1000,) if kind == "confirm" else (0, 1000))
    ok(held)


# --- verify ------------------------------------------------------------------------------------------------------

EDITS = {
    "decision": "UPDATE decision SET checker = '张三'",
    "late": "UPDATE decision SET at_ms = at_ms + 700000000",
    "rejected": "UPDATE decision SET outcome = 2",
    "gone": "DELETE FROM held_release WHERE held = (SELECT MIN(held) FROM held_release)",
    "undone": "UPDATE held_release SET undone = 1",
    "entry": "UPDATE held_release SET entry = entry + 1",
}


@pytest.mark.parametrize("edit", EDITS)
def test_verify_names_what_was_not_done_by_two_persons(held: HeldLedger, edit: str) -> None:
    held.confirm_release(propose(held, MERCHANT), "李四", c.NOW)
    assert broken(held) == ""
    _unlock(held)
    with held.database.writing():
        held.database.run(EDITS[edit])
    assert broken(held) != ""


def test_verify_names_a_release_to_somebody_else(held: HeldLedger) -> None:
    held.confirm_release(propose(held, MERCHANT), "李四", c.NOW)
    _unlock(held)
    with held.database.writing():
        held.database.run("UPDATE posting SET credit = 1 WHERE kind = ?", (int(EntryKind.HELD_RELEASED),))
    assert "goes elsewhere" in broken(held, "entries")


def _unlock(ledger: Ledger) -> None:
    """As somebody with the database's own password would."""
    with ledger.database.writing():
        for table in ("posting", "decision"):
            if ledger.database.dialect == "sqlite":
                ledger.database.run(f"DROP TRIGGER {table}_no_update")
            else:
                ledger.database.run(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def test_proposals_and_decisions_are_never_edited(held: HeldLedger) -> None:
    held.confirm_release(propose(held, MERCHANT), "李四", c.NOW)
    for sql in ("UPDATE proposal SET maker = '赵六'", "DELETE FROM decision"):
        with pytest.raises(RuleBroken), held.database.writing():
            held.database.run(sql)


def test_a_proposal_said_twice_by_the_same_person_is_one(held: HeldLedger) -> None:
    first = propose(held, MERCHANT)
    assert propose(held, MERCHANT) == first, "a second click"
    assert len(Reader(held.database).proposals()) == 1
    with pytest.raises(ProposalRefused):
        propose(held, HOLDER)
    with pytest.raises(ProposalRefused):
        propose(held, MERCHANT, who="李四")
