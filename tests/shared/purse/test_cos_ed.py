"""ED beside EP, unload, overdraft, cash, several applications, several records, and the proof of each type."""

import pytest

from shared.purse.cos.images import RamMemory, decode_card_image
from shared.purse.files import parse_log
from tests.shared.purse import full_card
from tests.shared.purse.full_card import (
    CITY,
    DAY,
    DLK,
    DPK,
    DPK_2,
    DTK,
    DTK_2,
    DUK,
    DULK,
    SUBSIDY_AID,
    SUBSIDY_DLK,
    SUBSIDY_DPK,
    SUBSIDY_DTK,
    TRIP,
)
from tests.shared.purse.issuer import AID, STAMP, TERM, mac


@pytest.fixture
def desk():
    desk = full_card.desk()
    desk.pin()
    return desk


def changed(record):
    return record[:3] + b"\xee" + record[4:]


def proof(desk, kind, number):
    return desk.ask(bytes((0x80, 0x5A, 0, kind, 2, 0, number, 8)))


def test_ed_and_ep_are_two_purses(desk):
    desk.load(DLK, DTK, 700, purse=1)
    desk.load(DLK, DTK, 100)
    desk.spend(DPK, DTK, 50, purse=1, kind=5)
    desk.spend(DPK, DTK, 30)
    assert (desk.balance(1), desk.balance(2)) == (650, 5070)
    assert desk.data("805C000104") == b"\0\0\2\x8a"
    assert [parse_log(desk.data(f"00B20{n}C400")).kind for n in (1, 2, 3, 4)] == [6, 5, 2, 1]


def test_cash_from_ed_only(desk):
    desk.load(DLK, DTK, 700, purse=1)
    desk.spend(DPK, DTK, 200, p1=2, purse=1, kind=4)
    assert desk.balance(1) == 500
    assert f"{desk.init(2, 2, 1).sw:04X}" == "6A86"


def test_every_type_is_proven(desk):
    online, offline = [], []
    online.append((1, desk.load(DLK, DTK, 9000, purse=1)))
    online.append((3, desk.unload(DULK, 100)))
    desk.limit(DUK, DTK, 500)
    offline.append((4, desk.spend(DPK, DTK, 10, p1=2, purse=1, kind=4)))
    offline.append((5, desk.spend(DPK, DTK, 10, purse=1, kind=5)))
    for number, (kind, (code, tac)) in enumerate(online, 1):
        assert proof(desk, kind, number).data == code + tac
    for number, (kind, (code, tac)) in enumerate(offline, 1):
        assert proof(desk, kind, number).data == code + tac
    assert proof(desk, 7, 3).sw == 0x9000
    assert proof(desk, 7, 2).sw == proof(desk, 3, 1).sw == proof(desk, 8, 1).sw == 0x9406
    ep = [(2, desk.load(DLK, DTK, 1)), (6, desk.spend(DPK, DTK, 1))]
    ep.append((9, desk.spend(DPK, DTK, 1, p1=3, kind=9, records=[changed(DAY)])))
    for number, (kind, (code, tac)) in zip((1, 1, 2), ep, strict=True):
        assert proof(desk, kind, number).data == code + tac
    desk.card.reset()
    desk.select()
    assert proof(desk, 3, 2).data == b"".join(online[1][1])
    assert decode_card_image(desk.memory.image).encode() == desk.memory.image


def test_unload_words(desk):
    desk.load(DLK, DTK, 700, purse=1)
    assert f"{desk.init(5, 1, 701).sw:04X}" == "9401"
    assert f"{desk.init(5, 2, 1).sw:04X}" == "6A86"
    assert f"{desk.init(5, 1, 1, key_id=2).sw:04X}" == "9403"
    desk.init(5, 1, 1)
    assert desk.sw("805403000B" + STAMP.hex() + "00000000") == "9302"
    assert desk.sw("805403000B" + STAMP.hex() + "00000000") == "6901"
    desk.init(5, 1, 1)
    assert desk.sw("805401000B" + STAMP.hex() + "00000000") == "6A86"
    desk.init(5, 1, 1)
    assert desk.sw("805200000B" + STAMP.hex() + "00000000") == "6901"
    desk.init(1, 2, 1)
    assert desk.sw("805403000B" + STAMP.hex() + "00000000") == "6A86"
    assert desk.balance(1) == 700


def test_an_ep_is_unloaded_when_the_issuer_said_so():
    desk = full_card.desk(ep_unload=True)
    desk.pin()
    desk.unload(DULK, 5000, purse=2)
    assert desk.balance() == 0


def test_the_overdraft_limit_is_part_of_the_balance(desk):
    desk.load(DLK, DTK, 100, purse=1)
    assert desk.limit(DUK, DTK, 0x0186A0).sw == 0x9000
    assert desk.balance(1) == 100_100
    desk.spend(DPK, DTK, 40_100, purse=1, kind=5)
    assert desk.init(1, 1, 0).data[6:9].hex() == "0186a0"
    assert desk.limit(DUK, DTK, 39_999).sw == 0x6985
    assert desk.limit(DUK, DTK, 40_000).sw == 0x9000
    assert desk.balance(1) == 0
    assert f"{desk.init(5, 1, 1).sw:04X}" == "9401"
    desk.load(DLK, DTK, 90_000, purse=1)
    assert desk.balance(1) == 90_000
    assert f"{desk.init(5, 1, 50_001).sw:04X}" == "9401"
    desk.unload(DULK, 50_000)
    log = parse_log(desk.data("00B204C400"))
    assert (log.kind, log.amount_fen, log.overdraft.hex()) == (5, 40_100, "0186a0")


def test_overdraft_words(desk):
    assert f"{desk.init(4, 2, None).sw:04X}" == "6A86"
    assert f"{desk.init(4, 1, 5).sw:04X}" == "6700"
    assert f"{desk.init(4, 1, None, key_id=2).sw:04X}" == "9403"
    desk.init(4, 1, None)
    assert desk.sw("805800000E" + "000001" + STAMP.hex() + "00000000") == "9302"
    assert desk.sw("805800000E" + "000001" + STAMP.hex() + "00000000") == "6901"
    desk.init(4, 1, None)
    assert desk.sw("805800000D" + "00" * 13) == "6700"
    assert (desk.balance(1), desk.balance(2)) == (0, 5000)


def test_two_versions_of_dpk_and_dtk(desk):
    desk.spend(DPK, DTK, 10)
    desk.spend(DPK_2, DTK_2, 10, key_id=2)
    assert desk.init(1, 2, 0, 2).data[9:11].hex() == "0200"


def test_several_records_change_with_one_debit(desk):
    records = [changed(DAY), changed(CITY)]
    desk.spend(DPK, DTK, 10, p1=3, kind=9, records=records)
    assert [desk.data(f"00B20{n}BC00") for n in (1, 2, 3)] == [records[0], TRIP, records[1]]
    opened = desk.init(3, 2, 10)
    assert opened.sw == 0x9000
    desk.run("80DC01BC08" + DAY.hex(), "80DC03BC08" + CITY.hex())
    assert desk.sw("805401000F" + "00" * 15) == "9302"
    assert [desk.data(f"00B20{n}BC00") for n in (1, 3)] == records


def test_a_record_may_be_sent_again_before_the_debit(desk):
    desk.spend(DPK, DTK, 0, p1=3, kind=9, records=[changed(TRIP), TRIP])
    assert desk.data("00B222B800") == TRIP


def test_a_lock_flag_in_one_record_leaves_the_others(desk):
    locked = full_card.desk(records=(DAY, TRIP[:2] + b"\1" + TRIP[3:]))
    locked.init(3, 2, 0)
    assert locked.sw("80DC22B808" + TRIP.hex()) == "9407"
    assert locked.sw("80DC21B808" + DAY.hex()) == "9000"
    assert desk.sw("80DC21B808" + DAY.hex()) == "6901"


def test_amount_zero_on_a_plain_purchase_is_the_issuers_choice(desk):
    desk.spend(DPK, DTK, 0)
    strict = full_card.desk(zero_plain=False)
    assert f"{strict.init(1, 2, 0).sw:04X}" == "6A80"
    strict.spend(DPK, DTK, 0, p1=3, kind=9, records=[DAY])


def test_logs_are_split_by_kind_and_by_home():
    desk = full_card.desk(split_logs=True, home=TERM[:2])
    desk.pin()
    desk.load(DLK, DTK, 100)
    desk.spend(DPK, DTK, 1)
    desk.spend(DPK, DTK, 2, term=b"\x99" + TERM[1:])
    logs = [parse_log(desk.data(f"00B201{sfi << 3 | 4:02X}00")) for sfi in (0x18, 0x10, 0x1A)]
    assert [(log.kind, log.amount_fen) for log in logs] == [(6, 1), (6, 2), (2, 100)]
    assert desk.sw("00B202C400") == "6A83"


def test_the_subsidy_application_stands_alone(desk):
    assert desk.select(SUBSIDY_AID) == "9000"
    desk.spend(SUBSIDY_DPK, SUBSIDY_DTK, 1000)
    desk.load(SUBSIDY_DLK, SUBSIDY_DTK, 500)
    assert desk.balance() == 2500
    assert desk.data("00B0951804").hex() == "20260131"
    assert desk.sw("805C000104") == "6A82"
    desk.select(AID)
    assert desk.balance() == 5000
    assert desk.data("00B0951804").hex() == "20290731"
    assert proof(desk, 6, 1).sw == 0x9406
    assert desk.data("00A40000023F0200")[2:4] == b"\x84\x0c"


def test_the_mf_has_its_own_file(desk):
    desk.run("00A40000023F0000")
    assert desk.data("00B0850028") == bytes(40)
    assert desk.maintain("04D68500", b"\x53\x03", full_card.key(0x62)) == "9000"
    assert desk.data("00B0850002") == b"\x53\x03"


def test_the_authentication_code_enters_mac1():
    """Row 13 of the published logs: MAC1 fits only with the code; the TAC is made without it."""
    code = bytes.fromhex("8588D32B7688D32B76")
    image = decode_card_image(full_card.image())
    image.card.auth_id = code
    image.ep.options |= 0x08
    desk = full_card.desk(memory=RamMemory(image.encode()))
    assert desk.data("80CA000009") == code
    assert desk.sw("80CA000004") == "6C09"
    desk.spend(DPK, DTK, 10, extra=code)
    opened = desk.init(1, 2, 10)
    assert opened.sw == 0x9000
    assert desk.sw("805401000F" "00000001" + STAMP.hex() + mac(bytes(8), b"").hex()) == "9302"


def test_a_card_without_the_code(desk):
    assert desk.sw("80CA000009") == "6A88"


@pytest.mark.parametrize(("counter", "stopped"), [("online", [0, 4, 5]), ("offline", [1, 2])])
def test_full_counters_of_ed(counter, stopped):
    image = decode_card_image(full_card.image())
    setattr(image.application.purse(1), counter, 0xFFFF)
    desk = full_card.desk(memory=RamMemory(image.encode()))
    desk.pin()
    for p1 in range(6):
        if p1 != 3:
            word = desk.init(p1, 1, None if p1 == 4 else 0).sw
            assert word == (0x9402 if p1 in stopped else 0x9000)
    assert desk.init(0, 2, 0).sw == 0x9000
