"""What is owed for emergency meals 应急餐欠款 is repaid by the next deposit, in its transaction, by its own entry."""

from cloud.ledger.books.chart import meal_debt
from cloud.ledger.books.entry import Entry, EntryKind, document_hash
from cloud.ledger.books.keys import repaid_key
from cloud.ledger.books.posting import meal_repaid
from cloud.ledger.funds.meals.roster import holders_of, owe
from cloud.ledger.journal.registry import ensure_accounts
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import OWN_PARTITION
from shared.clocks.clock import day_number
from shared.wire import codec


def repay(writing: Writing, card: bytes, fen: int, deposit: int) -> int:
    """Of a deposit of this sum into this card's online account, by its entry's number; how much it has repaid."""
    left = fen
    for person in holders_of(writing.db, card):
        part = min(left, person.owed_fen)
        if part > 0:
            _repaid(writing, card, person.number, part, deposit)
            left -= part
    return fen - left


def _repaid(writing: Writing, card: bytes, number: str, fen: int, deposit: int) -> None:
    account = meal_debt(number)
    debt = ensure_accounts(writing.db, (account,))[account.code]
    document = codec.dumps([int(EntryKind.MEAL_REPAID), number, card, fen, deposit])
    postings = meal_repaid(writing.registry.cards[card].accounts, debt, fen)
    entry = Entry(
        EntryKind.MEAL_REPAID, day_number(writing.now.campus_s), repaid_key(deposit, number), document_hash(document),
        postings, document=document,
    )  # fmt: skip
    writing.booking.add_entry(entry, OWN_PARTITION)
    owe(writing, number, -fen)
