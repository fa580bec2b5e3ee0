"""Durable accepts of the outbox beside a raw append + fdatasync of the same bytes at the same group size.

Accept: digest, put and commit, on an outbox opened as the box opens it. Short rounds in turn, so that both meet the
same disk and the same neighbours.
"""

import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from edge.box.values.effects import Put
from edge.outbox.opening import open_outbox
from edge.settings import OutboxSetting
from shared.records import Stored, digest
from tests.bench.row import Row, at_least

GROUPS = (16, 64)
ROUNDS, ROUNDS_MIN = 75, 5
LONG_S = 10.0
"""After so long, on a slow disk, ROUNDS_MIN rounds are enough."""
RECORDS = 3_200
BODY = bytes.fromhex("0101004000000001") + b"r" * 49


def rows() -> Iterator[Row]:
    """One row a group size: medians of alternating rounds."""
    for group in GROUPS:
        ours: list[float] = []
        raw: list[float] = []
        began_s = time.perf_counter()
        while len(ours) < (ROUNDS if time.perf_counter() - began_s < LONG_S else ROUNDS_MIN):
            with tempfile.TemporaryDirectory(dir=os.environ.get("YKT_BENCH_DIR")) as folder:
                raw.append(_rate(_raw_log(Path(folder)), group))
                ours.append(_rate(_outbox(Path(folder)), group))
        beside = statistics.median(raw)
        yield at_least(
            f"outbox durable accepts, groups of {group}", statistics.median(ours), "records/s",
            "append + fdatasync, same group", beside, 0.5,
        )  # fmt: skip


def _rate(write: Callable[[list[bytes]], None], group: int) -> float:
    records = [_record(seq) for seq in range(1, RECORDS + 1)]
    began = time.perf_counter()
    for at in range(0, RECORDS, group):
        write(records[at : at + group])
    return RECORDS / (time.perf_counter() - began)


def _raw_log(folder: Path) -> Callable[[list[bytes]], None]:
    fd = os.open(folder / "raw.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(records: list[bytes]) -> None:
        os.write(fd, b"".join(records))
        os.fdatasync(fd)

    return write


def _outbox(folder: Path) -> Callable[[list[bytes]], None]:
    store = open_outbox(folder, OutboxSetting(), secrets.token_bytes(8)).store

    def write(records: list[bytes]) -> None:
        puts = [Put(stored, digest(stored), 0, seen=False) for stored in records]
        store.begin()
        store.put(puts)
        store.commit()

    return write


def _record(seq: int) -> bytes:
    wire = BODY[:4] + seq.to_bytes(4, "big") + BODY[8:]
    return Stored(b"\0\1\0\0\0\1", 1, b"\x51\0\0\0\0\x23", wire).to_bytes()  # type: ignore[arg-type]  # ids as bytes
