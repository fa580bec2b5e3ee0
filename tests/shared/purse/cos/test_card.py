"""The user card in bytes: files, order, counters, floor, ceiling and MACs against a straight second computation."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.clocks.clock import date_time_bcd
from shared.purse import commands
from shared.purse.apdu import CommandApdu, ResponseApdu
from shared.purse.caps import CAPP_TAG, CardCounters
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory, decode_card_image
from shared.purse.cos.torn import Tear, TearingMemory
from shared.purse.errors import CardLost, LayoutError
from shared.purse.files import parse_log
from shared.purse.profiles import AID_PURSE, BANK_EP, CAMPUS, PurchaseForm

TERM = bytes.fromhex("510000000023")
STAMP = bytes.fromhex("20251124224530")
CARD_ID = b"\x53\x03" + (4711).to_bytes(8, "big")
RECORD = CardCounters(9459, 2, 1250, 1, 1250, 1).encode()


def ask(card, raw):
    return ResponseApdu.decode(card.transmit(bytes.fromhex(raw) if isinstance(raw, str) else raw))


def sw(card, raw):
    return f"{ask(card, raw).sw:04X}"


@pytest.fixture
def card(school):
    card = school.card(number=4711, balance=5000)
    assert sw(card, commands.select_name(AID_PURSE)) == "9000"
    return card


def init(card, amount=1250, form=PurchaseForm.CAPP, key_id=1):
    return ask(card, commands.init_purchase(form, key_id, amount, TERM))


def mac1_for(school, reference, opened, amount, kind, ttn, version=1):
    dpk = school.keys(school.public(4711)).purchase[version - 1].key.octets
    session = reference.ecb(dpk, opened.data[11:15] + opened.data[4:6] + ttn.to_bytes(4, "big")[2:])
    mac1 = reference.mac(session, amount.to_bytes(4, "big") + bytes((kind,)) + TERM + STAMP)
    return session, mac1


def spend(school, reference, card, amount=1250, ttn=0x12345678):
    opened = init(card, amount)
    session, mac1 = mac1_for(school, reference, opened, amount, 9, ttn)
    assert sw(card, commands.update_capp(CAPP_TAG, RECORD)) == "9000"
    return session, ask(card, commands.debit(ttn, STAMP, mac1))


def state(card):
    return decode_card_image(card._memory.load())


# --- purchase --------------------------------------------------------------------------------------------------


def test_a_capp_purchase_by_the_reference(school, reference, card):
    opened = init(card)
    assert opened.data[:11].hex() == "0000138800000000000100"
    ttn = 0x12345678
    session, mac1 = mac1_for(school, reference, opened, 1250, 9, ttn)
    assert sw(card, commands.update_capp(CAPP_TAG, RECORD)) == "9000"
    answer = ask(card, commands.debit(ttn, STAMP, mac1))
    tac = reference.tac(school.dtk(CARD_ID), bytes.fromhex("000004E209") + TERM + ttn.to_bytes(4, "big") + STAMP)
    mac2 = reference.mac(session, bytes.fromhex("000004E2"))
    assert answer == (tac + mac2, 0x9000)
    after = state(card)
    assert (after.balance_fen, after.offline, after.online, after.capp) == (3750, 1, 0, RECORD)
    log = parse_log(ask(card, "00B201C400").data)
    assert (log.number, log.amount_fen, log.kind, log.terminal_id, log.date_time) == (1, 1250, 9, TERM, STAMP)
    assert ask(card, commands.prove(9, 1)) == (mac2 + tac, 0x9000)
    assert sw(card, commands.prove(9, 0)) == "9406"
    assert sw(card, commands.prove(6, 1)) == "9406"
    assert sw(card, commands.prove(2, 1)) == "9406"


def test_a_plain_purchase_by_the_reference(school, reference):
    card = school.card(number=4711, balance=5000, profile=BANK_EP)
    ask(card, commands.select_name(AID_PURSE))
    dpk = school.keys(school.public(4711, BANK_EP), BANK_EP).purchase[1].key.octets
    opened = init(card, 700, PurchaseForm.PLAIN, key_id=2)
    assert opened.data[9:11].hex() == "0200"
    session = reference.ecb(dpk, opened.data[11:15] + bytes.fromhex("00000001"))
    mac1 = reference.mac(session, bytes.fromhex("000002BC06") + TERM + STAMP)
    answer = ask(card, commands.debit(1, STAMP, mac1))
    assert answer.sw == 0x9000
    assert answer.data[4:] == reference.mac(session, bytes.fromhex("000002BC"))
    assert state(card).balance_fen == 4300
    assert state(card).capp == CardCounters().encode()
    assert ask(card, commands.prove(6, 1)).data == answer.data[4:] + answer.data[:4]


def test_the_floor_holds_at_init(card):
    assert f"{init(card, 5001).sw:04X}" == "9401"
    assert init(card, 5000).sw == 0x9000


def test_an_unknown_key_id(card):
    assert f"{init(card, key_id=9).sw:04X}" == "9403"
    assert sw(card, commands.init_load(2, 1, TERM)) == "9403"


def test_a_key_of_an_algorithm_that_is_not_built(school):
    card = school.card(algorithm=4)
    ask(card, commands.select_name(AID_PURSE))
    assert f"{init(card).sw:04X}" == "9403"
    assert sw(card, commands.init_load(1, 1, TERM)) == "9403"


@pytest.mark.parametrize("spoil", ["mac1", "ttn", "stamp", "amount"])
def test_mac1_covers_what_it_must(school, reference, card, spoil):
    opened = init(card)
    ttn = 7
    _, mac1 = mac1_for(school, reference, opened, 1251 if spoil == "amount" else 1250, 9, ttn)
    ask(card, commands.update_capp(CAPP_TAG, RECORD))
    sent_mac = bytes((mac1[0] ^ 1,)) + mac1[1:] if spoil == "mac1" else mac1
    sent_stamp = bytes.fromhex("20251124224531") if spoil == "stamp" else STAMP
    assert sw(card, commands.debit(8 if spoil == "ttn" else ttn, sent_stamp, sent_mac)) == "9302"
    assert (state(card).balance_fen, state(card).offline, state(card).capp) == (5000, 0, CardCounters().encode())
    assert sw(card, commands.debit(ttn, STAMP, mac1)) == "6901"


def test_mac1_is_for_one_init_only(school, reference, card):
    opened = init(card)
    _, mac1 = mac1_for(school, reference, opened, 1250, 9, 1)
    init(card)
    ask(card, commands.update_capp(CAPP_TAG, RECORD))
    assert sw(card, commands.debit(1, STAMP, mac1)) == "9302"


def test_a_debit_needs_its_init(card):
    assert sw(card, commands.debit(1, STAMP, bytes(4))) == "6901"
    assert sw(card, commands.credit(STAMP, bytes(4))) == "6901"
    assert sw(card, commands.update_capp(CAPP_TAG, RECORD)) == "6901"


@pytest.mark.parametrize(
    "between",
    ["805C000204", "0084000004", "00B095001E", "00B201C400", "00A40400" "09A00000000386980701", "805A0009020001",
     "80EE0000", "84240000", "00", "8052000000", "805000020B" "01" "00000001" "510000000023"],
)  # fmt: skip
def test_any_command_between_ends_the_session(school, reference, card, between):
    opened = init(card)
    _, mac1 = mac1_for(school, reference, opened, 1250, 9, 1)
    ask(card, commands.update_capp(CAPP_TAG, RECORD))
    ask(card, between)
    assert sw(card, commands.debit(1, STAMP, mac1)) == "6901"
    assert state(card).balance_fen == 5000


def test_the_halves_of_load_and_purchase_do_not_mix(card):
    init(card)
    assert sw(card, commands.credit(STAMP, bytes(4))) == "6901"
    ask(card, commands.init_load(1, 1, TERM))
    assert sw(card, commands.update_capp(CAPP_TAG, RECORD)) == "6901"
    ask(card, commands.init_load(1, 1, TERM))
    assert sw(card, commands.debit(1, STAMP, bytes(4))) == "6901"


def test_a_power_cycle_ends_the_session(school, reference, card):
    opened = init(card)
    _, mac1 = mac1_for(school, reference, opened, 1250, 9, 1)
    card.reset()
    ask(card, commands.select_name(AID_PURSE))
    assert sw(card, commands.debit(1, STAMP, mac1)) == "6901"


def test_capp_update_refusals(card):
    init(card)
    assert sw(card, commands.update_capp(0x22, b"\x22" + RECORD[1:])) == "6A83"
    assert sw(card, commands.update_capp(CAPP_TAG, RECORD[:-1])) == "6700"
    assert sw(card, commands.update_capp(CAPP_TAG, b"\x22" + RECORD[1:])) == "6A80"
    assert sw(card, "80DC21C030" + RECORD.hex()) == "6A82"
    assert sw(card, commands.update_capp(CAPP_TAG, RECORD)) == "9000"
    init(card, form=PurchaseForm.PLAIN)
    assert sw(card, commands.update_capp(CAPP_TAG, RECORD)) == "6901"


def test_a_capp_debit_without_its_record(school, reference, card):
    opened = init(card)
    _, mac1 = mac1_for(school, reference, opened, 1250, 9, 1)
    assert sw(card, commands.debit(1, STAMP, mac1)) == "6985"
    assert state(card).balance_fen == 5000


def test_a_locked_capp_record(school):
    memory = school.memory(number=4711)
    image = decode_card_image(memory.image)
    image.capp = CardCounters(locked=True).encode()
    card = school.card(RamMemory(image.encode()))
    ask(card, commands.select_name(AID_PURSE))
    init(card)
    assert sw(card, commands.update_capp(CAPP_TAG, RECORD)) == "9407"


@pytest.mark.parametrize("raw", ["805402000F", "805401010F"])
def test_a_debit_with_other_parameters(card, raw):
    init(card)
    assert sw(card, raw + "00" * 15) == "6A86"
    init(card)
    assert sw(card, "8054010004" + "00" * 4) == "6700"


def test_an_entry_of_amount_zero(school, reference, card):
    _, answer = spend(school, reference, card, amount=0)
    assert answer.sw == 0x9000
    assert (state(card).balance_fen, state(card).offline) == (5000, 1)


def test_the_log_keeps_ten_newest_first(school, reference, card):
    for amount in range(1, 13):
        assert spend(school, reference, card, amount)[1].sw == 0x9000
    log = [parse_log(ask(card, commands.read_record(0x18, n)).data) for n in range(1, 11)]
    assert [record.amount_fen for record in log] == list(range(12, 2, -1))
    assert [record.number for record in log] == list(range(12, 2, -1))
    assert sw(card, commands.read_record(0x18, 11)) == "6A83"


@pytest.mark.parametrize("kind", ["offline", "online"])
def test_a_full_counter_stops_that_side_only(school, reference, kind):
    image = decode_card_image(school.memory(number=4711).image)
    setattr(image, kind, 0xFFFF)
    card = school.card(RamMemory(image.encode()))
    ask(card, commands.select_name(AID_PURSE))
    load = ask(card, commands.init_load(1, 1, TERM)).sw
    assert (init(card).sw, load) == ((0x9402, 0x9000) if kind == "offline" else (0x9000, 0x9402))


def test_the_last_number_can_still_be_used(school, reference):
    image = decode_card_image(school.memory(number=4711).image)
    image.offline = 0xFFFE
    card = school.card(RamMemory(image.encode()))
    ask(card, commands.select_name(AID_PURSE))
    assert spend(school, reference, card)[1].sw == 0x9000
    assert state(card).offline == 0xFFFF
    assert ask(card, commands.prove(9, 0xFFFF)).sw == 0x9000
    assert f"{init(card).sw:04X}" == "9402"


# --- load ------------------------------------------------------------------------------------------------------


def load_by_reference(school, reference, card, amount=2000, spoil=False):
    before = state(card)
    dlk = school.keys(school.public(4711)).load[0].key.octets
    opened = ask(card, commands.init_load(1, amount, TERM))
    balance, counter, rnd = opened.data[:4], opened.data[4:6], opened.data[8:12]
    session = reference.ecb(dlk, rnd + counter + b"\x80\x00")
    fields = amount.to_bytes(4, "big") + b"\x02" + TERM
    assert opened.data[6:8].hex() == "0100"
    assert opened.data[12:] == reference.mac(session, balance + fields)
    mac2 = reference.mac(session, fields + STAMP)
    answer = ask(card, commands.credit(STAMP, bytes(4) if spoil else mac2))
    after = (before.balance_fen + amount).to_bytes(4, "big")
    return answer, reference.tac(school.dtk(CARD_ID), after + counter + fields + STAMP), mac2


def test_a_load_by_the_reference(school, reference, card):
    answer, tac, mac2 = load_by_reference(school, reference, card)
    assert answer == (tac, 0x9000)
    after = state(card)
    assert (after.balance_fen, after.online, after.offline) == (7000, 1, 0)
    assert ask(card, commands.prove(2, 1)).data == mac2 + tac
    log = parse_log(ask(card, "00B201C400").data)
    assert (log.number, log.kind, log.amount_fen) == (1, 2, 2000)


def test_a_load_with_a_wrong_mac2(school, reference, card):
    assert f"{load_by_reference(school, reference, card, spoil=True)[0].sw:04X}" == "9302"
    assert (state(card).balance_fen, state(card).online) == (5000, 0)
    assert sw(card, commands.credit(STAMP, bytes(4))) == "6901"


def test_the_ceiling(card):
    assert sw(card, commands.init_load(1, 95_001, TERM)) == "6985"
    assert sw(card, commands.init_load(1, 95_000, TERM)) == "9000"
    assert sw(card, commands.init_load(1, 0xFFFFFFFF, TERM)) == "6985"


def test_credit_parameters(card):
    ask(card, commands.init_load(1, 1, TERM))
    assert sw(card, "805201000B" + "00" * 11) == "6A86"
    ask(card, commands.init_load(1, 1, TERM))
    assert sw(card, "8052000004" + "00" * 4) == "6700"


# --- power and memory ------------------------------------------------------------------------------------------


def test_without_power_there_is_no_answer(school):
    card = UserCard(school.memory(), school.rng.randbytes)
    with pytest.raises(CardLost):
        card.transmit(b"\x00\xa4\x00\x00")
    assert card.power_on() == bytes.fromhex("3B8180018080")
    card.power_off()
    with pytest.raises(CardLost):
        card.transmit(b"\x00\xa4\x00\x00")


def test_a_damaged_memory_does_not_wake(school):
    memory = school.memory()
    memory.image = memory.image[:-1]
    with pytest.raises(LayoutError):
        UserCard(memory, school.rng.randbytes).power_on()


@pytest.mark.parametrize(("tear", "balance", "counter"), [(Tear.BEFORE, 5000, 0), (Tear.AFTER, 3750, 1)])
def test_a_torn_write_is_all_or_nothing(school, reference, tear, balance, counter):
    ram = school.memory(number=4711)
    card = school.card(TearingMemory(ram, lambda: tear))
    ask(card, commands.select_name(AID_PURSE))
    with pytest.raises(CardLost):
        spend(school, reference, card)
    with pytest.raises(CardLost):
        card.transmit(commands.GET_BALANCE)
    after = decode_card_image(ram.image)
    assert (after.balance_fen, after.offline) == (balance, counter)
    assert (after.capp == RECORD, any(after.log), after.ep.proof(9) is not None) == (tear is Tear.AFTER,) * 3


class FullDisk(RamMemory):
    """A memory that refuses with an error which is none of the purse's."""

    def store(self, image, /):
        raise OSError("no space left")


def test_any_failing_memory_takes_the_card_away(school, reference):
    card = school.card(FullDisk(school.memory(number=4711).image))
    ask(card, commands.select_name(AID_PURSE))
    with pytest.raises(OSError, match="no space"):
        spend(school, reference, card)
    with pytest.raises(CardLost):
        card.transmit(commands.GET_BALANCE)


# --- laws ------------------------------------------------------------------------------------------------------

WILD = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda head, data, le: CommandApdu(*head, data, le).encode(),
        st.sampled_from(
            [(0x80, 0x50, 0, 2), (0x80, 0x50, 1, 2), (0x80, 0x50, 3, 2), (0x80, 0xDC, 0x21, 0xB8), (0x80, 0x54, 1, 0),
             (0x80, 0x52, 0, 0), (0x80, 0x5A, 0, 9), (0x80, 0x5C, 0, 2), (0, 0xA4, 4, 0), (0, 0xB0, 0x95, 0),
             (0, 0xB2, 1, 0xC4), (0, 0x84, 0, 0)]
        ),
        st.one_of(st.binary(max_size=50), st.just(AID_PURSE), st.just(RECORD)),
        st.one_of(st.none(), st.integers(1, 256)),
    ),
)  # fmt: skip
AMOUNT = st.integers(0, 9000)
STEP = st.one_of(
    st.tuples(st.just("wild"), WILD),
    st.tuples(st.just("spend"), AMOUNT),
    st.tuples(st.just("load"), AMOUNT),
    st.tuples(st.just("reset"), st.none()),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(STEP, max_size=25))
def test_balance_is_opening_plus_loads_minus_purchases(new_school, reference, steps):
    school = new_school()
    card = school.card(number=4711, balance=5000, ceiling=20_000)
    ask(card, commands.select_name(AID_PURSE))
    expected, offline, online = 5000, 0, 0
    for kind, what in steps:
        if kind == "wild":
            assert len(card.transmit(what)) >= 2
        elif kind == "reset":
            card.reset()
        ask(card, commands.select_name(AID_PURSE))
        if kind == "spend" and what <= expected:
            assert spend(school, reference, card, what)[1].sw == 0x9000
            expected, offline = expected - what, offline + 1
        elif kind == "load" and expected + what <= 20_000:
            assert load_by_reference(school, reference, card, what)[0].sw == 0x9000
            expected, online = expected + what, online + 1
        after = state(card)
        assert (after.balance_fen, after.offline, after.online) == (expected, offline, online)
        assert int.from_bytes(ask(card, commands.GET_BALANCE).data, "big") == expected


def test_stamps_of_orders_are_bcd():
    assert date_time_bcd(817_339_530) == STAMP
    assert CAMPUS.purchase_type == 9
