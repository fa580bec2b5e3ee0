import pytest

from shared import ids
from shared.errors import WireFault


def test_hotlist_index_is_the_right_end_of_the_serial() -> None:
    card = ids.card_id(bytes.fromhex("00010000000000004711"))
    assert ids.hotlist_index(card) == 0x4711
    assert ids.issuer(card) == b"\0\1"


@pytest.mark.parametrize(
    "parse", [ids.device_id, ids.psam_id, ids.card_id, ids.storage_id, ids.store_id, ids.ledger_id]
)
def test_a_wrong_length_is_refused(parse: object) -> None:
    with pytest.raises(WireFault):
        parse(b"\0" * 5)  # type: ignore[operator]  # one of six parsers


@pytest.mark.parametrize("text", ["", "a/b", "a+b", "a#", "食堂", "x" * 33, "a b"])
def test_a_box_id_is_safe_as_a_topic_level(text: str) -> None:
    with pytest.raises(WireFault):
        ids.box_id(text)


def test_the_partition_of_a_box_never_moves() -> None:
    # the first bytes of SHA-256("canteen-1") and SHA-256("bus-1") are 3f and 41
    assert [ids.partition_of(ids.box_id(b)) for b in ("canteen-1", "bus-1")] == [0x3F % 64, 0x41 % 64]
