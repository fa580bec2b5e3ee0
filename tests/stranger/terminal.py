# ruff: noqa
# mypy: ignore-errors
"""A POS terminal that speaks the terminal link over TCP, written from the public pages alone."""

from __future__ import annotations

import hashlib
import hmac
import os
import random
import select
import socket
import sqlite3
import ssl
import struct
import threading
import time
import zlib
from collections import Counter
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

VERSION = 0x10
HELLO, CHALLENGE, AUTH, WELCOME, REFUSE = 0x01, 0x02, 0x03, 0x04, 0x05
RECORD, ACK, SETTLED, STATUS, HEARTBEAT, TIME = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15
DOCUMENT_KEY, DOCUMENT_HEAD, DOCUMENT_DELTA, DOCUMENT_PAGE = 0x20, 0x21, 0x22, 0x23
DOCUMENT_WANT, DOCUMENT_REPORT, SILENCE = 0x24, 0x25, 0x29
UP, DOWN = b"\x01", b"\x02"
# payload lengths of sealed messages that come down and are understood: least and most
DOWN_LENGTHS = {WELCOME: (23, 63), REFUSE: (1, 1), TIME: (4, 4), DOCUMENT_KEY: (98, 98), DOCUMENT_HEAD: (117, 3957),
                DOCUMENT_DELTA: (118, 117 + 2048), DOCUMENT_PAGE: (15, 14 + 1024), SILENCE: (2, 2)}

MESSAGE_MAX_BYTES = 4095
JOIN_S, JOIN_MAX_S, NO_EPOCH_S = 2.0, 16.0, 0.25
COUNTER_STEP_MAX, LATE_WINDOW, BAD_MACS_MAX, SEQ_WINDOW = 64, 64, 16, 32767
WINDOW, RESEND_S, RESEND_MAX_S, RING_MAX, EPOCHS_MAX = 8, 2.0, 16.0, 32767, 4
STATUS_S, STATUS_MIN_S, HEARTBEAT_S = 10.0, 0.5, 5.0
STEP_MIN_S, EARLIEST_S, LATEST_S = 2, 315619200, 2209075200
UNACKED_TCP_S, SILENCE_S, HELLOS_MAX, HINT_S, SILENCE_MAX_S = 6.0, 60.0, 2, 2.0, 3600
RECONNECT_MIN_S, RECONNECT_MAX_S = 0.5, 10.0
PAGE_SIZE, FETCHES_MAX, WANT_MAX, AGAIN_S, TRIES_MAX, DETAIL_MAX = 1024, 4, 8, 3.0, 8, 64
HOTLIST, ORDER = 1, 7
MOST_BYTES = {HOTLIST: 81920, ORDER: 1024}
EVERYBODY = bytes(7)
LOCK, UNLOCK, CANCEL = 1, 2, 9

VERDICTS = {"IN_USE": 0, "FETCHING": 1, "STORED": 2, "REFUSED": 16, "WRONG_SIGNATURE": 17, "UNKNOWN_KEY": 18, "OLDER": 19,
            "FORK": 20, "WRONG_DIGEST": 21, "MALFORMED": 22, "TOO_LONG": 23, "NOT_FOR_ME": 24, "NO_ROOM": 25, "BUSY": 26,
            "EXPIRED": 27, "UNSUPPORTED": 28}
NAMES = {number: name for name, number in VERDICTS.items()}
MODEL, FIRMWARE = 100, 1


# --- codecs -----------------------------------------------------------------------------------------------------------

def cmac(key: bytes, data: bytes) -> bytes:
    mac = CMAC(AES(key))
    mac.update(data)
    return mac.finalize()


def session_key(key: bytes, r_edge: bytes, r_term: bytes, device: bytes) -> bytes:
    return cmac(key, b"openykt session v1\0" + r_edge + r_term + device)


def tls_psk(key: bytes, device: bytes) -> bytes:
    return cmac(key, b"openykt tls psk v1\0" + device)


def envelope_mac(session: bytes, direction: bytes, device: bytes, counter: int, body: bytes) -> bytes:
    """body: type, flags, low half of the counter, payload."""
    return cmac(session, direction + device + struct.pack(">I", counter) + body)[:8]


def seal(session: bytes, direction: bytes, device: bytes, counter: int, kind: int, payload: bytes, index: int = 0) -> bytes:
    body = struct.pack(">BBH", kind, VERSION | index, counter & 0xFFFF) + payload
    return body + envelope_mac(session, direction, device, counter, body)


def short_mac(session: bytes, kind: int, device: bytes, epoch: int, seq: int) -> bytes:
    return cmac(session, b"short\0" + DOWN + bytes([kind]) + device + struct.pack(">HI", epoch, seq))[:4]


def short_seq(low: int, base: int) -> int:
    ahead = (low - base) % 65536
    return base + ahead if ahead <= SEQ_WINDOW else base + ahead - 65536


def hello(device: bytes, storage: bytes, psam: bytes, model: int, firmware: int, boot: int, r_term: bytes) -> bytes:
    return bytes([HELLO, VERSION]) + device + storage + psam + struct.pack(">HII", model, firmware, boot) + r_term


def auth_payload(rows: list[tuple[int, bytes, int, int]]) -> bytes:
    return bytes([len(rows)]) + b"".join(struct.pack(">H6sII", *row) for row in rows)


def status_payload(hotlist: tuple[int, int, int], parameters: int, day: int, day_first: int, slots_left: int, clock_set: bool,
                   rows: list[tuple[int, bytes, int, int, int, int]]) -> bytes:
    return (struct.pack(">IIIIHIHBB", *hotlist, parameters, day, day_first, slots_left, clock_set, len(rows))
            + b"".join(struct.pack(">H6sIIIB", *row) for row in rows))


def heartbeat(state: int, unsent: int, hotlist: int, boot: int) -> bytes:
    return struct.pack(">BBHBB", HEARTBEAT, state, min(unsent, 65535), hotlist & 255, boot & 255)


def welcome_parse(payload: bytes) -> tuple[bytes, int, int, int, int, list[tuple[int, int, int]]]:
    store, current, now, hotlist, parameters, count = struct.unpack_from(">8sHIIIB", payload)
    if count > EPOCHS_MAX or len(payload) != 23 + 10 * count:
        raise ValueError("WELCOME")
    return store, current, now, hotlist, parameters, [struct.unpack_from(">HII", payload, 23 + 10 * i) for i in range(count)]


def want_payload(kind: int, scope: bytes, generation: int, numbers: list[int]) -> bytes:
    return struct.pack(">B7sIB", kind, scope, generation, len(numbers)) + b"".join(struct.pack(">H", n) for n in numbers)


def report_payload(kind: int, scope: bytes, generation: int, digest: bytes, echo: int, seq: int, as_of: int, offered: int,
                   verdict: int, detail: bytes = b"") -> bytes:
    detail = detail[:DETAIL_MAX]
    return struct.pack(">B7sI32sIIIIBB", kind, scope, generation, digest, echo, seq, as_of, offered, verdict, len(detail)) + detail


def _bytes(value: object, size: int) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(size, "big")
    raw = bytes.fromhex(value) if isinstance(value, str) else bytes(value)  # type: ignore[arg-type]
    if len(raw) != size:
        raise ValueError(f"{size} bytes expected, {len(raw)} given")
    return raw


def purchase(f: dict) -> bytes:
    return struct.pack(
        ">BBHII10sHBBIIIBB4s3sHHHhH", 1, f["kind"], f["flags"], f["seq"], f["ttn"], _bytes(f["card"], 10), f["counter"], f["type"],
        f["purse"], f["amount_fen"], f["balance_fen"], f["time"], f["key_version"], f["algorithm"], _bytes(f["tac"], 4),
        _bytes(f["overdraft"], 3), f["operator"], f["hotlist_version"] & 0xFFFF, f["parameter_version"] & 0xFFFF,
        f["price_adjust_fen"], f["linked"])


def stored(device: bytes, epoch: int, psam: bytes, record: bytes) -> bytes:
    return device + struct.pack(">H", epoch) + psam + record


# --- documents --------------------------------------------------------------------------------------------------------

def verify(public: bytes, signature: bytes, data: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
        return True
    except (InvalidSignature, ValueError):
        return False


def key_holds(campus_key: bytes, campus: int, kind: int, version: int, public: bytes, certificate: bytes) -> bool:
    return verify(campus_key, certificate, b"openykt document key v1\0" + struct.pack(">HBB", campus, kind, version) + public)


def head_holds(public: bytes, campus: int, head: bytes, signature: bytes) -> bool:
    return verify(public, signature, b"openykt document v1\0" + struct.pack(">H", campus) + head)


def pages_of(data: bytes) -> list[bytes]:
    return [data[at:at + PAGE_SIZE] for at in range(0, len(data), PAGE_SIZE)]


def digest_of(data: bytes) -> bytes:
    return hashlib.sha256(b"".join(hashlib.sha256(page).digest() for page in pages_of(data))).digest()


def table_of(data: bytes) -> list[int]:
    return [zlib.crc32(page) for page in pages_of(data)]


def echo_of(data: bytes) -> int:
    return zlib.crc32(b"".join(struct.pack(">I", crc) for crc in table_of(data))) if data else 0


def delta_apply(old: bytes, delta: bytes) -> bytes:
    if len(delta) < 4:
        raise ValueError("delta")
    length, at, end = int.from_bytes(delta[:4], "big"), 4, 0
    if length > max(MOST_BYTES.values()):
        raise ValueError("delta")
    new = bytearray(old[:length].ljust(length, b"\0"))
    while at < len(delta):
        if at + 6 > len(delta):
            raise ValueError("delta")
        offset, size = struct.unpack_from(">IH", delta, at)
        patch = delta[at + 6:at + 6 + size]
        if offset < end or len(patch) != size or offset + size > length:
            raise ValueError("delta")
        new[offset:offset + size] = patch
        at, end = at + 6 + size, offset + size
    return bytes(new)


class Head:
    def __init__(self, raw: bytes):
        self.raw = raw
        (self.key_version, self.kind, self.scope, self.generation, self.as_of, self.length,
         self.digest) = struct.unpack(">BB7sIII32s", raw)


class Hotlist:
    """The bytes of a hotlist, checked; ValueError when they are not well-formed."""

    def __init__(self, data: bytes):
        if len(data) < PAGE_SIZE or len(data) % PAGE_SIZE:
            raise ValueError("length")
        form, issuers, by_id = struct.unpack_from(">BBH", data)
        if form != 1 or by_id > 3000 or 4 + 3 * issuers > PAGE_SIZE or any(data[4 + 3 * issuers:PAGE_SIZE]):
            raise ValueError("page 0")
        self.bitmaps: dict[bytes, bytes] = {}
        at, before = PAGE_SIZE, b""
        for i in range(issuers):
            issuer, count = data[4 + 3 * i:6 + 3 * i], data[6 + 3 * i]
            if issuer <= before or count * PAGE_SIZE * 8 > 262144:
                raise ValueError("issuers")
            self.bitmaps[issuer] = data[at:at + count * PAGE_SIZE]
            at, before = at + count * PAGE_SIZE, issuer
        if len(data) != at + -(-by_id // 102) * PAGE_SIZE:
            raise ValueError("length")
        cards: list[bytes] = []
        while at < len(data):
            n = min(102, by_id - len(cards))
            cards += [data[at + 10 * i:at + 10 * i + 10] for i in range(n)]
            if any(data[at + 10 * n:at + PAGE_SIZE]):
                raise ValueError("padding")
            at += PAGE_SIZE
        if any(a >= b for a, b in zip(cards, cards[1:])):
            raise ValueError("order")
        self.cards = set(cards)

    def __contains__(self, card: bytes) -> bool:
        number, bitmap = int.from_bytes(card[6:], "big"), self.bitmaps.get(card[:2], b"")
        if number >> 3 < len(bitmap) and bitmap[number >> 3] >> (number & 7) & 1:
            return True
        return card in self.cards


class Document:
    def __init__(self, head: Head, signature: bytes, data: bytes, seq: int):
        self.head, self.signature, self.data, self.seq = head, signature, data, seq
        self.digest, self.echo = digest_of(data), echo_of(data)
        self.hotlist = Hotlist(data) if head.kind == HOTLIST else None


class Fetch:
    def __init__(self, head: Head, signature: bytes, table: list[int]):
        self.head, self.signature, self.table = head, signature, table
        self.pages: list[bytes | None] = [None] * len(table)
        self.asked: list[int] = []
        self.tries, self.again = 0, 0.0

    def size(self, number: int) -> int:
        return min(PAGE_SIZE, self.head.length - number * PAGE_SIZE)

    def put(self, number: int, page: bytes) -> bool:
        if number >= len(self.table) or self.pages[number] is not None or len(page) != self.size(number) \
                or zlib.crc32(page) != self.table[number]:
            return False
        self.pages[number] = page
        return True

    def missing(self) -> list[int]:
        return [n for n, page in enumerate(self.pages) if page is None]


# --- the durable store ------------------------------------------------------------------------------------------------

class Store:
    """SQLite; every `with store:` is one transaction that is on the disk when it ends."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(folder / "terminal.db", check_same_thread=False, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=DELETE")
        self.db.execute("PRAGMA synchronous=EXTRA")
        with self:
            for table in ("meta(name TEXT PRIMARY KEY, value)",
                          "epochs(epoch INTEGER PRIMARY KEY, psam BLOB, last INTEGER, settled INTEGER)",
                          "records(epoch INTEGER, seq INTEGER, wire BLOB, PRIMARY KEY(epoch, seq))",
                          "keys(kind INTEGER, version INTEGER, public BLOB, certificate BLOB, PRIMARY KEY(kind, version))",
                          "documents(kind INTEGER, scope BLOB, head BLOB, signature BLOB, data BLOB, seq INTEGER, "
                          "public BLOB, certificate BLOB, PRIMARY KEY(kind, scope))",
                          "orders(generation INTEGER PRIMARY KEY, begun INTEGER, verdict INTEGER, detail BLOB)"):
                self.db.execute(f"CREATE TABLE IF NOT EXISTS {table}")
            if self.get("storage") is None:
                self.set("storage", os.urandom(8))
            self.set("boot", self.get("boot", 0) + 1)

    def __enter__(self) -> sqlite3.Connection:
        self.db.execute("BEGIN IMMEDIATE")
        return self.db

    def __exit__(self, kind: object, *_: object) -> None:
        self.db.execute("ROLLBACK" if kind else "COMMIT")

    def get(self, name: str, default=None):
        row = self.db.execute("SELECT value FROM meta WHERE name=?", (name,)).fetchone()
        return default if row is None else row[0]

    def set(self, name: str, value: object) -> None:
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


class Epoch:
    def __init__(self, number: int, psam: bytes, last: int, settled: int):
        self.number, self.psam, self.last, self.settled = number, psam, last, settled
        self.acked = self.held = settled  # held: what WELCOME said; both belong to a conversation
        self.sent = settled


class CannotSell(Exception):
    """The reason is the text."""


# --- the terminal -----------------------------------------------------------------------------------------------------

class Terminal:
    def __init__(self, host: str, port: int, device: bytes, key: bytes, psam: bytes, folder: Path, kernel, campus_key: bytes = b"",
                 tls: bool = False, campus: int | None = None):
        self.host, self.port, self.device, self.key, self.psam = host, port, device, key, psam
        self.kernel, self.campus_key, self.tls = kernel, campus_key, tls
        self.campus = int.from_bytes(device[:2], "big") if campus is None else campus
        self.counts: Counter[str] = Counter()
        self.refused: int | None = None  # reason of the last REFUSE, for the display
        self._lock, self._tap = threading.RLock(), threading.Lock()
        self._store = Store(Path(folder))
        self._storage, self._boot = self._store.get("storage"), self._store.get("boot")
        self._epochs = {row[0]: Epoch(*row) for row in self._store.db.execute("SELECT * FROM epochs ORDER BY epoch")}
        self._current: int = self._store.get("current:" + psam.hex(), 0)
        self._clock = (float(self._store.get("time", EARLIEST_S)), time.monotonic())
        self._clock_set = False
        self._keys: dict[tuple[int, int], tuple[bytes, bytes]] = {}
        self._documents: dict[tuple[int, bytes], Document] = {}
        self._fetches: dict[tuple[int, bytes], Fetch] = {}
        self._locked = bool(self._store.get("locked", 0))
        self._load_documents()
        self._stop = threading.Event()
        self._wake_r, self._wake_w = socket.socketpair()
        self._wake_r.setblocking(False)
        self._wake_w.setblocking(False)
        self._sock: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._silent_until = 0.0
        self._no_epoch_wait = NO_EPOCH_S
        self._hello = b""
        self._forget("NO WIRE")

    # -- what the outside sees

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="terminal", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._wake()
        if self._thread:
            self._thread.join(10)
        with self._tap, self._lock:
            self._store.db.close()

    @property
    def joined(self) -> bool:
        return self._state == "JOINED"

    @property
    def unsettled(self) -> int:
        with self._lock:
            return sum(self._owed(e) for e in self._epochs.values())

    @property
    def is_locked(self) -> bool:
        return self._locked

    @property
    def hotlist_generation(self) -> int:
        document = self._hotlist()
        return document.head.generation if document else 0

    def is_listed(self, card: bytes) -> bool:
        document = self._hotlist()
        return document is not None and card in document.hotlist

    def now(self) -> int:
        base, mono = self._clock
        return int(base + time.monotonic() - mono)

    def sell(self, amount_fen: int) -> dict:
        """Sells, keeps the record, returns its fields (with epoch, seq and wire). CannotSell: nothing was debited."""
        with self._tap:
            with self._lock:
                self._may_sell()
                epoch, now, clock_set = self._epochs[self._current], self.now(), self._clock_set
            card_id = getattr(self.kernel, "card_id", None)  # a kernel that can tell the card before it debits
            if callable(card_id) and self.is_listed(_bytes(card_id(), 10)):
                raise CannotSell("card is on the hotlist")
            given = self.kernel.sell(amount_fen, now)
            with self._lock:
                fields = {"operator": 0, "price_adjust_fen": 0, "linked": 0, "parameter_version": 0, "amount_fen": amount_fen,
                          "time": now, "kind": 1, "flags": 0, "overdraft": bytes(3), "algorithm": 0,
                          **given, "hotlist_version": self.hotlist_generation}
                proven = fields["kind"] in (1, 8)
                if not proven:
                    fields["tac"] = bytes(4)
                fields["flags"] = (fields["flags"] & ~0x47) | (fields["flags"] & 3 if proven else 2) | clock_set << 6
                fields["seq"] = epoch.last + 1
                wire = purchase(fields)
                with self._store as db:
                    owed = sum(self._owed(e) for e in self._epochs.values())
                    kept = db.execute("SELECT COUNT(*) FROM records").fetchone()[0]
                    if kept >= RING_MAX and owed < RING_MAX:
                        self._reuse(db)
                    db.execute("INSERT INTO records VALUES (?, ?, ?)", (epoch.number, fields["seq"], wire))
                    db.execute("UPDATE epochs SET last=? WHERE epoch=?", (fields["seq"], epoch.number))
                    self._store.set("time", now)
                    if clock_set and self._store.get("day", 0) != fields["time"] // 86400:
                        self._store.set("day", fields["time"] // 86400)
                        self._store.set("day_first_seq", fields["seq"])
                epoch.last = fields["seq"]
            self._wake()
            return {**fields, "epoch": epoch.number, "wire": wire}

    def _may_sell(self) -> None:
        if not self._current:
            raise CannotSell("no epoch yet")
        for name in ("revoked", "service"):
            if self._store.get(name, 0):
                raise CannotSell(name)
        if self.is_locked:
            raise CannotSell("locked: " + self._store.get("why", ""))
        if sum(self._owed(e) for e in self._epochs.values()) >= RING_MAX:
            raise CannotSell("memory is full")

    def _reuse(self, db: sqlite3.Connection) -> None:
        """Frees the oldest settled slot."""
        for e in self._epochs.values():
            row = db.execute("SELECT MIN(seq) FROM records WHERE epoch=? AND seq<=?", (e.number, e.settled)).fetchone()
            if row[0] is not None:
                db.execute("DELETE FROM records WHERE epoch=? AND seq=?", (e.number, row[0]))
                return

    @staticmethod
    def _owed(e: Epoch) -> int:
        return e.last - e.settled

    # -- the wire

    def _wake(self) -> None:
        try:
            self._wake_w.send(b"\0")
        except OSError:
            pass

    def _connect(self) -> socket.socket:
        sock = socket.create_connection((self.host, self.port), timeout=5)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if self.tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
                context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
                context.set_ciphers("ECDHE-PSK-CHACHA20-POLY1305")
                context.set_psk_client_callback(lambda _hint: (self.device.hex(), tls_psk(self.key, self.device)))
                sock = context.wrap_socket(sock)
            return sock
        except BaseException:
            sock.close()
            raise

    def _run(self) -> None:
        pause = RECONNECT_MIN_S
        while not self._stop.is_set():
            self._said = False
            try:
                self._sock = self._connect()
                self._talk()
            except (OSError, sqlite3.Error):
                self.counts["connection lost"] += 1
            finally:
                with self._lock:
                    self._forget("NO WIRE")
                    if self._sock:
                        self._sock.close()
                        self._sock = None
            pause = RECONNECT_MIN_S if self._said else pause
            quiet = max(0.0, self._silent_until - time.monotonic())
            self._stop.wait(max(quiet, pause * random.uniform(0.5, 1)))
            pause = min(pause * 2, RECONNECT_MAX_S)

    def _talk(self) -> None:
        """One connection, until it is lost or given up."""
        sock, buffer = self._sock, b""
        self._give_up = False
        with self._lock:
            self._begin_join(JOIN_S)
        while not self._stop.is_set() and not self._give_up:
            waiting = isinstance(sock, ssl.SSLSocket) and sock.pending()
            ready, _, _ = select.select([sock, self._wake_r], [], [], 0 if waiting else 0.1)
            if self._wake_r in ready:
                try:
                    self._wake_r.recv(4096)
                except OSError:
                    pass
            if sock in ready or waiting:
                sock.settimeout(0)
                try:
                    data = sock.recv(65536)
                    if not data:
                        break
                    buffer += data
                except (BlockingIOError, ssl.SSLWantReadError):
                    pass
            while len(buffer) >= 2:
                size = int.from_bytes(buffer[:2], "big")
                if not 1 <= size <= MESSAGE_MAX_BYTES:
                    self.counts["framing"] += 1
                    return
                if len(buffer) < 2 + size:
                    break
                message, buffer = buffer[2:2 + size], buffer[2 + size:]
                with self._lock:
                    self._said = True
                    self._take(message)
            with self._lock:
                self._tick()

    def _send(self, message: bytes) -> None:
        if self._sock is None:
            raise OSError("no wire")
        self._sock.settimeout(3)
        self._sock.sendall(struct.pack(">H", len(message)) + message)

    def _send_sealed(self, kind: int, payload: bytes, index: int = 0) -> None:
        self._up += 1
        self._send(seal(self._session, UP, self.device, self._up, kind, payload, index))

    # -- the join

    def _forget(self, state: str) -> None:
        """Nothing of a conversation stays."""
        self._state, self._session = state, b""
        self._up = self._high = self._bad = 0
        self._taken: set[int] = set()
        self._list: list[int] = []
        self._fetches.clear()
        self._heard = time.monotonic()
        self._rejoin_at: float | None = None
        self._waiting_since: float | None = None
        self._resend_wait, self._resend_at = RESEND_S, 0.0
        self._status_due = self._heartbeat_due = self._status_last = 0.0
        self._hellos = 0

    def _begin_join(self, wait: float) -> None:
        hellos = self._hellos
        self._forget("HELLO")
        self._hellos = hellos
        self._r_term = os.urandom(8)
        self._hello = hello(self.device, self._storage, self.psam, MODEL, FIRMWARE, self._boot, self._r_term)
        self._say_hello(wait)

    def _say_hello(self, wait: float) -> None:
        self._wait, self._hello_at = wait, time.monotonic() + wait
        self._hellos += 1
        self._send(self._hello)

    def _auth_epochs(self) -> list[Epoch]:
        owed = [e for e in self._epochs.values() if self._owed(e) and e.number != self._current]
        mine = [self._epochs[self._current]] if self._current else []
        return sorted(owed[:EPOCHS_MAX - len(mine)] + mine, key=lambda e: e.number)

    def _challenge(self, message: bytes) -> None:
        if self._state != "HELLO":
            return
        self._session = session_key(self.key, message[2:18], self._r_term, self.device)
        self._state = "AUTH"
        self._send_sealed(AUTH, auth_payload([(e.number, e.psam, e.settled + 1, e.last) for e in self._auth_epochs()]))

    def _welcome(self, payload: bytes) -> None:
        store, current, now, _, _, rows = welcome_parse(payload)
        same_store = store == self._store.get("store")
        service = 0
        with self._store as db:
            for number, held, settled in rows:
                e = self._epochs.get(number)
                if e is None and number == current:  # a life begins: numbering goes on above what the box holds
                    e = self._epochs[number] = Epoch(number, self.psam, held, held)
                if e is None:
                    continue
                behind = number == current and held > e.last
                e.held = min(max(held, e.settled), e.last)
                e.settled = max(e.settled, min(settled, e.held))
                e.acked = e.sent = e.held if same_store else e.settled
                if behind and e.acked == e.last:  # an older state of this store: number on above what the box holds
                    e.last = e.held = e.acked = e.sent = held
                elif behind:
                    service = 1
                db.execute("INSERT OR REPLACE INTO epochs VALUES (?, ?, ?, ?)", (e.number, e.psam, e.last, e.settled))
            self._store.set("store", store)
            self._store.set("service", service)
            if current in self._epochs and self._epochs[current].psam == self.psam:
                self._store.set("current:" + self.psam.hex(), current)
                self._store.set("revoked", 0)
                self._current = current
        self._list = [number for number, _, _ in rows]
        self._state, self._hellos = "JOINED", 0
        self.refused = None
        self._take_time(now)
        moment = time.monotonic()
        self._status_due, self._heartbeat_due = moment, moment + HEARTBEAT_S
        if current:
            self._no_epoch_wait = NO_EPOCH_S
        else:
            self._rejoin_at = moment + self._no_epoch_wait
            self._no_epoch_wait = min(self._no_epoch_wait * 2, JOIN_MAX_S)
        self._say_status()
        if self.campus_key:
            for document in self._documents.values():
                self._report_in_use(document)
            if not self._documents:
                self._send_sealed(DOCUMENT_REPORT, report_payload(HOTLIST, EVERYBODY, 0, bytes(32), 0, 0, 0, 0, 0))

    # -- what comes down

    def _take(self, m: bytes) -> None:
        self._hellos = 0
        kind = m[0]
        if kind in (CHALLENGE, REFUSE) and len(m) == {CHALLENGE: 23, REFUSE: 3}[kind]:
            if m[1] >> 4 != 1:
                self.counts["malformed"] += 1
            elif kind == CHALLENGE:
                self._challenge(m)
            else:
                self._refuse_open(m[2])
        elif kind in (ACK, SETTLED):
            self._short(m)
        else:
            self._envelope(m)

    def _refuse_open(self, reason: int) -> None:
        now = time.monotonic()
        self.refused = reason
        if self._state in ("HELLO", "AUTH"):
            self._hello_at = max(self._hello_at, now + min(self._wait * 2, JOIN_MAX_S))
        elif self._state == "JOINED" and now - self._heard > HINT_S:
            self._begin_join(JOIN_S)

    def _wrong_mac(self) -> None:
        self.counts["wrong MAC"] += 1
        self._bad += 1
        if self._bad >= BAD_MACS_MAX and self._state == "JOINED":
            self._begin_join(JOIN_S)

    def _short(self, m: bytes) -> None:
        if len(m) != 7:
            self.counts["malformed"] += 1
            return
        if self._state != "JOINED":
            return
        kind, low, mac = m[0], int.from_bytes(m[1:3], "big"), m[3:]
        for number in self._list:
            e = self._epochs.get(number)
            base = 0 if e is None else e.acked if kind == ACK else e.settled
            seq = short_seq(low, base)
            if seq >= 0 and hmac.compare_digest(mac, short_mac(self._session, kind, self.device, number, seq)):
                self._heard = time.monotonic()
                if e is not None and seq > base:
                    (self._acked if kind == ACK else self._settled)(e, seq)
                return
        self._wrong_mac()

    def _acked(self, e: Epoch, seq: int) -> None:
        if seq > e.last:
            self.counts["ACK above the last record"] += 1
            return
        e.acked, e.sent = seq, max(e.sent, seq)
        now = time.monotonic()
        self._resend_wait, self._resend_at = RESEND_S, now + RESEND_S
        self._waiting_since = now if self._unacked() else None

    def _settled(self, e: Epoch, seq: int) -> None:
        if seq > max(e.acked, e.held):
            self.counts["SETTLED above the ACK"] += 1
            return
        with self._store as db:
            db.execute("UPDATE epochs SET settled=? WHERE epoch=?", (seq, e.number))
        e.settled, e.acked, e.sent = seq, max(e.acked, seq), max(e.sent, seq)
        if not self._owed(e) and e.number != self._current:
            self._status_due = time.monotonic()  # an old epoch has drained

    def _envelope(self, m: bytes) -> None:
        """Every envelope that proves moves the counter on, also one whose type or length is unknown here: else 64 messages
        of a new type would make us deaf. Only what is known counts as a wrong MAC."""
        kind = m[0]
        least, most = DOWN_LENGTHS.get(kind, (1, 0))
        known = len(m) >= 12 and m[1] == VERSION and least <= len(m) - 12 <= most
        if len(m) < 12 or m[1] != VERSION or not self._session:
            self.counts["malformed" if not known else "no session"] += 1
            return
        step = (int.from_bytes(m[2:4], "big") - self._high) & 0xFFFF
        step -= 65536 if step > 32767 else 0
        counter = self._high + step
        fits = 0 < step <= COUNTER_STEP_MAX or (-LATE_WINDOW < step <= 0 < counter and counter not in self._taken)
        if not fits or not hmac.compare_digest(m[-8:], envelope_mac(self._session, DOWN, self.device, counter & 0xFFFFFFFF, m[:-8])):
            if known:
                self._wrong_mac()
            else:
                self.counts["unknown"] += 1
            return
        self._high = max(self._high, counter)
        self._taken = {c for c in self._taken if c > self._high - LATE_WINDOW} | {counter}
        self._heard = time.monotonic()
        if not known:
            self.counts["unknown"] += 1
            return
        payload = m[4:-8]
        try:
            if kind == WELCOME:
                if self._state == "AUTH":
                    self._welcome(payload)
            elif kind == REFUSE:
                self._refuse_sealed(payload[0])
            elif kind == TIME:
                if step > 0:
                    self._take_time(int.from_bytes(payload, "big"))
            elif self._state == "JOINED":
                if kind == SILENCE:
                    seconds = min(int.from_bytes(payload, "big"), SILENCE_MAX_S)
                    self._silent_until, self._give_up = time.monotonic() + seconds, True
                elif self.campus_key:
                    self._document(kind, payload)
        except (ValueError, struct.error):
            self.counts["malformed"] += 1

    def _refuse_sealed(self, reason: int) -> None:
        if reason != 9:
            return
        with self._store:
            self._store.set("revoked", 1)
        self.refused = reason
        if self._state == "AUTH":  # the answer to AUTH: as an open one, or both ends would turn in a circle
            self._hello_at = max(self._hello_at, time.monotonic() + min(self._wait * 2, JOIN_MAX_S))
        else:
            self._begin_join(JOIN_S)

    def _take_time(self, seconds: int) -> None:
        if not EARLIEST_S <= seconds < LATEST_S:
            self.counts["impossible time"] += 1
        elif not self._clock_set or abs(seconds - self.now()) >= STEP_MIN_S:
            self._clock, self._clock_set = (float(seconds), time.monotonic()), True

    # -- what goes up by itself

    def _unacked(self, limit: int = WINDOW) -> list[tuple[Epoch, int, bytes]]:
        """The window: the oldest records without ACK, older epochs first."""
        found: list[tuple[Epoch, int, bytes]] = []
        for number in sorted(n for n in self._list if n in self._epochs):
            e = self._epochs[number]
            if e.acked < e.last and len(found) < limit:
                found += [(e, seq, wire) for seq, wire in self._store.db.execute(
                    "SELECT seq, wire FROM records WHERE epoch=? AND seq>? ORDER BY seq LIMIT ?",
                    (number, e.acked, limit - len(found)))]
        return found

    def _tick(self) -> None:
        now = time.monotonic()
        if self._state in ("HELLO", "AUTH"):
            if now >= self._hello_at:
                wait = min(self._wait * 2, JOIN_MAX_S)
                if self._hellos >= HELLOS_MAX:
                    self._give_up = True
                elif self._state == "HELLO":
                    self._say_hello(wait)
                else:
                    self._begin_join(wait)
            return
        if self._state != "JOINED":
            return
        if self._waiting_since is not None and now - max(self._waiting_since, self._heard) >= UNACKED_TCP_S:
            self._give_up = True
            return
        if now - self._heard >= SILENCE_S or (self._rejoin_at is not None and now >= self._rejoin_at):
            self._begin_join(JOIN_S)
            return
        self._send_records(now)
        if now >= self._status_due and now - self._status_last >= STATUS_MIN_S:
            self._say_status()
        if now >= self._heartbeat_due:
            self._heartbeat_due = now + HEARTBEAT_S
            unsent = sum(e.last - e.acked for e in self._epochs.values())
            self._send(heartbeat(0, unsent, self.hotlist_generation, self._boot))
        self._tick_fetches(now)
        self._run_order()

    def _send_records(self, now: float) -> None:
        window = self._unacked()
        if not window:
            self._waiting_since = None
            return
        again = self._waiting_since is not None and now >= self._resend_at
        if again:
            self._resend_wait = min(self._resend_wait * 2, RESEND_MAX_S)
            self._resend_at = now + self._resend_wait
        for e, seq, wire in window:
            if again or seq > e.sent:
                if self._waiting_since is None:
                    self._waiting_since = now
                    self._resend_wait, self._resend_at = RESEND_S, now + RESEND_S
                self._send_sealed(RECORD, wire, self._list.index(e.number))
                e.sent = max(e.sent, seq)

    def _say_status(self) -> None:
        self._status_last = time.monotonic()
        self._status_due = self._status_last + STATUS_S
        document = self._hotlist()
        hotlist = (document.head.generation, document.echo, document.seq) if document else (0, 0, 0)
        owed = sum(self._owed(e) for e in self._epochs.values())
        rows = [(e.number, e.psam, e.settled + 1, e.last, e.settled, 0) for e in self._auth_epochs()]
        self._send_sealed(STATUS, status_payload(hotlist, 0, self._store.get("day", 0), self._store.get("day_first_seq", 0),
                                                 max(0, RING_MAX - owed), self._clock_set, rows))

    # -- documents

    def _hotlist(self) -> Document | None:
        for scope in (b"\x01" + self.device, b"\x02" + struct.pack(">H", MODEL) + bytes(4), EVERYBODY):
            if (HOTLIST, scope) in self._documents:
                return self._documents[HOTLIST, scope]
        return None

    def _load_documents(self) -> None:
        """What was kept is proven again before it counts."""
        if not self.campus_key:
            return
        for kind, version, public, certificate in self._store.db.execute("SELECT * FROM keys"):
            if key_holds(self.campus_key, self.campus, kind, version, public, certificate):
                self._keys[kind, version] = public, certificate
        rows = self._store.db.execute("SELECT head, signature, data, seq, public, certificate FROM documents").fetchall()
        for raw, signature, data, seq, public, certificate in rows:
            head = Head(raw)
            try:
                if key_holds(self.campus_key, self.campus, head.kind, head.key_version, public, certificate) \
                        and head_holds(public, self.campus, raw, signature) and len(data) == head.length \
                        and digest_of(data) == head.digest:
                    self._documents[head.kind, head.scope] = Document(head, signature, data, seq)
                    continue
            except ValueError:
                pass
            self.counts["kept document does not prove"] += 1
        with self._store as db:
            db.execute("UPDATE orders SET verdict=?, detail=? WHERE begun=1 AND verdict=?",
                       (VERDICTS["REFUSED"], b"power cut", VERDICTS["STORED"]))

    def _report(self, kind: int, scope: bytes, offered: int, verdict: str | int, detail: bytes = b"") -> None:
        document = self._documents.get((kind, scope))
        number = VERDICTS[verdict] if isinstance(verdict, str) else verdict
        of = ((document.head.generation, document.digest, document.echo, document.seq, document.head.as_of) if document
              else (0, bytes(32), 0, 0, 0))
        self._send_sealed(DOCUMENT_REPORT, report_payload(kind, scope, *of, offered, number, detail))

    def _report_in_use(self, document: Document) -> None:
        head, verdict, detail = document.head, VERDICTS["IN_USE"], b""
        if head.kind == ORDER:
            row = self._store.db.execute("SELECT verdict, detail FROM orders WHERE generation=?", (head.generation,)).fetchone()
            verdict, detail = row or (VERDICTS["STORED"], b"")
        self._report(head.kind, head.scope, head.generation, verdict, detail)

    def _scope_fits(self, kind: int, scope: bytes) -> bool:
        mine = [b"\x01" + self.device]
        if kind != ORDER:
            mine += [EVERYBODY, b"\x02" + struct.pack(">H", MODEL) + bytes(4)]
        return scope in mine

    def _document(self, kind: int, payload: bytes) -> None:
        if kind == DOCUMENT_KEY:
            of, version, public, certificate = payload[0], payload[1], payload[2:34], payload[34:]
            if not key_holds(self.campus_key, self.campus, of, version, public, certificate):
                self.counts["key does not prove"] += 1
            elif self._keys.get((of, version)) != (public, certificate):
                with self._store as db:
                    db.execute("INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?)", (of, version, public, certificate))
                self._keys[of, version] = public, certificate
        elif kind == DOCUMENT_HEAD:
            table = payload[117:]
            if len(table) % 4:
                raise ValueError("table")
            self._offer(Head(payload[:53]), payload[53:117], [crc for (crc,) in struct.iter_unpack(">I", table)])
        elif kind == DOCUMENT_DELTA:
            self._delta(Head(payload[:53]), payload[53:117], payload[117:])
        elif kind == DOCUMENT_PAGE:
            of, scope, generation, number = struct.unpack_from(">B7sIH", payload)
            fetch = self._fetches.get((of, scope))
            if fetch and fetch.head.generation == generation and fetch.put(number, payload[14:]):
                fetch.asked = [n for n in fetch.asked if n != number]
                fetch.tries, fetch.again = 0, time.monotonic() + AGAIN_S
                if not fetch.asked:
                    self._ask(fetch)

    def _judge(self, head: Head, signature: bytes) -> str | None:
        """The verdict on an offer; None: it is newer and proven."""
        if head.kind not in MOST_BYTES:
            return "UNSUPPORTED"
        if not self._scope_fits(head.kind, head.scope):
            return "NOT_FOR_ME"
        if (head.kind, head.key_version) not in self._keys:
            return "UNKNOWN_KEY"
        if not head_holds(self._keys[head.kind, head.key_version][0], self.campus, head.raw, signature):
            return "WRONG_SIGNATURE"
        if head.length > MOST_BYTES[head.kind]:
            return "TOO_LONG"
        if not head.length or not head.generation:
            return "MALFORMED"
        document = self._documents.get((head.kind, head.scope))
        if document is None or head.generation > document.head.generation:
            return None
        if head.generation < document.head.generation:
            return "OLDER"
        if (head.digest, head.length) != (document.head.digest, document.head.length):
            return "FORK"
        if head.as_of > document.head.as_of:  # said anew: the same bytes are still the newest
            self._keep(Document(head, signature, document.data, document.seq))
        return "IN_USE"

    def _decided(self, head: Head, verdict: str) -> None:
        document = self._documents.get((head.kind, head.scope))
        if verdict == "IN_USE" and document:
            self._report_in_use(document)
        else:
            self._report(head.kind, head.scope, head.generation, verdict)

    def _offer(self, head: Head, signature: bytes, table: list[int]) -> None:
        verdict, name = self._judge(head, signature), (head.kind, head.scope)
        if verdict is None:
            if name in self._fetches and head.generation <= self._fetches[name].head.generation:
                return
            if len(table) != -(-head.length // PAGE_SIZE):
                verdict = "MALFORMED"
            elif name not in self._fetches and len(self._fetches) >= FETCHES_MAX:
                verdict = "BUSY"
        if verdict is not None:
            self._decided(head, verdict)
            return
        fetch = self._fetches[name] = Fetch(head, signature, table)
        if name in self._documents:
            for number, page in enumerate(pages_of(self._documents[name].data)):
                fetch.put(number, page)
        self._ask(fetch)

    def _ask(self, fetch: Fetch) -> None:
        head, missing = fetch.head, fetch.missing()
        if missing:
            fetch.asked = missing[:WANT_MAX]
            fetch.again = time.monotonic() + AGAIN_S
            self._send_sealed(DOCUMENT_WANT, want_payload(head.kind, head.scope, head.generation, fetch.asked))
            return
        del self._fetches[head.kind, head.scope]
        self._whole(head, fetch.signature, b"".join(page for page in fetch.pages if page is not None))

    def _tick_fetches(self, now: float) -> None:
        for name, fetch in list(self._fetches.items()):
            if now >= fetch.again:
                fetch.tries += 1
                if fetch.tries >= TRIES_MAX:
                    del self._fetches[name]
                else:
                    self._ask(fetch)

    def _delta(self, head: Head, signature: bytes, delta: bytes) -> None:
        verdict, document = self._judge(head, signature), self._documents.get((head.kind, head.scope))
        if verdict is not None:
            self._decided(head, verdict)
            return
        try:
            if document is None or document.head.generation != head.generation - 1:
                raise ValueError("base")
            data = delta_apply(document.data, delta)
            if len(data) != head.length or digest_of(data) != head.digest:
                raise ValueError("digest")
        except ValueError:
            self._send_sealed(DOCUMENT_WANT, want_payload(head.kind, head.scope, head.generation, []))
            return
        self._fetches.pop((head.kind, head.scope), None)
        self._whole(head, signature, data)

    def _whole(self, head: Head, signature: bytes, data: bytes) -> None:
        if digest_of(data) != head.digest:
            self._decided(head, "WRONG_DIGEST")
            return
        last = self._epochs[self._current].last if self._current else 0
        try:
            document = Document(head, signature, data, last)
        except ValueError:
            self._decided(head, "MALFORMED")
            return
        try:
            self._keep(document)
        except sqlite3.Error:
            self._decided(head, "NO_ROOM")
            return
        self._report_in_use(document)

    def _keep(self, document: Document) -> None:
        head = document.head
        public, certificate = self._keys[head.kind, head.key_version]
        with self._store as db:
            db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                       (head.kind, head.scope, head.raw, document.signature, document.data, document.seq, public, certificate))
            if head.kind == ORDER:
                db.execute("INSERT OR IGNORE INTO orders VALUES (?, 0, ?, x'')", (head.generation, VERDICTS["STORED"]))
        self._documents[head.kind, head.scope] = document

    def _run_order(self) -> None:
        """The order that waits, between taps; once or not at all."""
        document = self._documents.get((ORDER, b"\x01" + self.device))
        if document is None or self._state != "JOINED":
            return
        generation, db = document.head.generation, self._store.db
        row = db.execute("SELECT begun, verdict FROM orders WHERE generation=?", (generation,)).fetchone()
        if row is None or row != (0, VERDICTS["STORED"]) or not self._tap.acquire(blocking=False):
            return
        try:
            with self._store:
                db.execute("UPDATE orders SET begun=1 WHERE generation=?", (generation,))
            with self._store:
                verdict, detail = self._do_order(document.data)
                db.execute("UPDATE orders SET verdict=?, detail=? WHERE generation=?", (VERDICTS[verdict], detail, generation))
            self._locked = bool(self._store.get("locked", 0))
        finally:
            self._tap.release()
        self._report_in_use(document)

    def _do_order(self, data: bytes) -> tuple[str, bytes]:
        if len(data) < 6 or data[0] != 1:
            return "MALFORMED", b""
        verb, expires, arguments = data[1], int.from_bytes(data[2:6], "big"), data[6:]
        if expires and (not self._clock_set or self.now() > expires):
            return "EXPIRED", b""
        if verb == LOCK:
            try:
                why = arguments.decode()
            except UnicodeDecodeError:
                return "MALFORMED", b""
            if len(arguments) > 60:
                return "MALFORMED", b""
            self._store.set("locked", 1)
            self._store.set("why", why)
        elif verb == UNLOCK:
            if arguments:
                return "MALFORMED", b""
            self._store.set("locked", 0)
        elif verb == CANCEL:
            if len(arguments) != 4:
                return "MALFORMED", b""
            row = self._store.db.execute("SELECT begun, verdict FROM orders WHERE generation=?",
                                         (int.from_bytes(arguments, "big"),)).fetchone()
            if row and row[0]:
                return "REFUSED", b"too late: " + NAMES[row[1]].lower().encode()
        else:
            return "UNSUPPORTED", b""
        return "IN_USE", b""
