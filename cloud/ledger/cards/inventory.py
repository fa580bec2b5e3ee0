"""Takes the signed inventory into the ledger: idempotent, and refuses a known id with other data (RECORDS "Who").

A re-issued PSAM gets a new 0016, a re-personalised card a new serial; so what is known never changes here. Opening
balances are posted as 期初余额, each with its card's row as document.
"""

from collections.abc import Iterable, Sequence
from itertools import chain

from cloud.ledger.books.chart import card_accounts, merchant_accounts
from cloud.ledger.books.entry import Entry, EntryKind, document_hash
from cloud.ledger.books.posting import CardAccounts, Postings, opening_balance, opening_subsidy
from cloud.ledger.cards.classes import take_classes
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.booking import Booking
from cloud.ledger.journal.registry import CARD_ACCOUNTS, Registry, ensure_accounts, touch_registry
from cloud.ledger.records.values import OWN_PARTITION, ImportReport, InventoryRefused
from cloud.store.db import Database, Row
from shared.clocks.clock import day_number
from shared.ids import PARTITIONS
from shared.inventory import BoxRow, CardRow, DeviceRow, Inventory, PsamRow, SpareRow
from shared.wire import codec
from shared.words.voice import Text

CARD_COLUMNS = (
    "card, label, profile, key_version, algorithm, card_class, hotlist_index, issued, expires, opening_fen, subsidy_fen"
)
_CARD_KNOWN = f"SELECT {CARD_COLUMNS} FROM card WHERE card"  # noqa: S608  # our own names
OLDEST = 3
"""Of a card's accounts, those of the first schema: their numbers, which the batch hashes cover, stay what they were."""
DEVICE_COLUMNS = "device, kind, box, name, place, merchant, merchant_account, held_account"


def import_inventory(db: Database, inventory: Inventory, registry: Registry, booking: Booking) -> ImportReport:
    """Inside of a transaction. InventoryRefused leaves nothing behind, for the caller rolls back."""
    _check_ledger(inventory, registry)
    boxes = _fresh(db, "SELECT box, partition, name, certificate FROM box WHERE box", map(_box_row, inventory.boxes))
    psams = _fresh(db, "SELECT psam, device, issued FROM psam WHERE psam", map(_psam_row, inventory.psams))
    devices = _fresh(
        db, "SELECT device, kind, box, name, place, merchant FROM device WHERE device",
        map(_device_row, inventory.devices),
    )  # fmt: skip
    spares = _fresh(db, "SELECT device, kind, box, name FROM spare WHERE device", map(_spare_row, inventory.spares))
    cards = _fresh(db, _CARD_KNOWN, map(_card_row, inventory.cards))
    _check_links(inventory, registry, psams, devices)
    _check_spares(inventory, registry, spares)
    db.insert("box", "box, partition, name, certificate", boxes)
    db.insert("psam", "psam, device, issued", psams)
    _add_devices(db, devices)
    db.insert("spare", "device, kind, box, name", spares)
    opening = _add_cards(db, cards, registry, booking)
    take_classes(db, inventory.cards)
    _set_meta(db, inventory)
    fresh = [*boxes, *psams, *devices, *spares, *cards]
    if fresh:
        booking.link(BookLinkKind.IMPORT, inventory.number, digest_of(tuple(map(list, fresh))))
    return ImportReport(len(cards), len(psams), len(devices), len(boxes), opening)


def _check_ledger(inventory: Inventory, registry: Registry) -> None:
    if registry.name and (inventory.campus, inventory.demo) != (registry.campus, registry.demo):
        raise InventoryRefused(
            Text(
                "账本属于另一校园，或演示与生产混用",
                "this ledger belongs to another campus, or one of them is a demonstration",
            )
        )
    for b in inventory.boxes:
        if not 0 <= b.partition < PARTITIONS:
            raise InventoryRefused(Text(f"网关 {b.box}：没有这个分区", f"box {b.box}: no such partition"))


def _check_links(inventory: Inventory, registry: Registry, psams: Sequence[Row], devices: Sequence[Row]) -> None:
    """A new body stands at a known box, a new PSAM in a known body; no number is both a body's and a PSAM's."""
    boxes = {*registry.boxes, *(b.box for b in inventory.boxes)}
    bodies = {*registry.devices, *(d.device for d in inventory.devices)}
    chips = {*registry.psams, *(p.psam for p in inventory.psams)}
    for device, _, box, name, *_ in devices:
        if box not in boxes:
            raise InventoryRefused(
                Text(f"终端 {name}：清单中没有网关 {box}", f"device {name}: box {box} is in no inventory")
            )
        if device in chips:
            raise InventoryRefused(Text(f"终端 {name}：号码与 PSAM 相同", f"device {name}: its number is a PSAM's"))
    for psam, device, _ in psams:
        if device not in bodies:
            raise InventoryRefused(
                Text(f"PSAM {psam.hex()}：清单中没有它的终端", f"PSAM {psam.hex()}: its body is in no inventory")
            )


def _check_spares(inventory: Inventory, registry: Registry, spares: Sequence[Row]) -> None:
    """A new spare belongs to a known box, and its number to nobody else."""
    boxes = {*registry.boxes, *(b.box for b in inventory.boxes)}
    bodies = {*registry.devices, *(d.device for d in inventory.devices)}
    chips = {bytes(psam) for psam in (*registry.psams, *(p.psam for p in inventory.psams))}
    for device, _, box, name in spares:
        if box not in boxes:
            raise InventoryRefused(
                Text(f"备用机 {name}：清单中没有网关 {box}", f"spare {name}: box {box} is in no inventory")
            )
        if device in bodies or bytes(device) in chips:
            raise InventoryRefused(Text(f"备用机 {name}：号码已被占用", f"spare {name}: its number is another's"))


def _fresh(db: Database, known_sql: str, rows: Iterable[Row]) -> list[Row]:
    """Rows whose id is new; InventoryRefused for a known id with other data, here or within the inventory."""
    wanted: dict[object, Row] = {}
    for row in rows:
        if wanted.setdefault(row[0], row) != row:
            raise InventoryRefused(
                Text(f"{_shown(row[0])} 出现两次，内容不同", f"{_shown(row[0])} stands twice with different data")
            )
    for known in db.find(known_sql, list(wanted)):
        if wanted.pop(known[0]) != known:
            raise InventoryRefused(
                Text(f"{_shown(known[0])} 已登记，内容不同", f"{_shown(known[0])} is known with other data")
            )
    return list(wanted.values())


def _add_devices(db: Database, devices: Sequence[Row]) -> None:
    wanted = [account for row in devices for account in merchant_accounts(row[5])]
    numbers = ensure_accounts(db, wanted)
    db.insert(
        "device", DEVICE_COLUMNS,
        [(*row, *(numbers[account.code] for account in merchant_accounts(row[5]))) for row in devices],
    )  # fmt: skip


def _add_cards(db: Database, cards: Sequence[Row], registry: Registry, booking: Booking) -> int:
    labels = [row[1] for row in cards]
    if len(set(labels)) != len(labels) or db.find("SELECT label FROM card WHERE label", labels):
        raise InventoryRefused(Text("两张卡用了同一卡面号", "a card label is given to two cards"))
    wanted = [card_accounts(row[0]) for row in cards]
    numbers = ensure_accounts(db, [*chain(*(w[:OLDEST] for w in wanted)), *chain(*(w[OLDEST:] for w in wanted))])
    accounts = [CardAccounts(*(numbers[account.code] for account in of_card)) for of_card in wanted]
    full = [(*row, *of_card, 0) for row, of_card in zip(cards, accounts, strict=True)]
    db.insert("card", f"{CARD_COLUMNS}, {CARD_ACCOUNTS}, hotlisted", full)
    for row, of_card in zip(cards, accounts, strict=True):
        _open(row, registry.bank, of_card, booking)
    return sum(row[9] + row[10] for row in cards)


def _open(row: Row, bank: int, accounts: CardAccounts, booking: Booking) -> None:
    card, issued, opening_fen, subsidy_fen = row[0], row[7], row[9], row[10]
    if opening_fen:
        _enter(EntryKind.OPENING, card, issued, opening_fen, opening_balance(bank, accounts, opening_fen), booking)
    if subsidy_fen:
        postings = opening_subsidy(bank, accounts, subsidy_fen)
        _enter(EntryKind.OPENING_SUBSIDY, card, issued, subsidy_fen, postings, booking)


def _enter(kind: EntryKind, card: bytes, issued: int, fen: int, postings: Postings, booking: Booking) -> None:
    document = codec.dumps([int(kind), card, fen])
    entry = Entry(kind, day_number(issued), bytes((kind,)) + card, document_hash(document), postings, document=document)
    booking.add_entry(entry, OWN_PARTITION)


def _set_meta(db: Database, inventory: Inventory) -> None:
    values = {
        "campus": str(inventory.campus), "name": inventory.name, "demo": str(int(inventory.demo)),
        "inventory": str(inventory.number),
    }  # fmt: skip
    for name, value in values.items():
        db.run(
            "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )
    touch_registry(db)


def _card_row(c: CardRow) -> Row:
    return (
        c.card, c.label, c.profile, c.key_version, c.algorithm, c.card_class, c.hotlist_index, c.issued, c.expires,
        c.opening_fen, c.subsidy_fen,
    )  # fmt: skip


def _psam_row(p: PsamRow) -> Row:
    return p.psam, p.device, p.issued


def _device_row(d: DeviceRow) -> Row:
    return d.device, d.kind.value, d.box, d.name, d.place, d.merchant


def _spare_row(s: SpareRow) -> Row:
    return s.device, s.kind.value, s.box, s.name


def _box_row(b: BoxRow) -> Row:
    return b.box, b.partition, b.name, b.certificate


def _shown(name: object) -> str:
    return name.hex() if isinstance(name, bytes) else str(name)
