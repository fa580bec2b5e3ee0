"""Findings of cards, and the purses that do not close: each finding has its record, refuses and caps by policy alone,
and the rows of the look are what the records say, worked out anew.
"""

from collections.abc import Mapping

from cloud.ledger.cards.listing import Why
from cloud.ledger.checks.cards import Purse, histories
from cloud.ledger.checks.check import Check
from cloud.ledger.findings.closing import Apart, apart
from cloud.ledger.findings.found import CAPS, REFUSES, CardFinding, Deed, Standing, What, findings
from cloud.ledger.findings.look import looked_upto
from cloud.ledger.findings.rows import MAIN, SUBSIDY
from cloud.ledger.fleet.documents.rows import body_of, newest
from cloud.ledger.journal.balances import all_balances
from cloud.ledger.records.arrival import arrive
from cloud.store.db import Database
from shared.errors import StoreFault, WireFault
from shared.fleet.capped import UNTIL_UNDONE, read_capped
from shared.fleet.document import CAMPUS, DocumentKind
from shared.ids import CardId
from shared.records.kinds import PurseRecord

NAME, CLOSING = "findings", "closing"
_OF_DIFFERENCES = frozenset({What.OVERDRAFT, What.CHAIN, What.LOST})
_TWO = frozenset({What.CLONE, What.REPLAY, What.BACK})


def check_findings(db: Database) -> Check:
    """All of them, the hotlist's clones, and the newest list of capped cards."""
    found = findings(db)
    for one in found:
        fault = _evidence(db, one) or _policy(one)
        if fault:
            return Check(NAME, len(found), f"finding {one.number}, card {one.label}: {fault}")
    return Check(NAME, len(found), _listed(db, found) or _capped(db, found))


def check_closing(db: Database) -> Check:
    """All purses of cards that nobody reported or replaced, once the look has seen every entry."""
    rows = {one.whose: one for one in apart(db)}
    seen, last = looked_upto(db)
    if seen != last:
        return Check(CLOSING, 0)
    special = {bytes(card) for (card,) in db.run("SELECT DISTINCT card FROM card_deed")}
    surplus, known, checked = all_balances(db), histories(db), 0
    for card, label, main, subsidy in db.run("SELECT card, label, purse_account, subsidy_account FROM card"):
        for application, account in ((MAIN, main), (SUBSIDY, subsidy)):
            whose = bytes(card), application
            if whose[0] in special:
                continue
            checked += 1
            fault = _row_fault(rows.get(whose), -surplus.get(account, 0), _ends(known, whose))
            if fault:
                return Check(CLOSING, checked, f"card {label}: {fault}")
    return Check(CLOSING, checked)


def _ends(known: Mapping[Purse, object], whose: Purse) -> list[int]:
    """What its newest purchase left, and its newest load."""
    one = known.get(whose)
    spent, loaded = getattr(one, "purchases", ()), getattr(one, "loads", ())
    return [*(s.balance_fen - s.amount_fen for s in spent[-1:]), *(s.balance_fen + s.amount_fen for s in loaded[-1:])]


def _row_fault(row: Apart | None, expected: int, ends: list[int]) -> str:
    differs = min((end - expected for end in ends), key=abs, default=0)
    if (row.difference_fen if row else 0) != differs:
        return f"it is said to differ by {row.difference_fen if row else 0} fen, its records say {differs}"
    if row is not None and row.expected_fen != expected:
        return f"{row.expected_fen} fen are said to be expected, the books say {expected}"
    if row is not None and not (min(0, differs) <= row.late_fen <= max(0, differs)):
        return f"{row.late_fen} fen are said to be late of {differs}"
    return ""


def _evidence(db: Database, one: CardFinding) -> str:
    """No finding without its record."""
    if one.seen.what in _OF_DIFFERENCES:
        there = db.run("SELECT card FROM difference WHERE id = ?", (one.seen.mark,))
        return "" if [bytes(card) for (card,) in there] == [one.seen.card] else "of no difference of this card"
    numbers = [one.seen.record or 0, (one.seen.beside if one.seen.what in _TWO else one.seen.record) or 0]
    found = {n: arrive(bytes(raw)) for n, raw in db.find("SELECT id, stored FROM record WHERE id", sorted({*numbers}))}
    if any(number not in found for number in numbers):
        return "without its record"
    first, second = (found[number] for number in numbers)
    if not isinstance(first.record, PurseRecord) or bytes(first.record.card) != one.seen.card:
        return "its record is another card's"
    if one.seen.what is What.CLONE and (
        first.card_key != second.card_key or first.item == second.item
    ):
        return "its two records prove no copy"
    return ""


def _policy(one: CardFinding) -> str:
    """What it does follows from its kind, its age and what persons said."""
    if bool(one.until_s) != (one.seen.what in CAPS):
        return "it caps, or does not, against the policy"
    said = {word.deed for word in one.words}
    if (one.standing is Standing.UNDONE) != (Deed.UNDO in said):
        return "undone by nobody, or not though somebody said so"
    if one.standing is Standing.CONFIRMED and Deed.CONFIRM not in said:
        return "confirmed by nobody"
    if one.until_s == UNTIL_UNDONE and Deed.CONFIRM not in said:
        return "a cap that never lapses, and nobody confirmed it"
    lapsed_s = one.found_s + (one.changed_ms - one.found_ms) // 1000
    return "it lapsed before its time" if one.standing is Standing.LAPSED and lapsed_s + 1 < one.until_s else ""


def _listed(db: Database, found: list[CardFinding]) -> str:
    """A finding refuses nobody but a proven copy."""
    wanted = {one.seen.card for one in found if one.acts and one.seen.what in REFUSES}
    rows = db.run("SELECT card FROM hotlisted WHERE reason = ?", (int(Why.CLONE),))
    listed = {bytes(card) for (card,) in rows}
    return "" if listed == wanted else "cards are listed as copies that no finding proves, or the other way round"


def _capped(db: Database, found: list[CardFinding]) -> str:
    """The newest list names no card that nothing was ever found of."""
    last = newest(db, DocumentKind.CAPPED, CAMPUS)
    if last is None:
        return ""
    try:
        named = read_capped(body_of(db, last))
    except (WireFault, StoreFault) as fault:
        return str(fault)
    may = {(CardId(one.seen.card), one.found_s) for one in found if one.seen.what in CAPS}
    return next((f"capped for nothing: {row.card.hex()}" for row in named.values() if row[:2] not in may), "")
