"""This ledger is an older copy that was put back: what a box shows of it is written down, once, and what comes again.

The numbers of both chains go on above what was witnessed. What records bring comes again from the boxes; the book-only
links between our own head and the witnessed one cannot, and stand as missing until two persons have closed the list.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cloud.ledger.journal.book_chain import BookLinkKind, book_head, digest_of
from cloud.ledger.journal.booking import head
from cloud.ledger.journal.mark_rows import BoxKey
from cloud.ledger.journal.witnessed import COLUMNS, Missing, PutBack, claim_of, missing, put_backs
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.arrival import Arrival
from cloud.ledger.records.marks import Mark
from cloud.ledger.records.values import Received, Verdict
from shared.facts.books import PutBackAgain, PutBackFound, PutBackUnknown
from shared.wire.messages import AckBody

_AGAIN = (
    "INSERT INTO put_back_again (put_back, device, records, spent_fen, loaded_fen) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (put_back, device) DO UPDATE SET records = put_back_again.records + excluded.records, "
    "spent_fen = put_back_again.spent_fen + excluded.spent_fen, "
    "loaded_fen = put_back_again.loaded_fen + excluded.loaded_fen"
)


def look(writing: Writing, shown: AckBody, held: Mark, common: int, *, rows_gone: bool) -> Missing:
    """What of this ack we do not contain; new, it is written down and told. common: up to this number our book-only
    links are those that the box has seen; what was booked since then is not taken for what was there."""
    known = put_backs(writing.db)
    gone = missing(writing.db, claim_of(shown), known)
    if (gone.chain or gone.book or rows_gone) and not _is_known(shown, known, gone):
        _write_down(writing, shown, held, min(common, book_head(writing.db)[0]), known, gone)
    return gone


def _is_known(shown: AckBody, known: list[PutBack], gone: Missing) -> bool:
    """The same number of its chain may bear witness of a later book-only link: an ack can come though no batch did."""
    same = [one for one in known if one[1:5] == (shown.box, shown.store, shown.partition, shown.number)]
    book = shown.heads.book if shown.heads else b""
    return any(one.book == book for one in same) or bool(same and not gone.book)


def _write_down(
    writing: Writing, shown: AckBody, held: Mark, last_ours: int, known: list[PutBack], gone: Missing
) -> None:
    here, heads = head(writing.db, shown.partition)[0], shown.heads
    first, last = _links_gone(shown, last_ours, known) if gone.book else (0, 0)
    chain, book = (heads.chain, heads.book) if heads else (b"", b"")
    row = (
        len(known) + 1, shown.box, bytes(shown.store), shown.partition, shown.number, here, chain, _last_row(shown),
        held.cumulative, first, last, book, _made_ms(writing, first - 1), writing.now.unix_ms,
    )  # fmt: skip
    writing.db.insert("put_back", COLUMNS, [row])
    number = max(writing.booking.book_only[0], last) + 1
    writing.booking.link(BookLinkKind.PUT_BACK, row[0], digest_of(row), number)
    writing.db.run("UPDATE watermark SET value = value + 1 WHERE name = 'put-back'")
    _tell(writing, PutBack(*row))


def _links_gone(shown: AckBody, last_ours: int, known: list[PutBack]) -> tuple[int, int]:
    """The newest of them is what the box bears witness of."""
    last = shown.heads.number if shown.heads else 0
    first = max([last_ours, *(one.last for one in known if one.last <= last)]) + 1
    return min(first, last), last


def _last_row(shown: AckBody) -> int:
    return max([shown.row_cumulative, *(high for _, high in shown.row_ranges)])


def _made_ms(writing: Writing, number: int) -> int:
    rows = writing.db.run("SELECT at_ms FROM book_chain WHERE number = ?", (number,))
    return int(rows[0][0]) if rows else 0


def _tell(writing: Writing, found: PutBack) -> None:
    if found.is_unknown:
        writing.notes.tell(PutBackUnknown(found.shown, found.here), box=found.box)
    elif found.last:
        writing.notes.tell(PutBackFound(found.first, found.last), box=found.box)


class Again(NamedTuple):
    """What has come again of one terminal."""

    records: int = 0
    spent_fen: int = 0
    loaded_fen: int = 0


def count_again(
    writing: Writing, came: Iterable[tuple[Received, Sequence[tuple[Arrival, Verdict]]]],
    before: Mapping[BoxKey, Mark], after: Mapping[BoxKey, Mark],
) -> None:  # fmt: skip
    """Count the rows that a box had settled before the ledger was put back and that are here again now. came: each
    batch's records and what became of them; of a row that came twice the first counts."""
    for key, lost in writing.picture.recovering.items():
        if key not in after:
            continue
        held, rows = before.get(key, Mark()), dict[int, tuple[Arrival, Verdict]]()
        for batch, judged in came:
            if (batch.box, batch.store) == key:
                for row, one in enumerate(judged, batch.first_row):
                    rows.setdefault(row, one)
        _add(writing, lost.number, [rows[row] for row in rows if row <= lost.row_shown and not held.holds(row)])
        if after[key].cumulative >= lost.row_shown:
            _tell_all_here(writing, lost)


def _add(writing: Writing, number: int, judged: Iterable[tuple[Arrival, Verdict]]) -> None:
    sums: dict[bytes, Again] = {}
    for a, verdict in judged:
        was, fen = sums.get(a.device, Again()), _fen(a, verdict)
        spent, loaded = (fen, 0) if a.slot else (0, fen)
        sums[a.device] = Again(was.records + 1, was.spent_fen + spent, was.loaded_fen + loaded)
    for device, again in sums.items():
        writing.db.run(_AGAIN, (number, device, *again))


def _fen(a: Arrival, verdict: Verdict) -> int:
    """Of a purchase or a load that moved money by itself; nothing else is posted or held by its own record."""
    return a.record.amount_fen if a.record and verdict in (Verdict.POSTED, Verdict.HELD) else 0


def _tell_all_here(writing: Writing, lost: PutBack) -> None:
    sql = "SELECT SUM(records), SUM(spent_fen), COUNT(*) FROM put_back_again WHERE put_back = ?"
    ((records, spent_fen, terminals),) = writing.db.run(sql, (lost.number,))
    writing.notes.tell(PutBackAgain(int(records or 0), int(spent_fen or 0), terminals), box=lost.box)
    writing.db.run("UPDATE watermark SET value = value + 1 WHERE name = 'put-back'")
