"""The batch chain is evidence: its bytes are frozen, and the same on both servers."""

from cloud.ledger.books.entry import Entry, EntryKind, Posting, document_hash, entry_digest
from cloud.ledger.journal.booking import head
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import OWN_PARTITION
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box


def test_an_entry_has_frozen_bytes() -> None:
    entry = Entry(
        EntryKind.DEPOSIT, 9700, b"\2key", document_hash(b"doc"), (Posting(1, 2, 3),), document=b"doc", flags=1
    )
    assert entry_digest(5, 6, 7, entry).hex() == FROZEN_ENTRY


def test_a_history_has_frozen_hashes(ledger: Ledger, box: Box) -> None:
    ledger.deposit(c.card(1), 1000, "d", c.NOW)
    box.send(c.stored(c.purchase(1, c.card(1), 0, 100, c.OPENING)), c.stored(c.purchase(2, c.card(2), 0, 5, c.OPENING)))
    box.send(c.stored(c.purchase(3, c.card(3), 0, 70, c.OPENING, tac_of=b"nope")))
    with ledger.database.reading():
        heads = {nn: head(ledger.database, nn) for nn in (c.PARTITION, OWN_PARTITION)}
    assert {nn: (number, sealed.hex()) for nn, (number, sealed) in heads.items()} == FROZEN_HEADS


FROZEN_ENTRY = (
    "0000000000000005000000070002000025e4000000000000000600010000000000000000000000000000000000040020"
    "0018026b6579139d544b821b13ebea14f1b0fe18577222e415c2966e3a3511c4196055232202139d544b821b13ebea14"
    "f1b0fe18577222e415c2966e3a3511c4196055232202000000000000000100000000000000020000000000000003"
)
FROZEN_HEADS: dict[int, tuple[int, str]] = {
    5: (2, "9484e1cd919f57a868e140c4362a4da6f8971e4ee203f8c80e7358ffdb57f411"),
    64: (2, "090d7f5fb3e57e2e3d53833f4561ce5ad6eb1f3e773c58c44819da2808d9610c"),
}
