"""The real key process: what each socket may ask, upkeep over the desk's, officers' shares, the move to a token."""

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from cloud.keys.client import KeyClient, KeyRefused
from provisioning.custody import chain as custody_chain
from provisioning.custody.files import open_level
from provisioning.keys.levels import HELD, MASTERS, card_keys
from provisioning.keys.store import KeyKind, Level, Unlock, seal
from shared.clocks.clock import date_time_bcd
from shared.fleet.document import CAMPUS, DocumentKind, Head, digest_of
from shared.ids import CardId
from shared.keys import shares
from shared.keys.offline_code import Phone
from shared.purse import crypto
from shared.purse.load_auth import LoadAuth
from shared.purse.overdraft_auth import OverdraftAuth
from shared.purse.upkeep import (
    AppendRecord,
    BlockApplication,
    BlockCard,
    CardKeyType,
    ExternalAuthAsk,
    InternalAuthAsk,
    PinReloadAsk,
    UnblockApplication,
    UnblockPin,
    UpdateFile,
    UpdateRecord,
    UpkeepAsk,
    WriteKey,
    plan,
)
from shared.wire.keyproc import ALLOWED, Op, Role
from tests.patience import PATIENCE_S
from tests.provisioning.running_keys import needs_softhsm, running

pytestmark = pytest.mark.process
CHALLENGE = bytes.fromhex("11223344")
TERM = bytes(6)
NOW_S = 817_339_530


@pytest.fixture(scope="module", params=["software", pytest.param("pkcs11", marks=needs_softhsm)])
def keys(request, campus):
    data = campus.data if request.param == "software" else request.getfixturevalue("token_campus")
    sockets = ("--desk-socket", "{}/desk", "--audit-socket", "{}/audit", "--fleet-socket", "{}/fleet")
    sockets += ("--wallet-socket", "{}/wallet")
    with running(data, *sockets, "--keeper", request.param) as keys:
        yield keys


@pytest.fixture
def ask(keys):
    """A client at the socket of a role."""
    others = {role: keys.path.parent / role.value for role in (Role.DESK, Role.AUDIT, Role.FLEET, Role.WALLET)}
    names = {Role.MONEY: keys.path, **others}
    clients = {role: KeyClient(path, timeout_s=PATIENCE_S) for role, path in names.items()}
    yield clients
    for client in clients.values():
        client.close()


@pytest.fixture(scope="module")
def card(campus):
    """A card and its keys."""
    row = campus.inventory.cards[3]
    return row.card, card_keys(campus.school, 1, [row.card[2:]])[0]


def head(kind: DocumentKind) -> bytes:
    """Under a key version that no school has."""
    return Head(9, kind, CAMPUS, 1, NOW_S, 0, digest_of(b"")).encode()


REQUESTS = {
    Op.TAC: [b""],
    Op.LOAD_CHECK: [bytes(10), 1, 0, bytes(4), 0, 0, 0, 2, TERM, bytes(4)],
    Op.LOAD_MAC2: [bytes(10), 1, 0, bytes(4), 0, 0, 0, 2, TERM, bytes(4), 0],
    Op.UNLOAD_CHECK: [bytes(10), 1, 0, bytes(4), 0, 0, 0, 3, TERM, bytes(4)],
    Op.UNLOAD_MAC2: [bytes(10), 1, 0, bytes(4), 0, 0, 0, 3, TERM, bytes(4), 0],
    Op.UNLOAD_MAC3: [bytes(10), 1, 0, bytes(4), 0, 0, 0, 3, TERM, bytes(4), 0, bytes(4)],
    Op.OVERDRAFT_CHECK: [bytes(10), 1, 0, bytes(4), 0, 0, 0, 0, TERM, bytes(4)],
    Op.OVERDRAFT_MAC2: [bytes(10), 1, 0, bytes(4), 0, 0, 0, 0, TERM, bytes(4), 0],
    Op.UPKEEP: [bytes(10), 1, bytes(4), ["block-card"]],
    Op.PIN_RELOAD: [bytes(10), 1, b"123456"],
    Op.EXTERNAL_AUTH: [bytes(10), 1, bytes(4)],
    Op.INTERNAL_AUTH: [bytes(10), 1, bytes(8), bytes(8)],
    Op.SIGN_LIST: [head(DocumentKind.HOTLIST)],
    Op.SIGN_ORDER: [head(DocumentKind.ORDER)],
    Op.SIGN_TRUST: [b'{"_type": "snapshot"}'],
    Op.CERTIFY_PHONE: [Phone(1, 9, 1, CardId(bytes(10)), 1, b"\2" + bytes(32), 0, 1, 1, 1).encode()],
    Op.DOCUMENT_KEYS: [],
    Op.KCV: ["tac", 1],
    Op.STATUS: [],
}


def test_each_socket_answers_its_roles_operations_and_refuses_the_rest(keys, ask) -> None:
    """An allowed one comes as far as the card, which is another issuer's: never a success."""
    assert set(REQUESTS) == set(Op)
    before = keys.status()["forbidden"]
    for role in Role:
        for op, arguments in REQUESTS.items():
            want = "unknown-key" if op in ALLOWED[role] else "forbidden"
            if op in (Op.TAC, Op.KCV, Op.STATUS, Op.DOCUMENT_KEYS, Op.SIGN_TRUST) and op in ALLOWED[role]:
                ask[role]._ask(op, *arguments)
                continue
            with pytest.raises(KeyRefused, match=f"^{want}$"):
                ask[role]._ask(op, *arguments)
    refused = sum(len(set(Op) - ALLOWED[role]) for role in Role)
    assert keys.status(lambda now: now["forbidden"] == before + refused)


def test_every_socket_is_its_owners_only(keys) -> None:
    sockets = [path for path in keys.path.parent.iterdir() if stat.S_ISSOCK(path.stat().st_mode)]
    assert len(sockets) == len(Role)
    assert {path.stat().st_mode & 0o777 for path in sockets} == {0o600}


def test_the_masters_are_named_by_check_values_alone(campus, ask) -> None:
    named = ask[Role.AUDIT].masters()
    assert named == [(kind, 1, crypto.kcv(campus.school.one(kind, 1).card_key(kind))) for kind in MASTERS]
    assert ask[Role.DESK].check_value("load", 1) == named[1][2]
    for kind, version in (("tac", 2), ("link", 1), ("signing", 1), ("no-such", 1)):
        with pytest.raises(KeyRefused, match="unknown-key"):
            ask[Role.AUDIT].check_value(kind, version)


UPKEEP = [
    UpdateFile(0x15, 8, b"\1"),
    UpdateRecord(0x17, 1, bytes(range(48))),
    AppendRecord(0x17, bytes(range(48))),
    BlockApplication(),
    BlockApplication(forever=True),
    UnblockApplication(),
    BlockCard(),
    UnblockPin(0, b"123456"),
    UnblockPin(0, b"1234567"[:2]),
]


@pytest.mark.parametrize("operation", UPKEEP, ids=repr)
def test_upkeep_gives_the_command_that_the_card_expects(ask, card, operation) -> None:
    number, own = card
    command = plan(operation)
    key = getattr(own, command.use.name.lower())
    want = crypto.protected_command(key, CHALLENGE, command.header, command.field, is_hidden=command.is_hidden)
    assert ask[Role.DESK].upkeep(UpkeepAsk(number, CHALLENGE, operation), 1) == want


@pytest.mark.parametrize("kind", CardKeyType)
def test_a_new_key_is_seen_by_the_card_alone(ask, card, kind) -> None:
    number, own = card
    got = ask[Role.DESK].upkeep(UpkeepAsk(number, CHALLENGE, WriteKey(kind, 1, 1, adds=True)), 1)
    assert got[:2] == b"\x84\xd4"
    assert got[-4:] == crypto.secure_messaging_mac(own.control, CHALLENGE, got[:-4])
    field = crypto.secure_messaging_decrypt(own.control, got[5:-4])
    key = getattr(own, kind.name.lower())
    assert [octet & 0xFE for octet in field[-16:]] == [octet & 0xFE for octet in key.octets]
    with pytest.raises(KeyRefused, match="unknown-key"):
        ask[Role.DESK].upkeep(UpkeepAsk(number, CHALLENGE, WriteKey(kind, 1, 2, adds=True)), 1)


def test_pin_reload_and_authentication_both_ways(ask, card) -> None:
    number, own = card
    desk = ask[Role.DESK]
    assert desk.pin_reload(PinReloadAsk(number, b"654321"), 1) == crypto.pin_reload_mac(own.pin_reload, b"654321")
    want = crypto.encrypt_block(own.control, CHALLENGE + bytes(4))
    assert desk.external_auth(ExternalAuthAsk(number, CHALLENGE), 1) == want
    asked = bytes(range(8))
    answer = crypto.encrypt_block(own.internal_auth, asked)
    assert desk.internal_auth(InternalAuthAsk(number, asked, answer), 1)
    assert not desk.internal_auth(InternalAuthAsk(number, asked, bytes(8)), 1)


def test_an_unload_is_granted_and_proven(ask, card) -> None:
    number, own = card
    session = crypto.load_session_key(own.unload, CHALLENGE, 19)
    auth = LoadAuth(number, 1, 0, CHALLENGE, 19, 9875, 2000, 3, TERM, crypto.load_mac1(session, 9875, 2000, 3, TERM))
    money = ask[Role.MONEY]
    assert money.unload_check(auth)
    assert not money.unload_check(auth._replace(counter=20))
    when = date_time_bcd(NOW_S)
    assert money.unload_mac2(auth, NOW_S) == crypto.load_mac2(session, 2000, 3, TERM, when)
    mac3 = crypto.unload_mac3(session, 7875, 19, 2000, TERM, when)
    assert money.unload_mac3(auth, NOW_S, mac3)
    assert not money.unload_mac3(auth, NOW_S + 1, mac3)
    with pytest.raises(KeyRefused, match="wrong-mac1"):
        money.unload_mac2(auth._replace(amount_fen=2001), NOW_S)


def test_an_overdraft_change_is_granted(ask, card) -> None:
    number, own = card
    session = crypto.load_session_key(own.overdraft, CHALLENGE, 19)
    mac1 = crypto.overdraft_mac1(session, 9875, 5000, TERM)
    auth = OverdraftAuth(number, 1, 0, CHALLENGE, 19, 9875, 5000, 20000, TERM, mac1)
    money = ask[Role.MONEY]
    assert money.overdraft_check(auth)
    assert money.overdraft_mac2(auth, NOW_S) == crypto.overdraft_mac2(session, 20000, TERM, date_time_bcd(NOW_S))
    assert not money.overdraft_check(auth._replace(old_limit_fen=0))
    with pytest.raises(KeyRefused, match="wrong-mac1"):
        money.overdraft_mac2(auth._replace(balance_fen=1), NOW_S)


@pytest.mark.parametrize(
    ("ask_", "other"),
    [("load_check", {"type": 3}), ("load_check", {"type": 6}), ("unload_check", {"type": 2})],
)
def test_a_key_of_another_kind_of_transaction_is_wrong_use(ask, card, ask_, other) -> None:
    number, _ = card
    auth = LoadAuth(number, 1, 0, CHALLENGE, 19, 9875, 2000, 2, TERM, bytes(4))._replace(**other)
    with pytest.raises(KeyRefused, match=r"^wrong-use$"):
        getattr(ask[Role.MONEY], ask_)(auth)


# --- officers' shares


def test_two_of_three_officers_open_the_keys_and_one_does_not(campus, tmp_path, provision) -> None:
    secret = os.urandom(32)
    data = tmp_path / "d"
    shutil.copytree(campus.data, data)
    (data / "keys/school.keys").write_bytes(seal(campus.school, Unlock(secret), os.urandom(16), os.urandom(12)))
    (data / "keys/unlock").unlink()
    files = [tmp_path / name for name in "abc"]
    for file, share in zip(files, shares.split(secret, 2, 3, os.urandom), strict=True):
        file.write_text(share.to_text() + "\n")
        file.chmod(0o600)
    with running(data, "--share-file", files[2], "--share-file", files[0]) as keys, KeyClient(keys.path) as client:
        assert len(client.masters()) == len(MASTERS)
        assert keys.end() == 0
    one = provision("keys", "--data", data, "--socket", tmp_path / "s", "--share-file", files[1])
    assert (one.returncode, "只有 1 份" in one.stderr) == (2, True)
    files[1].chmod(0o644)
    shown = provision("keys", "--data", data, "--socket", tmp_path / "s", "--share-file", files[1])
    assert (shown.returncode, "权限应为 600" in shown.stderr) == (2, True)
    assert not (tmp_path / "s").exists()


# --- the token


@needs_softhsm
def test_the_masters_are_moved_once_and_named_in_the_custody_log(campus, token_campus, provision) -> None:
    left = open_level(token_campus, Level.SCHOOL)
    assert {key.kind for key in left.keys} == {KeyKind.SIGNING, KeyKind.AUTHORITY}
    raw = (token_campus / "keys/custody.log").read_bytes()
    assert custody_chain.faults(raw) == []
    moved = [row for row in map(json.loads, raw.splitlines()) if row["act"] == "exported"]
    assert {(row["kind"], row["check"]) for row in moved} == {
        (kind, custody_chain.check_value(campus.school.one(kind, 1)).hex().upper()) for kind in HELD
    }
    again = provision("token", "--data", token_campus)
    assert (again.returncode, "主密钥已在密码设备里" in again.stderr) == (2, True)


@needs_softhsm
def test_a_move_that_was_cut_before_the_store_was_written_is_asked_for_again(campus, provision, tmp_path) -> None:
    data = tmp_path / "d"
    shutil.copytree(campus.data, data)
    store = (data / "keys/school.keys").read_bytes()
    assert provision("token", "--data", data).returncode == 0
    pin = (data / "keys/token.pin").read_bytes()
    (data / "keys/school.keys").write_bytes(store)
    assert provision("token", "--data", data).returncode == 0
    assert (data / "keys/token.pin").read_bytes() == pin
    with running(data, "--keeper", "pkcs11") as keys, KeyClient(keys.path) as client:
        assert len(client.masters()) == len(MASTERS)
        assert keys.end() == 0


@needs_softhsm
def test_a_token_with_a_wrong_pin_or_none_at_all_does_not_start(campus, token_campus, provision, tmp_path) -> None:
    pin = tmp_path / "pin"
    pin.write_text("0000\n")
    pin.chmod(0o600)
    words = ("keys", "--socket", tmp_path / "s", "--keeper", "pkcs11")
    wrong = provision(*words, "--data", token_campus, "--pin-file", pin)
    assert (wrong.returncode, "PIN_INCORRECT" in wrong.stderr) == (2, True)
    none = provision(*words, "--data", campus.data, "--pin-file", pin)
    assert (none.returncode, "没有密码设备" in none.stderr) == (2, True)


# --- memory


def test_no_master_stands_in_the_memory_of_a_key_process(campus, keys, ask, card) -> None:
    """As far as it goes: after work with every key. Keys of cards are there, and are looked for to prove the search."""
    number, own = card
    session = crypto.load_session_key(own.load, CHALLENGE, 1)
    auth = LoadAuth(number, 1, 0, CHALLENGE, 1, 0, 100, 2, TERM, crypto.load_mac1(session, 0, 100, 2, TERM))
    assert ask[Role.MONEY].load_check(auth)
    assert ask[Role.DESK].pin_reload(PinReloadAsk(number, b"654321"), 1)
    read = memory_of(keys.process.pid)
    if read is None:
        pytest.skip("this system lets nobody read a process that is not dumpable")
    assert own.pin_reload.octets in read, "the search itself"
    found = [key.kind for key in campus.school.keys if key.octets in read]
    assert found == []


def memory_of(pid: int) -> bytes | None:
    """All that can be read of a process's writable memory."""
    parts = []
    try:
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
                span, rights, *_ = line.split()
                start, end = (int(at, 16) for at in span.split("-"))
                if rights.startswith("rw"):
                    parts.append(os.pread(memory.fileno(), end - start, start))
    except OSError:
        return None if not parts else b"".join(parts)
    return b"".join(parts)
