"""Releases of held 待核 entries against the words of two persons: each confirmed by another, in time, and done once."""

from cloud.ledger.books.entry import EntryFlag, EntryKind
from cloud.ledger.books.keys import release_key, void_key, withdrawal_key
from cloud.ledger.books.posting import Postings
from cloud.ledger.checks.check import Check
from cloud.ledger.funds.successors import home_of
from cloud.ledger.held import two_persons
from cloud.ledger.held.releases import (
    RELEASE_KINDS,
    Paper,
    merchants_of,
    read_offer,
    read_paper,
    release_postings,
)
from cloud.ledger.held.two_persons import Outcome, Proposal, ProposalKind, is_same_person
from cloud.ledger.journal.registry import Registry
from cloud.ledger.records.arrival import arrive
from cloud.store.db import Database, Row
from shared.errors import WireFault
from shared.records import PurselessRecord
from shared.words.voice import Text

NAME = "two-persons"
MAIN_PURSE = 0
_RELEASES = "SELECT held, entry, proposal, kind, fen, undone FROM held_release ORDER BY held"
_COUNT = "SELECT COUNT(*) FROM posting WHERE kind IN (?, ?) AND line = 0"


def check_two_persons(db: Database) -> Check:
    """Every proposal, and every entry that one has made."""
    proposals = {one.number: one for one in two_persons.proposals(db)}
    releases = db.run(_RELEASES)
    named = {row[0]: row[2] for row in releases}
    broken = next((fault for one in proposals.values() if (fault := _proposal_fault(one, named))), "")
    broken = broken or next((fault for row in releases if (fault := _release_fault(db, proposals, row))), "")
    booked = db.run(_COUNT, tuple(sorted(map(int, RELEASE_KINDS))))[0][0]
    if not broken and booked != len(releases):
        broken = f"{booked} entries of releases, {len(releases)} known"
    waiting = sum(one.decision is None for one in proposals.values())
    note = Text(f"未决：{waiting}", f"undecided: {waiting}") if waiting else None
    return Check(NAME, len(proposals) + len(releases), broken, note)


def release_fault(
    db: Database, registry: Registry, kind: EntryKind, actual: Postings, document: bytes, *, is_old: bool
) -> str:
    """Is the entry what its paper says, out of an entry that was held? A part of check_entries.

    is_old: booked when a subsidy that was returned went to the pending load of the main purse.
    """
    try:
        said, paper = read_paper(document)
    except WireFault:
        return "its document cannot be read"
    rows = db.run("SELECT credit, fen, flags, record FROM posting WHERE entry = ? AND line = 0", (paper.held,))
    if said != kind or not rows or not rows[0][2] & EntryFlag.MERCHANT_HELD:
        return f"entry {paper.held} was not held"
    account, fen, _, record = rows[0]
    purses = paying_purses(_purse_of(db, record), is_old=is_old)
    try:
        expected = [release_postings(registry, merchants_of(registry), kind, paper, account, p) for p in purses]
    except KeyError:
        return "posts to an account that is nobody's"
    whole = actual in expected and paper.fen == fen
    return "" if whole else f"is not the whole of entry {paper.held}, or goes elsewhere"


def paying_purses(purse: int, *, is_old: bool) -> tuple[int, ...]:
    """The purse that a sum which was given back waits for, and the main one, if the entry is that old."""
    return (purse, MAIN_PURSE) if is_old else (purse,)


def _purse_of(db: Database, record: int) -> int:
    """The purse/key byte of this record."""
    (stored,) = db.run("SELECT stored FROM record WHERE id = ?", (record,))[0]
    found = arrive(stored).record
    return MAIN_PURSE if found is None or isinstance(found, PurselessRecord) else found.purse


def _proposal_fault(one: Proposal, named: dict[int, int]) -> str:
    if one.decision is None or one.decision.outcome is not Outcome.CONFIRMED:
        return ""
    if is_same_person(one.maker, one.decision.checker):
        return f"proposal {one.number}: {one.maker} confirmed his own"
    if one.decision.at_ms > one.until_ms:
        return f"proposal {one.number}: confirmed after it had expired"
    if one.kind is not ProposalKind.HELD:
        return ""
    missing = [entry for entry in read_offer(one.document).entries if named.get(entry) != one.number]
    return f"proposal {one.number}: entry {missing[0]} was not released by it" if missing else ""


def _release_fault(db: Database, proposals: dict[int, Proposal], row: Row) -> str:
    held, entry, number, kind, fen, undone = row
    one = proposals.get(number)
    if one is None or one.decision is None or one.decision.outcome is not Outcome.CONFIRMED:
        return f"entry {entry}: proposal {number} is not confirmed"
    booked = db.run("SELECT entry, kind, fen, document FROM posting WHERE key = ?", (release_key(held),))
    if not booked or booked[0][:3] != (entry, kind, fen):
        return f"entry {held}: its release is not the entry {entry} that is known"
    _, paper = read_paper(booked[0][3])
    if (paper.held, paper.proposal, paper.maker, paper.checker) != (held, number, one.maker, one.decision.checker):
        return f"entry {entry}: names others than proposal {number}"
    if held not in read_offer(one.document).entries:
        return f"entry {entry}: proposal {number} does not name entry {held}"
    return _undone_fault(db, held, entry, undone) or _card_fault(db, held, entry, paper) or _void_fault(db, held, entry)


def _undone_fault(db: Database, held: int, entry: int, undone: int | None) -> str:
    """It was taken back exactly if what was held was."""
    rows = db.find("SELECT key, entry FROM posting WHERE key", [withdrawal_key(held), withdrawal_key(entry)])
    found: dict[bytes, int] = {bytes(key): number for key, number in rows}
    if (withdrawal_key(held) in found) != (undone is not None) or found.get(withdrawal_key(entry)) != undone:
        return f"entry {entry}: taken back, and what was held was not, or the other way round"
    return ""


def _card_fault(db: Database, held: int, entry: int, paper: Paper) -> str:
    """The paper's card is the one that was debited, or one that took its place."""
    (debited,) = db.run(
        "SELECT c.card FROM posting p JOIN card c ON c.purse_account = p.debit OR c.subsidy_account = p.debit "
        "WHERE p.entry = ? AND p.line = 0", (held,),
    )  # fmt: skip
    follows = home_of(db, debited[0]) == home_of(db, paper.card)
    return "" if follows else f"entry {entry}: its card is not the one of entry {held}"


def _void_fault(db: Database, held: int, entry: int) -> str:
    """A later void took the sum from where the release had brought it."""
    (key,) = db.run("SELECT key FROM posting WHERE entry = ? AND line = 0", (held,))[0]
    voids = db.run("SELECT entry, debit FROM posting WHERE key = ?", (void_key(key),))
    rows = db.run("SELECT kind, credit FROM posting WHERE entry = ? AND line = 0", (entry,))
    wrong = voids and (voids[0][0] < entry or (EntryKind.HELD_RELEASED, voids[0][1]) != rows[0])
    return f"entry {held}: void, and released as well" if wrong else ""
