"""Is the ledger's own file whole? A damaged index answers wrongly where every row that is read is right."""

from cloud.ledger.checks.check import Check
from cloud.store.db import Database
from shared.errors import StoreFault
from shared.words.voice import Text

FAULTS_MAX = 1
NAME = "file"


def check_file(db: Database) -> Check:
    """Pages of a SQLite file, with every index against its table. PostgreSQL checks its pages itself: its clusters are
    made with data checksums."""
    if db.dialect != "sqlite":
        return Check(NAME, 0, "", Text("PostgreSQL 自行校验页", "PostgreSQL checks its pages itself"))
    try:
        ((pages,),) = db.run("PRAGMA page_count")
        said = [str(text) for (text,) in db.run(f"PRAGMA integrity_check({FAULTS_MAX})")]
    except StoreFault as fault:
        return Check(NAME, 0, str(fault))
    return Check(NAME, int(pages), "" if said == ["ok"] else f"damaged file: {' '.join(said[0].split())}")
