"""The real key process over its real socket: a whole purchase and load, bounds, orderly end, nothing said of keys."""

import asyncio
import json
import os
import shutil
import signal
import socket
import tempfile
from pathlib import Path

import pytest

from cloud.keys.client import KeyClient, KeyProcessAway, KeyRefused
from provisioning.custody import chain as custody_chain
from provisioning.keeper.software import keeper_of
from provisioning.process import process as key_process
from provisioning.process.operations import KeyOperations
from provisioning.process.process import CONNECTIONS_MAX, FRAME_S
from shared.clocks.clock import CampusTime, date_time_bcd
from shared.online import LoadAnswer, LoadResult
from shared.purse.caps import MealClock
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory
from shared.purse.cos.psam import Psam
from shared.purse.crypto import load_tac_input, purchase_tac_input
from shared.purse.effects import drive
from shared.purse.flows.load import load
from shared.purse.flows.till import identify, open_psam, purchase, read_balance
from shared.purse.load_auth import LoadAuth
from shared.purse.outcomes import Loaded, LoadOrder, Purchased, PurchaseOrder
from shared.purse.profiles import CAMPUS
from shared.purse.tac import TacVerdict, tac_item
from shared.records.slot_file import choose
from shared.wire import codec
from shared.wire.keyproc import FRAME_MAX, LENGTH, Op, Role
from tests.patience import PATIENCE_S
from tests.provisioning.running_keys import Running, needs_softhsm, running

pytestmark = pytest.mark.process


@pytest.fixture(scope="module", params=["software", pytest.param("pkcs11", marks=needs_softhsm)])
def keys(request, campus):
    """A key process over each keeper."""
    if request.param == "software":
        data, words = campus.data, ()
    else:
        data, words = request.getfixturevalue("token_campus"), ("--keeper", "pkcs11")
    with running(data, *words) as keys:
        yield keys


@pytest.fixture
def client(keys):
    with KeyClient(keys.path, timeout_s=PATIENCE_S) as client:
        yield client


def powered(body, path: Path):
    made = body(RamMemory(choose(path.read_bytes()).body), os.urandom)
    made.power_on()
    return made


class Counter:
    """A card and the PSAM of a terminal, straight from the files of the campus."""

    def __init__(self, campus, label: str = "0012", terminal: str = "pos-01") -> None:
        row = next(card for card in campus.inventory.cards if card.label == label)
        self.now_s = row.issued + 43_200
        self.card = powered(UserCard, campus.data / "cards" / campus.json("cards/index.json")[label]["file"])
        self.psam = powered(Psam, campus.data / "terminals" / terminal / "psam.bin")
        self.psam_id = drive(open_psam(), psam=self.psam).psam_id
        self.identity = drive(identify(CAMPUS, CampusTime(self.now_s, is_set=True)), card=self.card)

    def buy(self, amount_fen: int) -> Purchased:
        order = PurchaseOrder(
            amount_fen, self.now_s, self.psam_id, MealClock(self.now_s // 86_400, 2, is_set=True), None
        )
        sold = drive(
            purchase(order, self.identity),
            card=self.card,
            psam=self.psam,
            persist=lambda _pending: None,
            lookup=lambda _card, _index: False,
        )
        assert isinstance(sold, Purchased), sold
        return sold


def item_of(sold: Purchased) -> bytes:
    p = sold.purchase
    covered = purchase_tac_input(p.amount_fen, p.type, p.psam_id, p.ttn, date_time_bcd(p.time_s))
    return tac_item(p.card_id, p.key_version, p.algorithm, covered, sold.tac)


def test_a_purchase_with_a_made_card_and_psam_has_a_tac_that_the_key_process_accepts(campus, client) -> None:
    counter = Counter(campus)
    before = drive(read_balance(), card=counter.card)
    items = item_of(counter.buy(1_250)) + item_of(counter.buy(1))
    assert drive(read_balance(), card=counter.card) == before - 1_251
    assert client.check_tac(items) == bytes([TacVerdict.OK, TacVerdict.OK])
    forged = items[:-1] + bytes([items[-1] ^ 1])
    assert client.check_tac(forged) == bytes([TacVerdict.OK, TacVerdict.WRONG])


def test_a_load_with_mac2_of_the_key_process_is_accepted_by_the_card(campus, client) -> None:
    counter = Counter(campus)
    before = drive(read_balance(), card=counter.card)

    def ask(r):
        auth = LoadAuth(
            r.card, r.key_version, r.algorithm, r.rnd, r.counter, r.balance_fen, r.amount_fen, r.type,
            counter.psam_id, r.mac1,
        )  # fmt: skip
        assert client.load_check(auth)
        return LoadAnswer(LoadResult.GRANTED, counter.now_s, client.load_mac2(auth, counter.now_s), r.amount_fen)

    order = LoadOrder(20_000, counter.psam_id)
    done = drive(load(order, counter.identity), card=counter.card, persist=lambda _pending: None, ask=ask)
    assert isinstance(done, Loaded), done
    assert drive(read_balance(), card=counter.card) == before + 20_000
    r = done.load.request
    covered = load_tac_input(before + 20_000, r.counter, 20_000, r.type, counter.psam_id, date_time_bcd(counter.now_s))
    assert client.check_tac(tac_item(r.card, r.key_version, r.algorithm, covered, done.tac)) == bytes([TacVerdict.OK])


def test_a_wrong_mac1_is_refused_over_the_socket(campus, client) -> None:
    auth = LoadAuth(campus.inventory.cards[0].card, 1, 0, bytes(4), 0, 0, 100, 2, bytes(6), bytes(4))
    assert not client.load_check(auth)
    with pytest.raises(KeyRefused, match="wrong-mac1"):
        client.load_mac2(auth, 1)


def test_the_socket_is_its_owners_only(keys) -> None:
    assert keys.path.stat().st_mode & 0o777 == 0o600


def talk(path: Path) -> socket.socket:
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.settimeout(PATIENCE_S)
    peer.connect(str(path))
    return peer


def frame(body: bytes) -> bytes:
    return LENGTH.pack(len(body)) + body


def answer(peer: socket.socket) -> list:
    (size,) = LENGTH.unpack(peer.recv(4, socket.MSG_WAITALL))
    return codec.loads(peer.recv(size, socket.MSG_WAITALL))


def test_garbage_is_answered_and_the_conversation_goes_on(keys) -> None:
    with talk(keys.path) as peer:
        for garbage in (b"\xff" * 30, b"\x80", codec.dumps(["export"]), b"\x9f" * 2000):
            peer.sendall(frame(garbage))
            assert answer(peer)[0] is False
        peer.sendall(frame(codec.dumps([Op.TAC, b""])))
        assert answer(peer) == [True, b""]


def test_requests_sent_at_once_and_in_pieces_are_answered_in_order(keys) -> None:
    with talk(keys.path) as peer:
        two = frame(codec.dumps([Op.TAC, b""])) + frame(codec.dumps(["?"]))
        for at in range(len(two)):
            peer.sendall(two[at : at + 1])
        assert [answer(peer), answer(peer)] == [[True, b""], [False, "unknown-op"]]


@pytest.mark.parametrize("size", [0, FRAME_MAX + 1, 0xFFFF_FFFF])
def test_an_impossible_length_closes_the_connection(keys, size) -> None:
    with talk(keys.path) as peer:
        peer.settimeout(FRAME_S / 2)
        peer.sendall(LENGTH.pack(size))
        assert peer.recv(1) == b""


def test_the_largest_frame_is_answered(keys) -> None:
    with talk(keys.path) as peer:
        peer.sendall(LENGTH.pack(FRAME_MAX))
        peer.sendall(bytes(FRAME_MAX))
        assert answer(peer) == [False, "malformed"]


def test_one_connection_too_many_is_turned_away(campus) -> None:
    with running(campus.data) as keys:
        talks = [talk(keys.path) for _ in range(CONNECTIONS_MAX)]
        for peer in talks:
            peer.sendall(frame(codec.dumps([Op.TAC, b""])))
            assert answer(peer) == [True, b""]
        with talk(keys.path) as late:
            assert late.recv(1) == b""
        talks.pop().close()
        keys.status(lambda now: (now["turned_away"], now["connections"]) == (1, CONNECTIONS_MAX - 1))
        with talk(keys.path) as next_:
            next_.sendall(frame(codec.dumps([Op.TAC, b""])))
            assert answer(next_) == [True, b""]
        for peer in talks:
            peer.close()
        assert keys.end() == 0
        assert keys.process.stderr.read() == b""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, None])
def test_it_ends_in_order_with_a_client_still_there(campus, how) -> None:
    with running(campus.data) as keys, talk(keys.path) as peer:
        peer.sendall(frame(codec.dumps([Op.TAC, b""])) + b"\0")
        assert answer(peer) == [True, b""]
        assert keys.end(how) == 0
        assert not keys.path.exists()
        assert peer.recv(1) == b""
        assert keys.process.stderr.read() == b""


def test_a_second_key_process_is_refused_and_a_dead_ones_socket_is_replaced(campus, provision) -> None:
    with running(campus.data) as keys:
        second = provision("keys", "--data", campus.data, "--socket", keys.path)
        assert second.returncode == 2
        assert "已有密钥进程" in second.stderr
        with KeyClient(keys.path) as client:
            assert client.check_tac(b"") == b""
        keys.process.kill()
        keys.process.wait()
        assert keys.path.exists()
        with KeyClient(keys.path) as client, pytest.raises(KeyProcessAway):
            client.check_tac(bytes(41))
        again = Running(campus.data, keys.path)
        with KeyClient(keys.path) as client:
            assert client.check_tac(bytes(41)) == bytes([TacVerdict.UNKNOWN_KEY])
        assert again.end() == 0
        for stream in (again.process.stdout, again.process.stderr):
            stream.close()


def test_a_path_too_long_is_wrong_use(campus, provision, tmp_path) -> None:
    done = provision("keys", "--data", campus.data, "--socket", tmp_path / ("x" * 120))
    assert (done.returncode, "--socket" in done.stderr) == (2, True)


def test_every_opening_is_in_the_custody_log_and_its_head_in_status(campus) -> None:
    log = campus.data / "keys/custody.log"
    before = log.read_bytes()
    with running(campus.data) as keys:
        raw = log.read_bytes()
        assert raw.startswith(before)
        added = [json.loads(line) for line in raw[len(before) :].splitlines()]
        assert [(row["act"], row["kind"]) for row in added] == [("opened", key.kind) for key in campus.school.keys]
        assert custody_chain.faults(raw) == []
        assert keys.status()["custody_head"] == custody_chain.head(raw).hex()[:16]


def test_it_can_leave_no_core_dump(keys) -> None:
    limits = Path(f"/proc/{keys.process.pid}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert line.split()[4:6] == ["0", "0"]


def test_it_says_nothing_of_keys(campus, keys, client) -> None:
    with pytest.raises(KeyRefused):
        client.load_mac2(LoadAuth(bytes(10), 1, 0, bytes(4), 0, 0, 100, 2, bytes(6), bytes(4)), 1)
    keys.status()
    for key in campus.school.keys:
        assert key.octets not in keys.said
        assert key.octets.hex().encode() not in keys.said.lower()


@pytest.mark.parametrize(("sent", "frame_s", "idle_s"), [(b"\0\0", 0.05, 60.0), (b"", 60.0, 0.05)])
def test_a_peer_that_stops_in_the_middle_or_says_nothing_is_let_go(campus, sent, frame_s, idle_s) -> None:
    folder = Path(tempfile.mkdtemp(prefix="keys-"))
    listening = key_process.listen(folder / "s")

    async def scene() -> bytes:
        stop = asyncio.Event()
        server = key_process.KeyServer(KeyOperations(keeper_of(campus.school), 1), frame_s, idle_s)
        serving = asyncio.create_task(server.serve({Role.MONEY: listening}, stop))
        reader, writer = await asyncio.open_unix_connection(str(folder / "s"))
        writer.write(sent)
        got = await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()
        stop.set()
        await serving
        assert server.connections == 0
        return got

    try:
        assert asyncio.run(scene()) == b""
    finally:
        listening.close()
        shutil.rmtree(folder)
