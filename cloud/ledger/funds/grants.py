"""Grants 发放 into a card's pending load 过渡余额, once per key: what they come from, how much, and for what reason.

The holder claims them at any terminal. A grant is told as a fact as well, so that the day's list of facts shows it.
"""

from cloud.ledger.books.chart import BANK, FUND
from cloud.ledger.books.entry import Entry, EntryKind, document_hash
from cloud.ledger.books.posting import grant as grant_postings
from cloud.ledger.funds.documents import require_sum_and_key, signed
from cloud.ledger.journal.registry import Registry, ensure_accounts, touch_registry
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import OWN_PARTITION, Granted, GrantRefused
from shared.clocks.clock import day_number
from shared.errors import WireFault
from shared.facts import desks
from shared.ids import CardId
from shared.wire import codec
from shared.words.voice import Text

REASON_MAX = 200
PAYERS = (FUND.code, BANK)
FIELDS = 6
"""Of a document, before the name of who made the grant, which those of before do not have."""


def grant(
    writing: Writing, card: CardId, fen: int, payer: str, reason: str, key: str, who: str = ""
) -> Granted:  # fmt: skip
    """Inside of a transaction. payer: of PAYERS. The same key with all the same is the same grant. GrantRefused."""
    document, entry_key = _document(card, fen, payer, reason, key, who), bytes((EntryKind.GRANT,)) + key.encode()
    accounts = writing.accounts(card)
    if accounts is None:
        raise GrantRefused(Text(f"清单中没有卡 {card.hex()}", f"card {card.hex()} is in no inventory"))
    known = writing.db.run("SELECT entry, document FROM posting WHERE key = ?", (entry_key,))
    if known:
        if codec.loads(known[0][1])[:FIELDS] != codec.loads(document)[:FIELDS]:
            raise GrantRefused(Text(f"幂等键 {key!r} 已用于另一笔发放", f"key {key!r} was used for another grant"))
        return Granted(known[0][0], again=True)
    _need_fund(writing)
    postings = grant_postings(payer_account(writing.registry, payer), accounts, fen)
    day = day_number(writing.now.campus_s)
    entry = Entry(EntryKind.GRANT, day, entry_key, document_hash(document), postings, document=document)
    writing.notes.tell(desks.Granted(fen, payer, card, reason))
    return Granted(writing.booking.add_entry(entry, OWN_PARTITION), again=False)


def payer_account(registry: Registry, payer: str) -> int:
    """KeyError for one that is none."""
    return registry.bank if payer == BANK else registry.drawers[payer]


def _need_fund(writing: Writing) -> None:
    if FUND.code not in writing.registry.drawers:
        writing.registry.drawers.update(ensure_accounts(writing.db, (FUND,)))
        touch_registry(writing.db)


def _document(card: CardId, fen: int, payer: str, reason: str, key: str, who: str) -> bytes:
    try:
        require_sum_and_key("grant", fen, key)
        name = signed(who)
    except WireFault as fault:
        raise GrantRefused(str(fault)) from fault
    if payer not in PAYERS:
        raise GrantRefused(Text(f"出资方只能是 {'、'.join(PAYERS)}", f"a grant is paid by {' or '.join(PAYERS)}"))
    if not 0 < len(reason) <= REASON_MAX:
        raise GrantRefused(
            Text(f"发放须有 1..{REASON_MAX} 个字的缘由", f"a grant has a reason of 1 to {REASON_MAX} letters")
        )
    return codec.dumps([int(EntryKind.GRANT), payer, card, fen, reason, key, *name])
