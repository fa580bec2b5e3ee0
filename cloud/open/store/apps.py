"""Applications 应用 and their keys. A key is shown once and kept as a digest. Inside of a transaction.

A key is `ykt_live_ID_SECRET` or `ykt_test_ID_SECRET`: 32 random bytes, so a plain SHA-256 of it tells nobody anything.
"""

import hashlib
import hmac
import re
import secrets
from typing import NamedTuple

from cloud.store.db import Database, Row
from shared.errors import ConfigFault
from shared.words.voice import Text

SCOPES = ("pay", "refund", "events", "identity", "devices")
APPS_MAX = 200
"""At once, so that webhooks of all of them fit into one process."""
KEYS_MAX = 4
"""Alive of one application: a new one beside those that are being taken out of use."""
NAME_MAX = 40
PER_MINUTE, PER_DAY = 600, 50_000
OVERLAP_MS = 86_400_000
"""The key of before goes on for so long after a rotation, unless it is told otherwise."""
LIVE, TEST = "ykt_live_", "ykt_test_"
KEY_FORM = re.compile(r"ykt_(?:live|test)_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_NOBODYS = hashlib.sha256(b"").digest()
_COLUMNS = "id, name, merchant, scopes, per_minute, per_day, until_ms, made_ms, made_by, revoked_ms, is_sandbox"
MAKER = "app:"
"""Before its number: who made an order, as the ledger has it."""


class App(NamedTuple):
    """Bound to one merchant for ever. scopes: as SCOPES. until_ms, revoked_ms: 0, none."""

    id: str
    name: str
    merchant: str
    scopes: tuple[str, ...]
    per_minute: int
    per_day: int
    until_ms: int
    made_ms: int
    made_by: str
    revoked_ms: int
    is_sandbox: bool

    def is_alive(self, now_ms: int) -> bool:
        """May it call?"""
        return not self.revoked_ms and (not self.until_ms or now_ms < self.until_ms)

    @property
    def caller(self) -> str:
        """Its name in the ledger: whose calls, orders and payments these are."""
        return f"{MAKER}{self.id}"


class AppKey(NamedTuple):
    """One key, without its secret. until_ms: 0, as long as its application."""

    id: str
    made_ms: int
    until_ms: int


class AppRefused(ConfigFault):
    """Happens when an application cannot be made so, or is not there."""


def add_app(db: Database, app: App) -> App:
    """With an id of its own. AppRefused."""
    _require_sound(app)
    ((there,),) = db.run("SELECT COUNT(*) FROM app WHERE revoked_ms = 0")
    if there >= APPS_MAX:
        raise AppRefused(Text(f"应用至多 {APPS_MAX} 个", f"there are {APPS_MAX} applications, which is the most"))
    made = app._replace(id=secrets.token_hex(6))
    row = (*made[:3], ",".join(made.scopes), *made[4:10], int(made.is_sandbox))
    db.insert("app", _COLUMNS, [row])
    return made


def add_key(db: Database, app: App, now_ms: int) -> str:
    """The only time that it is seen. AppRefused: too many are alive."""
    if len(keys_of(db, app.id, now_ms)) >= KEYS_MAX:
        raise AppRefused(Text("密钥过多，先作废旧的", "too many keys: let older ones end first"))
    number = secrets.token_hex(6)
    key = f"{TEST if app.is_sandbox else LIVE}{number}_{secrets.token_urlsafe(32)}"
    db.insert("app_key", "id, app, digest, made_ms, until_ms", [(number, app.id, _digest(key), now_ms, 0)])
    return key


def rotate(db: Database, app: App, now_ms: int, overlap_ms: int = OVERLAP_MS) -> str:
    """A new key; those of before end after the overlap, or sooner where they did anyhow."""
    key, ends = add_key(db, app, now_ms), now_ms + overlap_ms
    db.run(
        "UPDATE app_key SET until_ms = ? WHERE app = ? AND id <> ? AND (until_ms = 0 OR until_ms > ?)",
        (ends, app.id, key.split("_")[2], ends),
    )
    return key


def revoke(db: Database, number: str, now_ms: int) -> App:
    """From its next call on it is nobody. Idempotent. AppRefused: there is none."""
    app = app_of(db, number)
    db.run("UPDATE app SET revoked_ms = ? WHERE id = ? AND revoked_ms = 0", (now_ms, app.id))
    return app_of(db, number)


def over_now(db: Database, now_ms: int) -> list[App]:
    """Those that may not call any more, and whose orders have not been ended yet."""
    ended = {number for (number,) in db.run("SELECT app FROM ended")}
    return [app for app in apps(db) if app.id not in ended and not app.is_alive(now_ms)]


def note_ended(db: Database, app: App, now_ms: int) -> None:
    """Its orders are ended. Idempotent."""
    db.upsert("ended", "app, at_ms", "app", [(app.id, now_ms)])


def app_of(db: Database, number: str) -> App:
    """By its number. AppRefused: there is none."""
    rows = db.run(f"SELECT {_COLUMNS} FROM app WHERE id = ?", (number,))  # noqa: S608  # our own names
    if not rows:
        raise AppRefused(Text(f"没有应用 {number[:32]}", f"no application {number[:32]}"))
    return _app(rows[0])


def apps(db: Database) -> list[App]:
    """All that ever were, oldest first."""
    return [_app(row) for row in db.run(f"SELECT {_COLUMNS} FROM app ORDER BY made_ms, id")]  # noqa: S608  # our own


def keys_of(db: Database, app: str, now_ms: int) -> list[AppKey]:
    """Those that count, oldest first."""
    sql = "SELECT id, made_ms, until_ms FROM app_key WHERE app = ? AND (until_ms = 0 OR until_ms > ?) ORDER BY made_ms"
    return [AppKey(*row) for row in db.run(sql, (app, now_ms))]


def used_on(db: Database, day: int) -> dict[str, int]:
    """Application → calls on this campus day, of those that called."""
    return {str(app): int(calls) for app, calls in db.run("SELECT app, calls FROM used WHERE day = ?", (day,))}


def holder_of_key(db: Database, key: str, now_ms: int) -> App | None:
    """Whose key this is; None for nobody's, an ended one's, and one of an application that may not call. The same work
    whether there is such a number or not."""
    found = KEY_FORM.fullmatch(key)
    number = found[1] if found else ""
    rows = db.run("SELECT digest, app, until_ms FROM app_key WHERE id = ?", (number,))
    digest, app, until_ms = rows[0] if rows else (_NOBODYS, "", 1)
    is_it = hmac.compare_digest(bytes(digest), _digest(key))
    owners = db.run(f"SELECT {_COLUMNS} FROM app WHERE id = ?", (app,))  # noqa: S608  # our own names
    if not is_it or not owners or 0 < until_ms <= now_ms:
        return None
    owner = _app(owners[0])
    return owner if owner.is_alive(now_ms) and key.startswith(TEST if owner.is_sandbox else LIVE) else None


def secret_of(db: Database, name: str, size: int = 16) -> bytes:
    """Random bytes of this name, made when they are first asked for."""
    rows = db.run("SELECT value FROM secret WHERE name = ?", (name,))
    if rows:
        return bytes(rows[0][0])
    made = secrets.token_bytes(size)
    db.insert("secret", "name, value", [(name, made)])
    return made


def _require_sound(app: App) -> None:
    wrong = [one for one in app.scopes if one not in SCOPES]
    if wrong or not app.scopes:
        known = ", ".join(SCOPES)
        raise AppRefused(Text(f"权限应为：{known}", f"scopes are of: {known}"))
    if not 0 < len(app.name) <= NAME_MAX or not app.name.isprintable() or not app.merchant:
        raise AppRefused(Text("须有名称和商户", "an application has a name and a merchant"))
    if not 0 < app.per_minute <= app.per_day:
        raise AppRefused(Text("配额应大于 0，且每分钟不超过每日", "a quota is above 0, a minute's within a day's"))


def _app(row: Row) -> App:
    number, name, merchant, scopes, *rest, is_sandbox = row
    return App._make((number, name, merchant, tuple(scopes.split(",")), *rest, bool(is_sandbox)))


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()
