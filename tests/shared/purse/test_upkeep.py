"""Frozen commands of the card office, before their MAC; and who may sign them."""

import pytest

from shared.purse.errors import LayoutError
from shared.purse.upkeep import (
    FIELD_MAX,
    AppendRecord,
    BlockApplication,
    BlockCard,
    CardKeyType,
    KeyUse,
    PinReloadAsk,
    UnblockApplication,
    UnblockPin,
    UpdateFile,
    UpdateRecord,
    UpkeepAsk,
    WriteKey,
    plan,
    valid_pin,
)

PIN = bytes.fromhex("123456")
CARD = bytes.fromhex("53032025110000004711")


@pytest.mark.parametrize(
    ("operation", "use", "header", "field", "hidden"),
    [
        (UpdateFile(0x15, 8, b"\x01"), KeyUse.MAINTENANCE, "04d69508", "01", False),
        (UpdateRecord(0x17, 2, b"\x22\x00"), KeyUse.MAINTENANCE, "04dc02bc", "2200", False),
        (AppendRecord(0x17, b"\x22\x00"), KeyUse.MAINTENANCE, "04e200b8", "2200", False),
        (BlockApplication(), KeyUse.MAINTENANCE, "841e0000", "", False),
        (BlockApplication(forever=True), KeyUse.MAINTENANCE, "841e0001", "", False),
        (UnblockApplication(), KeyUse.MAINTENANCE, "84180000", "", False),
        (BlockCard(), KeyUse.MAINTENANCE, "84160000", "", False),
        (UnblockPin(0, PIN), KeyUse.PIN_UNBLOCK, "84240000", "123456", True),
        (WriteKey(CardKeyType.PURCHASE, 1, 2), KeyUse.CONTROL, "84d43e01", "3ef0f00200", True),
        (WriteKey(CardKeyType.PURCHASE, 2, 2, adds=True), KeyUse.CONTROL, "84d40102", "3ef0f00200", True),
        (WriteKey(CardKeyType.LOAD, 1, 2, needs_pin=True), KeyUse.CONTROL, "84d43f01", "3ff1f00200", True),
        (WriteKey(CardKeyType.MAINTENANCE, 0, 1), KeyUse.CONTROL, "84d43600", "36f0f0ff33", True),
        (WriteKey(CardKeyType.CONTROL, 0, 1), KeyUse.CONTROL, "84d43900", "39f0f00233", True),
    ],
)
def test_each_operation_is_one_command(operation, use, header, field, hidden):
    made = plan(operation)
    assert (made.use, made.header.hex(), made.field.hex(), made.is_hidden) == (use, header, field, hidden)
    assert made.writes == (operation if isinstance(operation, WriteKey) else None)


@pytest.mark.parametrize(
    "operation",
    [
        UpdateFile(0x20, 0, b""), UpdateFile(1, 256, b""), UpdateFile(1, 0, bytes(FIELD_MAX + 1)),
        UpdateRecord(1, 256, b""), UnblockPin(0, b"\x12"), UnblockPin(0, bytes(7)), UnblockPin(-1, PIN),
        WriteKey(CardKeyType.LOAD, 1, 256), WriteKey(CardKeyType.LOAD, 256, 1),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(operation):
    with pytest.raises(LayoutError):
        plan(operation)


def test_pins_show_nowhere():
    shown = [UnblockPin(0, PIN), PinReloadAsk(CARD, PIN), UpkeepAsk(CARD, bytes(4), UnblockPin(0, PIN))]
    assert "123456" not in repr([*shown, plan(UnblockPin(0, PIN))])
    assert "4V" not in repr([*shown, plan(UnblockPin(0, PIN))])
    assert valid_pin(PIN) == PIN
