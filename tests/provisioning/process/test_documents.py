"""What the key process signs of the fleet's documents, at whose socket, and that a terminal believes it."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provisioning.keeper.software import keeper_of
from provisioning.keys.documents import TRUST_ROLES, document_keys, trust_key
from provisioning.keys.store import KeyKind, KeyStore, Level, StoredKey
from provisioning.process.operations import KeyOperations
from shared.fleet.document import CAMPUS, DocumentKind, Head, SignedHead, digest_of
from shared.fleet.wallets import ONE_MAX_FEN, USES_MAX
from shared.ids import CardId
from shared.keys.document_key import Keyring, document_key
from shared.keys.offline_code import VALID_MAX_S, Certificate, Phone, is_certified_phone
from shared.wire import codec
from shared.wire.keyproc import Op, Role

SIGNING = bytes(range(32))
SCHOOL = KeyStore(Level.SCHOOL, 1, (StoredKey(KeyKind.SIGNING, 1, SIGNING),))
LISTS = (DocumentKind.HOTLIST, DocumentKind.REVOCATIONS, DocumentKind.AWAITED)
ORDERS = (DocumentKind.PARAMETERS, DocumentKind.OPERATORS, DocumentKind.ORDER)


def made(school: KeyStore = SCHOOL) -> KeyOperations:
    return KeyOperations(keeper_of(school), school.campus, document_keys(school))


def head(kind: DocumentKind, version: int = 1) -> Head:
    return Head(version, kind, CAMPUS, 1, 848_000_000, 3, digest_of(b"one"))


def asked(keys: KeyOperations, role: Role, *request: object) -> list[object]:
    return codec.loads(keys.answer(codec.dumps([*request]), role))


def ring(keys: KeyOperations) -> Keyring:
    public = Ed25519PrivateKey.from_private_bytes(SIGNING).public_key().public_bytes_raw()
    found = Keyring(1, public)
    done, rows = asked(keys, Role.FLEET, Op.DOCUMENT_KEYS)
    assert done
    assert all(found.add(document_key(*row)) for row in rows)
    return found


@pytest.mark.parametrize(
    ("role", "op", "kinds"), [(Role.MONEY, Op.SIGN_LIST, LISTS), (Role.FLEET, Op.SIGN_ORDER, ORDERS)]
)
def test_what_is_signed_is_believed(role: Role, op: Op, kinds: tuple[DocumentKind, ...]) -> None:
    keys = made()
    for kind in kinds:
        done, signature = asked(keys, role, op, head(kind).encode())
        assert done
        assert ring(keys).opened(SignedHead(head(kind).encode(), signature)) == head(kind)
    assert keys.counts.documents == len(kinds)


@pytest.mark.parametrize(
    ("role", "op", "kind", "reason"),
    [
        (Role.MONEY, Op.SIGN_ORDER, DocumentKind.ORDER, "forbidden"),
        (Role.FLEET, Op.SIGN_LIST, DocumentKind.HOTLIST, "forbidden"),
        (Role.DESK, Op.SIGN_LIST, DocumentKind.HOTLIST, "forbidden"),
        (Role.AUDIT, Op.SIGN_ORDER, DocumentKind.ORDER, "forbidden"),
        (Role.MONEY, Op.SIGN_LIST, DocumentKind.PARAMETERS, "wrong-use"),
        (Role.FLEET, Op.SIGN_ORDER, DocumentKind.HOTLIST, "wrong-use"),
        (Role.FLEET, Op.SIGN_ORDER, DocumentKind.FIRMWARE, "wrong-use"),
        (Role.MONEY, Op.SIGN_LIST, DocumentKind.FIRMWARE, "wrong-use"),
    ],
)
def test_nobody_signs_what_is_not_his(role: Role, op: Op, kind: DocumentKind, reason: str) -> None:
    assert asked(made(), role, op, head(kind).encode()) == [False, reason]


@pytest.mark.parametrize(
    "raw", [b"", head(DocumentKind.HOTLIST).encode()[:-1], b"\1\x63" + head(DocumentKind.HOTLIST).encode()[2:]]
)
def test_a_malformed_head_is_not_signed(raw: bytes) -> None:
    assert asked(made(), Role.MONEY, Op.SIGN_LIST, raw) == [False, "malformed"]


PHONE = Phone(1, 1, 77, CardId(bytes(10)), 2, b"\2" + bytes(32), 848_000_000, 848_000_000 + VALID_MAX_S, 2, 30_00)


def test_a_certified_phone_is_believed_by_the_key_of_wallets_documents() -> None:
    keys = made()
    done, signature = asked(keys, Role.WALLET, Op.CERTIFY_PHONE, PHONE.encode())
    (key,) = [one for one in document_keys(SCHOOL).public if one.kind is DocumentKind.WALLETS]
    assert done
    assert is_certified_phone(Certificate(PHONE, signature), key.public)
    assert (keys.counts.phones, keys.counts.documents) == (1, 0)


@pytest.mark.parametrize(
    ("role", "phone", "reason"),
    [
        (Role.MONEY, PHONE, "forbidden"),
        (Role.FLEET, PHONE, "forbidden"),
        (Role.WALLET, PHONE._replace(uses=USES_MAX + 1), "malformed"),
        (Role.WALLET, PHONE._replace(one_fen=ONE_MAX_FEN + 1), "malformed"),
        (Role.WALLET, PHONE._replace(until_s=PHONE.until_s + 1), "malformed"),
        (Role.WALLET, PHONE._replace(campus=2), "unknown-key"),
        (Role.WALLET, PHONE._replace(key_version=2), "unknown-key"),
    ],
)
def test_no_phone_is_certified_for_more_than_any_campus_allows(role: Role, phone: Phone, reason: str) -> None:
    assert asked(made(), role, Op.CERTIFY_PHONE, phone.encode()) == [False, reason]


def test_the_wallets_socket_signs_no_document() -> None:
    for op, kind in ((Op.SIGN_LIST, DocumentKind.WALLETS), (Op.SIGN_ORDER, DocumentKind.ORDER)):
        assert asked(made(), Role.WALLET, op, head(kind).encode()) == [False, "forbidden"]


def test_a_school_without_its_signing_key_signs_nothing_and_says_so() -> None:
    keys = made(KeyStore(Level.SCHOOL, 1, ()))
    assert asked(keys, Role.MONEY, Op.SIGN_LIST, head(DocumentKind.HOTLIST).encode()) == [False, "unknown-key"]
    assert asked(keys, Role.MONEY, Op.DOCUMENT_KEYS) == [True, []]
    assert asked(made(), Role.MONEY, Op.SIGN_LIST, head(DocumentKind.HOTLIST, 2).encode()) == [False, "unknown-key"]


def test_each_kind_and_campus_has_a_key_of_its_own_and_no_repr_shows_one() -> None:
    keys = document_keys(SCHOOL)
    others = document_keys(KeyStore(Level.SCHOOL, 2, SCHOOL.keys))
    assert len({key.public for key in (*keys.public, *others.public)}) == 2 * (len(DocumentKind) - 1)
    assert DocumentKind.FIRMWARE not in [key.kind for key in keys.public]
    assert SIGNING.hex() not in repr(keys)
    assert "PrivateKey" not in repr(keys)


def test_a_snapshot_and_a_timestamp_are_signed_each_by_a_key_of_its_own_and_nothing_else_is() -> None:
    keys = document_keys(SCHOOL)
    for role in TRUST_ROLES:
        raw = json.dumps({"_type": role}).encode()
        accepted, signature = asked(made(), Role.MONEY, Op.SIGN_TRUST, raw)
        assert accepted
        assert signature == keys.sign_trust(role, raw)
        trust_key(SIGNING, SCHOOL.campus, role).public_key().verify(signature, raw)
    assert keys.sign_trust(TRUST_ROLES[0], b"x") != keys.sign_trust(TRUST_ROLES[1], b"x")
    for raw, reason in (
        (b'{"_type": "root"}', "wrong-use"), (b'{"_type": "targets"}', "wrong-use"), (b"{}", "malformed"),
        (b"not json", "malformed"), (b'{"_type": "snapshot", "x": "' + b"x" * 5000 + b'"}', "malformed"),
    ):  # fmt: skip
        assert asked(made(), Role.MONEY, Op.SIGN_TRUST, raw) == [False, reason]
    assert asked(made(), Role.FLEET, Op.SIGN_TRUST, b'{"_type": "snapshot"}') == [False, "forbidden"]
