"""The algorithm selector: SM4 against published vectors and a second computation, and cards of two ciphers at work."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clocks.clock import date_time_bcd
from shared.online import LoadAnswer, LoadResult
from shared.purse import commands, crypto
from shared.purse.apdu import ResponseApdu
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import CardKey, PsamMaster, RamMemory, new_card_image, new_psam_image
from shared.purse.cos.psam import Psam
from shared.purse.crypto import Key, diversify
from shared.purse.effects import drive
from shared.purse.errors import KeyShapeError, UnsupportedAlgorithm
from shared.purse.flows.load import load
from shared.purse.flows.till import open_psam, purchase, read_balance
from shared.purse.load_auth import LoadAuth, authorise
from shared.purse.outcomes import Declined, Loaded, LoadOrder, Purchased
from shared.purse.profiles import AID_PURSE, CAMPUS_SM4
from shared.purse.reasons import Reason
from shared.purse.suite import SM4_CAMPUS, SUITES, TRIPLE_DES, UNBUILT, is_supported, require_suite, suite_of
from shared.purse.tac import TacChecker, TacVerdict, tac_item
from tests.shared.conftest import PSAM_ID
from tests.shared.purse import sm4_reference

STANDARD_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
SERIAL = (4711).to_bytes(8, "big")
ISSUER = b"\x53\x03"


# --- the cipher ----------------------------------------------------------------------------------------------------


def test_sm4_is_gb_t_32907_example_1():
    assert SM4_CAMPUS.fresh(STANDARD_KEY)(STANDARD_KEY).hex().upper() == "681EDF34D206965E86B3E94F536E4246"
    assert sm4_reference.encrypt(STANDARD_KEY, STANDARD_KEY).hex().upper() == "681EDF34D206965E86B3E94F536E4246"


def test_sm4_is_gb_t_32907_example_2():
    """A million rounds over itself."""
    blocks, state = SM4_CAMPUS.fresh(STANDARD_KEY), STANDARD_KEY
    for _ in range(1_000_000):
        state = blocks(state)
    assert state.hex().upper() == "595298C7C6FD271F0402F804C33D3F66"


@pytest.mark.parametrize(
    ("data", "mac"),
    [
        (b"", "8C338E5A27E349BEAE39214FEDA97099"),
        (b"This is the test message for mac", "4B6553AF3C4E27448412315AC7849535"),
        (b"This is the test message ", "421AD1690AA152E2846FA2A5D83445A9"),
    ],
)
def test_the_sm4_mac_is_gb_t_15852_1_annex_b(data, mac):
    assert sm4_reference.cbc_mac(STANDARD_KEY, data).hex().upper() == mac
    key = Key(STANDARD_KEY, SM4_CAMPUS)
    assert crypto.session_mac(key, data) == crypto.tac(key, data) == bytes.fromhex(mac)[:4]
    assert crypto.tac_calculator(key)(data) == bytes.fromhex(mac)[:4]


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8), st.binary(max_size=70))
def test_every_sm4_form_is_the_second_computation(octets, eight, data):
    key = Key(octets, SM4_CAMPUS)
    assert crypto.diversify(key, eight).octets == sm4_reference.derived(octets, eight)
    assert crypto.diversify(key, eight, eight[::-1]) == crypto.diversify(crypto.diversify(key, eight), eight[::-1])
    assert crypto.diversify_many(key, [eight, eight]) == [crypto.diversify(key, eight)] * 2
    assert crypto.session_key(key, eight) == crypto.diversify(key, eight)
    assert crypto.session_mac(key, data) == sm4_reference.cbc_mac(octets, data)[:4]
    assert crypto.kcv(key) == sm4_reference.encrypt(octets, bytes(16))[:3]


def test_an_sm4_key_has_16_bytes_and_is_no_3des_key():
    with pytest.raises(KeyShapeError):
        Key(bytes(8), SM4_CAMPUS)
    assert Key(STANDARD_KEY, SM4_CAMPUS) != Key(STANDARD_KEY)
    assert "0123" not in repr(Key(STANDARD_KEY, SM4_CAMPUS)) + repr(SM4_CAMPUS)


# --- the selector --------------------------------------------------------------------------------------------------


def test_the_selector_knows_three_bytes():
    built = {byte: suite_of(byte) for byte in range(256) if is_supported(byte)}
    assert built == {0x00: TRIPLE_DES, 0x01: TRIPLE_DES, 0xE4: SM4_CAMPUS}
    assert {suite_of(byte) for byte in range(256)} - set(built.values()) == {UNBUILT}
    assert {name: suite.selector for name, suite in SUITES.items()} == {"3des": 0x00, "sm4-campus": 0xE4}


USES = {
    "diversify": lambda key: crypto.diversify(key, bytes(8)),
    "session": lambda key: crypto.load_session_key(key, bytes(4), 1),
    "mac": lambda key: crypto.session_mac(key, b"x"),
    "tac": lambda key: crypto.tac(key, b"x"),
    "kcv": crypto.kcv,
    "line": lambda key: crypto.secure_messaging_mac(key, bytes(4), b"x"),
    "hide": lambda key: crypto.secure_messaging_encrypt(key, b"x"),
    "prove": lambda key: crypto.encrypt_block(key, bytes(8)),
}


@pytest.mark.parametrize("use", USES)
def test_a_key_of_an_algorithm_that_is_not_built_does_nothing(use):
    with pytest.raises(UnsupportedAlgorithm):
        USES[use](Key(bytes(16), suite_of(0x04)))


@pytest.mark.parametrize("use", ["line", "hide", "prove"])
def test_no_document_gives_line_protection_another_cipher(use):
    with pytest.raises(UnsupportedAlgorithm):
        USES[use](Key(bytes(16), SM4_CAMPUS))


def test_a_selector_must_be_the_one_of_the_key():
    require_suite(0x01, TRIPLE_DES)
    require_suite(0xE4, SM4_CAMPUS)
    for byte, suite in ((0x00, SM4_CAMPUS), (0xE4, TRIPLE_DES), (0x04, SM4_CAMPUS), (0x04, UNBUILT)):
        with pytest.raises(UnsupportedAlgorithm):
            require_suite(byte, suite)


# --- cards ---------------------------------------------------------------------------------------------------------


class Shop:
    """A PSAM with version 1 in 3DES and version 2 in SM4, and the centre that has both."""

    def __init__(self, school):
        self.school = school
        masters = {1: PsamMaster(school.purchase[1]), 2: PsamMaster(school.sm4["purchase"])}
        self.psam = Psam(RamMemory(new_psam_image(PSAM_ID, masters)), school.rng.randbytes)
        self.psam.power_on()
        drive(open_psam(), psam=self.psam)
        self.checker = TacChecker({(ISSUER, 1): school.tac, (ISSUER, 2): school.sm4["tac"]})

    def buy(self, card, key_id, amount=1250):
        identity = self.school.identify(card, CAMPUS_SM4)
        return drive(
            purchase(self.school.order(amount, key_id=key_id), identity),
            card=card, psam=self.psam, persist=lambda _: None, lookup=lambda *_: False,
        )  # fmt: skip

    def load(self, card, key_id, masters):
        def ask(r):
            auth = LoadAuth(
                r.card, r.key_version, r.algorithm, r.rnd, r.counter, r.balance_fen, r.amount_fen, r.type, PSAM_ID,
                r.mac1,
            )  # fmt: skip
            mac2 = authorise(diversify(masters[r.key_version], SERIAL), auth, self.school.now.seconds)
            assert mac2 is not None
            return LoadAnswer(LoadResult.GRANTED, self.school.now.seconds, mac2, r.amount_fen)

        order = replace(LoadOrder(2000, PSAM_ID), key_id=key_id)
        identity = self.school.identify(card, CAMPUS_SM4)
        return drive(load(order, identity), card=card, persist=lambda _: None, ask=ask)

    def verdict(self, sold, **changed):
        p = sold.purchase
        covered = crypto.purchase_tac_input(p.amount_fen, p.type, p.psam_id, p.ttn, date_time_bcd(p.time_s))
        algorithm = changed.get("algorithm", p.algorithm)
        version = changed.get("version", p.key_version)
        return TacVerdict(self.checker.check(tac_item(p.card_id, version, algorithm, covered, sold.tac))[0])


@pytest.fixture
def shop(school):
    return Shop(school)


def card_of(school, keys):
    image = new_card_image(CAMPUS_SM4, school.public(4711, CAMPUS_SM4), keys, opening_balance_fen=5000)
    card = UserCard(RamMemory(image), school.rng.randbytes)
    card.power_on()
    return card


def mixed(school):
    """DPK, DLK and DTK of number 1 in 3DES and of number 2 in SM4, on one card."""
    old, new = school.keys(school.public(4711)), school.sm4_keys(school.public(4711), version=2)
    return replace(
        old,
        purchase=(old.purchase[0], *new.purchase),
        load=(old.load[0], *new.load),
        more_tac=(CardKey(2, 2, new.tac),),
    )


def test_a_card_with_sm4_keys_buys_and_loads(school, shop):
    assert CAMPUS_SM4.suite is SM4_CAMPUS
    card = card_of(school, school.sm4_keys(school.public(4711), version=2))
    sold = shop.buy(card, key_id=2)
    assert isinstance(sold, Purchased), sold
    assert (sold.purchase.key_version, sold.purchase.algorithm) == (2, 0xE4)
    assert shop.verdict(sold) is TacVerdict.OK
    loaded = shop.load(card, 2, {2: school.sm4["load"]})
    assert isinstance(loaded, Loaded), loaded
    assert drive(read_balance(), card=card) == 5000 - 1250 + 2000


def test_what_an_sm4_card_answers_is_the_second_computation(school):
    card = card_of(school, school.sm4_keys(school.public(4711)))
    ask = lambda raw: ResponseApdu.decode(card.transmit(raw))  # noqa: E731  # one line, used here alone
    ask(commands.select_name(AID_PURSE))
    opened = ask(commands.init_load(1, 2000, PSAM_ID)).data
    balance, counter, version, algorithm, rnd, mac1 = (
        opened[:4], opened[4:6], opened[6], opened[7], opened[8:12], opened[12:]
    )  # fmt: skip
    dlk = sm4_reference.derived(school.sm4["load"].octets, SERIAL)
    session = sm4_reference.derived(dlk, rnd + counter + b"\x80\x00")
    head = (2000).to_bytes(4, "big") + b"\x02" + PSAM_ID
    assert (version, algorithm) == (1, 0xE4)
    assert mac1 == sm4_reference.cbc_mac(session, balance + head)[:4]
    stamp = bytes.fromhex("20251124224530")
    done = ask(commands.credit(stamp, sm4_reference.cbc_mac(session, head + stamp)[:4]))
    dtk = sm4_reference.derived(school.sm4["tac"].octets, SERIAL)
    covered = (7000).to_bytes(4, "big") + counter + head + stamp
    assert done == (sm4_reference.cbc_mac(dtk, covered)[:4], 0x9000)


def test_3des_and_sm4_stand_side_by_side_on_one_card(school, shop):
    card = card_of(school, mixed(school))
    old, new, old_again = shop.buy(card, 1), shop.buy(card, 2), shop.buy(card, 1)
    assert [sold.purchase.algorithm for sold in (old, new, old_again)] == [0x00, 0xE4, 0x00]
    assert [shop.verdict(sold) for sold in (old, new, old_again)] == [TacVerdict.OK] * 3
    masters = {1: school.load, 2: school.sm4["load"]}
    assert isinstance(shop.load(card, 1, masters), Loaded)
    assert isinstance(shop.load(card, 2, masters), Loaded)
    assert drive(read_balance(), card=card) == 5000 - 3 * 1250 + 2 * 2000


def test_a_record_that_names_another_cipher_is_unknown_not_wrong(school, shop):
    card = card_of(school, mixed(school))
    old, new = shop.buy(card, 1), shop.buy(card, 2)
    assert shop.verdict(old, algorithm=0x01) is TacVerdict.OK
    assert shop.verdict(old, algorithm=0xE4) is TacVerdict.UNKNOWN_KEY
    assert shop.verdict(new, algorithm=0x00) is TacVerdict.UNKNOWN_KEY
    assert shop.verdict(new, algorithm=0x04) is TacVerdict.UNKNOWN_ALGORITHM
    assert shop.verdict(new, version=1) is TacVerdict.UNKNOWN_KEY


def test_a_card_whose_tac_key_runs_another_cipher_begins_nothing(school):
    """A record has one algorithm: a TAC of another cipher could never be checked."""
    keys = replace(school.sm4_keys(school.public(4711)), tac=school.keys(school.public(4711)).tac)
    card = card_of(school, keys)
    card.transmit(commands.select_name(AID_PURSE))
    assert card.transmit(commands.init_load(1, 1, PSAM_ID)).hex() == "9403"


def test_a_psam_refuses_a_card_that_names_another_cipher(school, shop):
    for version, algorithm in ((1, 0xE4), (2, 0x00), (2, 0x04), (1, 0x04)):
        command = commands.init_sam_purchase(bytes(4), 1, 100, 6, bytes(7), version, algorithm, (SERIAL,))
        assert shop.psam.transmit(command).hex() == "6a80"


def test_a_psam_image_keeps_a_master_that_is_not_built():
    image = new_psam_image(PSAM_ID, {1: PsamMaster(Key(bytes(16)), 1, 0x04)})
    psam = Psam(RamMemory(image), bytes)
    psam.power_on()
    drive(open_psam(), psam=psam)
    assert psam.transmit(commands.init_sam_purchase(bytes(4), 1, 1, 6, bytes(7), 1, 0x04, (SERIAL,))).hex() == "6a80"


class Claiming:
    """A card that names another algorithm than its own at INIT."""

    def __init__(self, card, algorithm):
        self.card, self.algorithm = card, algorithm

    def transmit(self, apdu, /):
        answer = self.card.transmit(apdu)
        if apdu[:2] == b"\x80\x50" and len(answer) == 17:
            return answer[:10] + bytes((self.algorithm,)) + answer[11:]
        return answer


@pytest.mark.parametrize("algorithm", [0x02, 0x04, 0xE4, 0xFF])
def test_a_card_of_a_cipher_that_the_psam_has_not_is_declined_before_anything_is_kept(school, shop, algorithm):
    card = school.card(balance=5000)
    identity = school.identify(card)
    kept = []
    outcome = drive(
        purchase(school.order(100), identity),
        card=Claiming(card, algorithm), psam=shop.psam, persist=kept.append, lookup=lambda *_: False,
    )  # fmt: skip
    assert isinstance(outcome, Declined)
    assert (outcome.reason, outcome.sw) == (Reason.PSAM_REFUSED, 0x6A80)
    assert kept == []
    assert drive(read_balance(), card=card) == 5000
