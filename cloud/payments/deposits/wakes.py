"""Callbacks as they came: raw bytes, durable, few. The seam between the front, which has no keys, and who has them.

A wake proves nothing and moves nothing, so losing one costs the wait until its order is asked for anyway. A file of its
own: a flood of forged ones never waits for the ledger's writer, nor the ledger for it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cloud.ledger.funds.providers.orders import PROVIDER_MAX
from cloud.payments.providers.interface import Headers
from cloud.store.own_tables import OwnTables

FILE = "wakes.db"
KEPT_MAX = 256
"""Most that wait; above it a callback is not taken, and its provider sends it again."""
BODY_MAX, HEADER_MAX = 16 * 1024, 1024
_KEPT = frozenset(
    {"content-type", "wechatpay-timestamp", "wechatpay-nonce", "wechatpay-signature", "wechatpay-serial"}
)
"""Headers that any adapter looks at; others are not kept."""
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS wake (id INTEGER PRIMARY KEY, provider TEXT NOT NULL, headers TEXT NOT NULL, "
    "body BLOB NOT NULL)"
)


class Wake(NamedTuple):
    """One that waits."""

    number: int
    provider: str
    headers: Headers
    body: bytes


class Wakes:
    """In the cloud's folder. Any thread, any process."""

    def __init__(self, folder: Path) -> None:
        self._tables = OwnTables(folder / FILE, _SCHEMA)

    def wake(self, provider: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Durable when this returns True. False: it is too large, or too many wait."""
        told = {name.lower(): value for name, value in headers.items() if name.lower() in _KEPT}
        if len(body) > BODY_MAX or len(provider) > PROVIDER_MAX or any(len(one) > HEADER_MAX for one in told.values()):
            return False
        with self._tables.writing() as db:
            ((kept, last),) = db.run("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM wake")
            if kept >= KEPT_MAX:
                return False
            db.insert("wake", "id, provider, headers, body", [(last + 1, provider, json.dumps(told), body)])
        return True

    def waiting(self, most: int = 64) -> list[Wake]:
        """The oldest first."""
        with self._tables.reading() as db:
            rows = db.run("SELECT id, provider, headers, body FROM wake ORDER BY id LIMIT ?", (most,))
        return [Wake(number, provider, dict(json.loads(told)), bytes(body)) for number, provider, told, body in rows]

    def done(self, numbers: list[int]) -> None:
        """They were looked at."""
        with self._tables.writing() as db:
            for number in numbers:
                db.run("DELETE FROM wake WHERE id = ?", (number,))
