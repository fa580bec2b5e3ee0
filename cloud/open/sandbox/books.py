"""The sandbox 沙箱: a ledger of its own, DATA/cloud/sandbox.db, with one merchant and payers who hold no real money.

It is apart from the campus' books, and not a mark on some of their rows: what is tried there can be in no sum, no bill
and no check of the school's, whatever goes wrong. A key says which books it is about, for its whole life.
"""

from pathlib import Path

from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from cloud.process.settings import FOLDER
from shared.ids import BoxId, CardId, DeviceId
from shared.inventory import BoxRow, CardRow, DeviceKind, DeviceRow, Inventory
from shared.words.voice import Text

FILE = "sandbox.db"
MERCHANT = str(Text("沙箱商户", "Sandbox Merchant").zh)
PAYERS = 40
"""Payers 1 to PAYERS; the last has nothing, so that a decline can be tried."""
FUNDS_FEN = 100_000_000
"""Of each but the last; of no worth."""
_DAY_S = 86_400
_BOX = BoxId("sandbox")
_NAME = str(Text("沙箱", "Sandbox").zh)


def payer_card(number: int) -> CardId:
    """Of a payer."""
    return CardId(bytes.fromhex("ffff00000000") + number.to_bytes(4, "big"))


def open_sandbox(data: Path, now: Now) -> OpenedLedger:
    """Made at its first opening, and made whole where that was cut. StoreFault."""
    opened = open_prepared(str(data / FOLDER / FILE))
    ledger = Ledger(opened)
    with opened.database.reading():
        ((cards,),) = opened.database.run("SELECT COUNT(*) FROM card")
    if not cards:
        ledger.import_inventory(_inventory(now.campus_s), now)
    if not _has_money(opened, PAYERS - 1):  # they are paid in their order, and each once
        for number in range(1, PAYERS):
            ledger.deposit(payer_card(number), FUNDS_FEN, f"sandbox-{number}", now)
    return opened


def _has_money(opened: OpenedLedger, number: int) -> bool:
    sql = (
        "SELECT 1 FROM balance b JOIN account a ON a.id = b.account "
        "JOIN card c ON c.online_account = a.id WHERE c.card = ? AND b.credit_fen > 0"
    )
    with opened.database.reading():
        return bool(opened.database.run(sql, (payer_card(number),)))


def _inventory(campus_s: int) -> Inventory:
    cards = tuple(
        CardRow(
            payer_card(number), f"S{number:03d}", "sandbox", 1, 0, 1, number, campus_s, campus_s + 20_000 * _DAY_S, 0
        )
        for number in range(1, PAYERS + 1)
    )
    till = DeviceRow(DeviceId(bytes.fromhex("ffff00000001")), DeviceKind.POS, _BOX, "sandbox-01", _NAME, MERCHANT)
    return Inventory(1, 1, _NAME, True, campus_s, cards, (), (till,), (BoxRow(_BOX, 1, _NAME, b""),))
