"""Deposits 充值 into the online account: once per key, from a document that names card, sum and who made it."""

from cloud.ledger.books.entry import Entry, EntryKind, document_hash
from cloud.ledger.books.posting import deposit as deposit_postings
from cloud.ledger.funds.documents import require_sum_and_key, signed
from cloud.ledger.funds.meals.debts import repay
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import OWN_PARTITION, Deposited, DepositRefused
from shared.clocks.clock import day_number
from shared.errors import WireFault
from shared.ids import CardId
from shared.wire import codec
from shared.words.voice import Text

FIELDS = 4
"""Of a document, before the name of who made the deposit, which those of before do not have."""


def deposit(writing: Writing, card: CardId, fen: int, key: str, who: str = "") -> Deposited:
    """Inside of a transaction. The same key with the same card and sum is the same deposit, whoever repeats it."""
    accounts = writing.accounts(card)
    if accounts is None:
        raise DepositRefused(Text(f"清单中没有卡 {card.hex()}", f"card {card.hex()} is in no inventory"))
    document, entry_key = _document(card, fen, key, who), bytes((EntryKind.DEPOSIT,)) + key.encode()
    known = writing.db.run("SELECT entry, document FROM posting WHERE key = ?", (entry_key,))
    if known:
        if codec.loads(known[0][1])[:FIELDS] != codec.loads(document)[:FIELDS]:
            raise DepositRefused(Text(f"幂等键 {key!r} 已用于另一笔充值", f"key {key!r} was used for another deposit"))
        return Deposited(known[0][0], again=True)
    postings = deposit_postings(writing.registry.bank, accounts, fen)
    day = day_number(writing.now.campus_s)
    entry = Entry(EntryKind.DEPOSIT, day, entry_key, document_hash(document), postings, document=document)
    number = writing.booking.add_entry(entry, OWN_PARTITION)
    repay(writing, card, fen, number)
    return Deposited(number, again=False)


def _document(card: CardId, fen: int, key: str, who: str) -> bytes:
    try:
        require_sum_and_key("deposit", fen, key)
        return codec.dumps([int(EntryKind.DEPOSIT), card, fen, key, *signed(who)])
    except WireFault as fault:
        raise DepositRefused(str(fault)) from fault
