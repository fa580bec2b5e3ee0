"""Which documents follow from the books beside the hotlist, and the bytes of revocations. Inside of a transaction."""

from cloud.ledger.fleet.documents.rows import Which
from cloud.ledger.journal.theft_rows import read_stolen
from cloud.store.db import Database
from shared.fleet.document import CAMPUS, DocumentKind
from shared.fleet.revocations import revocations_body

REVOCATIONS: Which = (DocumentKind.REVOCATIONS, CAMPUS)
AWAITED: Which = (DocumentKind.AWAITED, CAMPUS)
CAPPED: Which = (DocumentKind.CAPPED, CAMPUS)
OPERATORS: Which = (DocumentKind.OPERATORS, CAMPUS)
ENROLLED: Which = (DocumentKind.ENROLLED, CAMPUS)
WALLETS: Which = (DocumentKind.WALLETS, CAMPUS)


def revocations_now(db: Database) -> bytes | None:
    """Who may not sell any more; None: nothing was ever reported stolen, and no list is made."""
    wanted = read_stolen(db).revocations
    return revocations_body(wanted) if wanted.version else None
