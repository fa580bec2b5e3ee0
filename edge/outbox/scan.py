"""Reading a whole outbox: what it holds, and the first thing in it that is broken. Takes a connection, opens none."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from edge.box.values.effects import KeepEpoch, Trouble
from edge.box.values.ranges import Ranges
from edge.box.values.sequences import Sequences
from edge.box.values.streams import STREAM_SIZE, Ref, Stream
from edge.outbox.crc import is_pair, is_sound
from edge.outbox.tables import read_revocations
from shared.errors import WireFault
from shared.facts.boxes import OutboxEpochDamaged, OutboxMarkDamaged
from shared.ids import device_id, psam_id, storage_id
from shared.records import digest
from shared.wire.messages import Range, Revocations, decode_revocations

DAMAGES_MAX = 100
_SEQ_IN_BODY = slice(6 + 4, 6 + 8)


class Damage(NamedTuple):
    """A row that is not what was written. reason: crc, digest, missing, or the file's own trouble."""

    row: int
    reason: str


def sequences(
    db: Any, settled: Ranges, apart: Ranges, last: int, marks: dict[Stream, int]  # noqa: ANN401  # DB-API connections differ
) -> tuple[Sequences, list[Damage]]:  # fmt: skip
    """What the rows say, from the first unsettled one on, but for those answered without their device; damaged or
    missing unsettled rows are named."""
    held = Sequences()
    damages: list[Damage] = []
    for stream, mark in marks.items():
        held.rebase(stream, mark)
    first = settled.run(0) + 1
    expected = first
    for row, key, good in _rows(db, first):
        damages += _missing(settled, expected, row - 1)
        expected = row + 1
        if row in settled:
            if good and row not in apart:
                held.know_settled(_ref(key))
        elif good:
            held.keep(_ref(key))
        else:
            damages.append(Damage(row, "crc"))
    damages += _missing(settled, expected, last)
    return held, damages


def check(db: Any, settled: Ranges, last: int) -> list[Damage]:  # noqa: ANN401  # DB-API connections differ
    """Every row against its checksum and digest, every unsettled row present, and the file against itself."""
    damages = [Damage(row, f"set aside: {reason}") for row, reason in db.execute("SELECT row, reason FROM damaged")]
    expected = 1
    for row, key, body, at_ms, crc in db.execute("SELECT row, key, body, at_ms, crc FROM record ORDER BY row"):
        damages += _missing(settled, expected, row - 1)
        expected = row + 1
        if not is_sound(row, key, body, at_ms, crc):
            damages.append(Damage(row, "crc"))
        elif key[8:12] != body[_SEQ_IN_BODY] or key[12:] != digest(key[:STREAM_SIZE] + body):
            damages.append(Damage(row, "digest"))
    damages += _missing(settled, expected, last)
    damages += [Damage(0, text) for (text,) in db.execute("PRAGMA integrity_check(10)") if text != "ok"]
    return sorted(damages)[:DAMAGES_MAX]


def marks(db: Any) -> tuple[dict[Stream, int], list[Trouble]]:  # noqa: ANN401  # DB-API connections differ
    """Settled mark of each stream; a damaged one is left out (the terminal's own word will do)."""
    found: dict[Stream, int] = {}
    troubles: list[Trouble] = []
    for stream, seq, crc in db.execute("SELECT stream, seq, crc FROM mark"):
        if is_pair(stream, seq, crc):
            found[stream] = seq
        else:
            troubles.append(Trouble(OutboxMarkDamaged(repr(stream))))
    return found, troubles


def epochs(db: Any) -> tuple[tuple[KeepEpoch, ...], list[Trouble]]:  # noqa: ANN401  # DB-API connections differ
    """Known epochs; a damaged one is left out (the cloud is asked again)."""
    found: list[KeepEpoch] = []
    troubles: list[Trouble] = []
    for body, epoch, crc in db.execute("SELECT body, epoch, crc FROM epoch"):
        if is_pair(body, epoch, crc):
            found.append(KeepEpoch(device_id(body[:6]), storage_id(body[6:14]), psam_id(body[14:]), epoch))
        else:
            troubles.append(Trouble(OutboxEpochDamaged(repr(body))))
    return tuple(found), troubles


def revocations(db: Any) -> Revocations:  # noqa: ANN401  # DB-API connections differ
    """The list that is held; version 0 when there is none that can be read: the cloud sends it again."""
    raw = read_revocations(db)
    try:
        return decode_revocations(raw) if raw else Revocations()
    except WireFault:
        return Revocations()


def runs(db: Any, above: int) -> Iterator[Range]:  # noqa: ANN401  # DB-API connections differ
    """The rows above `above` that are there, as ranges."""
    low = high = -1
    for (row,) in db.execute("SELECT row FROM record WHERE row > ? ORDER BY row", (above,)).fetchall():
        if not low or row != high + 1:
            if low > 0:
                yield low, high
            low = row
        high = row
    if low > 0:
        yield low, high


def lowest_seqs(db: Any, above: int) -> Iterable[tuple[Stream, int]]:  # noqa: ANN401  # DB-API connections differ
    """The lowest seq of each stream in rows above `above`."""
    sql = "SELECT substr(key, 1, 8), min(substr(key, 9, 4)) FROM record WHERE row > ? GROUP BY 1"
    return [(stream, int.from_bytes(seq, "big")) for stream, seq in db.execute(sql, (above,)).fetchall()]


def _rows(db: Any, first: int) -> Iterator[tuple[int, bytes, bool]]:  # noqa: ANN401  # DB-API connections differ
    sql = "SELECT row, key, body, at_ms, crc FROM record WHERE row >= ? ORDER BY row"
    for row, key, body, at_ms, crc in db.execute(sql, (first,)):
        yield row, key, is_sound(row, key, body, at_ms, crc)


def _missing(settled: Ranges, low: int, high: int) -> list[Damage]:
    """Rows of low..high, none of which is there, that nobody has settled; a long hole is named by its first rows."""
    if low > high:
        return []
    holes = settled.gaps(low, high)
    return [Damage(row, "missing") for a, b in holes for row in range(a, min(b, a + DAMAGES_MAX) + 1)]


def _ref(key: bytes) -> Ref:
    return Ref(key[:STREAM_SIZE], int.from_bytes(key[8:12], "big"))
