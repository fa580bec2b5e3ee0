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


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("202601017", "fffffff202601017"), ("0012", "ffffffffffff0012"), ("2024A0012", "a00007c65cfe4a9b"),
        ("00A", "a00000000000053f"), ("0A0", None), ("ZZZZZZZZZZZZ", None), ("9999999999999999", "9" * 16),
    ],
)
def test_a_number_of_a_person_comes_back_as_it_was(number: str, said: str | None) -> None:
    card = ids.person_id(number)
    assert ids.person_number(card) == number
    assert said is None or card.hex() == f"ffff{said}"


@pytest.mark.parametrize("number", ["12", "2024a0012", "A" * 13, "1" * 17, "张三丰", "12-3", "٣٣٣"])
def test_what_is_no_number_of_a_person_is_refused(number: str) -> None:
    with pytest.raises(WireFault):
        ids.person_id(number)


@pytest.mark.parametrize("body", ["e" * 16, "a000000000000001", "f" * 16, "fffffffffffff0a1"])
def test_what_stands_for_no_person_is_refused(body: str) -> None:
    with pytest.raises(WireFault):
        ids.person_number(ids.CardId(bytes.fromhex(f"ffff{body}")))


def test_the_partition_of_a_box_never_moves() -> None:
    # the first bytes of SHA-256("canteen-1") and SHA-256("bus-1") are 3f and 41
    assert [ids.partition_of(ids.box_id(b)) for b in ("canteen-1", "bus-1")] == [0x3F % 64, 0x41 % 64]
