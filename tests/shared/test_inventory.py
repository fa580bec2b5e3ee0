import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared import inventory
from shared.errors import WireFault
from shared.ids import BoxId, CardId, DeviceId, PsamId
from shared.inventory import BoxRow, CardRow, DeviceKind, DeviceRow, Inventory, PsamRow, SpareRow
from shared.wire import codec

KEY = Ed25519PrivateKey.from_private_bytes(b"\7" * 32)
BEFORE = "be11e6f8bdf88c30d4686d859966ee170a0cdb03cdfe65efed9ec9cb5108d835"
"""SHA-256 of SAMPLE as the program without subsidies sealed it."""
SAMPLE = Inventory(
    1, 1, "演练校园", True, 800_000_000,
    (CardRow(CardId(bytes(9) + b"\1"), "0012", "campus", 1, 0, 1, 1, 800_000_000, 900_000_000, 5000),),
    (PsamRow(PsamId(b"\x51" * 6), DeviceId(b"\0\1\0\0\0\1"), 800_000_000),),
    (DeviceRow(DeviceId(b"\0\1\0\0\0\1"), DeviceKind.POS, BoxId("canteen-1"), "pos-01", "1号窗口", "一楼大伙"),),
    (BoxRow(BoxId("canteen-1"), 42, "第一食堂", b""),),
)  # fmt: skip


def test_sealed_and_opened() -> None:
    assert inventory.open_sealed(inventory.seal(SAMPLE, KEY), KEY.public_key()) == SAMPLE


def test_a_subsidy_stands_at_the_end_of_its_card_and_only_there() -> None:
    with_subsidy = replace(SAMPLE, cards=(*SAMPLE.cards, replace(SAMPLE.cards[0], label="0013", subsidy_fen=800)))
    assert inventory.open_sealed(inventory.seal(with_subsidy, KEY), KEY.public_key()) == with_subsidy
    _, body, _ = codec.unpack_file(inventory.seal(with_subsidy, KEY))
    assert [len(row) for row in codec.loads(body)[5]] == [10, 11]


def test_a_class_stands_behind_the_subsidy_and_only_where_there_is_one() -> None:
    known = replace(SAMPLE.cards[0], label="0014", group="高一3班")
    with_class = replace(SAMPLE, cards=(*SAMPLE.cards, known))
    assert inventory.open_sealed(inventory.seal(with_class, KEY), KEY.public_key()) == with_class
    _, body, _ = codec.unpack_file(inventory.seal(with_class, KEY))
    assert [len(row) for row in codec.loads(body)[5]] == [10, 12]


@pytest.mark.parametrize("group", ["x" * 61, " 高一3班", "高一\n3班"])
def test_a_class_is_a_text_that_people_read(group: str) -> None:
    raw = inventory.seal(replace(SAMPLE, cards=(replace(SAMPLE.cards[0], group=group),)), KEY)
    with pytest.raises(WireFault, match="class"):
        inventory.open_sealed(raw, KEY.public_key())


def test_an_inventory_of_before_the_subsidy_has_the_same_bytes() -> None:
    sealed = inventory.seal(SAMPLE, KEY)
    assert hashlib.sha256(sealed).hexdigest() == BEFORE


def test_another_key_or_an_edited_byte_is_refused() -> None:
    raw = inventory.seal(SAMPLE, KEY)
    with pytest.raises(WireFault, match="signature"):
        inventory.open_sealed(raw, Ed25519PrivateKey.from_private_bytes(b"\x08" * 32).public_key())
    edited = raw.replace((5000).to_bytes(2, "big"), (9000).to_bytes(2, "big"))
    assert edited != raw
    with pytest.raises(WireFault, match="signature"):
        inventory.open_sealed(edited, KEY.public_key())


def test_spares_stand_at_the_end_and_only_where_there_are_any() -> None:
    ready = SpareRow(DeviceId(b"\0\1\x40\0\0\1"), DeviceKind.POS, BoxId("canteen-1"), "spare-01")
    with_spares = replace(SAMPLE, spares=(ready,))
    assert inventory.open_sealed(inventory.seal(with_spares, KEY), KEY.public_key()) == with_spares
    bodies = [codec.unpack_file(inventory.seal(one, KEY))[1] for one in (SAMPLE, with_spares)]
    assert [len(codec.loads(body)) for body in bodies] == [9, 10]
    assert codec.loads(bodies[1])[:9] == codec.loads(bodies[0])
    assert codec.loads(bodies[1])[9] == [[b"\0\1\x40\0\0\1", "pos", "canteen-1", "spare-01"]]
