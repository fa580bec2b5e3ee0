"""Who is registered: cards, PSAMs, bodies, boxes and their accounts, as one value held in memory.

Read anew when another process has imported (its version is looked at in every transaction). Bound: the inventory.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from cloud.ledger.books.chart import BANK, HELD_UNKNOWN, STANDING, Account, AccountKind
from cloud.ledger.books.posting import CardAccounts
from cloud.ledger.journal.move_rows import read_moves
from cloud.ledger.journal.swap_rows import SwapState, read_swaps
from cloud.ledger.journal.theft_rows import read_stolen
from cloud.ledger.records.arrival import Arrival
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.stolen import Stolen
from cloud.store.db import Database
from shared.ids import BoxId, DeviceId, LedgerId, PsamId

CARD_ACCOUNTS = (
    "purse_account, online_account, transit_account, pending_account, subsidy_account, pending_subsidy_account"
)
"""Columns of the table card, in the order of posting.CardAccounts."""
_MADE_LATER = (
    AccountKind.CASH, AccountKind.OVER_SHORT, AccountKind.FUND, AccountKind.LOSS, AccountKind.LOSS_PROVISION,
    AccountKind.DISCOUNT, AccountKind.MEAL_DEBT, AccountKind.RESERVED, AccountKind.PROVIDER, AccountKind.UNCLEAR,
    AccountKind.CODE_LOSS, AccountKind.REFUNDING, AccountKind.PROVIDER_FEE, AccountKind.SPARE_DEPOSIT,
    AccountKind.SPARE_KEPT, AccountKind.MEAL_LOSS,
)  # fmt: skip
"""Kinds of accounts that are made when they are first used."""
CHANGES_MAX = 256
"""Changes of the hotlist that are followed card by card; above, all that are listed are read anew."""
PLACES_MAX = 65_536
"""(box, device, PSAM) triples whose answer is remembered; at the bound all are worked out again."""


def merchant_at(db: Database, device: bytes) -> str:
    """The name of the merchant whose takings a terminal makes; "": nobody knows it. Inside of a transaction."""
    rows = db.run("SELECT merchant FROM device WHERE device = ?", (device,))
    return str(rows[0][0]) if rows else ""


class Card(NamedTuple):
    """A card of ours."""

    accounts: CardAccounts
    label: str
    issued: int
    hotlisted: bool


class Device(NamedTuple):
    """A body: which box serves it now, and whose takings it makes."""

    kind: str
    box: BoxId
    name: str
    merchant_account: int
    held_account: int


class Psam(NamedTuple):
    """A PSAM and the body it was put in."""

    device: DeviceId
    issued: int


class Place(NamedTuple):
    """What is known of where a record comes from. reason: why it is not as registered. account: its merchant side."""

    reason: Reason
    device: Device | None
    account: int
    held_account: int
    issued: int


@dataclass(slots=True)
class Registry:
    """All of it, at one version."""

    version: int
    ledger: LedgerId
    campus: int
    name: str
    demo: bool
    bank: int
    held_unknown: int
    cards: dict[bytes, Card] = field(default_factory=dict)
    devices: dict[bytes, Device] = field(default_factory=dict)
    psams: dict[bytes, Psam] = field(default_factory=dict)
    boxes: dict[str, int] = field(default_factory=dict)
    drawers: dict[str, int] = field(default_factory=dict)
    """Code → account of the cashiers' drawers, of over-short, of the subsidy fund, of losses, of what is reserved,
    and of what persons owe for emergency meals, as far as these were made when it was read."""
    stolen: Stolen = field(default_factory=Stolen)
    former: dict[tuple[str, bytes], dict[int, int]] = field(default_factory=dict)
    """(box, device) of before a move → epoch → the last sequence that it had made there."""
    swaps: dict[tuple[bytes, bytes], Reason] = field(default_factory=dict)
    """(spare, PSAM) → what a swap makes of a PSAM that was registered in another body."""
    _places: dict[tuple[str, bytes, bytes], Place] = field(default_factory=dict)

    def origin(self, box: str, a: Arrival) -> Place:
        """Where this record comes from, and whether that is as registered and not stolen."""
        place = self.place(self._home(box, a) if self.former else box, a.device, a.psam)
        return place._replace(reason=Reason.STOLEN) if self.stolen.holds_back(a) else place

    def place(self, box: str, device: DeviceId, psam: PsamId) -> Place:
        """Is this body, with this PSAM, at this box, as registered?"""
        asked = (box, device, psam)
        found = self._places.get(asked)
        if found is None:
            if len(self._places) >= PLACES_MAX:
                self._places.clear()
            found = self._places[asked] = self._place(box, device, psam)
        return found

    def serves(self, box: str, device: DeviceId) -> bool:
        """Is this body registered at this box?"""
        body = self.devices.get(device)
        return body is not None and body.box == box

    def is_in(self, psam: PsamId, device: DeviceId) -> bool:
        """Is this PSAM registered in this body? One without a PSAM uses its own number."""
        chip = self.psams.get(psam)
        return bytes(psam) == bytes(device) or (chip is not None and chip.device == device)

    def is_at(self, box: str, a: Arrival) -> bool:
        """Is the body that it names at this box, or was it, when it made this record?"""
        if self.serves(box, a.device):
            return True
        return 0 < a.seq <= self.former.get((box, a.device), {}).get(a.epoch, 0)

    def _home(self, box: str, a: Arrival) -> str:
        """Its box of now, for a record that is as good as if it came from there."""
        body = self.devices.get(a.device)
        return body.box if body and self.is_at(box, a) else box

    def _place(self, box: str, device: DeviceId, psam: PsamId) -> Place:
        body, chip = self.devices.get(device), self.psams.get(psam)
        issued = chip.issued if chip else 0
        if body is None:
            return Place(Reason.DEVICE_UNKNOWN, None, self.held_unknown, self.held_unknown, issued)
        reason = self._reason(box, device, body, psam, chip)
        return Place(reason, body, body.merchant_account, body.held_account, issued)

    def _reason(self, box: str, device: DeviceId, body: Device, psam: PsamId, chip: Psam | None) -> Reason:
        if body.box != box:
            return Reason.OTHER_BOX
        if bytes(psam) == bytes(device):
            return Reason.NONE  # a body without PSAM uses its own number
        if chip is None:
            return Reason.PSAM_UNKNOWN
        return Reason.NONE if chip.device == device else self.swaps.get((device, psam), Reason.PSAM_MOVED)


def read_version(db: Database) -> int:
    """Rises with every import and every change of a card's state."""
    return int(db.run("SELECT value FROM watermark WHERE name = 'registry'")[0][0])


def read_registry(db: Database) -> Registry:
    """Inside of a transaction."""
    meta: dict[str, str] = dict(db.run("SELECT name, value FROM meta"))
    accounts: dict[str, int] = dict(db.run("SELECT code, id FROM account WHERE code IN (?, ?)", (BANK, HELD_UNKNOWN)))
    registry = Registry(
        version=read_version(db),
        ledger=LedgerId(bytes.fromhex(meta["ledger"])),
        campus=int(meta.get("campus", 0)),
        name=meta.get("name", ""),
        demo=meta.get("demo") == "1",
        bank=accounts[BANK],
        held_unknown=accounts[HELD_UNKNOWN],
    )
    _read_rows(db, registry)
    return registry


def _read_rows(db: Database, registry: Registry) -> None:
    for card, label, issued, hotlisted, *accounts in db.run(
        f"SELECT card, label, issued, hotlisted, {CARD_ACCOUNTS} FROM card"  # noqa: S608  # our own names
    ):
        registry.cards[card] = Card(CardAccounts(*accounts), label, issued, bool(hotlisted))
    for device, kind, box, name, merchant, held in db.run(
        "SELECT device, kind, box, name, merchant_account, held_account FROM device"
    ):
        registry.devices[device] = Device(kind, box, name, merchant, held)
    for moved in read_moves(db):
        registry.devices[moved.device] = registry.devices[moved.device]._replace(box=BoxId(moved.box))
        upto = registry.former.setdefault((moved.former, moved.device), {})
        upto.update((epoch, max(seq, upto.get(epoch, 0))) for epoch, seq in moved.upto.items())
    for psam, device, issued in db.run("SELECT psam, device, issued FROM psam"):
        registry.psams[psam] = Psam(device, issued)
    registry.drawers.update(
        db.run(
            f"SELECT code, id FROM account WHERE kind IN ({', '.join('?' * len(_MADE_LATER))})",  # noqa: S608  # marks
            tuple(kind.value for kind in _MADE_LATER),
        )
    )
    registry.stolen = read_stolen(db)
    registry.swaps.update(((swap.spare, swap.psam), _OF_A_SWAP[swap.state]) for swap in read_swaps(db))
    registry.boxes.update(db.run("SELECT box, partition FROM box"))


_OF_A_SWAP = {
    SwapState.TOLD: Reason.SWAPPED,
    SwapState.CONFIRMED: Reason.NONE,
    SwapState.REJECTED: Reason.PSAM_MOVED,
}


def ensure_accounts(db: Database, accounts: Iterable[Account]) -> dict[str, int]:
    """Number of each account, made if it is new."""
    wanted = {account.code: account for account in accounts}
    numbers: dict[str, int] = dict(db.find("SELECT code, id FROM account WHERE code", list(wanted)))
    last = db.run("SELECT max(id) FROM account")[0][0] or 0
    fresh = [account for code, account in wanted.items() if code not in numbers]
    rows = [(last + n, a.code, str(a.kind), int(a.side)) for n, a in enumerate(fresh, 1)]
    db.insert("account", "id, code, kind, side", rows)
    numbers.update((code, number) for number, code, _, _ in rows)
    return numbers


def make_ledger(db: Database, ledger: bytes) -> None:
    """The first rows of a new ledger. Inside of a transaction."""
    db.insert("meta", "name, value", [("ledger", ledger.hex())])
    names = (
        "grey", "voids", "fold", "findings", "put-back", "pending_subsidy", "documents", "hotlist", "jobs", "rollouts",
        "discounts", "discounts-void", "findings-quarantine",
    )  # fmt: skip
    db.insert("watermark", "name, value", [("registry", 1), *((name, 0) for name in names)])
    ensure_accounts(db, STANDING)


def touch_registry(db: Database) -> None:
    """Tell every process that its picture of the registry is old."""
    db.run("UPDATE watermark SET value = value + 1 WHERE name = 'registry'")


def touch_hotlist(db: Database, card: bytes) -> None:
    """Tell every process that this card was put on the hotlist, or taken off."""
    ((version,),) = db.run("UPDATE watermark SET value = value + 1 WHERE name = 'hotlist' RETURNING value")
    db.insert("hotlist_change", "version, card", [(version, card)])


def hotlist_changes(db: Database, since: int) -> list[bytes]:
    """Cards that were put on it or taken off since it was at this version, CHANGES_MAX + 1 of them at most."""
    found = "SELECT card FROM hotlist_change WHERE version > ? ORDER BY version LIMIT ?"
    rows = db.run(found, (since, CHANGES_MAX + 1))
    return [bytes(card) for (card,) in rows]
