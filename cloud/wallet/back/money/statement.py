"""The statement 账单 of one card: each entry with its channel, its state, and the record that proves it. Newest first.

What terminals have not brought yet is not here: the home page says how old it is. Of what another guardian paid in a
guardian sees the sum alone: neither who nor by which channel, and no proof.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cloud.ledger.books.chart import OF_A_CARD
from cloud.ledger.journal.registry import CARD_ACCOUNTS
from cloud.ledger.read.books import entries_of_numbers
from cloud.ledger.read.told.card_entries import card_entries
from cloud.ledger.read.views import EntryView
from cloud.payments.disputes.rows import answered, open_disputes
from cloud.store.db import Database
from cloud.wallet.back.context import Context, Operation, Right
from cloud.wallet.line.problems import NO_CARD, CallRefused
from cloud.wallet.line.shapes import HOLDER, Arguments, whole
from cloud.words.balance.story import KINDS
from shared.ids import CardId
from shared.words.voice import Text

PAGE = 50
WALLET = "wallet"
"""So begins the name of a payer who has paid in by the wallet."""
ANOTHERS = Text("另一位监护人充值", "paid in by another guardian")
CHANNELS = {
    **dict.fromkeys(("account_paid", "account_reversed"), "account"),
    **dict.fromkeys(("online_authorised", "online_captured", "online_void", "online_refunded"), "order"),
    **dict.fromkeys(
        ("load_authorised", "load_confirmed", "load_confirmed_by_counter", "load_reversed", "load_alone",
         "claim_authorised", "claim_reversed", "claim_alone"), "load",
    ),
    **dict.fromkeys(
        ("cash_in", "cash_out", "unloaded", "unloaded_by_counter", "card_replaced", "loss_released"), "desk",
    ),
    **dict.fromkeys(("deposit", "deposit_refunded", "deposit_assigned"), "deposit"),
    **dict.fromkeys(
        ("opening", "opening_subsidy", "grant", "held_returned", "loss_borne", "loss_taken_back", "meal_repaid",
         "meal_taken_back"),
        "school",
    ),
}  # fmt: skip
"""Kind → how it came about; whatever is not here the card did itself."""
ENTRY_MAX = 2**53


def statement(context: Context, arguments: Arguments) -> dict[str, Any]:
    """One page. before: the last entry of the page before; next: what to say for the page behind, 0: there is none."""
    db, card, before = context.site.ledger.database, context.card, arguments["before"] or ENTRY_MAX
    with db.reading():
        numbers = _numbers(db, card, before)
        found = sorted(entries_of_numbers(db, numbers), key=lambda one: -one.entry)
        names = [_terminal(one) for one in found]
        places: dict[str, str] = dict(db.find("SELECT name, place FROM device WHERE name", names))
        keys: dict[int, bytes] = dict(db.find("SELECT entry, key FROM posting WHERE line = 0 AND entry", numbers))
    disputed = _disputed(context)
    rows = [
        _row(one, card, places)
        | _origin(context, one, bytes(keys[one.entry]))
        | {"dispute": disputed.get(one.entry, "")}
        for one in found
    ]
    return {"rows": rows, "next": numbers[-1] if len(numbers) == PAGE else 0}


def is_anothers(context: Context, entry: EntryView) -> bool:
    """Did another guardian pay this in? Its holder sees by whom, the guardians not of each other."""
    kind, _, payer = entry.who.partition(":")
    is_others = entry.kind == "deposit" and kind == WALLET and payer != str(context.person.id)
    return is_others and not context.whose.is_own


def _origin(context: Context, entry: EntryView, key: bytes) -> dict[str, Any]:
    """By which channel it came."""
    if is_anothers(context, entry):
        return {"channel": "", "said": _both(ANOTHERS), "proof": None}
    channel = CHANNELS.get(entry.kind, "card")
    if channel == "deposit":
        provider, _, txn = key[1:].decode(errors="replace").partition(":")
        known = provider in context.site.channels and bool(txn)
        seen = known and (entry.kind == "deposit" or context.whose.is_own)
        channel = provider if seen else "school" if not known else ""
    return {"channel": channel}


def _disputed(context: Context) -> dict[int, str]:
    """Entry → open, or answered; what he who asks may see of them."""
    people, whose = context.site.people, context.whose
    with people.reading():
        done, waits = answered(people, whose.holder.number), open_disputes(people, whose.holder.number)
    said = [(one.dispute, "answered") for one in done] + [(one, "open") for one in waits]
    return {one.entry: state for one, state in said if whose.is_own or one.person == context.person.id}


def _numbers(db: Database, card: CardId, before: int) -> list[int]:
    accounts = db.run(f"SELECT {CARD_ACCOUNTS} FROM card WHERE card = ?", (card,))  # noqa: S608  # our own names
    if not accounts:
        raise CallRefused(NO_CARD)
    return card_entries(db, accounts[0], before, PAGE)


def is_of_card(db: Database, card: CardId, entry: int) -> bool:
    """Does it move an account of this card? Inside of a snapshot."""
    return entry in _numbers(db, card, entry + 1)[:1]


def moved(entry: EntryView, card: bytes) -> int:
    """Fen that an entry gave to all accounts of a card together, or took."""
    codes = {f"{kind}:{card.hex()}" for kind in OF_A_CARD}
    return sum(fen * ((credit in codes) - (debit in codes)) for debit, credit, fen in entry.postings)


def _row(entry: EntryView, card: CardId, places: Mapping[str, str]) -> dict[str, Any]:
    codes = {f"{kind}:{card.hex()}" for kind in OF_A_CARD}
    through = sum(fen for debit, credit, fen in entry.postings if debit in codes and credit in codes)
    record, name = entry.record, _terminal(entry)
    merchants = [_merchant(code) for posting in entry.postings for code in posting[:2]]
    return {
        "entry": entry.entry, "kind": entry.kind, "said": _said(entry.kind), "day": entry.effective_day,
        "fen": moved(entry, card), "within_fen": through,
        "booked": datetime.fromtimestamp(entry.booked_at_ms / 1000, UTC).isoformat(timespec="seconds"),
        "place": places.get(name, name) or next(filter(None, merchants), ""), "time": record.time if record else None,
        "state": "reversed" if entry.reverses else "posted",
        "proof": {"terminal": name, "epoch": record.epoch, "seq": record.seq, "record": record.stored.hex()}
        if record else None,
    }  # fmt: skip


def _merchant(code: str) -> str:
    kind, _, name = code.partition(":")
    return name if kind in ("merchant", "held") and name != "?" else ""


def _said(kind: str) -> dict[str, str]:
    return _both(KINDS.get(kind, Text(kind, kind)))


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _terminal(entry: EntryView) -> str:
    return entry.record.terminal if entry.record else ""


OPERATIONS: Mapping[str, Operation] = {
    "statement": Operation(Right.SEES, {"holder": HOLDER, "before": whole(0, ENTRY_MAX, optional=True)}, statement),
}
