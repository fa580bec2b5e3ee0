"""Desks 卡务台 that were paired, the codes to pair one, and what was asked of each: in the console's file.

Of a token and of a code the digest alone is kept. What an order carries beside its card (a PIN) is held in this process
only, until the order has ended; a console that starts anew has forgotten it, and the order is unknown. What a card said
is forgotten after SEEN_MS. Each call opens the file, so any thread may.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from cloud.payments.pins import DEEDS as PIN_DEEDS
from cloud.payments.pins import keep_pin_deed
from cloud.store.db import Row
from cloud.store.own_tables import OwnTables
from shared.errors import ConfigFault
from shared.wire import codec
from shared.wire.desk.line import ORDER_S, POLL_S, Deed, End, Ended, Order, parse_ended
from shared.words.voice import Text

DESKS_MAX = 64
CODE_MS = 10 * 60_000
"""A code pairs one desk within so long."""
CODE_BYTES = 8
NAME_MAX = 32
HEARD_MS = int((POLL_S + 25) * 1000)
"""Who has not asked for so long is not heard: what lies on his reader nobody knows."""
ORDER_MS = int(ORDER_S * 1000)
CARRIED_MS = 2 * ORDER_MS
"""Nothing is handed out that was asked before: it waits ORDER_MS at most, and is handed out again as long."""
SEEN_MS = 10 * 60_000
SHOWN = 20
_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS desk_code (
      digest TEXT PRIMARY KEY, name TEXT NOT NULL, maker TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS card_desk (
      number INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, maker TEXT NOT NULL,
      paired_ms INTEGER NOT NULL, heard_ms INTEGER NOT NULL, revoked_ms INTEGER NOT NULL DEFAULT 0) STRICT""",
    """CREATE TABLE IF NOT EXISTS desk_order (
      number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, desk INTEGER NOT NULL, who TEXT NOT NULL, deed TEXT NOT NULL,
      card BLOB NOT NULL, at_ms INTEGER NOT NULL, taken_ms INTEGER NOT NULL DEFAULT 0,
      ended_ms INTEGER NOT NULL DEFAULT 0, outcome TEXT NOT NULL DEFAULT '', told BLOB) STRICT""",
    "CREATE INDEX IF NOT EXISTS desk_order_of ON desk_order (desk, number)",
)
_DESK = "SELECT number, name, maker, paired_ms, heard_ms, revoked_ms FROM card_desk"
_ORDER = "SELECT number, id, who, deed, card, at_ms, taken_ms, ended_ms, outcome, told FROM desk_order"


class DeskRefused(ConfigFault):
    """Happens when what is asked of a desk cannot be. Nothing was done."""


class PairedDesk(NamedTuple):
    """One that was paired. revoked_ms: 0 while it may ask."""

    number: int
    name: str
    maker: str
    paired_ms: int
    heard_ms: int
    revoked_ms: int

    def is_heard(self, now_ms: int) -> bool:
        """Within HEARD_MS."""
        return not self.revoked_ms and now_ms - self.heard_ms <= HEARD_MS


class Asked(NamedTuple):
    """An order, and what became of it. outcome: an End, '' while nobody has told. told: None: nothing, or what a card
    said is forgotten."""

    number: int
    id: bytes
    who: str
    deed: str
    card: bytes
    at_ms: int
    taken_ms: int
    ended_ms: int
    outcome: str
    told: Ended | None

    def state(self, now_ms: int) -> str:
        """waiting, taken, done, failed, unknown, expired."""
        if self.outcome:
            return self.outcome
        if self.taken_ms:
            return "taken" if now_ms - self.taken_ms <= ORDER_MS else End.UNKNOWN.value
        return "waiting" if now_ms - self.at_ms <= ORDER_MS else "expired"

    def is_open(self, now_ms: int) -> bool:
        """May it still be done, or be under way?"""
        return self.state(now_ms) in ("waiting", "taken")


class Desks:
    """Over the console's file."""

    def __init__(self, path: Path) -> None:
        self._carried: dict[bytes, tuple[int, tuple[str, ...]]] = {}
        self._bells: dict[int, Callable[[], object]] = {}
        self._lock = threading.Lock()
        self._folder = path.parent
        self._tables = OwnTables(path, *_SCHEMA)

    def make_code(self, name: str, maker: str, now_ms: int) -> str:
        """Pairs one desk of this name, once. DeskRefused for a name that is none, or when there are DESKS_MAX."""
        if not 0 < len(name) <= NAME_MAX or not name.isprintable():
            raise DeskRefused(Text(f"名称须为 1 到 {NAME_MAX} 个字", f"a name has 1 to {NAME_MAX} letters"))
        code = secrets.token_hex(CODE_BYTES)
        with self._tables.writing() as db:
            db.run("DELETE FROM desk_code WHERE at_ms < ? OR name = ?", (now_ms - CODE_MS, name))
            ((codes,),) = db.run("SELECT COUNT(*) FROM desk_code")
            ((desks,),) = db.run("SELECT COUNT(*) FROM card_desk WHERE revoked_ms = 0")
            if codes + desks >= DESKS_MAX:
                raise DeskRefused(Text(f"最多 {DESKS_MAX} 个卡务台", f"at most {DESKS_MAX} card desks"))
            db.insert("desk_code", "digest, name, maker, at_ms", [(_digest(code), name, maker, now_ms)])
        return code

    def pair(self, code: str, now_ms: int) -> tuple[str, str] | None:
        """A new token, and the desk's name; its old token ends. None: no such code, or it was used, or is too old."""
        token = secrets.token_urlsafe(32)
        with self._tables.writing() as db:
            wanted = (_digest(code.strip().lower()), now_ms - CODE_MS)
            found = db.run("SELECT name, maker FROM desk_code WHERE digest = ? AND at_ms >= ?", wanted)
            if not found:
                return None
            ((name, maker),) = found
            db.run("DELETE FROM desk_code WHERE digest = ?", wanted[:1])
            db.run("UPDATE card_desk SET revoked_ms = ? WHERE name = ? AND revoked_ms = 0", (now_ms, name))
            row = (name, _digest(token), maker, now_ms, now_ms)
            db.insert("card_desk", "name, digest, maker, paired_ms, heard_ms", [row])
        return token, name

    def heard(self, token: str, now_ms: int) -> int | None:
        """Whose token this is, who is heard now; None: nobody's, or it was revoked."""
        with self._tables.reading() as db:
            found = db.run("SELECT number FROM card_desk WHERE digest = ? AND revoked_ms = 0", (_digest(token),))
        if not found:
            return None
        with self._tables.writing() as db:
            db.run("UPDATE card_desk SET heard_ms = ? WHERE number = ?", (now_ms, found[0][0]))
        return int(found[0][0])

    def revoke(self, number: int, now_ms: int) -> None:
        """Its token is worth nothing from now on, and what it was asked for and has not taken is not done."""
        with self._tables.writing() as db:
            db.run("UPDATE card_desk SET revoked_ms = ? WHERE number = ? AND revoked_ms = 0", (now_ms, number))
        self._ring(number)

    def desks(self) -> list[PairedDesk]:
        """Those that may ask, by name; then the newest that were revoked."""
        with self._tables.reading() as db:
            rows = db.run(f"{_DESK} ORDER BY revoked_ms > 0, revoked_ms DESC, name LIMIT ?", (DESKS_MAX + SHOWN,))
        return [PairedDesk(*row) for row in rows]

    def desk(self, number: int) -> PairedDesk | None:
        """One of them."""
        with self._tables.reading() as db:
            rows = db.run(f"{_DESK} WHERE number = ?", (number,))
        return PairedDesk(*rows[0]) if rows else None

    def ask(self, desk: int, who: str, order: Order, now_ms: int) -> None:
        """Once by its id, whatever is sent twice. DeskRefused while another one is open."""
        with self._tables.writing() as db:
            newest = db.run(f"{_ORDER} WHERE desk = ? ORDER BY number DESC LIMIT 1", (desk,))
            if db.run("SELECT 1 FROM desk_order WHERE id = ?", (order.id,)):
                return
            if newest and _asked(newest[0]).is_open(now_ms):
                raise DeskRefused(Text("这个卡务台正在办上一件", "this desk is at work on another order"))
            row = (order.id, desk, who, order.deed.value, order.card, now_ms)
            db.insert("desk_order", "id, desk, who, deed, card, at_ms", [row])
            db.run("UPDATE desk_order SET told = NULL WHERE at_ms < ? AND deed = 'read'", (now_ms - SEEN_MS,))
        with self._lock:
            self._carried[order.id] = now_ms, order.arguments
        self._ring(desk)

    def take(self, desk: int, now_ms: int) -> Order | None:
        """What it is to do now. One that it took and has not answered is handed out again: it asks, so it is at work on
        none, and it knows what it did by the id."""
        with self._tables.writing() as db:
            rows = db.run(f"{_ORDER} WHERE desk = ? ORDER BY number DESC LIMIT 1", (desk,))
            found = _asked(rows[0]) if rows else None
            carried = self._carried_now(now_ms).get(found.id) if found else None
            if found is None or carried is None or not found.is_open(now_ms):
                return None
            db.run("UPDATE desk_order SET taken_ms = ? WHERE number = ? AND taken_ms = 0", (now_ms, found.number))
        return Order(found.id, Deed(found.deed), found.card, carried[1])

    def end(self, desk: int, ended: Ended, now_ms: int) -> None:
        """The first word stands; of an order of another desk nothing is kept. A PIN's holder hears of it: that is kept
        first, so that a desk which is not answered says it again."""
        raw = codec.pack(ended.to_list())
        with self._tables.reading() as db:
            rows = db.run(f"{_ORDER} WHERE id = ? AND desk = ? AND ended_ms = 0 AND taken_ms > 0", (ended.id, desk))
        if rows and ended.end is End.DONE and _asked(rows[0]).deed in PIN_DEEDS:
            keep_pin_deed(self._folder, ended.id, _asked(rows[0]).card, _asked(rows[0]).deed, now_ms)
        with self._tables.writing() as db:
            sql = "UPDATE desk_order SET ended_ms = ?, outcome = ?, told = ? WHERE id = ? AND desk = ?"
            kept = (now_ms, ended.end.value, raw, ended.id, desk)
            db.run(f"{sql} AND ended_ms = 0 AND taken_ms > 0", kept)
        with self._lock:
            self._carried.pop(ended.id, None)

    def asked(self, desk: int, now_ms: int) -> list[Asked]:
        """The newest first; what a card said is shown for SEEN_MS."""
        with self._tables.reading() as db:
            rows = db.run(f"{_ORDER} WHERE desk = ? ORDER BY number DESC LIMIT ?", (desk, SHOWN))
        return [_forgotten(_asked(row), now_ms) for row in rows]

    def listen(self, desk: int, bell: Callable[[], object]) -> bool:
        """Rung, in whatever thread, when there is something new for it. False: somebody listens for it already."""
        with self._lock:
            return self._bells.setdefault(desk, bell) is bell

    def leave(self, desk: int) -> None:
        """Nobody listens for it any more."""
        with self._lock:
            self._bells.pop(desk, None)

    def _carried_now(self, now_ms: int) -> dict[bytes, tuple[int, tuple[str, ...]]]:
        """What may still be handed out; everything older is forgotten, a PIN above all."""
        with self._lock:
            self._carried = {key: one for key, one in self._carried.items() if now_ms - one[0] <= CARRIED_MS}
            return self._carried

    def _ring(self, desk: int) -> None:
        with self._lock:
            bell = self._bells.get(desk)
        if bell:
            bell()


@cache
def desks_of(path: Path) -> Desks:
    """In this file: one for the process, for what orders carry is held in it."""
    return Desks(path)


def _asked(row: Row) -> Asked:
    number, key, who, deed, card, at_ms, taken_ms, ended_ms, outcome, raw = row
    told = parse_ended(codec.unpack(raw)) if raw else None
    return Asked(number, key, who, deed, card, at_ms, taken_ms, ended_ms, outcome, told)


def _forgotten(one: Asked, now_ms: int) -> Asked:
    is_old = one.deed == Deed.READ and now_ms - one.at_ms > SEEN_MS
    return one._replace(told=None) if is_old else one


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
