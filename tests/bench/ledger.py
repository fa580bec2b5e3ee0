"""Posting: genuine records into PostgreSQL and SQLite, beside raw COPY of the same bytes and pgbench, on one server.

The ingest path is decode_batch, Ledger.receive, ack encoded and signed; one batch, one transaction, one durable commit.
The TAC check is the key process's work and has its own row: its time is taken out of the others.
"""

import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.ingest.seal import AckSeal
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.values import Received
from compose.postgres import Postgres, postgres
from compose.standing import Standing
from shared.inventory import DeviceKind, DeviceRow, Inventory, PsamRow
from shared.purse.tac import ITEM_SIZE
from shared.wire.messages import Batch, decode_batch, encode_batch
from tests.bench.row import Row, at_least, at_most
from tests.cloud.ledger import campus

BATCH = 500
BATCHES = 6
ROUNDS = 5
CARDS = 1_000
TILLS = 12
WARM = 1
PGBENCH = ("-i", "-q", "-s", "10"), ("-c", "4", "-T", "5", "-n")


def rows() -> Iterator[Row]:
    """PostgreSQL with its yardsticks, then SQLite."""
    with server() as cluster:
        tps = _pgbench(cluster)
        dsn = cluster.create_database(f"bench_{token_hex(4)}")
        posted, raw = _posting(dsn, raw=_RawCopy(dsn))
    yield at_least("posting, PostgreSQL, batches of 500", posted.per_s, "records/s", "raw COPY, same bytes", raw, 0.2)
    yield Row("posting, PostgreSQL, batches of 500", posted.per_s, "records/s", "pgbench TPC-B, 4 clients, tps", tps)
    yield at_most("ingest CPU, PostgreSQL", posted.cpu_us, "µs/record", 40.0)
    yield Row("TAC check, CPU", posted.tac_us, "µs/record")
    yield Row("replay of duplicates, PostgreSQL", posted.again_per_s, "records/s", "first posting", posted.per_s)
    with tempfile.TemporaryDirectory() as folder:
        lite, _ = _posting(f"{folder}/ledger.db", raw=None)
    yield Row("posting, SQLite, batches of 500", lite.per_s, "records/s", "PostgreSQL, same run", posted.per_s)
    yield Row("ingest CPU, SQLite (its engine included)", lite.cpu_us, "µs/record")
    yield Row("replay of duplicates, SQLite", lite.again_per_s, "records/s", "first posting", lite.per_s)


@dataclass(frozen=True, slots=True)
class _Posted:
    """Medians over the rounds."""

    per_s: float
    cpu_us: float
    tac_us: float
    again_per_s: float


def _posting(dsn: str, raw: "_RawCopy | None") -> tuple[_Posted, float]:
    """Rounds of the same shape, raw and ours in turn; the first is for warming up."""
    ledger = open_ledger(dsn, campus.LEDGER_ID)
    try:
        ledger.import_inventory(_inventory(), campus.NOW)
        ingest, source = _Ingest(ledger), _Source()
        firsts, agains, copies = [], [], []
        for _ in range(WARM + ROUNDS):
            messages = [source.message() for _ in range(BATCHES)]
            if raw is not None:
                copies.append(raw.rate(messages))
            firsts.append(ingest.round(messages))
            agains.append(ingest.round(messages))
    finally:
        ledger.close()
    found, again = firsts[WARM:], agains[WARM:]
    posted = _Posted(
        statistics.median(one.per_s for one in found),
        statistics.median(one.cpu_us for one in found),
        statistics.median(one.tac_us for one in found),
        statistics.median(one.per_s for one in again),
    )
    return posted, statistics.median(copies[WARM:]) if copies else 0.0


@dataclass(frozen=True, slots=True)
class _Round:
    per_s: float
    cpu_us: float
    tac_us: float


class _Ingest:
    """What the ledger thread does with a money message, and what of it is the TAC check."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._seal = AckSeal(Ed25519PrivateKey.generate())
        self._checker = campus.checker()
        self._tac_s = self._tac_cpu_s = 0.0

    def round(self, messages: list[bytes]) -> _Round:
        """All of them, one transaction each."""
        self._tac_s = self._tac_cpu_s = 0.0
        records = 0
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        for message in messages:
            batch = decode_batch(message)
            received = Received(campus.BOX, campus.PARTITION, batch.store, batch.first_row, batch.records)
            for ack in self._ledger.receive([received], self._check, campus.NOW):
                self._seal.letter(ack)
            records += len(batch.records)
        wall_s, cpu_s = time.perf_counter() - wall_s - self._tac_s, time.process_time() - cpu_s - self._tac_cpu_s
        return _Round(records / wall_s, cpu_s / records * 1e6, self._tac_cpu_s / records * 1e6)

    def _check(self, items: bytes) -> bytes:
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        verdicts = self._checker.check(items)
        self._tac_s += time.perf_counter() - wall_s
        self._tac_cpu_s += time.process_time() - cpu_s
        if any(verdicts) or len(items) != len(verdicts) * ITEM_SIZE:
            raise RuntimeError("the bench's own TACs are not genuine")
        return verdicts


class _RawCopy:
    """The floor: one COPY and one commit for each batch, the record bytes into a table without an index."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._connection.execute("CREATE TABLE raw_copy (stored bytea NOT NULL)")

    def rate(self, messages: list[bytes]) -> float:
        """Records per second."""
        batches = [decode_batch(message).records for message in messages]
        began = time.perf_counter()
        for records in batches:
            with self._connection.cursor() as cursor, cursor.copy("COPY raw_copy FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(("bytea",))
                for record in records:
                    copy.write_row((record,))
        return sum(map(len, batches)) / (time.perf_counter() - began)


@dataclass(slots=True)
class _Source:
    """Genuine records of a lunch at one box: cards and tills in turn, every number as it would be."""

    row: int = 1
    cards: list[int] = field(default_factory=lambda: [0] * CARDS)
    tills: list[int] = field(default_factory=lambda: [0] * TILLS)
    turn: int = 0

    def message(self) -> bytes:
        """A money message with the next BATCH records."""
        first, self.row = self.row, self.row + BATCH
        return encode_batch(Batch(campus.STORE, first, tuple(self._record() for _ in range(BATCH))))

    def _record(self) -> bytes:
        number, till = self.turn * 7 % CARDS, self.turn % TILLS
        self.turn += 1
        self.cards[number] += 1
        self.tills[till] += 1
        counter, at = self.cards[number], campus.device(till + 1)
        record = campus.purchase(
            self.tills[till], campus.card(number + 1), counter, 10, campus.OPENING - 10 * counter, at=at,
            time=campus.T0 - 3600 + self.turn // TILLS,
        )  # fmt: skip
        return campus.stored(record, at)


def _inventory() -> Inventory:
    tills = range(1, TILLS + 1)
    devices = tuple(
        DeviceRow(campus.device(n), DeviceKind.POS, campus.BOX, f"pos-{n:02d}", f"{n}号窗口", f"档口{n % 4}")
        for n in tills
    )
    psams = tuple(PsamRow(campus.psam(n), campus.device(n), campus.ISSUED) for n in tills)
    return campus.inventory(CARDS, devices=devices, psams=psams)


@contextmanager
def server() -> Iterator[Postgres]:
    """A private PostgreSQL server, gone afterwards with its files."""
    folder = Path(tempfile.mkdtemp(prefix="openykt-bench-", dir="/var/tmp"))
    folder.chmod(0o711)
    try:
        cluster = postgres(folder)
        with Standing(cluster.part, folder):
            yield cluster
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pgbench(cluster: Postgres) -> float:
    dsn = cluster.create_database(f"pgbench_{token_hex(4)}")
    said = ""
    for words in PGBENCH:
        command = (str(cluster.programs / "pgbench"), *words, dsn)
        said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    found = re.search(r"tps = ([0-9.]+)", said)
    if found is None:
        raise RuntimeError(f"pgbench said no tps: {said[-200:]}")
    return float(found.group(1))
