"""What the key process answers: right to right questions, one reason to each wrong one, something to any bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.keeper.software import keeper_of
from provisioning.keys.levels import card_keys, operator_key, terminal_key
from provisioning.keys.store import KeyKind, KeyStore, Level, StoredKey, WrongKeyUse
from provisioning.plan import numbers
from provisioning.process.operations import KeyOperations, Reason
from shared.clocks.clock import date_time_bcd
from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.purse.crypto import (
    TYPE_EP_LOAD,
    TYPE_EP_PURCHASE,
    encrypt_block,
    load_mac1,
    load_mac2,
    load_session_key,
    purchase_tac_input,
    tac,
)
from shared.purse.load_auth import LoadAuth
from shared.purse.tac import (
    OPERATOR,
    WITNESS,
    TacVerdict,
    challenge_of,
    mac_of,
    tac_item,
    terminal_item,
    witness_item,
)
from shared.wire import codec
from shared.wire.keyproc import Op, Role

MASTERS = {KeyKind.PURCHASE: b"\x20" * 16, KeyKind.LOAD: b"\x40" * 16, KeyKind.TAC: b"\x60" * 8 + b"\x68" * 8}
SCHOOL = KeyStore(Level.SCHOOL, 1, tuple(StoredKey(kind, 1, octets) for kind, octets in MASTERS.items()))
CARD = numbers.card(1, 1, 7)
(KEYS,) = card_keys(SCHOOL, 1, [CARD[2:]])
TERMINAL = numbers.psam(1, 3)
RND = bytes.fromhex("E07742B9")
NOW_S = 800_000_000


def load_auth(**other) -> LoadAuth:
    mac1 = load_mac1(load_session_key(KEYS.load, RND, 19), 9_875, 20_000, TYPE_EP_LOAD, TERMINAL)
    return LoadAuth(CARD, 1, 0, RND, 19, 9_875, 20_000, TYPE_EP_LOAD, TERMINAL, mac1)._replace(**other)


def item(card=CARD, version=1, algorithm=0, wrong=0) -> bytes:
    covered = purchase_tac_input(1_250, 9, TERMINAL, 4_775, date_time_bcd(NOW_S))
    proof = tac(KEYS.tac, covered)
    return tac_item(card, version, algorithm, covered, bytes([proof[0] ^ wrong]) + proof[1:])


def made() -> KeyOperations:
    return KeyOperations(keeper_of(SCHOOL), 1)


def ask(*request: object, operations: KeyOperations | None = None) -> list:
    return codec.loads((operations or made()).answer(codec.dumps(list(request))))


def test_the_mac_of_a_terminal_is_checked_under_its_own_key() -> None:
    link = StoredKey(KeyKind.LINK, 1, bytes(range(32)))
    school = KeyStore(Level.SCHOOL, 1, (*SCHOOL.keys, link))
    device, other = numbers.device(1, 3), numbers.device(1, 4)
    covered = mac_input(b"a record")
    made_by = terminal_mac(terminal_key(school, device), covered)
    operations = KeyOperations(keeper_of(school), 1)
    items = [terminal_item(who, version, covered, made_by) for who, version in ((device, 1), (other, 1), (device, 2))]
    for role in (Role.MONEY, Role.AUDIT):
        answer = codec.loads(operations.answer(codec.dumps([Op.TAC, b"".join(items)]), role))
        assert answer == [True, bytes((TacVerdict.OK, TacVerdict.WRONG, TacVerdict.UNKNOWN_KEY))]
    assert ask(Op.TAC, items[0]) == [True, bytes((TacVerdict.UNKNOWN_KEY,))]
    assert bytes(range(32)).hex() not in repr(operations)


def test_the_mac_of_a_card_that_stands_for_a_void_is_checked_under_its_own_key() -> None:
    link = StoredKey(KeyKind.LINK, 1, bytes(range(32)))
    proving = StoredKey(KeyKind.INTERNAL_AUTH, 1, b"\x24" * 8 + b"\x42" * 8)
    school = KeyStore(Level.SCHOOL, 1, (*SCHOOL.keys, link, proving))
    boss, other = numbers.operator(1, 1, 3), numbers.operator(1, 1, 4)
    challenge = challenge_of(b"a void")
    said = mac_of(encrypt_block(operator_key(school, boss), challenge))
    (keys,) = card_keys(school, 1, [CARD[2:]])
    paid = mac_of(encrypt_block(keys.internal_auth, challenge))
    asked = [
        (OPERATOR, boss, 1, challenge, said), (OPERATOR, other, 1, challenge, said),
        (OPERATOR, boss, 1, challenge_of(b"another"), said), (OPERATOR, boss, 2, challenge, said),
        (OPERATOR, b"\0\2" + boss[2:], 1, challenge, said), (OPERATOR, boss, 1, challenge + b"!", said),
        (WITNESS, CARD, 1, challenge, paid), (WITNESS, boss, 1, challenge, said), (OPERATOR, CARD, 1, challenge, paid),
        (WITNESS, CARD, 2, challenge, paid),
    ]  # fmt: skip
    ok, wrong, unknown = TacVerdict.OK, TacVerdict.WRONG, TacVerdict.UNKNOWN_KEY
    verdicts = [ok, wrong, wrong, unknown, unknown, unknown, ok, wrong, wrong, unknown]
    answer = KeyOperations(keeper_of(school), 1).answer(
        codec.dumps([Op.TAC, b"".join(witness_item(*one) for one in asked)])
    )
    assert codec.loads(answer) == [True, bytes(verdicts)]
    assert ask(Op.TAC, witness_item(*asked[0])) == [True, bytes((unknown,))], "a school without LINK"


def test_a_batch_gets_one_verdict_per_item() -> None:
    operations = made()
    items = item() + item(wrong=1) + item(version=2) + item(card=b"\0\2" + CARD[2:]) + item(algorithm=4)
    verdicts = [
        TacVerdict.OK,
        TacVerdict.WRONG,
        TacVerdict.UNKNOWN_KEY,
        TacVerdict.UNKNOWN_KEY,
        TacVerdict.UNKNOWN_ALGORITHM,
    ]
    assert ask(Op.TAC, items, operations=operations) == [True, bytes(verdicts)]
    assert (operations.counts.tac_items, operations.counts.tac_wrong) == (5, 1)
    assert ask(Op.TAC, b"") == [True, b""]


def test_mac1_is_checked_and_mac2_is_the_cards() -> None:
    assert ask(Op.LOAD_CHECK, *load_auth()) == [True, True]
    assert ask(Op.LOAD_CHECK, *load_auth(mac1=bytes(4))) == [True, False]
    session = load_session_key(KEYS.load, RND, 19)
    mac2 = load_mac2(session, 20_000, TYPE_EP_LOAD, TERMINAL, date_time_bcd(NOW_S))
    assert ask(Op.LOAD_MAC2, *load_auth(), NOW_S) == [True, mac2]


@pytest.mark.parametrize(
    "other",
    [
        {"mac1": bytes(4)},
        {"amount_fen": 20_001},
        {"balance_fen": 0},
        {"counter": 20},
        {"terminal_id": bytes(6)},
        {"rnd": bytes(4)},
        {"card": numbers.card(1, 1, 8)},
    ],
)
def test_no_mac2_for_anything_that_mac1_does_not_cover(other) -> None:
    assert ask(Op.LOAD_MAC2, *load_auth(**other), NOW_S) == [False, Reason.WRONG_MAC1]


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ([], Reason.MALFORMED),
        ([1], Reason.MALFORMED),
        (["export-key"], Reason.UNKNOWN_OP),
        (["__init__"], Reason.UNKNOWN_OP),
        ([Op.TAC], Reason.MALFORMED),
        ([Op.TAC, item()[:-1]], Reason.MALFORMED),
        ([Op.TAC, [item()]], Reason.MALFORMED),
        ([Op.TAC, item(), item()], Reason.MALFORMED),
        ([Op.LOAD_CHECK], Reason.MALFORMED),
        ([Op.LOAD_CHECK, *load_auth(), NOW_S], Reason.MALFORMED),
        ([Op.LOAD_CHECK, *load_auth(card=CARD + b"x")], Reason.MALFORMED),
        ([Op.LOAD_CHECK, *load_auth(counter=65_536)], Reason.MALFORMED),
        ([Op.LOAD_CHECK, *load_auth(amount_fen=-1)], Reason.MALFORMED),
        ([Op.LOAD_CHECK, *load_auth(amount_fen=1 << 64)], Reason.MALFORMED),
        ([Op.LOAD_CHECK, *load_auth(counter=True)], Reason.MALFORMED),
        ([Op.LOAD_CHECK, *load_auth(key_version=2)], Reason.UNKNOWN_KEY),
        ([Op.LOAD_CHECK, *load_auth(card=b"\0\2" + CARD[2:])], Reason.UNKNOWN_KEY),
        ([Op.LOAD_CHECK, *load_auth(algorithm=4)], Reason.UNKNOWN_ALGORITHM),
        ([Op.LOAD_CHECK, *load_auth(type=TYPE_EP_PURCHASE)], Reason.WRONG_USE),
        ([Op.LOAD_MAC2], Reason.MALFORMED),
        ([Op.LOAD_MAC2, *load_auth()], Reason.MALFORMED),
        ([Op.LOAD_MAC2, *load_auth(), "now"], Reason.MALFORMED),
        ([Op.LOAD_MAC2, *load_auth(), True], Reason.MALFORMED),
        ([Op.LOAD_MAC2, *load_auth(), 1 << 32], Reason.MALFORMED),
    ],
)
def test_each_wrong_question_gets_its_reason(request_, reason) -> None:
    operations = made()
    assert ask(*request_, operations=operations) == [False, reason]
    assert operations.counts.refused == 1


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.binary(max_size=90) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=14,
)


@given(st.binary(max_size=120) | JSONISH.map(codec.dumps))
def test_any_bytes_get_an_answer(raw: bytes) -> None:
    granted, _ = codec.loads(made().answer(raw))
    assert granted in (True, False)


@given(st.sampled_from(list(Op)), st.lists(JSONISH, max_size=12), st.sampled_from(list(Role)))
def test_any_arguments_get_an_answer(op: Op, arguments: list, role: Role) -> None:
    granted, _ = codec.loads(made().answer(codec.dumps([op, *arguments]), role))
    assert granted in (True, False)


FRAME = ["update-file", 0x15, 0, b"abc"]


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ([Op.UPKEEP, CARD, 1, bytes(3), FRAME], Reason.MALFORMED),
        ([Op.UPKEEP, CARD, 1, bytes(4), FRAME[:2]], Reason.MALFORMED),
        ([Op.UPKEEP, CARD, 1, bytes(4), ["update-file", 0x15, 0, bytes(240)]], Reason.MALFORMED),
        ([Op.UPKEEP, CARD, 1, bytes(4), ["update-file", 0x20, 0, b""]], Reason.MALFORMED),
        ([Op.UPKEEP, CARD, 1, bytes(4), ["unblock-pin", 0, b"1"]], Reason.MALFORMED),
        ([Op.UPKEEP, CARD, 1, bytes(4), FRAME], Reason.UNKNOWN_KEY),
        ([Op.PIN_RELOAD, CARD, 1, b"1"], Reason.MALFORMED),
        ([Op.PIN_RELOAD, CARD, 1, b"1234567"], Reason.MALFORMED),
        ([Op.PIN_RELOAD, CARD, 1, b"123456"], Reason.UNKNOWN_KEY),
        ([Op.EXTERNAL_AUTH, CARD, 1, bytes(5)], Reason.MALFORMED),
        ([Op.EXTERNAL_AUTH, CARD, 256, bytes(4)], Reason.MALFORMED),
        ([Op.INTERNAL_AUTH, CARD, 1, bytes(8), bytes(7)], Reason.MALFORMED),
        ([Op.INTERNAL_AUTH, b"\0\2" + CARD[2:], 1, bytes(8), bytes(8)], Reason.UNKNOWN_KEY),
        ([Op.KCV, "tac"], Reason.MALFORMED),
        ([Op.KCV, "tac", 256], Reason.MALFORMED),
        ([Op.STATUS, 1], Reason.MALFORMED),
        ([Op.TAC, b""], Reason.FORBIDDEN),
    ],
)
def test_the_desk_gets_a_reason_for_each_wrong_question(request_, reason) -> None:
    """The store of this file is one of the first campuses': it has no keys for upkeep."""
    assert codec.loads(made().answer(codec.dumps(request_), Role.DESK)) == [False, reason]


def test_an_overdraft_limit_past_three_bytes_is_malformed() -> None:
    fields = [CARD, 1, 0, RND, 1, 0, 0, 1 << 24, TERMINAL, bytes(4)]
    assert ask(Op.OVERDRAFT_CHECK, *fields) == [False, Reason.MALFORMED]


def test_a_store_whose_keys_are_mislabelled_is_not_served() -> None:
    class Mislabelled(KeyStore):
        def versions(self, kind):
            return super().versions(KeyKind.LOAD)

    with pytest.raises(WrongKeyUse):
        keeper_of(Mislabelled(Level.SCHOOL, 1, SCHOOL.keys))


def test_nothing_shows_key_material() -> None:
    operations = made()
    ask(Op.LOAD_MAC2, *load_auth(), NOW_S, operations=operations)
    shown = repr(operations) + repr(operations.counts) + repr(vars(operations))
    for octets in (*MASTERS.values(), *(key.octets for key in KEYS[:3])):
        assert octets.hex() not in shown
        assert repr(octets[:8])[2:-1] not in shown
