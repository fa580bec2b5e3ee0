"""The PSAM in bytes: files, 8070 and 8072, versions, levels, and a number that never repeats."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.purse import commands
from shared.purse.apdu import ResponseApdu
from shared.purse.cos_psam import MAC2_TRIES, Psam
from shared.purse.crypto import diversify
from shared.purse.errors import CardLost
from shared.purse.images import PsamMaster, RamMemory, decode_psam_image, new_psam_image
from shared.purse.torn import Tear, TearingMemory

PSAM_ID = bytes.fromhex("510000000023")
STAMP = bytes.fromhex("20251124224530")
SERIAL = (4711).to_bytes(8, "big")
ISSUER = bytes(6) + b"\x53\x03"
RND = b"\x5c\x9e\x01\xd7"


def ask(psam, raw):
    return ResponseApdu.decode(psam.transmit(bytes.fromhex(raw) if isinstance(raw, str) else raw))


def sw(psam, raw):
    return f"{ask(psam, raw).sw:04X}"


def init(version=1, algorithm=0, factors=(SERIAL,), amount=1250):
    return commands.init_sam_purchase(RND, 0x004D, amount, 9, STAMP, version, algorithm, factors)


@pytest.fixture
def psam(school):
    return school.psam()


def test_files(psam):
    assert ask(psam, "00B0960006").data == PSAM_ID
    assert ask(psam, "00B095000E").data == bytes(4) + PSAM_ID + b"\x01\x01\x00\x00"
    assert sw(psam, "00B0940001") == "6A82"
    assert len(ask(psam, "0084000008").data) == 8
    assert sw(psam, "0084000003") == "6700"


@pytest.mark.parametrize("version", [1, 2])
def test_a_purchase_by_the_reference(school, reference, psam, version):
    dpk = diversify(school.purchase[version], SERIAL).octets
    answer = ask(psam, init(version))
    assert answer.sw == 0x9000
    ttn, mac1 = answer.data[:4], answer.data[4:]
    assert ttn == bytes.fromhex("00000001")
    session = reference.ecb(dpk, RND + bytes.fromhex("004D") + ttn[2:])
    assert mac1 == reference.mac(session, bytes.fromhex("000004E209") + PSAM_ID + STAMP)
    assert sw(psam, commands.credit_sam_purchase(reference.mac(session, bytes.fromhex("000004E2")))) == "9000"
    assert sw(psam, commands.credit_sam_purchase(reference.mac(session, bytes.fromhex("000004E2")))) == "6901"


def test_two_levels_apply_the_last_factor_first(school, reference):
    psam = school.psam(levels=2)
    dpk = diversify(diversify(school.purchase[1], ISSUER), SERIAL).octets
    answer = ask(psam, init(factors=(SERIAL, ISSUER)))
    session = reference.ecb(dpk, RND + bytes.fromhex("004D") + answer.data[2:4])
    assert answer.data[4:] == reference.mac(session, bytes.fromhex("000004E209") + PSAM_ID + STAMP)


@pytest.mark.parametrize("factors", [(), (SERIAL, ISSUER), (SERIAL[:7],)])
def test_the_key_says_how_many_factors(psam, factors):
    assert sw(psam, init(factors=factors)) == "6700"


def test_refusals(psam):
    assert sw(psam, init(version=3)) == "6A88"
    assert sw(psam, init(algorithm=4)) == "6A80"
    assert sw(psam, "8070000004" + "00" * 4) == "6700"
    assert sw(psam, "80700000") == "6700"
    assert sw(psam, commands.credit_sam_purchase(bytes(4))) == "6901"
    assert sw(psam, "00") == "6700"
    assert sw(psam, "80EE0000") == "6D00"
    assert sw(psam, "84700000") == "6D00"
    assert sw(psam, "90700000") == "6E00"
    assert sw(psam, "00A40100021001") == "6A86"
    assert sw(psam, "00A40400021001") == "6A82"
    assert sw(psam, "00A40000022002") == "6A82"
    ask(psam, init())
    assert sw(psam, "8072010004" + "00" * 4) == "6A86"
    assert sw(psam, "8072000003" + "00" * 3) == "6700"


def test_the_application_must_be_selected(school):
    psam = school.psam()
    assert sw(psam, "00A40000023F0000") == "9000"
    assert sw(psam, init()) == "6985"
    assert sw(psam, commands.select_file(0x1001)) == "9000"
    assert sw(psam, init()) == "9000"


def test_wrong_mac2_ends_the_session_after_its_tries(psam):
    ask(psam, init())
    for _ in range(MAC2_TRIES):
        assert sw(psam, commands.credit_sam_purchase(bytes(4))) == "9302"
    assert sw(psam, commands.credit_sam_purchase(bytes(4))) == "6901"


def test_a_reset_ends_the_session_and_keeps_the_number(psam):
    assert ask(psam, init()).data[:4] == b"\0\0\0\1"
    psam.reset()
    assert sw(psam, commands.credit_sam_purchase(bytes(4))) == "6901"
    ask(psam, commands.select_file(0x1001))
    assert ask(psam, init()).data[:4] == b"\0\0\0\2"


def test_the_last_number(school):
    image = new_psam_image(PSAM_ID, {1: PsamMaster(school.purchase[1])}, first_ttn=0xFFFFFFFE)
    psam = school.psam(memory=RamMemory(image))
    assert ask(psam, init()).data[:4] == b"\xff\xff\xff\xfe"
    assert sw(psam, init()) == "9402"


def test_without_power_there_is_no_answer(school):
    psam = Psam(RamMemory(b""), school.rng.randbytes)
    with pytest.raises(CardLost):
        psam.transmit(b"\x00\xa4\x00\x00")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([*Tear, "reset", "wild"]), max_size=30),
    st.binary(max_size=40).filter(lambda raw: raw[:2] != b"\x80\x70"),
)
def test_no_number_is_ever_given_twice(new_school, tears, wild):
    school = new_school()
    plan = iter([step for step in tears if isinstance(step, Tear)])
    ram = RamMemory(new_psam_image(PSAM_ID, {1: PsamMaster(school.purchase[1])}))
    psam = Psam(TearingMemory(ram, lambda: next(plan)), school.rng.randbytes)
    psam.power_on()
    given_numbers = []
    for step in tears:
        ask(psam, commands.select_file(0x1001))
        if isinstance(step, Tear):
            try:
                given_numbers.append(ask(psam, init()).data[:4])
            except CardLost:
                psam.power_on()
        elif step == "reset":
            psam.reset()
        else:
            assert len(psam.transmit(wild)) >= 2
    assert given_numbers == sorted(set(given_numbers))
    assert all(int.from_bytes(n, "big") < decode_psam_image(ram.image).next_ttn for n in given_numbers)
