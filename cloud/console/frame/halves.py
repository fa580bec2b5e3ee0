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


class _Ahead:
    """A reader that was asked for what several rows want in one go."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._kept: dict[tuple[bytes, int, int], list[RecordView]] = {}

    def look(self, keys: Iterable[tuple[bytes, int, int]]) -> None:
        """At those that are not known yet."""
        if missing := set(keys) - self._kept.keys():
            self._kept.update(self._reader.records(missing))

    def record(self, device: bytes, epoch: int, seq: int) -> list[RecordView]:
        """As Reader.record."""
        key = bytes(device), epoch, seq
        self.look((key,))
        return self._kept[key]

    def entries_of_record(self, device: bytes, epoch: int, seq: int) -> list[EntryView]:
        """As Reader.entries_of_record."""
        return self._reader.entries_of_record(device, epoch, seq)


def _ahead(reader: Reader, records: Sequence[RecordView]) -> _Ahead:
    """The sales of voids, then the other halves."""
    found = _Ahead(reader)
    found.look(key for one in records if (key := _voided(one)))
    halves = [half for one in records if (half := _half(found, one))]
    there = {(bytes(one.device), one.epoch, one.seq) for one in records}
    found.look({(half.device, half.epoch, half.other) for half in halves} - there)
    return found


def _voided(one: RecordView) -> tuple[bytes, int, int] | None:
    """The key of the sale that a void is of."""
    record = arrive(one.stored).record
    is_void = isinstance(record, VoidRecord) and 0 < record.linked < one.seq
    return (bytes(one.device), one.epoch, one.seq - record.linked) if is_void and record else None


def joined_records(whole: Reader, records: Sequence[RecordView]) -> list[RecordView]:
    """Each payment once, where the first of its halves stands in this list, with its whole sum."""
    reader = _ahead(whole, records)
    found, seen, known = [], set[Half](), {(bytes(one.device), one.epoch, one.seq): one for one in records}
    for one in records:
        half = _half(reader, one)
        whose = half and half._replace(other=0)
        if whose is None or whose not in seen:
            found.append(one if half is None else _whole(reader, one, half, known))
        if whose is not None:
            seen.add(whose)
    return found


def joined_entries(whole: Reader, entries: Sequence[EntryView], *, alone: bool = False) -> list[EntryView]:
    """The same of entries. alone: of one that is looked at by itself; else what stands on a newer leaf is left out."""
    reader = _ahead(whole, [one.record for one in entries if one.record])
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


def _other(reader: _Ahead, one: EntryView, half: Half, entries: Iterable[EntryView]) -> EntryView | None:
    """The entry of the other half that is of the same kind."""
    there = [each for each in entries if each.kind == one.kind and each.entry != one.entry and each.record]
    mine = half._replace(other=0)
    for each in there:
        its = _half(reader, each.record) if each.record else None
        if its is not None and its._replace(other=0) == mine:
            return each
    known = reader.entries_of_record(half.device, half.epoch, half.other)
    return next((each for each in known if each.kind == one.kind), None)


def _half(reader: _Ahead, one: RecordView) -> Half | None:
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
    reader: _Ahead, one: RecordView, half: Half, known: Mapping[tuple[bytes, int, int], RecordView]
) -> RecordView:
    there = known.get((half.device, half.epoch, half.other))
    others = [there] if there else reader.record(half.device, half.epoch, half.other)
    fen = next((each.amount_fen for each in others if each.card == one.card), 0)
    return replace(one, amount_fen=one.amount_fen + fen)
