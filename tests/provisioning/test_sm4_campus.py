"""A whole campus whose money keys are SM4, made by the real command: its key process serves purchase and load.

And a school on its way from 3DES to SM4: two versions of the masters, two ciphers, one store, one keeper.
"""

import json
import os

import pytest

from cloud.keys.client import KeyClient, KeyRefused
from provisioning.campus.campus import Making, campus_files
from provisioning.ceremony.ceremony import Ceremony, Terms, minutes, terms
from provisioning.custody.chain import check_value
from provisioning.issue.personalise import Validity, public_data
from provisioning.keeper.keeper import CardKeyName
from provisioning.keeper.software import keeper_of
from provisioning.keys import transport
from provisioning.keys.levels import MASTERS, MONEY_MASTERS, card_keys, new_root, psam_control_key, region_of, school_of
from provisioning.keys.store import KeyKind, KeyStore, Level, StoredKey, Unlock, open_store, seal
from provisioning.plan import numbers
from provisioning.plan.demo import demo_plan
from provisioning.plan.plan import parse_plan
from provisioning.process.operations import KeyOperations
from provisioning.psam.write import renew
from shared.clocks.clock import CampusTime, date_time_bcd
from shared.errors import ConfigFault, RuleBroken
from shared.inventory import open_sealed
from shared.online import LoadAnswer, LoadResult
from shared.purse import commands, crypto
from shared.purse.caps import MealClock
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import (
    CardKey,
    CardKeys,
    PsamMaster,
    RamMemory,
    decode_psam_image,
    new_card_image,
    new_psam_image,
)
from shared.purse.cos.psam import Psam
from shared.purse.effects import drive
from shared.purse.flows.load import load
from shared.purse.flows.till import identify, open_psam, purchase, read_balance
from shared.purse.load_auth import LoadAuth
from shared.purse.outcomes import Loaded, LoadOrder, Purchased, PurchaseOrder
from shared.purse.profiles import CAMPUS_SM4
from shared.purse.suite import SM4_CAMPUS, TRIPLE_DES
from shared.purse.tac import TacVerdict, tac_item
from shared.purse.upkeep import CardKeyType, WriteKey
from shared.records.slot_file import choose
from shared.wire import codec
from shared.wire.keyproc import Op, Role
from shared.wire.upkeep_frames import to_frame
from tests.patience import PATIENCE_S
from tests.provisioning.conftest import inventory_key, provisioning
from tests.provisioning.running_keys import running

pytestmark = pytest.mark.process

CAMPUS_NUMBER = 258
CARD = numbers.card(1, CAMPUS_NUMBER, 7)
PSAM_ID = numbers.psam(CAMPUS_NUMBER, 3)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sm4")
    (folder / "plan.json").write_text(json.dumps(demo_plan(3) | {"profile": "campus-sm4"}))
    done = provisioning("campus", "--data", folder / "d", "--plan", folder / "plan.json")
    assert done.returncode == 0, done.stderr
    return folder / "d"


@pytest.fixture(scope="module")
def rows(data):
    signer = inventory_key(json.loads((data / "campus.json").read_text()))
    return open_sealed((data / "inventory.bin").read_bytes(), signer).cards


@pytest.fixture
def client(data):
    with running(data) as keys, KeyClient(keys.path, timeout_s=PATIENCE_S) as client:
        yield client


def powered(body, path):
    made = body(RamMemory(choose(path.read_bytes()).body), os.urandom)
    made.power_on()
    return made


def test_an_sm4_campus_buys_loads_and_proves(data, rows, client):
    row = rows[2]
    assert (row.profile, row.algorithm) == ("campus-sm4", 0xE4)
    assert json.loads((data / "terminals" / "pos-01" / "terminal.json").read_text())["profile"] == "campus-sm4"
    now_s = row.issued + 43_200
    index = json.loads((data / "cards" / "index.json").read_text())
    card = powered(UserCard, data / "cards" / index[row.label]["file"])
    psam = powered(Psam, data / "terminals" / "pos-01" / "psam.bin")
    psam_id = drive(open_psam(), psam=psam).psam_id
    identity = drive(identify(CAMPUS_SM4, CampusTime(now_s, is_set=True)), card=card)

    def ask(r):
        auth = LoadAuth(
            r.card, r.key_version, r.algorithm, r.rnd, r.counter, r.balance_fen, r.amount_fen, r.type, psam_id, r.mac1
        )
        assert client.load_check(auth)
        with pytest.raises(KeyRefused, match="unknown-algorithm"):
            client.load_check(auth._replace(algorithm=0x00))
        return LoadAnswer(LoadResult.GRANTED, now_s, client.load_mac2(auth, now_s), r.amount_fen)

    loaded = drive(load(LoadOrder(20_000, psam_id), identity), card=card, persist=lambda _: None, ask=ask)
    assert isinstance(loaded, Loaded), loaded
    order = PurchaseOrder(1_250, now_s, psam_id, MealClock(now_s // 86_400, 2, is_set=True), None)
    sold = drive(purchase(order, identity), card=card, psam=psam, persist=lambda _: None, lookup=lambda *_: False)
    assert isinstance(sold, Purchased), sold
    assert drive(read_balance(), card=card) == row.opening_fen + 20_000 - 1_250

    p, r = sold.purchase, loaded.load.request
    bought = crypto.purchase_tac_input(p.amount_fen, p.type, p.psam_id, p.ttn, date_time_bcd(p.time_s))
    stood = crypto.load_tac_input(row.opening_fen + 20_000, r.counter, 20_000, r.type, psam_id, date_time_bcd(now_s))
    items = tac_item(p.card_id, p.key_version, p.algorithm, bought, sold.tac)
    items += tac_item(r.card, r.key_version, r.algorithm, stood, loaded.tac)
    items += tac_item(p.card_id, p.key_version, p.algorithm, bought, bytes(a ^ 1 for a in sold.tac))
    items += tac_item(p.card_id, p.key_version, 0x00, bought, sold.tac)
    items += tac_item(p.card_id, p.key_version, 0x04, bought, sold.tac)
    assert client.check_tac(items) == bytes(
        [TacVerdict.OK, TacVerdict.OK, TacVerdict.WRONG, TacVerdict.UNKNOWN_KEY, TacVerdict.UNKNOWN_ALGORITHM]
    )


@pytest.mark.parametrize("profile", ["bank-ep", "sm4", ""])
def test_a_plan_names_a_profile_of_ours(profile):
    with pytest.raises(ConfigFault, match="profile"):
        parse_plan(demo_plan(1) | {"profile": profile})


# --- a school on its way -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def school():
    """Version 1 is 3DES, version 2 SM4."""
    old, new = new_root(os.urandom, (1,)), new_root(os.urandom, (2,), SM4_CAMPUS)
    root = KeyStore(Level.ROOT, 0, (*old.keys, *new.keys))
    return school_of(region_of(root, 1), CAMPUS_NUMBER)


def test_only_money_keys_are_sm4(school):
    for kind in MASTERS:
        assert school.one(kind, 1).card_key(kind).suite is TRIPLE_DES
        assert school.one(kind, 2).card_key(kind).suite is (SM4_CAMPUS if kind in MONEY_MASTERS else TRIPLE_DES)


def test_a_store_and_a_mother_card_keep_the_algorithm(school):
    unlock = Unlock(os.urandom(32))
    assert open_store(seal(school, unlock, os.urandom(16), os.urandom(12)), unlock, Level.SCHOOL) == school
    key = crypto.Key(os.urandom(16))
    assert transport.open_mother(transport.mother_card(school, key, os.urandom(8)), key, Level.SCHOOL) == school


def test_a_mother_card_with_an_algorithm_that_is_not_built_is_refused(school):
    key = crypto.Key(os.urandom(16))
    odd = KeyStore(Level.SCHOOL, 1, (StoredKey(KeyKind.TAC, 1, bytes(16)),))
    card = transport.mother_card(odd, key, os.urandom(8))
    assert transport.open_mother(card, key, Level.SCHOOL) == odd
    rows = [[0x34, 1, bytes(3), crypto.secure_messaging_encrypt(key, bytes((0x34, 1, 4)) + bytes(16))]]
    nonce = os.urandom(8)
    body = codec.dumps([1, "school", 1, crypto.kcv(key), nonce, rows])
    with pytest.raises(transport.TransportFault, match="算法"):
        transport.open_mother(codec.pack([body, crypto.secure_messaging_mac(key, nonce, body)]), key, Level.SCHOOL)


def test_the_custody_log_and_the_key_process_tell_one_check_value(school):
    keeper = keeper_of(school)
    for kind in MASTERS:
        for version in (1, 2):
            assert check_value(school.one(kind, version)) == keeper.check_value(kind, version)


def test_a_ceremony_says_its_algorithm_and_an_earlier_one_had_3des():
    row = terms("0001", 7, 1, 2, ("甲", "乙"), "sm4-campus").to_row("甲", 0)
    assert Terms.of_row(row).suite is SM4_CAMPUS
    assert "sm4-campus" in minutes(Ceremony.of_rows([row]), bytes(32))
    del row["algorithm"]
    assert Terms.of_row(row).suite is TRIPLE_DES
    with pytest.raises(ConfigFault, match="算法"):
        terms("0001", 7, 1, 2, ("甲", "乙"), "sm1")
    with pytest.raises(RuleBroken):
        Terms.of_row(row | {"algorithm": "sm1"})


def test_one_keeper_works_with_both_ciphers(school):
    keeper = keeper_of(school)
    for version, suite in ((1, TRIPLE_DES), (2, SM4_CAMPUS)):
        (keys,) = card_keys(school, version, [CARD[2:]])
        assert keeper.suite(KeyKind.LOAD, version) is suite
        assert keeper.tac_keys(version, [CARD[2:]]) == [keys.tac]
        master = school.one(KeyKind.LOAD, version).card_key(KeyKind.LOAD)
        assert keeper.check_value(KeyKind.LOAD, version) == crypto.kcv(master)
        session = keeper.session(CardKeyName(KeyKind.LOAD, version, CARD[2:]), bytes(8))
        assert session.mac(b"x") == crypto.session_mac(crypto.session_key(keys.load, bytes(8)), b"x")


def test_the_key_process_says_the_version_and_cipher_that_do_not_go_together(school):
    operations = KeyOperations(keeper_of(school), CAMPUS_NUMBER)

    def answer(version, algorithm):
        auth = LoadAuth(CARD, version, algorithm, bytes(4), 1, 0, 100, 2, PSAM_ID, bytes(4))
        return codec.loads(operations.answer(codec.dumps([Op.LOAD_CHECK, *auth])))

    assert answer(1, 0x00) == answer(1, 0x01) == answer(2, 0xE4) == [True, False]
    for version, algorithm in ((1, 0xE4), (2, 0x00), (2, 0x04)):
        assert answer(version, algorithm) == [False, "unknown-algorithm"]
    assert answer(3, 0xE4) == [False, "unknown-key"]


def test_a_psam_takes_the_new_cipher_beside_the_old(school):
    """84D4 under its 3DES control key carries an SM4 master, with its selector."""
    control = psam_control_key(school, PSAM_ID)
    master = school.one(KeyKind.PURCHASE, 1).card_key(KeyKind.PURCHASE)
    memory = RamMemory(new_psam_image(PSAM_ID, {1: PsamMaster(master)}, control=control))
    psam = Psam(memory, os.urandom)
    psam.power_on()
    keeper, new = keeper_of(school), school.one(KeyKind.PURCHASE, 2)
    renew(psam, PSAM_ID, keeper, [new], [], os.urandom)
    masters = decode_psam_image(memory.image).masters
    assert masters[1].key == master
    assert masters[2].key == new.card_key(KeyKind.PURCHASE)
    for _ in range(2):  # what is out already is out
        renew(psam, PSAM_ID, keeper, [new], [1], os.urandom)
        assert list(decode_psam_image(memory.image).masters) == [2]


def test_masters_of_a_ceremony_must_be_of_the_plans_algorithm(school):
    plan = parse_plan(demo_plan(1) | {"campus": CAMPUS_NUMBER, "profile": "campus-sm4"})
    making = Making(plan, 800_000_000, None, os.urandom, masters=school)
    with pytest.raises(ConfigFault, match="算法"):
        list(campus_files(making))


@pytest.mark.parametrize(
    ("version", "algorithm", "answered"),
    [(2, 0xE4, True), (2, 0x00, False), (2, 0x04, False), (1, 0xE4, False), (1, 0x00, True), (1, 0x01, True)],
)
def test_a_card_is_never_given_a_key_under_another_ciphers_name(school, version, algorithm, answered):
    """84D4 of a card desk: the byte beside the key decides what the card runs it with."""
    operations = KeyOperations(keeper_of(school), CAMPUS_NUMBER)
    frame = to_frame(WriteKey(CardKeyType.LOAD, 2, version, algorithm, adds=True))
    asked = codec.dumps([Op.UPKEEP, CARD, 1, bytes(4), frame])
    told, what = codec.loads(operations.answer(asked, Role.DESK))
    assert told is answered
    assert answered or what == "unknown-algorithm"


def test_keys_without_a_selector_are_written_as_before(school):
    operations = KeyOperations(keeper_of(school), CAMPUS_NUMBER)
    frame = to_frame(WriteKey(CardKeyType.MAINTENANCE, 0, 2, 0))
    assert codec.loads(operations.answer(codec.dumps([Op.UPKEEP, CARD, 1, bytes(4), frame]), Role.DESK))[0] is True


def test_a_desk_gives_an_sm4_key_to_a_3des_card(school):
    """The whole command: the card opens it under its 3DES control key, and loads with the new key."""
    old, new = (card_keys(school, version, [CARD[2:]])[0] for version in (1, 2))
    keys = CardKeys(
        (CardKey(1, 1, old.purchase),), (CardKey(1, 1, old.load),), old.tac,
        more_tac=(CardKey(2, 2, new.tac),), maintenance=old.maintenance, control=old.control,
    )  # fmt: skip
    public = public_data(1, CAMPUS_NUMBER, CARD[2:], Validity(0, 10**9), 1)
    card = UserCard(RamMemory(new_card_image(CAMPUS_SM4, public, keys)), os.urandom)
    card.power_on()
    card.transmit(commands.select_name(CAMPUS_SM4.aid))
    challenge = card.transmit(commands.get_challenge(8))[:8]
    card.transmit(commands.external_authenticate(0, crypto.encrypt_block(old.control, challenge)))
    operations = KeyOperations(keeper_of(school), CAMPUS_NUMBER)
    challenge = card.transmit(commands.get_challenge(4))[:4]
    frame = to_frame(WriteKey(CardKeyType.LOAD, 2, 2, 0xE4, adds=True))
    told, command = codec.loads(operations.answer(codec.dumps([Op.UPKEEP, CARD, 1, challenge, frame]), Role.DESK))
    assert told
    assert card.transmit(command).hex() == "9000"
    opened = card.transmit(commands.init_load(2, 500, PSAM_ID))
    assert opened[-2:].hex() == "9000"
    assert opened[6:8] == bytes((2, 0xE4))
    session = crypto.load_session_key(new.load, opened[8:12], 0)
    assert opened[12:16] == crypto.load_mac1(session, 0, 500, crypto.TYPE_EP_LOAD, PSAM_ID)
