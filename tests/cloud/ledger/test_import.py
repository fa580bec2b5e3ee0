"""The inventory into the ledger: idempotent, growing, and refusing a known id with other data."""

from dataclasses import replace

import pytest

from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.records.values import ImportReport, InventoryRefused
from shared.ids import BoxId
from shared.inventory import BoxRow, CardRow, DeviceKind, DeviceRow, Inventory, PsamRow
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box


def test_an_import_posts_opening_balances_once(ledger: Ledger) -> None:
    assert c.balances(ledger) == {"bank": 8 * c.OPENING} | {f"purse:{c.card(n).hex()}": -c.OPENING for n in range(1, 9)}
    assert ledger.import_inventory(c.inventory(), c.NOW) == ImportReport(0, 0, 0, 0, 0)
    assert c.balances(ledger)["bank"] == 8 * c.OPENING
    assert (ledger.name, ledger.demo, ledger.id) == ("演示校园", True, c.LEDGER_ID)


def test_a_later_inventory_adds_what_is_new(ledger: Ledger) -> None:
    assert ledger.import_inventory(c.inventory(cards=10, number=2), c.NOW) == ImportReport(2, 0, 0, 0, 2 * c.OPENING)
    assert c.balances(ledger)["bank"] == 10 * c.OPENING


def test_a_card_without_opening_balance_has_no_entry(new_dsn: str) -> None:
    ledger = open_ledger(new_dsn)
    made = c.inventory(cards=1)
    ledger.import_inventory(replace(made, cards=(replace(made.cards[0], opening_fen=0),)), c.NOW)
    assert c.balances(ledger) == {}
    ledger.close()


def first_card(**change: object) -> Inventory:
    made = c.inventory()
    return replace(made, cards=(replace(made.cards[0], **change), *made.cards[1:]))  # type: ignore[arg-type]


MADE = c.inventory()
REISSUED = PsamRow(c.psam(1), c.POS2, c.ISSUED)
TWIN = CardRow(c.card(50), "0001", "campus", 1, 0, 1, 50, 0, 1, 0)
STRAY = DeviceRow(c.device(50), DeviceKind.POS, BoxId("nowhere"), "x", "x", "x")


@pytest.mark.parametrize(
    "inventory",
    [
        first_card(opening_fen=1),
        first_card(label="other"),
        first_card(key_version=2),
        replace(MADE, psams=(REISSUED,)),
        replace(MADE, psams=(*MADE.psams, REISSUED)),
        replace(MADE, psams=(PsamRow(c.psam(70), c.device(70), 0),)),
        replace(MADE, devices=(replace(MADE.devices[0], merchant="别人"),)),
        replace(MADE, devices=(STRAY,)),
        replace(MADE, devices=(DeviceRow(c.DeviceId(bytes(c.psam(1))), DeviceKind.POS, c.BOX, "x", "x", "x"),)),
        replace(MADE, boxes=(BoxRow(c.BOX, 6, "第一食堂", b""),)),
        replace(MADE, boxes=(BoxRow(BoxId("new"), 64, "x", b""),)),
        replace(MADE, cards=(TWIN,)),
        replace(MADE, campus=2),
        replace(MADE, demo=False),
    ],
)
def test_a_known_id_with_other_data_is_refused_whole(ledger: Ledger, inventory: Inventory) -> None:
    more = replace(inventory, cards=(*inventory.cards, CardRow(c.card(60), "0060", "campus", 1, 0, 1, 60, 0, 1, 7)))
    before = c.balances(ledger)
    with pytest.raises(InventoryRefused):
        ledger.import_inventory(more, c.NOW)
    assert c.balances(ledger) == before


def test_another_process_sees_the_import_in_its_next_transaction(new_dsn: str) -> None:
    ingest, importer = open_ledger(new_dsn), open_ledger(new_dsn)
    importer.import_inventory(c.inventory(), c.NOW)
    Box(ingest).send(c.stored(c.purchase(1, c.card(1), 7, 10, c.OPENING)))
    assert c.merchant(ingest) == 10
    assert ingest.id == importer.id
    ingest.close()
    importer.close()
