"""The PSAM in bytes: files, 8070 and 8072, versions, levels, and a number that never repeats."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.purse import commands
from shared.purse.apdu import ResponseApdu
from shared.purse.cos.images import PsamMaster, RamMemory, decode_psam_image, new_psam_image
from shared.purse.cos.psam import MAC2_TRIES, Psam
from shared.purse.cos.torn import Tear, TearingMemory
from shared.purse.crypto import Key, diversify, protected_command
from shared.purse.errors import CardLost
from shared.purse.profiles import AID_PURSE

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
    assert sw(psam, "84700000") == "6882"
    assert sw(psam, "80D40000") == "6987"
    assert sw(psam, "84EE0000") == "6D00"
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


CONTROL = bytes(range(0x30, 0x40))
NEW = bytes.fromhex("00112233445566778899AABBCCDDEEFF")


@pytest.fixture
def keyed(school):
    """A PSAM with a control key, on a published challenge."""
    image = new_psam_image(PSAM_ID, {1: PsamMaster(school.purchase[1])}, control=Key(CONTROL))
    return school.psam(memory=RamMemory(image))


def write(psam, octets=NEW, usage=0x22, version=2, key=CONTROL, spoil=False):
    challenge = ask(psam, "0084000004").data
    field = bytes((usage, version, 0)) + octets
    command = protected_command(Key(key), challenge, b"\x84\xd4\x00\x00", field, is_hidden=True)
    return sw(psam, command[:-1] + bytes((command[-1] ^ spoil,)))


def test_a_key_message_as_published():
    """Row 4 of the published logs: cipher and MAC byte for byte."""
    command = protected_command(
        Key(NEW), bytes.fromhex("5D72B3FD"), bytes.fromhex("84D40000"), b"\x22\0\0" + NEW, is_hidden=True
    )
    assert command.hex().upper() == (
        "84D400001C" "DCC0BB5793ABFCA2CA8C1624822F6E01A86A0B5CBED191DD" "8A9D4ADB"
    )  # fmt: skip


def test_the_published_key_message_is_taken(school):
    image = new_psam_image(PSAM_ID, {1: PsamMaster(school.purchase[1])}, control=Key(NEW))
    psam = Psam(RamMemory(image), lambda size: bytes.fromhex("5D72B3FD"))
    psam.power_on()
    ask(psam, commands.select_file(0x1001))
    ask(psam, "0084000004")
    assert sw(psam, "84D400001C" "DCC0BB5793ABFCA2CA8C1624822F6E01A86A0B5CBED191DD" "8A9D4ADB") == "9000"
    assert sw(psam, init(version=0)) == "9000"


def test_a_new_version_stands_beside_the_old(keyed, reference):
    assert sw(keyed, init(version=2)) == "6A88"
    assert write(keyed) == "9000"
    assert sw(keyed, init(version=1)) == "9000"
    answer = ask(keyed, init(version=2))
    session = reference.ecb(diversify(Key(NEW), SERIAL).octets, RND + bytes.fromhex("004D") + answer.data[2:4])
    assert answer.data[4:] == reference.mac(session, bytes.fromhex("000004E209") + PSAM_ID + STAMP)
    keyed.reset()
    ask(keyed, commands.select_name(AID_PURSE))
    assert write(keyed, usage=0x42) == "9000"
    assert sw(keyed, init(version=2)) == "6700"
    assert sw(keyed, init(version=2, factors=(SERIAL, ISSUER))) == "9000"


def test_a_version_that_has_no_use_any_more_is_dropped(keyed):
    assert write(keyed) == "9000"
    for _ in range(2):  # and what is not there is gone already
        assert write(keyed, usage=0x00, version=1) == "9000"
        keyed.reset()
        ask(keyed, commands.select_name(AID_PURSE))
        assert sw(keyed, init(version=1)) == "6A88"
        assert sw(keyed, init(version=2)) == "9000"
    assert write(keyed, usage=0x00, version=2, spoil=True) == "6988"
    assert sw(keyed, init(version=2)) == "9000"


def test_what_a_psam_takes_for_no_key(keyed):
    assert write(keyed, usage=0x44) == "6A80"
    assert write(keyed, usage=0x02) == "6A80"
    assert write(keyed, usage=0x82) == "6A80"
    assert write(keyed, octets=NEW[:8]) == "6700"
    for version in range(2, 17):
        assert write(keyed, version=version) == "9000"
    assert write(keyed, version=17) == "6A84"
    assert write(keyed, version=16) == "9000"


def test_wrong_key_messages_lock_the_control_key(keyed):
    assert sw(keyed, "84D4000004" "00000000") == "6984"
    ask(keyed, "0084000004")
    assert sw(keyed, "84D4000002" "0000") == "6987"
    assert [write(keyed, spoil=True) for _ in range(2)] == ["6988", "6988"]
    assert write(keyed) == "9000"
    assert [write(keyed, spoil=True) for _ in range(3)] == ["6988", "6988", "6988"]
    keyed.reset()
    ask(keyed, commands.select_file(0x1001))
    assert write(keyed) == "6983"
    assert sw(keyed, init()) == "9000"


def test_a_psam_without_control_key_takes_no_keys(psam):
    assert write(psam) == "9403"


@pytest.mark.parametrize("tear", [Tear.BEFORE, Tear.AFTER])
def test_a_cut_key_message_costs_its_try_before_it_is_read(school, tear):
    for spoil in (False, True):
        ram = RamMemory(new_psam_image(PSAM_ID, {1: PsamMaster(school.purchase[1])}, control=Key(CONTROL)))
        psam = school.psam(memory=TearingMemory(ram, lambda: tear))
        with pytest.raises(CardLost):
            write(psam, spoil=spoil)
        assert decode_psam_image(ram.image).tries == (3 if tear is Tear.BEFORE else 2)
        assert list(decode_psam_image(ram.image).masters) == [1]


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


@pytest.mark.parametrize("raw", ["0084010008", "0084000108", "8070010001AA", "8070000101AA", "8072010004" + "00" * 4])
def test_other_parameters_of_the_psam(psam, raw):
    opened = psam.transmit(init())
    assert opened[-2:].hex() == "9000"
    assert sw(psam, bytes.fromhex(raw)) == "6A86"
