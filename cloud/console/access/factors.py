"""What somebody has beside his password: an authenticator's codes, codes for a lost phone, passkeys; half sign-ins.

Half a sign-in (the password was right, or a passkey was asked for) lives 5 minutes and opens nothing.
"""

import secrets
from typing import NamedTuple

from cloud.console.access import totp
from cloud.console.access.file import AccountsFile, digest
from cloud.process.passkeys import Passkey

HALF_S = 300
HALVES_MAX = 1_000
"""The oldest goes."""
PASSKEYS_MAX = 10
LABEL_MAX = 40
CHALLENGE_SIZE = 32


class Half(NamedTuple):
    """name: whose password was right; '' where only a passkey was asked for."""

    name: str
    challenge: bytes


class KeptPasskey(NamedTuple):
    """at: unix seconds."""

    key: Passkey
    name: str
    at: int
    label: str


class Factors:
    """Over the file of accounts."""

    def __init__(self, file: AccountsFile) -> None:
        self._file = file

    def begin(self, name: str, now: int) -> tuple[str, bytes]:
        """Half a sign-in: its token, and a challenge for a passkey."""
        token, challenge = secrets.token_urlsafe(24), secrets.token_bytes(CHALLENGE_SIZE)
        with self._file.transaction() as db:
            db.execute("DELETE FROM half WHERE until <= ?", (now,))
            db.execute(
                "DELETE FROM half WHERE token IN (SELECT token FROM half ORDER BY until DESC LIMIT -1 OFFSET ?)",
                (HALVES_MAX - 1,),
            )
            db.execute("INSERT INTO half VALUES (?, ?, ?, ?)", (digest(token), name, challenge, now + HALF_S))
        return token, challenge

    def half(self, token: str, now: int) -> Half | None:
        """One that still lives."""
        row = self._file.one("SELECT name, challenge FROM half WHERE token = ? AND until > ?", digest(token), now)
        return Half(str(row[0]), bytes(row[1])) if row else None

    def end(self, token: str) -> bool:
        """Use it up; False: somebody has."""
        with self._file.transaction() as db:
            return db.execute("DELETE FROM half WHERE token = ?", (digest(token),)).rowcount > 0

    def wants_code(self, name: str) -> bool:
        """Is his authenticator asked for?"""
        return self._file.one("SELECT 1 FROM factor WHERE name = ? AND is_on", name) is not None

    def propose(self, name: str) -> str:
        """A new secret, which is asked for only when a first code of it was given."""
        secret = totp.new_secret()
        with self._file.transaction() as db:
            db.execute("DELETE FROM factor WHERE name = ? AND NOT is_on", (name,))
            db.execute("INSERT OR IGNORE INTO factor VALUES (?, ?, 0, 0)", (name, secret))
            (found,) = db.execute("SELECT secret FROM factor WHERE name = ?", (name,)).fetchone()
        return str(found)

    def turn_on(self, name: str, code: str, now: int) -> list[str] | None:
        """From now on the code is asked for; codes for a lost phone, shown this once. None: the code does not fit."""
        if not self._takes_code(name, code, now, is_on=False):
            return None
        codes = totp.recovery_codes()
        with self._file.transaction() as db:
            db.execute("UPDATE factor SET is_on = 1 WHERE name = ?", (name,))
            db.execute("DELETE FROM recovery WHERE name = ?", (name,))
            db.executemany("INSERT INTO recovery VALUES (?, ?)", [(totp.recovery_mark(code), name) for code in codes])
        return codes

    def turn_off(self, name: str) -> None:
        """His password alone is enough again."""
        with self._file.transaction() as db:
            db.execute("DELETE FROM factor WHERE name = ?", (name,))
            db.execute("DELETE FROM recovery WHERE name = ?", (name,))

    def takes(self, name: str, code: str, now: int) -> bool:
        """A code of his authenticator, or one for a lost phone; either is good once."""
        return self._takes_code(name, code.replace(" ", ""), now, is_on=True) or self._takes_recovery(name, code)

    def passkeys(self, name: str) -> list[KeptPasskey]:
        """His, the oldest first."""
        rows = self._file.rows("SELECT id, public, uses, name, at, label FROM passkey WHERE name = ? ORDER BY at", name)
        return [_kept(row) for row in rows]

    def passkey(self, key: bytes) -> KeptPasskey | None:
        """By the browser's id of it."""
        row = self._file.one("SELECT id, public, uses, name, at, label FROM passkey WHERE id = ?", key)
        return _kept(row) if row else None

    def keep(self, name: str, key: Passkey, label: str, now: int) -> bool:
        """One more; False: it is there already, or he has PASSKEYS_MAX."""
        with self._file.transaction() as db:
            (count,) = db.execute("SELECT COUNT(*) FROM passkey WHERE name = ?", (name,)).fetchone()
            if count >= PASSKEYS_MAX:
                return False
            row = (key.id, name, key.public, key.uses, now, label[:LABEL_MAX])
            return db.execute("INSERT OR IGNORE INTO passkey VALUES (?, ?, ?, ?, ?, ?)", row).rowcount > 0

    def used(self, key: bytes, uses: int) -> None:
        """The device's count after a use."""
        with self._file.transaction() as db:
            db.execute("UPDATE passkey SET uses = ? WHERE id = ?", (uses, key))

    def drop(self, name: str, key: bytes) -> bool:
        """One less; False: it was not his."""
        with self._file.transaction() as db:
            return db.execute("DELETE FROM passkey WHERE id = ? AND name = ?", (key, name)).rowcount > 0

    def _takes_code(self, name: str, code: str, now: int, *, is_on: bool) -> bool:
        with self._file.transaction() as db:
            row = db.execute("SELECT secret, step FROM factor WHERE name = ? AND is_on = ?", (name, is_on)).fetchone()
            step = totp.step_of(row[0], code, now, row[1]) if row else None
            if step is None:
                return False
            db.execute("UPDATE factor SET step = ? WHERE name = ?", (step, name))
        return True

    def _takes_recovery(self, name: str, code: str) -> bool:
        with self._file.transaction() as db:
            row = (totp.recovery_mark(code), name)
            return db.execute("DELETE FROM recovery WHERE mark = ? AND name = ?", row).rowcount > 0


def _kept(row: tuple[bytes, bytes, int, str, int, str]) -> KeptPasskey:
    return KeptPasskey(Passkey(bytes(row[0]), bytes(row[1]), row[2]), *row[3:])
