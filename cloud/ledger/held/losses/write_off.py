"""A terminal is written off for a card, by two persons: its balance waits for that terminal no longer.

What the card may still spend there is a loss from the confirmation on (挂失损失准备), never more than what is in its
purses. Refuses cards that nothing waits for, terminals that cannot debit, and what is written off or proposed already.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.ledger.books.chart import LOSS, LOSS_PROVISION, Side
from cloud.ledger.books.entry import Entry, EntryKind, document_hash
from cloud.ledger.books.keys import provision_key
from cloud.ledger.books.posting import Postings, loss_provided
from cloud.ledger.cards.life import frozen_by, life_of
from cloud.ledger.fleet.owing import fleet
from cloud.ledger.held import two_persons
from cloud.ledger.held.losses.bearing import need_accounts, provided_left
from cloud.ledger.held.losses.waiting import written_off
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, ProposalRefused
from cloud.ledger.journal.balances import balance
from cloud.ledger.journal.registry import Registry
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import OWN_PARTITION
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.errors import WireFault
from shared.facts.losses import WriteOffConfirmed, WriteOffProposed, WriteOffRejected
from shared.wire import codec
from shared.wire.desk.calls import CardState
from shared.words.voice import Text

TERMINALS_MAX = 5000
"""Of one proposal; more are proposed in parts."""
COLUMNS = "card, device, deed, proposal, fen, entry, at_ms"


class Offer(NamedTuple):
    """What a proposal's document says: of which card, what may be lost at most, and which terminals.

    deed: the report or the keeping that it is about.
    """

    card: bytes
    deed: int
    fen: int
    devices: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        return codec.dumps([self.card, self.deed, self.fen, list(self.devices)])


class Provision(NamedTuple):
    """What the document of its entry says."""

    card: bytes
    fen: int
    proposal: int
    maker: str
    checker: str

    def to_bytes(self) -> bytes:
        return codec.dumps([int(EntryKind.LOSS_PROVIDED), *self])


def read_offer(document: bytes) -> Offer:
    """WireFault for a document that is none."""
    card, deed, fen, devices = codec.fields(codec.loads(document), bytes, int, int, list, what="write-off")
    if not all(type(device) is bytes for device in devices):
        raise WireFault("write-off: malformed")
    return Offer(card, deed, fen, tuple(devices))


def read_provision(document: bytes) -> Provision:
    """WireFault for a document that is none."""
    kind, *fields = codec.fields(codec.loads(document), int, bytes, int, int, str, str, what="provision")
    if kind != EntryKind.LOSS_PROVIDED:
        raise WireFault("provision: another kind")
    return Provision(*fields)


def provision_postings(registry: Registry, said: Provision) -> Postings:
    """What it means; KeyError for accounts that are none."""
    return loss_provided(registry.drawers[LOSS.code], registry.drawers[LOSS_PROVISION.code], said.fen)


def propose_write_off(writing: Writing, label: str, names: Sequence[str], who: str, reason: str) -> Proposal:
    """Inside of a transaction. The first person. ProposalRefused."""
    card = _card(writing, label)
    devices, deed = _devices(writing.db, card, names), frozen_by(writing.db, card)
    for other in two_persons.waiting(writing.db, writing.now.unix_ms):
        if other.kind is ProposalKind.WRITE_OFF and _overlaps(read_offer(other.document), card, deed, devices):
            raise ProposalRefused(
                Text(
                    f"与提议 {other.number} 重叠，先办结它",
                    f"proposal {other.number} names some of them: decide it first",
                )
            )
    offer = Offer(card, deed, possible_fen(writing, card), devices)
    made = two_persons.propose(writing, ProposalKind.WRITE_OFF, offer.to_bytes(), who, reason)
    told = WriteOffProposed(made.number, label, _named(names), len(devices), offer.fen, made.maker, made.reason)
    writing.notes.tell(told)
    return made


def confirm_write_off(writing: Writing, number: int, who: str) -> Decided:
    """Inside of a transaction. The second person: all terminals of the proposal, or none. ProposalRefused."""
    decided = two_persons.confirm(writing, _offered(writing.db, number).number, who)
    if decided.again:
        return decided
    offer = read_offer(decided.proposal.document)
    if frozen_by(writing.db, offer.card) != offer.deed:
        raise ProposalRefused(
            Text(
                "提议之后该卡已解挂，请否决此提议",
                "the card was found again since this was proposed: reject the proposal",
            )
        )
    if written_off(writing.db, offer.card) & set(offer.devices):
        raise ProposalRefused(Text("其中有终端已销账", "one of the terminals is written off already"))
    fen = min(offer.fen, possible_fen(writing, offer.card))
    entry = _provide(writing, decided.proposal, offer.card, fen) if fen else None
    rows = [
        (offer.card, device, offer.deed, number, 0 if at else fen, None if at else entry, writing.now.unix_ms)
        for at, device in enumerate(offer.devices)
    ]
    writing.db.insert("write_off", COLUMNS, rows)
    label = writing.registry.cards[offer.card].label
    writing.notes.tell(WriteOffConfirmed(number, label, len(rows), fen, *_who(decided.proposal)))
    return decided


def reject_write_off(writing: Writing, number: int, who: str, reason: str) -> Decided:
    """Inside of a transaction. The balance waits on. ProposalRefused."""
    decided = two_persons.reject(writing, _offered(writing.db, number).number, who, reason)
    if not decided.again:
        offer = read_offer(decided.proposal.document)
        label = writing.registry.cards[offer.card].label
        writing.notes.tell(WriteOffRejected(number, label, len(offer.devices), *_who(decided.proposal)))
    return decided


def possible_fen(writing: Writing, card: bytes) -> int:
    """What the card may still spend anywhere: what is in its purses, less what was provided for it before."""
    writing.booking.flush()
    accounts = writing.registry.cards[card].accounts
    there = sum(max(0, balance(writing.db, one, Side.CREDIT)) for one in (accounts.purse, accounts.subsidy))
    return max(0, there - max(0, provided_left(writing.db, card)))


def _card(writing: Writing, label: str) -> bytes:
    rows = writing.db.run("SELECT card FROM card WHERE label = ?", (label,))
    if not rows:
        raise ProposalRefused(Text(f"没有这张卡：{label[:40]}", f"no such card: {label[:40]}"))
    card = bytes(rows[0][0])
    if life_of(writing.db, card).state is CardState.NORMAL:
        raise ProposalRefused(
            Text(f"卡 {label} 未挂失，也未换卡", f"card {label} was neither reported lost nor replaced")
        )
    return card


def _devices(db: Database, card: bytes, names: Sequence[str]) -> tuple[bytes, ...]:
    known = {one.name: device for device, one in fleet(db).tills.items()}
    for name in names:
        if name not in known:
            raise ProposalRefused(Text(f"没有能扣款的终端 {name[:40]}", f"no terminal {name[:40]} that can debit"))
    devices = tuple(dict.fromkeys(known[name] for name in names))
    if not 0 < len(devices) <= TERMINALS_MAX:
        raise ProposalRefused(
            Text(
                f"终端应为 1..{TERMINALS_MAX} 台，现有 {len(devices)}",
                f"1..{TERMINALS_MAX} terminals, here {len(devices)}",
            )
        )
    if written_off(db, card) & set(devices):
        raise ProposalRefused(Text("其中有终端已销账", "one of them is written off already"))
    return devices


def _overlaps(offer: Offer, card: bytes, deed: int, devices: Sequence[bytes]) -> bool:
    return (offer.card, offer.deed) == (card, deed) and bool(set(offer.devices) & set(devices))


def _offered(db: Database, number: int) -> Proposal:
    found = two_persons.proposal(db, number)
    if found.kind is not ProposalKind.WRITE_OFF:
        raise ProposalRefused(Text(f"提议 {number} 不是终端销账", f"proposal {number} is no write-off of terminals"))
    return found


def _provide(writing: Writing, proposal: Proposal, card: bytes, fen: int) -> int:
    need_accounts(writing)
    said = Provision(card, fen, proposal.number, *_who(proposal))
    document = said.to_bytes()
    entry = Entry(
        EntryKind.LOSS_PROVIDED, day_number(writing.now.campus_s), provision_key(proposal.number),
        document_hash(document), provision_postings(writing.registry, said), document=document,
    )  # fmt: skip
    return writing.booking.add_entry(entry, OWN_PARTITION)


def _named(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]}…"


def _who(proposal: Proposal) -> tuple[str, str]:
    return proposal.maker, proposal.decision.checker if proposal.decision is not None else ""
