"""Tables of the file of people. Made where they are not there yet."""

from cloud.payments import pins
from cloud.payments.disputes import rows as disputes
from cloud.process.settings import PEOPLE_FILE
from cloud.store.db import Database
from cloud.wallet.claims import TABLES as ASKS
from cloud.wallet.people.records import devices, erasures, letters, marks, sign_ons, stalls

FILE = PEOPLE_FILE
TABLES = (
    """CREATE TABLE IF NOT EXISTS holder (number TEXT PRIMARY KEY, name TEXT NOT NULL, born TEXT NOT NULL,
    class TEXT NOT NULL, label TEXT NOT NULL, is_here INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS roster_guardian (holder TEXT NOT NULL, phone TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (holder, phone))""",
    """CREATE TABLE IF NOT EXISTS person (id INTEGER PRIMARY KEY, phone TEXT NOT NULL, name TEXT NOT NULL,
    holder TEXT NOT NULL, hash TEXT NOT NULL, made_ms INTEGER NOT NULL)""",
    "CREATE UNIQUE INDEX IF NOT EXISTS uq_person_phone ON person (phone) WHERE phone <> ''",
    "CREATE UNIQUE INDEX IF NOT EXISTS uq_person_holder ON person (holder) WHERE holder <> ''",
    """CREATE TABLE IF NOT EXISTS guardian (person INTEGER NOT NULL, holder TEXT NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (person, holder))""",
    """CREATE TABLE IF NOT EXISTS granted (holder TEXT NOT NULL, person INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (holder, person))""",
    """CREATE TABLE IF NOT EXISTS link (token BLOB PRIMARY KEY, person INTEGER NOT NULL, until_ms INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS session (token BLOB PRIMARY KEY, person INTEGER NOT NULL, made_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL, proven_ms INTEGER NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS tried (key BLOB PRIMARY KEY, count INTEGER NOT NULL, first_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS code (use TEXT NOT NULL, phone TEXT NOT NULL, digest BLOB NOT NULL,
    until_ms INTEGER NOT NULL, PRIMARY KEY (use, phone))""",
    """CREATE TABLE IF NOT EXISTS sms (id INTEGER PRIMARY KEY, phone TEXT NOT NULL, text TEXT NOT NULL,
    until_ms INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS block (id INTEGER PRIMARY KEY, holder TEXT NOT NULL, person INTEGER NOT NULL,
    why TEXT NOT NULL, address TEXT NOT NULL, key BLOB NOT NULL UNIQUE, at_ms INTEGER NOT NULL,
    lifted_ms INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS word (id INTEGER PRIMARY KEY, holder TEXT NOT NULL, use TEXT NOT NULL,
    by_person INTEGER NOT NULL, to_person INTEGER NOT NULL, given INTEGER NOT NULL, at_ms INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS ix_word_holder ON word (holder)",
    """CREATE TABLE IF NOT EXISTS passkey (id BLOB PRIMARY KEY, person INTEGER NOT NULL, public BLOB NOT NULL,
    uses INTEGER NOT NULL, label TEXT NOT NULL, at_ms INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS challenge (digest BLOB PRIMARY KEY, person INTEGER NOT NULL,
    until_ms INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS phone (certificate INTEGER PRIMARY KEY, holder TEXT NOT NULL, card BLOB NOT NULL,
    session BLOB NOT NULL, public BLOB NOT NULL, agent TEXT NOT NULL, until_s INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS ix_phone_holder ON phone (holder)",
    "CREATE INDEX IF NOT EXISTS ix_session_person ON session (person)",
    """CREATE TABLE IF NOT EXISTS roster_teacher (class TEXT NOT NULL, phone TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (class, phone))""",
    """CREATE TABLE IF NOT EXISTS block_from (block INTEGER PRIMARY KEY, name TEXT NOT NULL, agent TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS lifted (block INTEGER PRIMARY KEY, person INTEGER NOT NULL, prank INTEGER NOT NULL,
    at_ms INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS night (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, number TEXT NOT NULL,
    name TEXT NOT NULL, born TEXT NOT NULL, why TEXT NOT NULL, person INTEGER NOT NULL, by_name TEXT NOT NULL,
    address TEXT NOT NULL, agent TEXT NOT NULL, at_ms INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS strong (token BLOB PRIMARY KEY, at_ms INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS weak_password (person INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS signed_by (token BLOB PRIMARY KEY, way TEXT NOT NULL)""",
    """CREATE TRIGGER IF NOT EXISTS tr_session_over AFTER DELETE ON session
    BEGIN DELETE FROM signed_by WHERE token = OLD.token; END""",  # sessions end in many places
    *disputes.TABLES, *marks.TABLES, *stalls.TABLES, *erasures.TABLES, *sign_ons.TABLES, *letters.TABLES,
    *devices.TABLES, *pins.TABLES,
)


def make_tables(db: Database) -> None:
    """In a transaction of its own."""
    with db.writing():
        for statement in (*TABLES, *ASKS):
            db.run(statement)
