"""挂失后损失: whatever a lost card has spent after its report is booked as a loss, once, and nothing else is.

What has come since the last look is told, not blamed. A loss is true and yet not as it should be: it warns.
"""

from collections import Counter

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.cards.life import frozen_by
from cloud.ledger.checks.check import Check
from cloud.ledger.findings.look import looked_upto
from cloud.ledger.held import two_persons
from cloud.ledger.held.losses.bearing import Loss, Paper, losses, provided_left, read_paper, sums
from cloud.ledger.held.losses.reports import Report, reports
from cloud.ledger.held.losses.spent import borne, released_at, spent
from cloud.ledger.held.losses.waiting import has_refused, written_off
from cloud.ledger.held.losses.write_off import read_offer, read_provision
from cloud.ledger.held.two_persons import Outcome, ProposalKind
from cloud.store.db import Database
from shared.errors import WireFault
from shared.money import yuan
from shared.words.voice import Text

NAME = "losses"
_CARDS = "SELECT DISTINCT d.card, c.label FROM card_deed d JOIN card c ON c.card = d.card ORDER BY c.label"


def check_losses(db: Database) -> Check:
    """Every loss, and every card that was ever lost or kept."""
    rows = losses(db)
    broken = next((fault for row in rows if (fault := _row_fault(db, row))), "") or _counts_fault(db, rows)
    broken = broken or _write_off_fault(db)
    waiting = 0
    for card, label in db.run(_CARDS):
        fault, late = _card_fault(db, bytes(card), [row for row in rows if row.card == card])
        broken, waiting = broken or (f"card {label}: {fault}" if fault else ""), waiting + late
    unbooked = Text(f"待入账：{waiting}", f"to be booked: {waiting}") if waiting else None
    notes = [note for note in (_sum(db), unbooked) if note]
    said = Text("，".join(note.zh for note in notes), ", ".join(note.en for note in notes)) if notes else None
    return Check(NAME, len(rows), broken, said, warns=bool(notes))


def _sum(db: Database) -> Text | None:
    fen = sums(db).fen
    return Text(f"挂失后损失，学校承担：¥{yuan(fen)}", f"borne by the school: ¥{yuan(fen)}") if fen else None


def _row_fault(db: Database, row: Loss) -> str:
    """Is the row what its entry's document says?"""
    booked = db.run("SELECT kind, document FROM posting WHERE entry = ? AND line = 0", (row.entry,))
    try:
        paper = read_paper(booked[0][1]) if booked and booked[0][1] else None
    except WireFault:
        paper = None
    if paper != Paper(row.record, row.card, row.application, row.fen, row.provided_fen):
        return f"loss {row.number}: entry {row.entry} says something else"
    undone = db.run("SELECT reverses FROM posting WHERE entry = ? AND line = 0", (row.undone,)) if row.undone else []
    return "" if row.undone is None or undone == [(row.entry,)] else f"loss {row.number}: was not taken back"


def _counts_fault(db: Database, rows: list[Loss]) -> str:
    query = "SELECT COUNT(*) FROM posting WHERE kind = ? AND line = 0"
    (made,), (undone,) = (db.run(query, (int(k),))[0] for k in (EntryKind.LOSS_BORNE, EntryKind.LOSS_TAKEN_BACK))
    known = len(rows), sum(row.undone is not None for row in rows)
    return "" if (made, undone) == known else f"{made} entries of losses, {undone} taken back; known are {known}"


def _still_waited_for(db: Database, card: bytes, report: Report) -> bytes:
    """A till of the time of the report that neither refuses the card nor was written off. A report of before this was
    kept names none."""
    gone = written_off(db, card)
    waiting = (one for one in report.told if one not in gone and not has_refused(db, one, card))
    return next(waiting, b"")


def _write_off_fault(db: Database) -> str:
    """Each terminal was named by a confirmed proposal, and what was provided is that proposal's entry, whole."""
    confirmed = {
        one.number: read_offer(one.document)
        for one in two_persons.proposals(db)
        if one.kind is ProposalKind.WRITE_OFF and one.decision and one.decision.outcome is Outcome.CONFIRMED
    }
    rows = db.run("SELECT card, deed, device, proposal, fen, entry FROM write_off ORDER BY proposal, device")
    for card, deed, device, number, fen, entry in rows:
        offer = confirmed.get(number)
        if offer is None or (offer.card, offer.deed) != (card, deed) or device not in offer.devices:
            return f"proposal {number}: terminal {device.hex()} was written off without it"
        if fen and _provision(db, entry) != (card, fen, number):
            return f"proposal {number}: entry {entry} provides for something else"
    named = {(number, device) for _, _, device, number, *_ in rows}
    for number, offer in confirmed.items():
        if any((number, device) not in named for device in offer.devices):
            return f"proposal {number}: was confirmed, and a terminal of it is not written off"
    query = "SELECT COUNT(*) FROM posting WHERE kind = ? AND line = 0"
    ((booked,),) = db.run(query, (int(EntryKind.LOSS_PROVIDED),))
    known = sum(fen > 0 for *_, fen, _ in rows)
    return "" if booked == known else f"{booked} entries of provisions, {known} known"


def _provision(db: Database, entry: int) -> tuple[bytes, int, int] | None:
    booked = db.run("SELECT document FROM posting WHERE entry = ? AND line = 0", (entry,))
    try:
        return read_provision(booked[0][0])[:3] if booked and booked[0][0] else None
    except WireFault:
        return None


def _card_fault(db: Database, card: bytes, rows: list[Loss]) -> tuple[str, int]:
    """What is wrong, and how many purchases are to be booked yet."""
    standing = [row for row in rows if row.undone is None]
    provided_fen = provided_left(db, card)
    if provided_fen < 0:
        return "more is paid by what was provided than was provided", 0
    if provided_fen and not frozen_by(db, card):
        return f"{provided_fen} fen are provided for it, and it was found again", 0
    twice = [record for record, count in Counter(row.record for row in standing).items() if count > 1]
    if twice:
        return f"record {twice[0]} is booked as a loss twice", 0
    report, released = reports(db, [card]).get(card), released_at(db, card)
    if report is not None and released is not None and (waiting := _still_waited_for(db, card, report)):
        return f"entry {released} released its balance, and terminal {waiting.hex()} was waited for", 0
    found = {one.record: one for one in spent(db, card)}
    seen, _ = looked_upto(db)
    for row in standing:  # one that is not found was given back since: the next look takes the loss back
        if row.record in found and found[row.record].said.amount_fen != row.fen:
            return f"record {row.record}: {row.fen} fen of a loss, it took another sum", 0
    due = borne(found.values(), report, released)
    missing = [one for one in due if one.record not in {row.record for row in standing}]
    old = [one for one in missing if one.entry <= seen]
    if old:
        return f"record {old[0].record} was spent after the report, and is not booked as a loss", len(missing)
    return "", len(missing)
