import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared import inventory
from shared.errors import WireFault
from shared.ids import BoxId, CardId, DeviceId, PsamId
from shared.inventory import BoxRow, CardRow, DeviceKind, DeviceRow, Inventory, PsamRow

KEY = Ed25519PrivateKey.from_private_bytes(b"\7" * 32)
SAMPLE = Inventory(
    1, 1, "演练校园", True, 800_000_000,
    (CardRow(CardId(bytes(9) + b"\1"), "0012", "campus", 1, 0, 1, 1, 800_000_000, 900_000_000, 5000),),
    (PsamRow(PsamId(b"\x51" * 6), DeviceId(b"\0\1\0\0\0\1"), 800_000_000),),
    (DeviceRow(DeviceId(b"\0\1\0\0\0\1"), DeviceKind.POS, BoxId("canteen-1"), "pos-01", "1号窗口", "一楼大伙"),),
    (BoxRow(BoxId("canteen-1"), 42, "第一食堂", b""),),
)  # fmt: skip


def test_sealed_and_opened() -> None:
    assert inventory.open_sealed(inventory.seal(SAMPLE, KEY), KEY.public_key()) == SAMPLE


def test_another_key_or_an_edited_byte_is_refused() -> None:
    raw = inventory.seal(SAMPLE, KEY)
    with pytest.raises(WireFault, match="signature"):
        inventory.open_sealed(raw, Ed25519PrivateKey.from_private_bytes(b"\x08" * 32).public_key())
    edited = raw.replace((5000).to_bytes(2, "big"), (9000).to_bytes(2, "big"))
    assert edited != raw
    with pytest.raises(WireFault, match="signature"):
        inventory.open_sealed(edited, KEY.public_key())
