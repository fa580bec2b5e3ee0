"""A mixed payment 混合支付 is one sale with two parts: two records of one tap, joined wherever they are shown.

Whoever may see a named person's aid sees both parts; for everybody else they are one sum, for a part would tell the
other. A half whose other one never came is all that was paid, and its sum is the total.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from cloud.ledger.read.reader import Reader
from cloud.ledger.read.views import EntryView, RecordView
from cloud.ledger.records.arrival import arrive
from shared.records import Pair, PurchaseRecord, VoidRecord, parse_flags


class Half(NamedTuple):
    """Of which payment a record is a half, by its first record's number; how: of a sale, of a later word about it, or
    of its void. other: the number of the other half's sale."""

    device: bytes
    epoch: int
    first: int
    how: int
    other: int


Known = Mapping[tuple[bytes, int, int], RecordView]
"""Records of a list, by device, epoch and number."""


def joined_records(reader: Reader, records: Sequence[RecordView]) -> list[RecordView]:
    """Each payment once, where the first of its halves stands in this list, with its whole sum."""
    found, seen, known = [], set[Half](), {(bytes(one.device), one.epoch, one.seq): one for one in records}
    for one in records:
        half = _half(reader, one)
        whose = half and half._replace(other=0)
        if whose is None or whose not in seen:
            found.append(one if half is None else _whole(reader, one, half, known))
        if whose is not None:
            seen.add(whose)
    return found


def joined_entries(reader: Reader, entries: Sequence[EntryView], *, alone: bool = False) -> list[EntryView]:
    """The same of entries. alone: of one that is looked at by itself; else what stands on a newer leaf is left out."""
    found: list[EntryView] = []
    done: set[tuple[str, Half]] = set()
    for one in entries:
        half = _half(reader, one.record) if one.record else None
        if half is None or one.record is None:
            found.append(one)
            continue
        whose = one.kind, half._replace(other=0)
        if whose in done:
            continue
        done.add(whose)
        other = _other(reader, one, half, entries)
        if other is None or alone or other.entry < one.entry or other in entries:
            record = _whole(reader, one.record, half, {})
            found.append(replace(one, record=record, postings=(*one.postings, *(other.postings if other else ()))))
    return found


def _other(reader: Reader, one: EntryView, half: Half, entries: Iterable[EntryView]) -> EntryView | None:
    """The entry of the other half that is of the same kind."""
    there = [each for each in entries if each.kind == one.kind and each.entry != one.entry and each.record]
    mine = half._replace(other=0)
    for each in there:
        its = _half(reader, each.record) if each.record else None
        if its is not None and its._replace(other=0) == mine:
            return each
    known = reader.entries_of_record(half.device, half.epoch, half.other)
    return next((each for each in known if each.kind == one.kind), None)


def _half(reader: Reader, one: RecordView) -> Half | None:
    """None: it is a whole payment, or none."""
    record = arrive(one.stored).record
    if isinstance(record, VoidRecord) and 0 < record.linked < one.seq:
        sales = reader.record(one.device, one.epoch, one.seq - record.linked)
        half = _half(reader, sales[0]) if sales else None
        return half and half._replace(how=-1)
    if not isinstance(record, PurchaseRecord):
        return None
    pair, sale = parse_flags(record.flags).pair, one.seq - record.linked
    if pair is Pair.ALONE:
        return None
    first = sale - (pair is Pair.SECOND)
    return Half(bytes(one.device), one.epoch, first, record.linked, first + (pair is Pair.FIRST))


def _whole(
    reader: Reader, one: RecordView, half: Half, known: Mapping[tuple[bytes, int, int], RecordView]
) -> RecordView:
    there = known.get((half.device, half.epoch, half.other))
    others = [there] if there else reader.record(half.device, half.epoch, half.other)
    fen = next((each.amount_fen for each in others if each.card == one.card), 0)
    return replace(one, amount_fen=one.amount_fen + fen)
