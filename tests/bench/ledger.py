"""Posting: genuine records into PostgreSQL and SQLite, beside raw COPY of the same records and pgbench, on one server.

The ingest path is decode_batch, Ledger.receive, ack encoded and signed; one batch, one transaction, one durable commit.
The TAC check is the key process's work and has its own row: its time is taken out of the others.
"""

import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Self

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.ingest.collector import spare_what_stands
from cloud.ingest.seal import AckSeal
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.records.values import Received
from compose.parts.standing import Standing
from compose.servers.postgres import Postgres, postgres
from shared.inventory import DeviceKind, DeviceRow, Inventory, PsamRow
from shared.purse.tac import ITEM_SIZE
from shared.wire.messages import Batch, decode_batch, encode_batch
from tests.bench.row import Row, at_least, at_most
from tests.cloud.ledger import campus

BATCH = 500
BATCHES = 6
ROUNDS = 9
CARDS = 1_000
TILLS = 12
WARM = 1
GATHERED = 8
"""Batches in one transaction when the ingest is behind: its bound is 4,000 records."""
TAPS_A_SECOND = 100
TWINS = {"record": "id", "proof": "record", "posting": "entry"}
"""Tables that get one row for each purchase, and what orders them."""
PGBENCH = ("-i", "-q", "-s", "10"), ("-c", "4", "-T", "5", "-n")


def rows() -> Iterator[Row]:
    """PostgreSQL with its yardsticks, then SQLite."""
    with server() as cluster:
        tps = _pgbench(cluster)
        dsn = cluster.create_database(f"bench_{token_hex(4)}")
        with _Raw(dsn) as raw:
            full = _posting(dsn, raw)
    per_s, name = full["per_s"], "posting, PostgreSQL, batches of 500"
    yield at_least(name, per_s, "records/s", "raw COPY into the record table", full["record"], 0.2)
    yield Row(name, per_s, "records/s", "raw COPY, bytes, id and key unique", full["lean"])
    yield Row(name, per_s, "records/s", "raw COPY, bytes, no index at all", full["bare"])
    yield Row(name, per_s, "records/s", "raw COPY of all the ledger's own rows", full["own"])
    yield Row(name, per_s, "records/s", "pgbench TPC-B, 4 clients, tps", tps)
    yield at_most("ingest CPU, PostgreSQL", full["cpu_us"], "µs/record", 40.0)
    yield Row("posting, PostgreSQL, 8 batches gathered", full["gathered_per_s"], "records/s", "one at a time", per_s)
    yield Row("TAC check, CPU, beside it in the key process", full["tac_us"], "µs/record")
    yield Row("replay of duplicates, PostgreSQL", full["again_per_s"], "records/s", "first posting", per_s)
    with tempfile.TemporaryDirectory() as folder:
        lite = _posting(f"{folder}/ledger.db", None)
    yield Row("posting, SQLite, batches of 500", lite["per_s"], "records/s", "PostgreSQL, same run", per_s)
    yield Row("ingest CPU, SQLite, its engine included", lite["cpu_us"], "µs/record")
    yield Row("replay of duplicates, SQLite", lite["again_per_s"], "records/s", "first posting", lite["per_s"])


Figures = dict[str, float]
Rows = Sequence[tuple[object, ...]]


def _posting(dsn: str, raw: "_Raw | None") -> Figures:
    """Medians of rounds of the same shape, the yardsticks and ours in turn; the first round is for warming up."""
    ledger = open_ledger(dsn, campus.LEDGER_ID)
    try:
        ledger.import_inventory(inventory(), campus.NOW)
        ingest, source = Ingest(ledger), Source()
        if raw is not None:
            raw.make_twins()
        spare_what_stands()
        found = [_round(ingest, source, raw) for _ in range(WARM + ROUNDS)]
    finally:
        ledger.close()
    return {name: statistics.median(one[name] for one in found[WARM:]) for name in found[0]}


def _round(ingest: "Ingest", source: "Source", raw: "_Raw | None") -> Figures:
    messages = source.messages(BATCHES)
    figures = ingest.round(messages)
    if raw is not None:
        figures |= raw.round(messages)
    figures["again_per_s"] = ingest.round(messages)["per_s"]
    figures["gathered_per_s"] = ingest.round(source.messages(GATHERED), at_once=GATHERED)["per_s"]
    return figures


class Ingest:
    """What the ledger thread does with a money message, and what of it is the TAC check."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._seal = AckSeal(Ed25519PrivateKey.generate())
        self._checker = campus.checker()
        self._tac_s = self._tac_cpu_s = 0.0

    def round(self, messages: list[bytes], at_once: int = 1) -> Figures:
        """All of them, so many in one transaction."""
        self._tac_s = self._tac_cpu_s = 0.0
        records = BATCH * len(messages)
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        for at in range(0, len(messages), at_once):
            gathered = [_received(message) for message in messages[at : at + at_once]]
            for ack in self._ledger.receive(gathered, self._check, campus.NOW):
                self._seal.letter(ack)
        wall_s, cpu_s = time.perf_counter() - wall_s - self._tac_s, time.process_time() - cpu_s - self._tac_cpu_s
        return {
            "per_s": records / wall_s, "cpu_us": cpu_s / records * 1e6, "tac_us": self._tac_cpu_s / records * 1e6
        }  # fmt: skip

    def _check(self, items: bytes) -> bytes:
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        verdicts = self._checker.check(items)
        self._tac_s += time.perf_counter() - wall_s
        self._tac_cpu_s += time.process_time() - cpu_s
        if any(verdicts) or len(items) != len(verdicts) * ITEM_SIZE:
            raise RuntimeError("the bench's own TACs are not genuine")
        return verdicts


def _received(message: bytes) -> Received:
    batch = decode_batch(message)
    return Received(campus.BOX, campus.PARTITION, batch.store, batch.first_row, batch.records)


class _Raw:
    """The floors: COPY and one commit for each batch, nothing looked up, nothing judged.

    record: exactly the ledger's record rows into a table with its indexes, which is the goal's yardstick. lean: the
    bytes under a number and their key, both unique, which is the least that posts once. bare: the bytes alone. own: the
    very rows that the ledger wrote, into tables with the same indexes.
    """

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._connection.execute("CREATE TABLE raw_bare (stored bytea NOT NULL)")
        self._connection.execute(
            "CREATE TABLE raw_lean (id bigint PRIMARY KEY, key bytea NOT NULL UNIQUE, stored bytea NOT NULL)"
        )
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def make_twins(self) -> None:
        """Tables like the ledger's, once it has made its own."""
        for table in TWINS:
            self._connection.execute(f"CREATE TABLE raw_{table} (LIKE {table} INCLUDING ALL)")
        self._connection.execute("CREATE TABLE raw_record_alone (LIKE record INCLUDING ALL)")

    def round(self, messages: list[bytes]) -> Figures:
        """Records per second of each floor. The ledger has just posted these messages, a row a record in each twin."""
        batches = [decode_batch(message).records for message in messages]
        own = {table: self._newest(table, order) for table, order in TWINS.items()}
        starts = range(0, BATCH * len(batches), BATCH)
        return {
            "bare": self._rate([{"bare": [(one,) for one in batch]} for batch in batches]),
            "lean": self._rate([{"lean": self._lean(batch)} for batch in batches]),
            "record": self._rate([{"record_alone": own["record"][at : at + BATCH]} for at in starts]),
            "own": self._rate([{table: rows[at : at + BATCH] for table, rows in own.items()} for at in starts]),
        }

    def _newest(self, table: str, order: str) -> Rows:
        wanted = f"SELECT * FROM {table} ORDER BY {order} DESC LIMIT {BATCH * BATCHES}"  # noqa: S608  # names of ours
        return self._connection.execute(wanted, binary=True).fetchall()[::-1]

    def _lean(self, batch: Sequence[bytes]) -> Rows:
        first, self._number = self._number + 1, self._number + len(batch)
        return [(number, one[:8] + one[18:22], one) for number, one in enumerate(batch, first)]

    def _rate(self, batches: Sequence[dict[str, Rows]]) -> float:
        types = {table: self._types(table) for table in batches[0]}
        began = time.perf_counter()
        for batch in batches:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                for table, rows in batch.items():
                    with cursor.copy(f"COPY raw_{table} FROM STDIN (FORMAT BINARY)") as copy:
                        copy.set_types(types[table])
                        for row in rows:
                            copy.write_row(row)
        return BATCH * len(batches) / (time.perf_counter() - began)

    def _types(self, table: str) -> list[str]:
        asked = (
            "SELECT atttypid::regtype::text FROM pg_attribute WHERE attrelid = %s::text::regclass AND attnum > 0 "
            "ORDER BY attnum"
        )
        return [name for (name,) in self._connection.execute(asked, (f"raw_{table}",))]


@dataclass(slots=True)
class Source:
    """Genuine records of a lunch at one box: cards and tills in turn, every number as it would be."""

    size: int = CARDS
    row: int = 1
    cards: list[int] = field(init=False)
    tills: list[int] = field(default_factory=lambda: [0] * TILLS)
    turn: int = 0

    def __post_init__(self) -> None:
        self.cards = [0] * self.size

    def messages(self, count: int) -> list[bytes]:
        """So many money messages with BATCH records each."""
        return [self._message() for _ in range(count)]

    def _message(self) -> bytes:
        first, self.row = self.row, self.row + BATCH
        return encode_batch(Batch(campus.STORE, first, tuple(self._record() for _ in range(BATCH))))

    def _record(self) -> bytes:
        number, till = self.turn * 7 % self.size, self.turn % TILLS
        self.turn += 1
        self.cards[number] += 1
        self.tills[till] += 1
        counter, at = self.cards[number], campus.device(till + 1)
        record = campus.purchase(
            self.tills[till], campus.card(number + 1), counter, 10, campus.OPENING - 10 * counter, at=at,
            time=campus.T0 - 3600 + self.turn // TAPS_A_SECOND,
        )  # fmt: skip
        return campus.stored(record, at)


def inventory(cards: int = CARDS) -> Inventory:
    """So many cards and TILLS tills."""
    tills = range(1, TILLS + 1)
    devices = tuple(
        DeviceRow(campus.device(n), DeviceKind.POS, campus.BOX, f"pos-{n:02d}", f"{n}号窗口", f"档口{n % 4}")
        for n in tills
    )
    psams = tuple(PsamRow(campus.psam(n), campus.device(n), campus.ISSUED) for n in tills)
    return campus.inventory(cards, devices=devices, psams=psams)


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
